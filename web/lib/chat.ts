/** What a visitor's chat knows: a fold of `chat` frames, which all say the same kind of thing, snapshot or delta. */

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
  const { epoch, pos } = frame;
  if (state.position?.epoch === epoch && pos < state.position.pos) return state;
  const known = new Set(state.messages.map(messageId));
  const added = frame.data.messages.filter((message) => !known.has(messageId(message)));
  return {
    position: { epoch, pos },
    messages: added.length === 0 ? state.messages : [...state.messages, ...added].sort(inOrder),
    ended: frame.data.ended,
  };
}

/** Conversation ids grow with time. */
function inOrder(one: ChatMessage, other: ChatMessage): number {
  if (one.conversation === other.conversation) return one.seq - other.seq;
  return one.conversation < other.conversation ? -1 : 1;
}
