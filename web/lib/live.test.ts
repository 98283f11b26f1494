import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { LONGEST_MS, SHORTEST_MS, backoffMs } from './backoff.ts';
import { CONNECT_TIMEOUT_MS, LiveSocket, OFFLINE_AFTER_MS, SILENCE_MS, type Connection, type LiveOptions, type Position } from './live.ts';
import type { Ask, Frame, Push } from './wire/wire.ts';

class FakeSocket {
  static all: FakeSocket[] = [];
  static get last(): FakeSocket {
    const socket = FakeSocket.all.at(-1);
    if (!socket) throw new Error('nothing was connected');
    return socket;
  }

  readyState = 0;
  readonly sent: Ask[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  onerror: (() => void) | null = null;

  constructor(readonly url: string) {
    FakeSocket.all.push(this);
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text) as Ask);
  }

  close(): void {
    this.readyState = 3;
  }

  // What the other end does.

  accept(): void {
    this.readyState = 1;
    this.onopen?.();
    this.push('-', { kind: 'hello', data: { version: '1.2.3', now: '2026-11-22T13:05:00Z' } });
  }

  push(topic: string, push: Push, pos = 0): void {
    const frame: Frame = { v: 1, topic, epoch: 'e', pos, ...push };
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  drop(code = 1006): void {
    this.readyState = 3;
    this.onclose?.({ code });
  }
}

let connections: Connection[];
let frames: Frame[];
let positions: Map<string, Position>;

function live(options: Partial<LiveOptions> = {}): LiveSocket {
  return new LiveSocket({
    url: 'ws://test/ws',
    onFrame: (frame) => frames.push(frame),
    onConnection: (connection) => connections.push(connection),
    position: (topic) => positions.get(topic),
    random: () => 0,
    socket: (url) => new FakeSocket(url) as unknown as WebSocket,
    environment: null,
    ...options,
  });
}

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.all = [];
  connections = [];
  frames = [];
  positions = new Map();
});
afterEach(() => vi.useRealTimers());

describe('connecting', () => {
  it('is called live only once the server has spoken', () => {
    const socket = live();
    socket.start();
    expect(socket.connection).toBe('connecting');
    FakeSocket.last.readyState = 1;
    FakeSocket.last.onopen?.();
    expect(socket.connection).toBe('connecting');
    FakeSocket.last.push('-', { kind: 'hello', data: { version: '', now: '' } });
    expect(socket.connection).toBe('live');
  });

  it('subscribes to everything that is followed, before and after', () => {
    const socket = live();
    socket.subscribe('me');
    socket.start();
    FakeSocket.last.accept();
    socket.subscribe('board:1');
    socket.subscribe('board:1');
    socket.unsubscribe('board:1');
    expect(FakeSocket.last.sent).toEqual([
      { kind: 'subscribe', topic: 'me' },
      { kind: 'subscribe', topic: 'board:1' },
      { kind: 'unsubscribe', topic: 'board:1' },
    ]);
  });

  it('says who it is before anything else', () => {
    const socket = live({ firstAsk: () => ({ kind: 'sign_in', token: 't' }) });
    socket.subscribe('x');
    socket.start();
    FakeSocket.last.accept();
    expect(FakeSocket.last.sent.map(({ kind }) => kind)).toEqual(['sign_in', 'subscribe']);
  });

  it('gives up an attempt that leads nowhere and tries again', () => {
    live().start();
    vi.advanceTimersByTime(CONNECT_TIMEOUT_MS);
    expect(FakeSocket.all).toHaveLength(1);
    vi.advanceTimersByTime(LONGEST_MS);
    expect(FakeSocket.all).toHaveLength(2);
  });
});

