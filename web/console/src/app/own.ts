/** Own conversations, sorted out once for everybody who asks: it may be thousands of them, many times a second. */

import type { Conversation } from '@centralita/lib/wire';
import { computed } from 'vue';

import { me, state } from './session.ts';

/** The offer that this agent may answer, if any. */
export function offerOf({ standing }: Conversation): { offer: string; deadline: string | null; from: string | null } | null {
  if ((standing.is !== 'offered' && standing.is !== 'transferring') || standing.agent !== me.value) return null;
  return { offer: standing.offer, deadline: standing.deadline, from: standing.is === 'transferring' ? standing.from : null };
}

/** Of somebody else: here because one is asked about it, */
export const isConsulted = ({ consulted }: Conversation): boolean => consulted === me.value;
/** or because one gave it away and still finishes. */
export const isFinishing = ({ finishing }: Conversation): boolean => finishing?.agent === me.value;

const sorted = computed(() => {
  const { mine, conversations } = state.value;
  const [offers, active, snoozed, beside]: Conversation[][] = [[], [], [], []];
  for (const id of mine) {
    const conversation = conversations.get(id);
    if (!conversation) continue;
    if (offerOf(conversation)) offers?.push(conversation);
    else if (isConsulted(conversation) || isFinishing(conversation)) beside?.push(conversation);
    else if (conversation.snoozed_until !== null) snoozed?.push(conversation);
    else active?.push(conversation);
  }
  return { offers: offers ?? [], active: active ?? [], snoozed: snoozed ?? [], listed: [...(active ?? []), ...(beside ?? [])] };
});

export const offers = computed(() => sorted.value.offers);
/** In hand and not put off. */
export const active = computed(() => sorted.value.active);
/** With those of others that are here for a while. */
export const listed = computed(() => sorted.value.listed);
export const snoozed = computed(() => sorted.value.snoozed);
