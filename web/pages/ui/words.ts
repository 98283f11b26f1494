/** States in words. */

import { isSignedOut, ProblemError } from '@centralita/lib/api';
import type { Key, Texts } from '@centralita/lib/i18n';
import type { Activity, Conversation, Standing } from '@centralita/lib/wire';

/** What went wrong, for the person who tried. */
export function problemText(texts: Texts, error: unknown): string {
  if (!(error instanceof ProblemError)) return texts.t('problem.unreachable');
  if (isSignedOut(error)) return texts.t('error.signed_out_session');
  return codeText(texts, error.code);
}

/** Codes that people meet on these pages have their own sentence, the rest share one that names the code. */
export function codeText(texts: Texts, code: string): string {
  const key = `error.${code}`;
  return key in texts.catalogue ? texts.t(key as Key) : texts.t('problem.other', { code });
}

/** Visitors of a web chat have no address but a long random one: its end tells them apart. */
export function addressText(texts: Texts, address: string): string {
  const visitor = /^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(address);
  return visitor ? texts.t('contact.visitor', { code: address.slice(-4).toUpperCase() }) : address;
}

export function contactName(texts: Texts, { contact_name, contact_address }: Conversation): string {
  return contact_name || addressText(texts, contact_address) || texts.t('contact.unknown');
}

export function standingText(texts: Texts, { standing, unanswered }: Conversation, nameOf: (agent: string) => string): string {
  switch (standing.is) {
    case 'active':
      return texts.t(unanswered ? 'standing.unanswered' : 'standing.active');
    case 'transferring':
      return texts.t('standing.transferring', { name: nameOf(standing.agent) });
    case 'ended':
      return texts.t(`ending.${standing.ending}`);
    default:
      return texts.t(`standing.${standing.is}`);
  }
}

export function activityText(texts: Texts, activity: Activity, breakName: (kind: string) => string | undefined): string {
  if (activity.is === 'on_break') return breakName(activity.kind) ?? texts.t('activity.on_break');
  return texts.t(`activity.${activity.is}`);
}

/** The agent who has the conversation; during a transfer still the sender. */
export function ownerOf(standing: Standing): string | null {
  switch (standing.is) {
    case 'active':
    case 'dormant':
    case 'parked':
    case 'wrap_up':
      return standing.agent;
    case 'transferring':
      return standing.from;
    default:
      return null;
  }
}
