/** Why an answer cannot be written now. */

import type { Conversation } from '@centralita/lib/wire';

import { ownerOf } from '../app/conversations.ts';
import { isConsulted } from '../app/own.ts';
import { agentName } from '../app/people.ts';
import { me, state } from '../app/session.ts';
import { t } from '../app/texts.ts';

export function lockedText(conversation: Conversation): string | null {
  const { standing } = conversation;
  if (standing.is === 'ended') return t(standing.ending === 'inactive' ? 'reply.inactive' : 'reply.ended');
  if (standing.is === 'wrap_up') return t('reply.wrap_up');
  if (ownerOf(standing) === me.value && state.value.mine.has(conversation.id)) return null;
  const owner = ownerOf(standing) ?? state.value.gone.get(conversation.id);
  return owner ? t(isConsulted(conversation) ? 'reply.consulted' : 'reply.gone_to', { name: agentName(owner) }) : t('reply.waiting');
}