describe('reconnecting', () => {
  it('carries on from where each topic was folded', () => {
    const socket = live();
    socket.subscribe('me');
    socket.start();
    FakeSocket.last.accept();
    positions.set('me', { epoch: 'e', pos: 7 });
    FakeSocket.last.drop();
    expect(socket.connection).toBe('reconnecting');
    vi.advanceTimersByTime(SHORTEST_MS);
    FakeSocket.last.accept();
    expect(FakeSocket.last.sent).toEqual([{ kind: 'subscribe', topic: 'me', epoch: 'e', pos: 7 }]);
    expect(connections).toEqual(['connecting', 'live', 'reconnecting', 'live']);
  });

  it('waits longer and longer, between a quarter of a second and five, for ever', () => {
    live({ random: () => 1 }).start();
    const waits: number[] = [];
    for (let attempt = 0; attempt < 12; attempt += 1) {
      const count = FakeSocket.all.length;
      FakeSocket.last.drop();
      const from = Date.now();
      while (FakeSocket.all.length === count) vi.advanceTimersByTime(10);
      waits.push(Date.now() - from);
    }
    expect(waits).toEqual([250, 500, 1000, 2000, 4000, 5000, 5000, 5000, 5000, 5000, 5000, 5000]);
  });

  it('spreads the tries of many clients', () => {
    for (let attempt = 0; attempt < 40; attempt += 1) {
      for (const chance of [0, 0.5, 1]) {
        const wait = backoffMs(attempt, () => chance);
        expect(wait).toBeGreaterThanOrEqual(SHORTEST_MS);
        expect(wait).toBeLessThanOrEqual(LONGEST_MS);
      }
    }
    expect(backoffMs(8, () => 0)).toBeLessThan(backoffMs(8, () => 1));
  });

  it('starts the back-off over only after a connection that held', () => {
    live({ random: () => 1 }).start();
    for (let attempt = 0; attempt < 3; attempt += 1) {
      FakeSocket.last.accept();
      FakeSocket.last.drop();
      vi.advanceTimersByTime(LONGEST_MS);
    }
    FakeSocket.last.accept();
    vi.advanceTimersByTime(6_000);
    FakeSocket.last.drop();
    const count = FakeSocket.all.length;
    vi.advanceTimersByTime(SHORTEST_MS);
    expect(FakeSocket.all).toHaveLength(count + 1);
  });

  it('calls itself offline after a while, and live at once when it is', () => {
    const socket = live();
    socket.start();
    FakeSocket.last.accept();
    FakeSocket.last.drop();
    for (let passed = 0; passed < OFFLINE_AFTER_MS; passed += 100) {
      if (FakeSocket.last.readyState === 0) FakeSocket.last.drop();
      vi.advanceTimersByTime(100);
    }
    expect(socket.connection).toBe('offline');
    vi.advanceTimersByTime(LONGEST_MS);
    FakeSocket.last.accept();
    expect(socket.connection).toBe('live');
  });

  it('notices that a server which beats has fallen silent', () => {
    const socket = live();
    socket.start();
    FakeSocket.last.accept();
    vi.advanceTimersByTime(10 * SILENCE_MS);
    expect(socket.connection).toBe('live');
    FakeSocket.last.push('-', { kind: 'hello', data: { version: '', now: '' } });
    vi.advanceTimersByTime(SILENCE_MS - 1);
    expect(socket.connection).toBe('live');
    vi.advanceTimersByTime(1);
    expect(socket.connection).toBe('reconnecting');
  });

  it('tries at once when the network comes back or the page is looked at', () => {
    const window = new EventTarget();
    const document = Object.assign(new EventTarget(), { visibilityState: 'visible' });
    const socket = live({ environment: { window, document } });
    socket.start();
    for (const event of [() => window.dispatchEvent(new Event('online')), () => document.dispatchEvent(new Event('visibilitychange'))]) {
      FakeSocket.last.drop();
      const count = FakeSocket.all.length;
      event();
      expect(FakeSocket.all).toHaveLength(count + 1);
    }
    FakeSocket.last.accept();
    window.dispatchEvent(new Event('offline'));
    expect(socket.connection).toBe('reconnecting');
  });

  it('ignores what an abandoned connection still says', () => {
    const socket = live();
    socket.start();
    const first = FakeSocket.last;
    const late = first.onmessage;
    vi.advanceTimersByTime(CONNECT_TIMEOUT_MS + LONGEST_MS);
    late?.({ data: JSON.stringify({ v: 1, topic: 'me', epoch: 'e', pos: 1, kind: 'resync' }) });
    expect(frames).toEqual([]);
  });
});

