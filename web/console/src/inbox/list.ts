/** The rows of the inbox: what is in which view, in which order, and when the order may change. */

import { PRIORITIES } from '@centralita/lib/desk';
import { matches } from '@centralita/ui/match';
import type { Conversation, WaitingRow } from '@centralita/lib/wire';
import { computed, ref, shallowRef, watch } from 'vue';

import { unread } from '../app/conversations.ts';
import { listed, snoozed } from '../app/own.ts';
import { campaignName } from '../app/people.ts';
import { isAgent, may, state } from '../app/session.ts';
import { settings } from '../app/settings.ts';
import { contactName } from '../app/texts.ts';

export type View = 'mias' | 'cola' | 'pospuestas' | 'equipo';
export const VIEWS: readonly View[] = ['mias', 'cola', 'pospuestas', 'equipo'];

/** How often a list at rest takes its new order; a long one costs more. */
const resortAfter = (rows: number): number => (rows > 500 ? 1_500 : 400);

export const filter = ref('');
/** The pointer or the keyboard is in the list: nothing may move. */
export const held = ref(false);
/** Conversations of others, read by those who may. */
export const team = shallowRef<readonly Conversation[]>([]);

export const waiting = computed<readonly WaitingRow[]>(() => state.value.waiting ?? state.value.board?.waiting ?? []);

export const views = computed(() => [
  ...(isAgent.value ? [{ view: 'mias' as const, count: listed.value.length }] : []),
  ...(state.value.waiting || state.value.board ? [{ view: 'cola' as const, count: waiting.value.length }] : []),
  ...(snoozed.value.length > 0 ? [{ view: 'pospuestas' as const, count: snoozed.value.length }] : []),
  ...(may('read_conversations') ? [{ view: 'equipo' as const, count: team.value.length }] : []),
]);

/** Every row has two keys, numbers and texts that sort as they are; making them once is cheaper than comparing rows. */
function keysOf(row: Conversation): readonly [number, string] {
  switch (settings.sort) {
    case 'unanswered':
      return [(row.unanswered ? 0 : 10) + PRIORITIES.indexOf(row.priority), row.last_message_at];
    case 'oldest':
      return [0, row.arrived_at];
    case 'newest':
      return [-Date.parse(row.last_message_at), ''];
    case 'unread':
      return [-(unread.get(row.id) ?? 0), row.last_message_at];
  }
}
function ordered(rows: readonly Conversation[]): string[] {
  const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);
  return rows
    .map(({ id }, index) => ({ id, keys: keysOf(rows[index]!) }))
    .sort((one, other) => one.keys[0] - other.keys[0] || compare(one.keys[1], other.keys[1]) || compare(one.id, other.id))
    .map(({ id }) => id);
}

/** Keeps an order until it may change. */
export function useOrder(rows: () => readonly Conversation[]) {
  const order = shallowRef<readonly string[]>(ordered(rows()));
  const changed = ref(0);
  let timer: ReturnType<typeof setTimeout> | undefined;

  /** Takes the new order now. */
  function apply(): void {
    clearTimeout(timer);
    timer = undefined;
    order.value = ordered(rows());
    changed.value = 0;
  }
  function look(): void {
    timer = undefined;
    if (!held.value) return apply();
    const next = ordered(rows());
    const now = order.value;
    changed.value = next.filter((id, index) => now[index] !== id).length;
    // Rows that left go away, new ones come last: neither moves what is under the pointer much.
    const there = new Set(next);
    if (now.some((id) => !there.has(id))) order.value = now.filter((id) => there.has(id));
    const known = new Set(order.value);
    const added = next.filter((id) => !known.has(id));
    if (added.length > 0) order.value = [...order.value, ...added];
  }
  watch(rows, (now) => (timer ??= setTimeout(look, resortAfter(now.length))));
  watch([held, () => settings.sort], ([is]) => {
    if (!is) apply();
  });
  // The first rows are there at once.
  watch(() => rows().length, (now, was) => {
    if (was === 0 && now > 0) apply();
    else if (now < was) look();
  }, { flush: 'sync' });

  const ids = computed(() => {
    const wanted = filter.value.trim();
    if (wanted === '') return order.value;
    return order.value.filter((id) => {
      const one = state.value.conversations.get(id) ?? team.value.find((row) => row.id === id);
      return one && matches(wanted, `${contactName(one)} ${one.contact_address} ${one.subject ?? ''} ${campaignName(one.campaign)} ${one.tags.join(' ')}`) > 0;
    });
  });
  return { ids, changed, apply };
}
