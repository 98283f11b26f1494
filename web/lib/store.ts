/**
 * What a staff screen knows: a fold of the frames it received, and nothing else.
 *
 * Frames of a topic come with growing positions. A frame from before the position reached is a repetition and changes
 * nothing; a delta without a snapshot under it is ignored. Conversations and threads are reached by two topics (`me` and
 * `conversation:{id}`), so they are compared by their own `seq` too. Every state is a new value that shares what did not
 * change with the old one.
 */

import { isNews } from './delivery.ts';
import type { Position } from './live.ts';
import type { AgentRow, Board, BoardDelta, CampaignRow, Conversation, ConversationDelta, DeliveryDelta, Frame, Me, Message, Presence, Role, Thread, WaitingDelta, WaitingRow } from './wire/wire.ts';

export interface ThreadState {
  /** In order of `seq`. */
  readonly messages: readonly Message[];
  /** Nothing lies before the first message. */
  readonly complete: boolean;
  /** News about messages that may not be loaded (yet): a page read earlier may arrive later. */
  readonly deliveries: ReadonlyMap<string, DeliveryDelta>;
}

export interface BoardState {
  /** By name. */
  readonly agents: readonly AgentRow[];
  /** By name. */
  readonly campaigns: readonly CampaignRow[];
  /** The oldest first. */
  readonly waiting: readonly WaitingRow[];
}

/** How far a topic was folded. */
interface Reached extends Position {
  /** Deltas are missing after it: only a snapshot goes on from here. */
  readonly gap?: true;
}

export interface State {
  readonly positions: ReadonlyMap<string, Reached>;
  readonly user: { readonly id: string; readonly role: Role } | null;
  readonly presence: Presence | null;
  /** Everything known, own or watched. */
  readonly conversations: ReadonlyMap<string, Conversation>;
  /** Own conversations and open offers. */
  readonly mine: ReadonlySet<string>;
  /** Conversations that left this agent, with who has them now. */
  readonly gone: ReadonlyMap<string, string | null>;
  readonly threads: ReadonlyMap<string, ThreadState>;
  readonly board: BoardState | null;
  /** Who waits in the campaigns of this agent, the oldest first. */
  readonly waiting: readonly WaitingRow[] | null;
  /** Topics whose subscription was refused, with the code. */
  readonly denied: ReadonlyMap<string, string>;
}

export const EMPTY: State = {
  positions: new Map(),
  user: null,
  presence: null,
  conversations: new Map(),
  mine: new Set(),
  gone: new Map(),
  threads: new Map(),
  board: null,
  waiting: null,
  denied: new Map(),
};

export const ME = 'me';

export function conversationTopic(id: string): string {
  return `conversation:${id}`;
}

/** From where a subscription may carry on. */
export function positionOf(state: State, topic: string): Position | undefined {
  const reached = state.positions.get(topic);
  return reached && !reached.gap ? { epoch: reached.epoch, pos: reached.pos } : undefined;
}

/** The state after one more frame. */
export function fold(state: State, frame: Frame): State {
  switch (frame.kind) {
    case 'me':
      return isStale(state, frame) ? state : foldMe(reached(state, frame), frame.data, isNewEpoch(state, frame));
    case 'thread':
      return isStale(state, frame) ? state : foldThread(reached(state, frame), frame, frame.data, isNewEpoch(state, frame));
    case 'board':
      return isStale(state, frame) ? state : { ...reached(state, frame), board: sorted(frame.data) };
    case 'conversation':
      return hasBase(state, frame) ? foldConversation(reached(state, frame), frame.topic, frame.data) : state;
    case 'gone':
      if (!hasBase(state, frame)) return state;
      return {
        ...reached(state, frame),
        mine: without(state.mine, frame.data.conversation),
        gone: withEntry(state.gone, frame.data.conversation, frame.data.owner),
      };
    case 'presence':
      return hasBase(state, frame) ? { ...reached(state, frame), presence: frame.data } : state;
    case 'board_delta':
      return hasBase(state, frame) && state.board
        ? { ...reached(state, frame), board: foldBoard(state.board, frame.data) }
        : state;
    case 'resync':
    case 'reload':
      return markGap(state, frame.topic);
    case 'denied':
      // `-` = something asked on the connection, not a topic.
      if (frame.data.topic === '-') return state;
      return {
        ...forgetPosition(state, frame.data.topic),
        denied: withEntry(state.denied, frame.data.topic, frame.data.code),
      };
    case 'waiting':
      return isStale(state, frame) ? state : { ...reached(state, frame), waiting: byArrival(frame.data) };
    case 'waiting_delta':
      return hasBase(state, frame) ? foldWaiting(reached(state, frame), frame.data) : state;
    default:
      return state;
  }
}

