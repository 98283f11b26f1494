import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { ProblemError, Unreachable } from './api.ts';
import { arrivals, Outbox, type Arrived, type Pending, type PendingState } from './outbox.ts';
import type { ErrorCode } from './wire/wire.ts';

class Memory {
  readonly items = new Map<string, string>();
  getItem = (name: string) => this.items.get(name) ?? null;
  setItem = (name: string, value: string) => void this.items.set(name, value);
  removeItem = (name: string) => void this.items.delete(name);
}

const refused = (status: number, code: ErrorCode, retryAfterMs: number | null = null) =>
  new ProblemError({ type: '', title: '', detail: '', status, code }, retryAfterMs);

let storage: Memory;
let sent: Pending[];
let answers: (string | null | Error)[];
let outbox: Outbox;

const make = () =>
  new Outbox({
    storage,
    name: 'outbox',
    onChange: () => {},
    random: () => 0,
    send: async (pending) => {
      sent.push(pending);
      const answer = answers.shift() ?? new Unreachable();
      if (answer instanceof Error) throw answer;
      return answer;
    },
  });
const states = () => outbox.items.map(({ state }) => state.is);

beforeEach(() => {
  vi.useFakeTimers();
  storage = new Memory();
  sent = [];
  answers = [];
  outbox = make();
});
afterEach(() => {
  outbox.stop();
  vi.useRealTimers();
});

describe('sending', () => {
  it('takes files along, and what is for the team only stays so over a reload', () => {
    const file = { id: 'f', name: 'a.pdf', media_type: 'application/pdf', size: 1 };
    outbox.add('a', 'hola', null, { attachments: [file] });
    outbox.add('a', 'ojo', null, { note: true });
    outbox.stop();
    outbox = make();
    expect(outbox.items.map(({ text, note, attachments }) => ({ text, note, attachments }))).toEqual([
      { text: 'hola', note: undefined, attachments: [file] },
      { text: 'ojo', note: true, attachments: undefined },
    ]);
  });

  it('keeps its key until the server has it, however often that takes', async () => {
    answers = [new Unreachable(), refused(503, 'unavailable'), 'm1'];
    outbox.add('a', 'hola', null);
    await vi.advanceTimersByTimeAsync(0);
    expect(states()).toEqual(['waiting']);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(states()).toEqual(['stored']);
    expect(new Set(sent.map(({ key }) => key)).size).toBe(1);
    expect(sent).toHaveLength(3);
  });

  it('keeps the order of one conversation and does not let one hold up another', async () => {
    answers = [new Unreachable(), 'b1', 'a1', 'a2'];
    outbox.add('a', 'uno', null);
    outbox.add('a', 'dos', null);
    outbox.add('b', 'tres', null);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(sent.map(({ text }) => text)).toEqual(['uno', 'tres', 'uno', 'dos']);
  });

  it('comes back when the server says so', async () => {
    answers = [refused(429, 'busy', 3_000), 'm1'];
    outbox.add('a', 'hola', null);
    await vi.advanceTimersByTimeAsync(2_900);
    expect(sent).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(200);
    expect(sent).toHaveLength(2);
  });

  it('tries at once when the connection is back', async () => {
    answers = [new Unreachable(), new Unreachable(), new Unreachable(), new Unreachable()];
    outbox.add('a', 'hola', null);
    await vi.advanceTimersByTimeAsync(3_000);
    const count = sent.length;
    answers = ['m1'];
    outbox.wake();
    await vi.advanceTimersByTimeAsync(0);
    expect(sent).toHaveLength(count + 1);
    expect(states()).toEqual(['stored']);
  });

  it('waits for the person to sign in again', async () => {
    answers = [refused(401, 'signed_out_session'), 'm1'];
    outbox.add('a', 'hola', null);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sent).toHaveLength(1);
    expect(states()).toEqual(['waiting']);
    outbox.wake();
    await vi.advanceTimersByTimeAsync(0);
    expect(states()).toEqual(['stored']);
  });
});