describe('what the server says about the connection', () => {
  it('signed out: no more tries', () => {
    const socket = live();
    socket.start();
    FakeSocket.last.accept();
    FakeSocket.last.push('-', { kind: 'signed_out' });
    vi.advanceTimersByTime(60_000);
    expect(socket.connection).toBe('signed_out');
    expect(FakeSocket.all).toHaveLength(1);
  });

  it('closed by policy: signed out as well', () => {
    const socket = live();
    socket.start();
    FakeSocket.last.accept();
    FakeSocket.last.drop(1008);
    expect(socket.connection).toBe('signed_out');
  });

  it('a refused handshake is signed out only when the session is over', async () => {
    let valid = true;
    const socket = live({ sessionIsValid: () => Promise.resolve(valid) });
    socket.start();
    FakeSocket.last.drop();
    await vi.advanceTimersByTimeAsync(SHORTEST_MS);
    expect(socket.connection).toBe('connecting');
    valid = false;
    FakeSocket.last.drop();
    await vi.advanceTimersByTimeAsync(1);
    expect(socket.connection).toBe('signed_out');
  });

  it('reload: asks for the topic again, from the beginning', () => {
    const socket = live({
      onFrame: (frame) => {
        if (frame.kind === 'reload') positions.delete(frame.topic);
      },
    });
    socket.subscribe('me');
    socket.start();
    FakeSocket.last.accept();
    positions.set('me', { epoch: 'e', pos: 7 });
    FakeSocket.last.push('me', { kind: 'reload' });
    expect(FakeSocket.last.sent.at(-1)).toEqual({ kind: 'subscribe', topic: 'me' });
  });

  it('reload of everything: connects again', () => {
    const socket = live();
    socket.start();
    FakeSocket.last.accept();
    FakeSocket.last.push('-', { kind: 'reload' });
    vi.advanceTimersByTime(SHORTEST_MS);
    expect(FakeSocket.all).toHaveLength(2);
  });

  it('denied: the topic is followed no longer, unless the server only could not read it', () => {
    const socket = live();
    socket.subscribe('conversation:1');
    socket.subscribe('conversation:2');
    socket.start();
    FakeSocket.last.accept();
    FakeSocket.last.push('-', { kind: 'denied', data: { topic: 'conversation:1', code: 'not_found' } });
    FakeSocket.last.push('-', { kind: 'denied', data: { topic: 'conversation:2', code: 'unavailable' } });
    vi.advanceTimersByTime(LONGEST_MS);
    const topics = () => FakeSocket.last.sent.flatMap((ask) => (ask.kind === 'subscribe' ? ask.topic : []));
    expect(topics()).toEqual(['conversation:1', 'conversation:2', 'conversation:2']);
    FakeSocket.last.drop();
    vi.advanceTimersByTime(LONGEST_MS);
    FakeSocket.last.accept();
    expect(topics()).toEqual(['conversation:2']);
  });

  it('a newer protocol: stops instead of misreading it', () => {
    const socket = live();
    socket.start();
    FakeSocket.last.onmessage?.({ data: JSON.stringify({ v: 2, topic: '-', epoch: '', pos: 0, kind: 'hello' }) });
    expect(socket.connection).toBe('outdated');
    expect(frames).toEqual([]);
  });

  it('nonsense is ignored', () => {
    const socket = live();
    socket.start();
    FakeSocket.last.accept();
    for (const data of ['{', 'null', '7', new ArrayBuffer(1)]) FakeSocket.last.onmessage?.({ data });
    expect(socket.connection).toBe('live');
    expect(frames).toHaveLength(1);
  });
});

it('stopped means stopped', () => {
  const socket = live();
  socket.start();
  FakeSocket.last.accept();
  socket.stop();
  vi.advanceTimersByTime(60_000);
  expect(FakeSocket.all).toHaveLength(1);
  expect(socket.ask({ kind: 'typing' })).toBe(false);
  socket.start();
  expect(FakeSocket.all).toHaveLength(2);
});