function foldWaiting(state: State, { waiting, waiting_gone }: WaitingDelta): State {
  return { ...state, waiting: byArrival(replaced(state.waiting ?? [], waiting, waiting_gone, ({ conversation }) => conversation)) };
}

/** Adds an older page of a thread, as read over HTTP, in any order. */
export function addPage(state: State, conversation: string, page: readonly Message[], isFirst: boolean): State {
  const thread = state.threads.get(conversation);
  if (!thread) return state;
  const merged = mergeMessages(thread, page);
  const complete = thread.complete || isFirst || startsAtTheBeginning(merged.messages);
  return { ...state, threads: withEntry(state.threads, conversation, { ...merged, complete }) };
}

/** Forgets a thread that nobody looks at any more, and its conversation unless it is one's own; its topic must be unsubscribed too. */
export function forgetThread(state: State, conversation: string): State {
  const topic = conversationTopic(conversation);
  return {
    ...forgetPosition(state, topic),
    threads: without(state.threads, conversation),
    conversations: state.mine.has(conversation) ? state.conversations : without(state.conversations, conversation),
    gone: without(state.gone, conversation),
    denied: without(state.denied, topic),
  };
}

function foldMe(state: State, me: Me, startsOver: boolean): State {
  let conversations: State['conversations'] = startsOver ? new Map() : state.conversations;
  for (const conversation of me.conversations) conversations = newest(conversations, conversation);
  return {
    ...state,
    user: { id: me.user, role: me.role },
    presence: me.presence,
    conversations,
    mine: new Set(me.conversations.map(({ id }) => id)),
    gone: new Map([...state.gone].filter(([id]) => !me.conversations.some((conversation) => conversation.id === id))),
  };
}

function foldConversation(state: State, topic: string, delta: ConversationDelta): State {
  const { id } = delta.conversation;
  const next = { ...state, conversations: newest(state.conversations, delta.conversation) };
  const thread = state.threads.get(id);
  const threads = thread
    ? withEntry(state.threads, id, mergeDeliveries(mergeMessages(thread, delta.messages ?? []), delta.deliveries ?? []))
    : state.threads;
  if (topic !== ME) return { ...next, threads };
  return { ...next, threads, mine: withMember(state.mine, id), gone: without(state.gone, id) };
}

/**
 * Replaces the thread. Unless everything starts over, two parts stay: older pages that adjoin, and messages newer than the
 * snapshot (they came by the other topic).
 */
function foldThread(state: State, { topic }: Frame, snapshot: Thread, startsOver: boolean): State {
  const id = snapshot.conversation?.id ?? topic.slice(topic.indexOf(':') + 1);
  const known = startsOver ? without(state.conversations, id) : state.conversations;
  const conversations = snapshot.conversation ? newest(known, snapshot.conversation) : known;
  const old = startsOver ? undefined : state.threads.get(id);
  const messages = inOrder(snapshot.messages);
  const first = messages[0]?.seq ?? Infinity;
  const upTo = snapshot.conversation?.seq ?? messages.at(-1)?.seq ?? 0;
  const adjoins = old?.messages.some(({ seq }) => seq >= first && seq <= upTo) ?? false;
  const older = old && adjoins ? old.messages.filter(({ seq }) => seq < first) : [];
  const newer = old?.messages.filter(({ seq }) => seq > upTo) ?? [];
  const all = [...older, ...messages, ...newer];
  const complete = startsAtTheBeginning(all) || (messages.length === 0 && newer.length === 0) || (adjoins && (old?.complete ?? false));
  const deliveries = old?.deliveries ?? new Map<string, DeliveryDelta>();
  const thread = { messages: all.map((message) => withDelivery(message, deliveries)), complete, deliveries };
  return { ...state, conversations, threads: withEntry(state.threads, id, thread) };
}

/** The first event of a conversation is its start, the second its first message. */
function startsAtTheBeginning(messages: readonly Message[]): boolean {
  return messages[0] !== undefined && messages[0].seq <= 2;
}

function mergeMessages(thread: ThreadState, messages: readonly Message[]): ThreadState {
  const known = new Set(thread.messages.map(({ seq }) => seq));
  const added = messages.filter(({ seq }) => !known.has(seq)).map((message) => withDelivery(message, thread.deliveries));
  // A message that is known may come again with a later delivery state.
  const news = messages.flatMap(({ id, seq, delivery, reason }) =>
    delivery && known.has(seq) ? [{ message: id, to: delivery, ...(reason === undefined ? {} : { reason }) }] : [],
  );
  const merged = added.length === 0 ? thread : { ...thread, messages: inOrder([...thread.messages, ...added]) };
  return mergeDeliveries(merged, news);
}