describe('a refused message', () => {
  it('keeps its text, lets the next go, and can be sent again or taken back', async () => {
    answers = [refused(409, 'not_owner'), 'm2'];
    const { key } = outbox.add('a', 'uno', null);
    outbox.add('a', 'dos', null);
    await vi.advanceTimersByTimeAsync(0);
    expect(outbox.items.map(({ text, state }) => [text, state.is])).toEqual([['uno', 'failed'], ['dos', 'stored']]);
    answers = [refused(409, 'conversation_closed')];
    outbox.retry(key);
    await vi.advanceTimersByTimeAsync(0);
    expect(sent.at(-1)?.key).toBe(key);
    expect(outbox.items[0]?.state).toEqual({ is: 'failed', code: 'conversation_closed' });
    outbox.discard(key);
    expect(outbox.items.map(({ text }) => text)).toEqual(['dos']);
  });

  it('an internal error is tried a few times first', async () => {
    answers = [refused(500, 'internal'), refused(500, 'internal'), refused(500, 'internal'), 'never'];
    outbox.add('a', 'uno', null);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(sent).toHaveLength(3);
    expect(states()).toEqual(['failed']);
  });
});

describe('a reload of the page', () => {
  it('sends what was on its way, under the same key, and not what is stored', async () => {
    answers = ['m1', new Unreachable()];
    outbox.add('a', 'uno', null);
    const { key } = outbox.add('a', 'dos', null);
    await vi.advanceTimersByTimeAsync(0);
    outbox.stop();
    answers = ['m2'];
    outbox = make();
    expect(outbox.items.map((item) => item.key)).toEqual([key]);
    await vi.advanceTimersByTimeAsync(0);
    expect(sent.at(-1)?.key).toBe(key);
    expect(storage.items.size).toBe(0);
  });

  it('leaves one whose key the server may have forgotten to the person', async () => {
    outbox.add('a', 'uno', null);
    await vi.advanceTimersByTimeAsync(0);
    outbox.stop();
    const count = sent.length;
    vi.setSystemTime(Date.now() + 13 * 3600_000);
    outbox = make();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(states()).toEqual(['failed']);
    expect(sent).toHaveLength(count);
  });

  it('survives nonsense in the storage', () => {
    storage.setItem('outbox', '{');
    expect(make().items).toEqual([]);
  });
});

describe('the message itself arrives', () => {
  const pending = (key: string, text: string, state: PendingState, after: string | null = null): Pending => ({ key, place: 'a', text, at: 0, after, state });
  const mine = (id: string, text: string): Arrived => ({ id, text, mine: true });
  const there = (items: Pending[], thread: Arrived[]) => [...arrivals(items, thread)];

  it('by its id', () => {
    const stored = pending('k', 'hola', { is: 'stored', message: 'm1' });
    expect(there([stored], [mine('m0', 'hola')])).toEqual([]);
    expect(there([stored], [mine('m1', 'normalised')])).toEqual(['k']);
  });

  it('before its id is known: the first own one with the same text, newer than it', () => {
    const sending = pending('k', 'hola', { is: 'sending' }, 'm1');
    expect(there([sending], [mine('m0', 'hola'), mine('m1', 'x')])).toEqual([]);
    expect(there([sending], [mine('m1', 'x'), { id: 'm2', text: 'hola', mine: false }])).toEqual([]);
    expect(there([sending], [mine('m1', 'x'), mine('m2', 'hola ')])).toEqual(['k']);
  });

  it('twins are matched one to one', () => {
    const twins = [pending('k1', 'ok', { is: 'stored', message: 'm1' }), pending('k2', 'ok', { is: 'sending' })];
    expect(there(twins, [mine('m1', 'ok')])).toEqual(['k1']);
    expect(there(twins, [mine('m1', 'ok'), mine('m2', 'ok')])).toEqual(['k1', 'k2']);
  });

  it('a failed one never counts as arrived', () => {
    expect(there([pending('k', 'ok', { is: 'failed', code: 'not_owner' })], [mine('m1', 'ok')])).toEqual([]);
  });

  it('settles only what the server has confirmed', async () => {
    answers = ['m1'];
    outbox.add('a', 'hola', null);
    outbox.settle('a', [mine('m1', 'hola')]);
    expect(states()).toEqual(['sending']);
    await vi.advanceTimersByTimeAsync(0);
    outbox.settle('a', [mine('m1', 'hola')]);
    expect(outbox.items).toEqual([]);
  });
});
