/**
 * Everything that can be done from the keyboard or the palette, by screen. Single keys work outside text only and can be
 * switched off; nothing here uses Alt, which types `@` on Spanish keyboards.
 */

import type { Contact } from '@centralita/lib/wire';
import { onScopeDispose, ref, shallowReactive, shallowRef } from 'vue';

import { settings } from './settings.ts';
import { shortcut, type ActionId } from './shortcuts.ts';

export interface Action {
  readonly id: ActionId;
  /** Whether it makes sense now. */
  readonly when?: () => boolean;
  readonly run: () => void;
}

const SEQUENCE_MS = 1_200;
const groups = shallowReactive(new Set<readonly Action[]>());
export const paletteOpen = ref(false);
export const helpOpen = ref(false);
/** A customer is to be written to first: this one, or one still to be named. */
export const starting = shallowRef<{ readonly contact?: Contact } | null>(null);

/** Offered for as long as the component that offers it. */
export function useActions(actions: readonly Action[]): void {
  groups.add(actions);
  onScopeDispose(() => groups.delete(actions));
}

export function allActions(): Action[] {
  return [...groups].flat();
}

/** The key of an action, as this person has set it. */
export function keysOf(id: ActionId): string | undefined {
  const { keys: original, fixed } = shortcut(id);
  const keys = fixed ? original : (settings.keys[id] ?? original);
  return keys === undefined || keys === '' || (!settings.single_keys && !fixed && isSingle(keys)) ? undefined : keys;
}

/** To be shown on a button; nothing while the action is not offered. */
export function hint(id: ActionId): string | undefined {
  return allActions().some((action) => action.id === id) ? keysOf(id) : undefined;
}

function isSingle(keys: string): boolean {
  return keys.split(' ').every((step) => !step.includes('+') && !/^f\d+$/.test(step));
}

/** What was pressed, as written in `keys`; `?` and such need no Shift. */
export function pressed(event: KeyboardEvent): string {
  const key = event.key.toLowerCase();
  const parts = [];
  if (event.ctrlKey || event.metaKey) parts.push('ctrl');
  if (event.shiftKey && (key.length > 1 || parts.length > 0 || /\p{L}/u.test(key))) parts.push('shift');
  return [...parts, key].join('+');
}

export function isEditable(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName));
}

let sequence = '';
let sequenceAt = 0;

function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing || event.altKey || event.getModifierState('AltGraph')) return;
  const step = pressed(event);
  const single = isSingle(step);
  if (single && (isEditable(event.target) || (event.repeat && !/^(j|k|arrow)/.test(step)))) return;
  // A dialog or a menu has the keyboard for itself.
  if (document.querySelector('[role=dialog], [role=menu], [role=alertdialog]') && step !== 'ctrl+k') return;
  const typed = Date.now() - sequenceAt < SEQUENCE_MS && sequence !== '' ? `${sequence} ${step}` : step;
  const bound = allActions().map((action) => [action, keysOf(action.id)] as const).reverse();
  const hit = bound.find(([action, keys]) => keys === typed && (action.when?.() ?? true)) ?? bound.find(([action, keys]) => keys === step && (action.when?.() ?? true));
  if (hit) {
    sequence = '';
    event.preventDefault();
    hit[0].run();
    return;
  }
  const begins = bound.some(([, keys]) => keys?.startsWith(`${typed} `));
  sequence = begins && single ? typed : '';
  sequenceAt = Date.now();
}

export function listenToKeys(): void {
  window.addEventListener('keydown', onKey);
}
