/** The rich editor comes when it is first needed, with the texts that only it has. */

import { defineAsyncComponent } from 'vue';

import { loadAdminTexts } from '../app/texts.ts';

export type { Variable } from './gaps.ts';
export const RichEditor = defineAsyncComponent(() => Promise.all([import('./RichEditor.vue'), loadAdminTexts()]).then(([editor]) => editor));
