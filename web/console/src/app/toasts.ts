/** Short news, shown and read out. */

import { ref } from 'vue';

import { announce } from './announcer.ts';
import { problemText } from './texts.ts';

export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly tone?: 'plain' | 'breach';
  readonly action?: { readonly text: string; readonly run: () => void };
}

const SHOWN_MS = 8_000;
let last = 0;
export const toasts = ref<readonly Toast[]>([]);

export function toast(text: string, more: Pick<Toast, 'tone' | 'action'> = {}): void {
  const id = (last += 1);
  toasts.value = [...toasts.value.slice(-2), { id, text, ...more }];
  announce(text);
  setTimeout(() => closeToast(id), SHOWN_MS);
}

export function closeToast(id: number): void {
  toasts.value = toasts.value.filter((one) => one.id !== id);
}

/** Does it; says why when it failed. Resolves to whether it was done. */
export async function attempt(work: () => Promise<unknown>, undo?: () => void): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    undo?.();
    toast(problemText(error), { tone: 'breach' });
    return false;
  }
}
