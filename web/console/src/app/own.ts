/** Own conversations, sorted out once for everybody who asks: it may be thousands of them, many times a second. */

import type { Conversation } from '@centralita/lib/wire';
import { computed } from 'vue';

import { me, state } from './session.ts';

/** The offer that this agent may answer, if any. */
export function offerOf({ standing }: Conversation): { offer: string; deadline: string; from: string | null } | null {
  if ((standing.is !== 'offered' && standing.is !== 'transferring') || standing.agent !== me.value) return null;
  return { offer: standing.offer, deadline: standing.deadline, from: standing.is === 'transferring' ? standing.from : null };
}

const sorted = computed(() => {
  const { mine, conversations } = state.value;
  const [offers, active, snoozed]: Conversation[][] = [[], [], []];
  for (const id of mine) {
    const conversation = conversations.get(id);
    if (!conversation) continue;
    if (offerOf(conversation)) offers?.push(conversation);
    else if (conversation.snoozed_until !== null) snoozed?.push(conversation);
    else active?.push(conversation);
  }
  return { offers: offers ?? [], active: active ?? [], snoozed: snoozed ?? [] };
});

export const offers = computed(() => sorted.value.offers);
/** In hand and not put off. */
export const active = computed(() => sorted.value.active);
export const snoozed = computed(() => sorted.value.snoozed);