function mergeDeliveries(thread: ThreadState, deltas: readonly DeliveryDelta[]): ThreadState {
  const news = new Map<string, DeliveryDelta>();
  for (const delta of deltas) {
    const known = news.get(delta.message) ?? thread.deliveries.get(delta.message);
    if (!known || isNews(known.to, delta)) news.set(delta.message, delta);
  }
  if (news.size === 0) return thread;
  return {
    ...thread,
    messages: thread.messages.map((message) => withDelivery(message, news)),
    deliveries: new Map([...thread.deliveries, ...news]),
  };
}

function withDelivery(message: Message, deliveries: ReadonlyMap<string, DeliveryDelta>): Message {
  const delta = deliveries.get(message.id);
  if (!delta || !message.delivery || !isNews(message.delivery, delta)) return message;
  const { reason: _, ...rest } = message;
  return { ...rest, delivery: delta.to, ...(delta.reason === undefined ? {} : { reason: delta.reason }) };
}

function inOrder(messages: readonly Message[]): Message[] {
  return [...messages].sort((one, other) => one.seq - other.seq);
}

function sorted({ agents, campaigns, waiting }: Board): BoardState {
  return {
    agents: [...agents].sort((one, other) => compare(one.name, other.name) || compare(one.agent, other.agent)),
    campaigns: [...campaigns].sort((one, other) => compare(one.name, other.name) || compare(one.campaign, other.campaign)),
    waiting: byArrival(waiting),
  };
}

function byArrival<Row extends WaitingRow>(rows: readonly Row[]): Row[] {
  return [...rows].sort((one, other) => compare(one.arrived_at, other.arrived_at) || compare(one.conversation, other.conversation));
}

function foldBoard(board: BoardState, delta: BoardDelta): BoardState {
  return sorted({
    agents: replaced(board.agents, delta.agents, delta.agents_gone, ({ agent }) => agent),
    campaigns: replaced(board.campaigns, delta.campaigns, [], ({ campaign }) => campaign),
    waiting: replaced(board.waiting, delta.waiting, delta.waiting_gone, ({ conversation }) => conversation),
  });
}

function replaced<Row>(rows: readonly Row[], changed: readonly Row[], gone: readonly string[], id: (row: Row) => string): Row[] {
  const byId = new Map(rows.map((row) => [id(row), row]));
  for (const key of gone) byId.delete(key);
  for (const row of changed) byId.set(id(row), row);
  return [...byId.values()];
}

/** Plain order of the texts, the same in every browser; screens may collate again. */
function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

function newest(conversations: State['conversations'], conversation: Conversation): State['conversations'] {
  const known = conversations.get(conversation.id);
  return known && known.seq >= conversation.seq ? conversations : withEntry(conversations, conversation.id, conversation);
}

function isStale(state: State, { topic, epoch, pos }: Frame): boolean {
  const reached = state.positions.get(topic);
  return reached !== undefined && !reached.gap && reached.epoch === epoch && pos < reached.pos;
}

function hasBase(state: State, frame: Frame): boolean {
  const reached = state.positions.get(frame.topic);
  return reached !== undefined && !reached.gap && reached.epoch === frame.epoch && frame.pos >= reached.pos;
}

/** Positions and numbers may have been used again for something else: nothing known can be compared with it. */
function isNewEpoch(state: State, { topic, epoch }: Frame): boolean {
  const reached = state.positions.get(topic);
  return reached !== undefined && reached.epoch !== epoch;
}

function reached(state: State, { topic, epoch, pos }: Frame): State {
  return {
    ...state,
    positions: withEntry(state.positions, topic, { epoch, pos }),
    denied: without(state.denied, topic),
  };
}

function markGap(state: State, topic: string): State {
  const entries = [...state.positions].map(
    ([name, reached]) => [name, topic === '-' || topic === name ? { ...reached, gap: true as const } : reached] as const,
  );
  return { ...state, positions: new Map(entries) };
}

function forgetPosition(state: State, topic: string): State {
  return { ...state, positions: without(state.positions, topic) };
}

function withEntry<Key, Value>(map: ReadonlyMap<Key, Value>, key: Key, value: Value): ReadonlyMap<Key, Value> {
  return new Map(map).set(key, value);
}

function withMember<Value>(set: ReadonlySet<Value>, value: Value): ReadonlySet<Value> {
  return set.has(value) ? set : new Set(set).add(value);
}

function without<Key, Value>(map: ReadonlyMap<Key, Value>, key: Key): ReadonlyMap<Key, Value>;
function without<Value>(set: ReadonlySet<Value>, value: Value): ReadonlySet<Value>;
function without<Key>(
  collection: ReadonlyMap<Key, unknown> | ReadonlySet<Key>,
  key: Key,
): ReadonlyMap<Key, unknown> | ReadonlySet<Key> {
  if (!collection.has(key)) return collection;
  const copy = collection instanceof Map ? new Map(collection) : new Set(collection as ReadonlySet<Key>);
  copy.delete(key);
  return copy;
}
