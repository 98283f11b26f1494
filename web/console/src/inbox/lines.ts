/** A thread as it is shown: days, messages, what is on its way. */

import { arrivals, type Pending, type PendingState } from '@centralita/lib/outbox';
import type { ThreadState } from '@centralita/lib/store';
import type { Attachment, Delivery, MailHead, MailWaits, Message } from '@centralita/lib/wire';

import { arrivedOf } from '../app/outbox.ts';
import { me } from '../app/session.ts';

export interface Bubble {
  readonly is: 'bubble';
  readonly key: string;
  readonly side: 'in' | 'out' | 'note' | 'system';
  /** Whose; `null` = the customer, `me` = this person. */
  readonly author: string | null | 'system';
  readonly text: string;
  readonly at: string;
  readonly attachments: readonly Attachment[];
  /** Of a mail. */
  readonly mail: MailHead | null;
  readonly message: string | null;
  readonly delivery: Delivery | null;
  readonly reason: string | null;
  /** When it leaves, if it waits. */
  readonly leaves: string | null;
  /** Why it waits. */
  readonly waits: MailWaits | null;
  /** Orders the thread; none while it is on its way. */
  readonly seq: number | null;
  readonly pending: PendingState | null;
  /** Follows one of the same author within moments. */
  readonly follows: boolean;
}
export type Line = Bubble | { readonly is: 'day'; readonly key: string; readonly at: string } | { readonly is: 'news'; readonly key: string };

const TOGETHER_MS = 120_000;
/** Bubbles of messages, made once: a thread of hundreds is drawn again with every new one. */
const made = new WeakMap<Message, Bubble>();

export function bubbleOf(message: Message): Bubble {
  const known = made.get(message);
  if (known) return known;
  const { author } = message;
  const note = (message.note ?? false);
  const bubble: Bubble = {
    is: 'bubble',
    key: message.id,
    side: note ? 'note' : author.is === 'contact' ? 'in' : author.is === 'agent' ? 'out' : 'system',
    author: author.is === 'contact' ? null : author.is === 'agent' ? author.id : 'system',
    text: message.text,
    at: message.at,
    attachments: message.attachments ?? [],
    mail: message.mail ?? null,
    message: message.id,
    delivery: message.delivery ?? null,
    reason: message.reason ?? null,
    leaves: message.leaves_at ?? null,
    waits: message.waits ?? null,
    seq: message.seq,
    pending: null,
    follows: false,
  };
  made.set(message, bubble);
  return bubble;
}

const dayOf = (at: string): string => {
  const date = new Date(at);
  return `${date.getFullYear()}-${date.getMonth()}-${date.getDate()}`;
};

export function linesOf(thread: ThreadState | undefined, pending: readonly Pending[], newsFrom: number | null): Line[] {
  const messages = thread?.messages ?? [];
  const there = arrivals(pending, arrivedOf(messages));
  const bubbles = messages.map(bubbleOf);
  for (const item of pending) {
    if (there.has(item.key)) continue;
    bubbles.push({
      is: 'bubble',
      key: item.key,
      side: item.note ? 'note' : 'out',
      author: me.value,
      text: item.text,
      at: new Date(item.at).toISOString(),
      attachments: item.attachments ?? [],
      mail: null,
      message: null,
      delivery: null,
      reason: null,
      leaves: null,
      waits: null,
      seq: null,
      pending: item.state,
      follows: false,
    });
  }
  const lines: Line[] = [];
  let before: Bubble | undefined;
  bubbles.forEach((bubble, index) => {
    if (!before || dayOf(before.at) !== dayOf(bubble.at)) lines.push({ is: 'day', key: `day ${bubble.at}`, at: bubble.at });
    if (newsFrom !== null && messages[index]?.seq === newsFrom) lines.push({ is: 'news', key: 'news' });
    const follows = before !== undefined && before.author === bubble.author && before.side === bubble.side && Date.parse(bubble.at) - Date.parse(before.at) < TOGETHER_MS;
    lines.push(follows ? { ...bubble, follows } : bubble);
    before = bubble;
  });
  return lines;
}
