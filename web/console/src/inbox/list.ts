/** The rows of the inbox: what is in which view, in which order, and when the order may change. */

import { priorityOf, PRIORITIES, snoozedUntil, type Waiting } from '@centralita/lib/soon';
import { matches } from '@centralita/ui/match';
import type { Conversation } from '@centralita/lib/wire';
import { computed, ref, shallowRef, watch } from 'vue';

import { offerOf, tagsOf, unread } from '../app/conversations.ts';
import { campaignName } from '../app/people.ts';
import { may, state } from '../app/session.ts';
import { settings } from '../app/settings.ts';
import { contactName } from '../app/texts.ts';

export type View = 'mias' | 'cola' | 'pospuestas' | 'equipo';
export const VIEWS: readonly View[] = ['mias', 'cola', 'pospuestas', 'equipo'];

/** How often a list at rest takes its new order. */
const RESORT_MS = 400;

export const filter = ref('');
/** The pointer or the keyboard is in the list: nothing may move. */
export const held = ref(false);
/** Conversations of others, read by those who may. */
export const team = shallowRef<readonly Conversation[]>([]);

export const own = computed(() => [...state.value.mine].flatMap((id) => state.value.conversations.get(id) ?? []).filter((one) => !offerOf(one)));
export const mine = computed(() => own.value.filter((one) => snoozedUntil(one) === null));
export const snoozed = computed(() => own.value.filter((one) => snoozedUntil(one) !== null));
export const waiting = computed<readonly Waiting[]>(() => state.value.waiting ?? state.value.board?.waiting ?? []);

export const views = computed(() => [
  ...(may('answer') ? [{ view: 'mias' as const, count: mine.value.length }] : []),
  ...(state.value.waiting || state.value.board ? [{ view: 'cola' as const, count: waiting.value.length }] : []),
  ...(snoozed.value.length > 0 ? [{ view: 'pospuestas' as const, count: snoozed.value.length }] : []),
  ...(may('read_conversations') ? [{ view: 'equipo' as const, count: team.value.length }] : []),
]);

function ordered(rows: readonly Conversation[]): string[] {
  const time = (text: string) => text;
  const by: Record<typeof settings.sort, (one: Conversation, other: Conversation) => number> = {
    unanswered: (one, other) =>
      Number(other.unanswered) - Number(one.unanswered) ||
      PRIORITIES.indexOf(priorityOf(one)) - PRIORITIES.indexOf(priorityOf(other)) ||
      compare(time(one.last_message_at), time(other.last_message_at)),
    oldest: (one, other) => compare(one.arrived_at, other.arrived_at),
    newest: (one, other) => compare(other.last_message_at, one.last_message_at),
    unread: (one, other) => (unread.get(other.id) ?? 0) - (unread.get(one.id) ?? 0) || compare(other.last_message_at, one.last_message_at),
  };
  return [...rows].sort((one, other) => by[settings.sort](one, other) || compare(one.id, other.id)).map(({ id }) => id);
}

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

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
  watch(rows, () => (timer ??= setTimeout(look, RESORT_MS)));
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
      return one && matches(wanted, `${contactName(one)} ${one.contact_address} ${campaignName(one.campaign)} ${tagsOf(one).join(' ')}`) > 0;
    });
  });
  return { ids, changed, apply };
}
