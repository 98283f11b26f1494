import '@centralita/ui/tokens.css';
import '@centralita/ui/base.css';

import { createApp } from 'vue';

import App from './App.vue';
import { listenToKeys } from './app/actions.ts';
import { startAttention } from './app/attention.ts';
import { standForLeader } from './app/leader.ts';
import { router } from './app/router.ts';
import { startTexts } from './app/texts.ts';

await startTexts();
standForLeader();
listenToKeys();
startAttention((conversation) => void router.push({ name: 'inbox', params: { view: 'mias', id: conversation } }));
createApp(App).use(router).mount('#app');
