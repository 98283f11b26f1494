import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { CHAT, EMPTY_CHAT, foldChat, type ChatState } from './chat.ts';
import type { ChatMessage, Frame } from './wire/wire.ts';

const message = (conversation: string, seq: number): ChatMessage => ({ conversation, seq, from: 'me', text: `${seq}`, at: '2026-11-22T00:00:00Z' });
const frame = (pos: number, messages: ChatMessage[], snapshot: boolean, ended = false, epoch = 'e'): Frame => ({
  v: 1,
  topic: CHAT,
  epoch,
  pos,
  kind: 'chat',
  data: { messages, ended, snapshot },
});
const shown = ({ messages, ended }: ChatState) => [messages.map(({ conversation, seq }) => `${conversation}${seq}`).join(' '), ended];

describe("a visitor's chat", () => {
  it('of a snapshot and deltas, in any split and with repetitions, is the fresh chat', () => {
    fc.assert(
      fc.property(fc.nat(20), fc.nat(), fc.array(fc.nat(), { maxLength: 10 }), (count, at, repeats) => {
        const all = Array.from({ length: count }, (_, index) => message('a', index + 2));
        const split = at % (count + 1);
        const deltas = all.map((one, index) => frame(index + 1, [one], false));
        const frames = [frame(split, all.slice(0, split), true), ...deltas.slice(split)];
        const reached = [...frames];
        for (const repeat of repeats) {
          const again = deltas[repeat % Math.max(1, deltas.length)];
          if (again) reached.push(again);
        }
        const fresh = [frame(count, all, true)].reduce(foldChat, EMPTY_CHAT);
        expect(shown(reached.reduce(foldChat, EMPTY_CHAT))).toEqual(shown(fresh));
      }),
    );
  });

  it('keeps earlier conversations above a snapshot of the latest', () => {
    const frames = [frame(1, [message('a', 2)], true), frame(2, [], false, true), frame(3, [message('b', 2)], false), frame(5, [message('b', 2), message('b', 4)], true)];
    expect(shown(frames.reduce(foldChat, EMPTY_CHAT))).toEqual(['a2 b2 b4', false]);
  });

  it('does not pretend that messages adjoin when some between may be missing', () => {
    const frames = [frame(1, [message('a', 2)], true), frame(200, [message('a', 150)], true)];
    expect(shown(frames.reduce(foldChat, EMPTY_CHAT))[0]).toBe('a150');
  });

  it('starts over in a new epoch', () => {
    const frames = [frame(9, [message('a', 2), message('a', 3)], true), frame(1, [message('a', 2)], true, false, 'f')];
    expect(shown(frames.reduce(foldChat, EMPTY_CHAT))[0]).toBe('a2');
  });

  it('needs a snapshot first', () => {
    expect(foldChat(EMPTY_CHAT, frame(1, [message('a', 2)], false))).toBe(EMPTY_CHAT);
  });
});
