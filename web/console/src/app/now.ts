/** The server's time, once a second, for all timers on the screen. */

import { ref } from 'vue';

import { serverNow } from './session.ts';

export const now = ref(serverNow());
setInterval(() => (now.value = serverNow()), 1_000);

/** Milliseconds since then. */
export function since(iso: string): number {
  return now.value - Date.parse(iso);
}
