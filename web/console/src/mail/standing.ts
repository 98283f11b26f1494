/** How one of our mails stands, in words: what became of it, and what it waits for. */

import type { MailWaits } from '@centralita/lib/wire';

import { t, texts, tIn } from '../app/texts.ts';

const known = (code: string): boolean => `mail.reason.${code}` in texts().catalogue;
const split = (reason: string): [string, string] => {
  const at = reason.indexOf(':');
  return at < 0 ? [reason, ''] : [reason.slice(0, at), reason.slice(at + 1)];
};

/** `recipient_refused:5.1.1`: what, and how the server put it. */
export function reasonText(reason: string): string {
  const [code, more] = split(reason);
  const text = known(code) ? tIn('mail.reason', code) : t('mail.reason.other', { code });
  return more ? `${text} (${more})` : text;
}

/** It left, and yet there is something to know. */
export const isMark = (reason: string | null): boolean => reason === 'sent_again' || reason === 'some_refused';

/** When it leaves, and why not at once. */
export function waitsText(waits: MailWaits | null, at: string | null): string {
  const moment = at ?? '';
  switch (waits?.for) {
    case 'quota':
      return t('mail.waits.quota', { at: moment });
    case 'account':
      return t('mail.waits.account', { at: moment, why: known(waits.code) ? tIn('mail.reason', waits.code) : t('mail.waits.unsaid', { code: waits.code }) });
    case 'switched_off':
      return t('mail.waits.switched_off');
    case 'retry':
      return t('mail.waits.retry', { at: moment, count: waits.attempts });
    default:
      return at === null ? t('delivery.scheduled') : t('mail.leaves', { at: moment });
  }
}
