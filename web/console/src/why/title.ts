/** What is asked of a conversation, by where it stands. */

import type { Conversation } from '@centralita/lib/wire';

import { ownerOf } from '../app/conversations.ts';
import { agentName } from '../app/people.ts';
import { me } from '../app/session.ts';
import { t } from '../app/texts.ts';

export function whyTitle({ standing }: Pick<Conversation, 'standing'>): string {
  const whose = standing.is === 'offered' ? standing.agent : ownerOf(standing);
  if (whose === me.value) return t('why.me');
  if (standing.is === 'queued') return t('why.nobody');
  return whose ? t('why.who', { name: agentName(whose) }) : t('why.title');
}
