/** What people who do not see the screen hear: collected for a second, said once. */

import { ref } from 'vue';

const COLLECT_MS = 1_000;
export const polite = ref('');
export const assertive = ref('');

let waiting: string[] = [];
let timer: ReturnType<typeof setTimeout> | undefined;

export function announce(text: string): void {
  waiting.push(text);
  timer ??= setTimeout(() => {
    polite.value = waiting.slice(-4).join('\n');
    waiting = [];
    timer = undefined;
  }, COLLECT_MS);
}

export function interrupt(text: string): void {
  assertive.value = '';
  requestAnimationFrame(() => (assertive.value = text));
}
