/** What a visitor's chat knows: a fold of `chat` frames, snapshots and deltas. */

import type { Position } from './live.ts';
import type { ChatMessage, Frame } from './wire/wire.ts';

export interface ChatState {
  readonly position: Position | undefined;
  /** In order, over all conversations of this visitor. */
  readonly messages: readonly ChatMessage[];
  /** The latest conversation is over; writing starts another one. */
  readonly ended: boolean;
}

export const EMPTY_CHAT: ChatState = { position: undefined, messages: [], ended: false };

export const CHAT = 'chat';

export function messageId({ conversation, seq }: Pick<ChatMessage, 'conversation' | 'seq'>): string {
  return `${conversation}:${seq}`;
}

export function foldChat(state: ChatState, frame: Frame): ChatState {
  if (frame.topic !== CHAT && frame.topic !== '-') return state;
  if (frame.kind === 'resync' || frame.kind === 'reload') return { ...state, position: undefined };
  if (frame.kind !== 'chat') return state;
  const { epoch, pos, data } = frame;
  const carriesOn = state.position?.epoch === epoch;
  if (carriesOn && pos < (state.position?.pos ?? 0)) return state;
  if (!data.snapshot && !carriesOn) return state;
  const before = data.snapshot ? (carriesOn ? earlier(state.messages, data.messages) : []) : state.messages;
  const known = new Set(before.map(messageId));
  const added = data.messages.filter((message) => !known.has(messageId(message)));
  const messages = [...before, ...added].sort(inOrder);
  // News of an earlier conversation, a late rating perhaps, say nothing about the latest.
  const latest = messages.at(-1)?.conversation ?? '';
  const ended = (data.conversation ?? latest) < latest ? state.ended : data.ended;
  return { position: { epoch, pos }, messages, ended };
}

/**
 * What stays above a snapshot: earlier conversations, and earlier messages of the same one if they adjoin. A snapshot holds the
 * latest messages of the latest conversation only.
 */
function earlier(known: readonly ChatMessage[], snapshot: readonly ChatMessage[]): readonly ChatMessage[] {
  const first = snapshot[0];
  if (!first) return [];
  const adjoins = known.some((message) => inOrder(message, first) >= 0) || known.every(({ conversation }) => conversation !== first.conversation);
  return adjoins ? known.filter((message) => inOrder(message, first) < 0) : [];
}

/** Conversation ids grow with time. */
function inOrder(one: ChatMessage, other: ChatMessage): number {
  if (one.conversation === other.conversation) return one.seq - other.seq;
  return one.conversation < other.conversation ? -1 : 1;
}
