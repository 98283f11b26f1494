import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { addPage, conversationTopic, EMPTY, fold, forgetThread, ME, positionOf, type State } from './store.ts';
import type { AgentRow, Board, BoardDelta, Conversation, Delivery, DeliveryDelta, Frame, Message, Push, Standing } from './wire/wire.ts';

const AGENT = 'agent-1';
const EPOCH = 'epoch-1';
const BOARD = 'board:1';
const moment = (pos: number) => new Date(Date.UTC(2026, 10, 22) + pos * 1000).toISOString();

function conversation(id: string, seq: number, standing: Standing): Conversation {
  const nobody = { client: 'client', channel: 'channel', channel_kind: 'webchat' as const, campaign: 'campaign', contact: 'contact' };
  const since = moment(seq);
  const times = { since, arrived_at: moment(0), last_message_at: since };
  return { id, ...nobody, contact_name: 'Camila', contact_address: '', seq, standing, ...times, unanswered: false, replied: false };
}

/** One committed change. */
type Change =
  | { readonly is: 'message'; readonly id: string; readonly mine: boolean }
  | { readonly is: 'delivery'; readonly id: string; readonly pick: number }
  | { readonly is: 'take'; readonly id: string }
  | { readonly is: 'leave'; readonly id: string }
  | { readonly is: 'presence'; readonly available: boolean };

const IDS = ['a', 'b', 'c'];
const STEPS: Partial<Record<Delivery, Delivery>> = { queued: 'sending', sending: 'sent', sent: 'delivered', delivered: 'read' };

/** The server: folds changes, and says what it would push for each and what a snapshot would hold. */
class Server {
  pos = 0;
  available = true;
  presenceAt = 0;
  readonly seqs = new Map<string, number>();
  readonly owned = new Set<string>();
  readonly threads = new Map<string, Message[]>(IDS.map((id) => [id, []]));

