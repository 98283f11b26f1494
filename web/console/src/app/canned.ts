/** CannedText texts: plain substitution of known names, as on the server. */

import type { CannedText } from '@centralita/lib/wire';
import { fillIn } from '@centralita/lib/template';

import { open } from './conversations.ts';
import { campaignName } from './people.ts';
import { profile, state } from './session.ts';

let insert: ((text: string) => void) | null = null;

/** The composer says that text can be put into it. */
export function takesText(into: ((text: string) => void) | null): void {
  insert = into;
}

export const canInsert = (): boolean => insert !== null;

export function filled(canned: CannedText): string {
  const conversation = state.value.conversations.get(open.value ?? '');
  return fillIn(canned.text, {
    name: conversation?.contact_name ?? '',
    agent: profile.value?.user?.name ?? '',
    campaign: conversation ? campaignName(conversation.campaign) : '',
  });
}

export function insertCanned(canned: CannedText): void {
  insert?.(filled(canned));
}
