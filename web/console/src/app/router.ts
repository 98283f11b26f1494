/** Where everything is; every open thing has an address that can be passed on. */

import { createRouter, createWebHistory } from 'vue-router';

import { isAgent, known, may, profile, resume, signedIn } from './session.ts';
import { loadAdminTexts } from './texts.ts';
import LoginScreen from '../screens/LoginScreen.vue';
import InboxScreen from '../inbox/InboxScreen.vue';

/** With what only administration and supervision say. */
async function withTexts<T>(screen: Promise<T>): Promise<T> {
  await loadAdminTexts();
  return screen;
}

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: '/login', name: 'login', component: LoginScreen, meta: { open: true } },
    { path: '/invitation', name: 'invitation', component: () => import('../screens/InvitationScreen.vue'), meta: { open: true } },
    { path: '/turno', name: 'shift', component: () => import('../screens/ShiftScreen.vue') },
    { path: '/bandeja/:view?/:id?', name: 'inbox', component: InboxScreen },
    { path: '/contactos/:id?', name: 'contacts', component: () => import('../screens/ContactsScreen.vue') },
    { path: '/supervision', name: 'supervision', component: () => withTexts(import('../supervision/SupervisionScreen.vue')) },
    { path: '/historial', name: 'recordings', component: () => withTexts(import('../recordings/RecordingsScreen.vue')) },
    { path: '/calificaciones', name: 'ratings', component: () => withTexts(import('../ratings/RatingsScreen.vue')) },
    { path: '/y-si', name: 'what_if', component: () => withTexts(import('../whatif/WhatIfScreen.vue')) },
    { path: '/admin/:kind?/:id?', name: 'admin', component: () => withTexts(import('../admin/AdminScreen.vue')) },
    { path: '/perfil', name: 'profile', component: () => import('../screens/ProfileScreen.vue') },
    { path: '/supervisor', redirect: '/supervision' },
    { path: '/', name: 'root', component: InboxScreen },
    { path: '/:rest(.*)*', redirect: '/' },
  ],
});

export function home(): string {
  if (!profile.value) return '/bandeja';
  return isAgent.value || !may('read_board') ? '/bandeja' : '/supervision';
}

let resumed: Promise<void> | undefined;

router.beforeEach(async (to) => {
  if (to.meta['open'] && to.name === 'invitation') return true;
  if (!known.value) await (resumed ??= resume());
  if (to.name === 'login') return signedIn.value ? home() : true;
  if (!signedIn.value) return { name: 'login', query: to.fullPath === '/' ? {} : { to: to.fullPath } };
  return to.name === 'root' ? home() : true;
});