  #summary(id: string): Conversation {
    const agent = this.owned.has(id) ? AGENT : 'agent-2';
    return conversation(id, this.seqs.get(id) ?? 1, { is: 'active', agent });
  }

  /** The frames of topic `me` and of each thread's topic. */
  commit(change: Change): Frame[] {
    this.pos += 1;
    const frame = (topic: string, push: Push): Frame => ({ v: 1, topic, epoch: EPOCH, pos: this.pos, ...push });
    if (change.is === 'presence') {
      this.available = change.available;
      this.presenceAt = this.pos;
      return [frame(ME, { kind: 'presence', data: this.#presence() })];
    }
    const { id } = change;
    const wasMine = this.owned.has(id);
    const seq = (this.seqs.get(id) ?? 1) + 1;
    this.seqs.set(id, seq);
    const thread = this.threads.get(id) ?? [];
    const messages: Message[] = [];
    const deliveries: DeliveryDelta[] = [];
    if (change.is === 'message') {
      const base = { id: `${id}-${seq}`, seq, text: `text ${seq}`, at: moment(this.pos) };
      const message: Message = change.mine
        ? { ...base, author: { is: 'agent', id: AGENT }, delivery: 'queued' }
        : { ...base, author: { is: 'contact' } };
      thread.push(message);
      messages.push(message);
    } else if (change.is === 'delivery') {
      const open = thread.filter(({ delivery }) => delivery && STEPS[delivery]);
      const picked = open[change.pick % Math.max(1, open.length)];
      const to = picked?.delivery && STEPS[picked.delivery];
      if (picked && to) {
        thread[thread.indexOf(picked)] = { ...picked, delivery: to };
        deliveries.push({ message: picked.id, to });
      }
    } else if (change.is === 'take') this.owned.add(id);
    else this.owned.delete(id);
    this.threads.set(id, thread);
    const push: Push = { kind: 'conversation', data: { conversation: this.#summary(id), messages, deliveries } };
    const frames = [frame(conversationTopic(id), push)];
    if (this.owned.has(id)) frames.push(frame(ME, push));
    else if (wasMine) frames.push(frame(ME, { kind: 'gone', data: { conversation: id, owner: 'agent-2' } }));
    return frames;
  }

  #presence() {
    const activity = this.available ? ({ is: 'available' } as const) : ({ is: 'on_break', kind: 'lunch' } as const);
    return { activity, since: moment(this.presenceAt) };
  }

  snapshots(): Frame[] {
    const frame = (topic: string, push: Push): Frame => ({ v: 1, topic, epoch: EPOCH, pos: this.pos, ...push });
    const own = IDS.filter((id) => this.owned.has(id)).map((id) => this.#summary(id));
    return [
      frame(ME, { kind: 'me', data: { user: AGENT, role: 'agent', presence: this.#presence(), conversations: own } }),
      ...IDS.map((id) =>
        frame(conversationTopic(id), { kind: 'thread', data: { conversation: this.#summary(id), messages: [...(this.threads.get(id) ?? [])] } }),
      ),
    ];
  }
}

/** What a screen shows of a state. */
function shown(state: State) {
  const summaries = [...state.mine].sort().map((id) => state.conversations.get(id));
  const threads = IDS.map((id) => [id, state.threads.get(id)?.messages, state.conversations.get(id)?.seq]);
  return { user: state.user, presence: state.presence, summaries, threads };
}

const changes = fc.array(
  fc.oneof(
    fc.record({ is: fc.constant('message' as const), id: fc.constantFrom(...IDS), mine: fc.boolean() }),
    fc.record({ is: fc.constant('delivery' as const), id: fc.constantFrom(...IDS), pick: fc.nat(5) }),
    fc.record({ is: fc.constant('take' as const), id: fc.constantFrom(...IDS) }),
    fc.record({ is: fc.constant('leave' as const), id: fc.constantFrom(...IDS) }),
    fc.record({ is: fc.constant('presence' as const), available: fc.boolean() }),
  ),
  { maxLength: 40 },
);

function history(list: readonly Change[]): { snapshots: Frame[][]; deltas: Frame[][] } {
  const server = new Server();
  const snapshots = [server.snapshots()];
  const deltas: Frame[][] = [];
  for (const change of list) {
    deltas.push(server.commit(change));
    snapshots.push(server.snapshots());
  }
  return { snapshots, deltas };
}

describe('a screen is a fold of its frames', () => {
  it('a snapshot and what follows it lead to the fresh state, wherever the snapshot was taken', () => {
    fc.assert(
      fc.property(changes, fc.nat(), (list, at) => {
        const { snapshots, deltas } = history(list);
        const split = at % snapshots.length;
        const frames = [...(snapshots[split] ?? []), ...deltas.slice(split).flat()];
        expect(shown(frames.reduce(fold, EMPTY))).toEqual(shown((snapshots.at(-1) ?? []).reduce(fold, EMPTY)));
      }),
    );
  });

  it('repeated and stale frames, snapshots among them, change nothing', () => {
    fc.assert(
      fc.property(changes, fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 30 }), (list, repeats) => {
        const { snapshots, deltas } = history(list);
        const live = [...(snapshots[0] ?? []), ...deltas.flat()];
        const again = [...snapshots.flat(), ...deltas.flat()];
        const frames = [...live];
        for (const [what, where] of repeats) {
          const index = where % (frames.length + 1);
          const reached = new Map(frames.slice(0, index).map(({ topic, pos }) => [topic, pos]));
          // Only what this connection might have got before: a frame from the future is no repetition.
          const past = again.filter(({ topic, pos }) => pos < (reached.get(topic) ?? -1));
          const picked = past[what % Math.max(1, past.length)];
          if (picked) frames.splice(index, 0, picked);
        }
        expect(shown(frames.reduce(fold, EMPTY))).toEqual(shown(live.reduce(fold, EMPTY)));
      }),
    );
  });

  it('a resync drops deltas until the snapshot that makes them good', () => {
    fc.assert(
      fc.property(changes, fc.nat(), fc.nat(), (list, one, other) => {
        const { snapshots, deltas } = history(list);
        const [from, to] = [one % snapshots.length, other % snapshots.length].sort((a, b) => a - b) as [number, number];
        const resync = (topic: string): Frame => ({ v: 1, topic, epoch: EPOCH, pos: from, kind: 'resync' });
        const frames = [
          ...(snapshots[0] ?? []),
          ...deltas.slice(0, from).flat(),
          ...[ME, ...IDS.map(conversationTopic)].map(resync),
          ...(snapshots[to] ?? []),
          ...deltas.slice(to).flat(),
        ];
        expect(shown(frames.reduce(fold, EMPTY))).toEqual(shown((snapshots.at(-1) ?? []).reduce(fold, EMPTY)));
      }),
    );
  });

  it('frames of a topic do not depend on how they interleave with those of another', () => {
    fc.assert(
      fc.property(changes, fc.infiniteStream(fc.boolean()), (list, coins) => {
        const { snapshots, deltas } = history(list);
        const all = [...(snapshots[0] ?? []), ...deltas.flat()];
        const queues = [all.filter(({ topic }) => topic === ME), all.filter(({ topic }) => topic !== ME)];
        const mixed: Frame[] = [];
        while (queues.some((queue) => queue.length > 0)) {
          const first = coins.next().value ? 0 : 1;
          const frame = queues[first]?.shift() ?? queues[1 - first]?.shift();
          if (frame) mixed.push(frame);
        }
        expect(shown(mixed.reduce(fold, EMPTY))).toEqual(shown(all.reduce(fold, EMPTY)));
      }),
    );
  });
});

const thread = (pos: number, seq: number, messages: Message[], epoch = EPOCH): Frame => ({
  v: 1,
  topic: conversationTopic('a'),
  epoch,
  pos,
  kind: 'thread',
  data: { conversation: conversation('a', seq, { is: 'active', agent: AGENT }), messages },
});
const message = (seq: number, delivery?: Delivery): Message => ({
  id: `m${seq}`,
  seq,
  text: String(seq),
  at: moment(seq),
  ...(delivery ? { author: { is: 'agent', id: AGENT }, delivery } : { author: { is: 'contact' } }),
});
const seqs = (state: State) => state.threads.get('a')?.messages.map(({ seq }) => seq);

describe('a thread', () => {
  it('keeps older pages that adjoin a new snapshot', () => {
    let state = fold(EMPTY, thread(10, 9, [message(7), message(9)]));
    state = addPage(state, 'a', [message(5), message(3)], false);
    expect(state.threads.get('a')?.complete).toBe(false);
    state = fold(state, thread(14, 12, [message(9), message(12)]));
    expect(seqs(state)).toEqual([3, 5, 7, 9, 12]);
  });

  it('drops older pages when something between may be missing', () => {
    let state = fold(EMPTY, thread(10, 9, [message(7), message(9)]));
    state = fold(state, thread(40, 30, [message(28), message(30)]));
    expect(seqs(state)).toEqual([28, 30]);
    expect(state.threads.get('a')?.complete).toBe(false);
  });

  it('is complete from the first message on, or when a page says so', () => {
    expect(fold(EMPTY, thread(3, 4, [message(2), message(4)])).threads.get('a')?.complete).toBe(true);
    const state = fold(EMPTY, thread(10, 9, [message(9)]));
    expect(addPage(state, 'a', [message(4)], true).threads.get('a')?.complete).toBe(true);
    expect(fold(EMPTY, thread(1, 1, [])).threads.get('a')?.complete).toBe(true);
  });

  it('takes a delivery that overtook the page with its message', () => {
    let state = fold(EMPTY, thread(10, 9, [message(9)]));
    const delta: Frame = {
      v: 1,
      topic: conversationTopic('a'),
      epoch: EPOCH,
      pos: 11,
      kind: 'conversation',
      data: { conversation: conversation('a', 10, { is: 'active', agent: AGENT }), deliveries: [{ message: 'm4', to: 'read' }] },
    };
    state = fold(state, delta);
    state = addPage(state, 'a', [message(4, 'sent')], false);
    expect(state.threads.get('a')?.messages[0]?.delivery).toBe('read');
  });

  it('starts over in a new epoch, though its positions are smaller', () => {
    let state = fold(EMPTY, thread(10, 9, [message(7), message(9)]));
    state = fold(state, thread(2, 3, [message(3)], 'epoch-2'));
    expect(seqs(state)).toEqual([3]);
    expect(state.conversations.get('a')?.seq).toBe(3);
  });

  it('is forgotten with its position', () => {
    const state = forgetThread(fold(EMPTY, thread(10, 9, [message(9)])), 'a');
    expect(positionOf(state, conversationTopic('a'))).toBeUndefined();
    expect(state.threads.size).toBe(0);
  });
});

describe('topics', () => {
  it('a delta without a snapshot is ignored, and so is one of another epoch', () => {
    const delta: Frame = { v: 1, topic: ME, epoch: EPOCH, pos: 3, kind: 'gone', data: { conversation: 'a', owner: null } };
    expect(fold(EMPTY, delta)).toBe(EMPTY);
    const state = new Server().snapshots().reduce(fold, EMPTY);
    expect(fold(state, { ...delta, epoch: 'epoch-2' })).toBe(state);
  });

  it('a reload forgets how far a topic was folded and keeps what is shown', () => {
    const server = new Server();
    server.commit({ is: 'take', id: 'a' });
    const state = server.snapshots().reduce(fold, EMPTY);
    const reloaded = fold(state, { v: 1, topic: ME, epoch: EPOCH, pos: 0, kind: 'reload' });
    expect(positionOf(state, ME)).toEqual({ epoch: EPOCH, pos: 1 });
    expect(positionOf(reloaded, ME)).toBeUndefined();
    expect([...reloaded.mine]).toEqual(['a']);
  });

  it('a refusal of something that is no topic forgets nothing', () => {
    const state = new Server().snapshots().reduce(fold, EMPTY);
    const denied = { v: 1, topic: '-', epoch: EPOCH, pos: 0, kind: 'denied' as const };
    expect(fold(state, { ...denied, data: { topic: '-', code: 'malformed' } })).toBe(state);
    const refused = fold(state, { ...denied, data: { topic: ME, code: 'not_found' } });
    expect(refused.denied.get(ME)).toBe('not_found');
  });
});

describe('the board', () => {
  const NAMES = ['x', 'y', 'z'];
  const agent = (name: string, active: number): AgentRow => ({
    agent: name,
    name: name.toUpperCase(),
    connected: true,
    activity: { is: 'available' },
    since: moment(active),
    active,
    offered: 0,
    campaigns: [],
  });

  it('of a snapshot and deltas is the board of a fresh snapshot', () => {
    const step = fc.record({ name: fc.constantFrom(...NAMES), active: fc.nat(9), gone: fc.boolean(), waits: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), fc.nat(), (steps, at) => {
        const agents = new Map<string, AgentRow>();
        const waiting = new Map<string, { conversation: string; campaign: string; address: string; arrived_at: string }>();
        const board = (): Board => ({ agents: [...agents.values()], campaigns: [], waiting: [...waiting.values()] });
        const frame = (pos: number, push: Push): Frame => ({ v: 1, topic: BOARD, epoch: EPOCH, pos, ...push });
        const snapshots = [frame(0, { kind: 'board', data: board() })];
        const deltas: Frame[] = [];
        steps.forEach(({ name, active, gone, waits }, index) => {
          const delta: BoardDelta = { agents: [], agents_gone: [], campaigns: [], waiting: [], waiting_gone: [] };
          if (gone) {
            agents.delete(name);
            delta.agents_gone.push(name);
          } else {
            agents.set(name, agent(name, active));
            delta.agents.push(agent(name, active));
          }
          const row = { conversation: name, campaign: 'c', address: name, arrived_at: moment(active) };
          if (waits) {
            waiting.set(name, row);
            delta.waiting.push(row);
          } else {
            waiting.delete(name);
            delta.waiting_gone.push(name);
          }
          deltas.push(frame(index + 1, { kind: 'board_delta', data: delta }));
          snapshots.push(frame(index + 1, { kind: 'board', data: board() }));
        });
        const split = at % snapshots.length;
        const start = snapshots[split];
        const fresh = snapshots.at(-1);
        if (!start || !fresh) throw new Error('there is always one');
        expect([start, ...deltas.slice(split)].reduce(fold, EMPTY).board).toEqual(fold(EMPTY, fresh).board);
      }),
    );
  });
});

describe('who waits', () => {
  const row = (id: string, pos: number) => ({ conversation: id, campaign: 'campaign', address: id, arrived_at: moment(pos) });
  const frame = (pos: number, kind: string, data: unknown) => ({ v: 1, topic: 'waiting', epoch: EPOCH, pos, kind, data }) as unknown as Frame;

  it('is a snapshot and what changed after it, the oldest first', () => {
    let state = fold(EMPTY, frame(5, 'waiting', [row('b', 2), row('a', 1)]));
    expect(state.waiting?.map(({ conversation }) => conversation)).toEqual(['a', 'b']);
    state = fold(state, frame(6, 'waiting_delta', { waiting: [row('c', 0)], waiting_gone: ['a'] }));
    expect(state.waiting?.map(({ conversation }) => conversation)).toEqual(['c', 'b']);
    expect(fold(state, frame(4, 'waiting', [])).waiting).toEqual(state.waiting);
    expect(fold(EMPTY, frame(6, 'waiting_delta', { waiting: [row('c', 0)], waiting_gone: [] })).waiting).toBeNull();
  });
});

describe('a message that failed', () => {
  it('and is sent again begins anew, and only then', () => {
    const delta = (pos: number, delivery: DeliveryDelta): Frame => ({ v: 1, topic: ME, epoch: EPOCH, pos, kind: 'conversation', data: { conversation: conversation('a', pos, { is: 'active', agent: AGENT }), deliveries: [delivery] } });
    const message: Message = { id: 'm', seq: 2, author: { is: 'agent', id: AGENT }, text: 'hola', at: moment(1), delivery: 'queued' };
    let state = fold(EMPTY, { v: 1, topic: ME, epoch: EPOCH, pos: 1, kind: 'me', data: { user: AGENT, role: 'agent', presence: null, conversations: [conversation('a', 1, { is: 'active', agent: AGENT })] } });
    state = fold(state, { v: 1, topic: conversationTopic('a'), epoch: EPOCH, pos: 2, kind: 'thread', data: { conversation: conversation('a', 2, { is: 'active', agent: AGENT }), messages: [message] } });
    const shown = () => state.threads.get('a')?.messages[0]?.delivery;
    state = fold(state, delta(3, { message: 'm', to: 'failed', reason: 'refused' }));
    expect(shown()).toBe('failed');
    state = fold(state, delta(4, { message: 'm', to: 'queued' }));
    expect(shown()).toBe('failed');
    state = fold(state, delta(5, { message: 'm', to: 'queued', reason: 'retried' }));
    expect(shown()).toBe('queued');
    state = fold(state, delta(6, { message: 'm', to: 'sent' }));
    expect(shown()).toBe('sent');
  });
});
