/**
 * Messages on their way to the server. Each keeps its idempotency key over every repetition, a reload of the page included, so
 * it is recorded once however often it is sent. Those of one place go out in order.
 */

import { isSignedOut, isTemporary, ProblemError } from './api.ts';
import { backoffMs } from './backoff.ts';
import { newKey } from './key.ts';
import type { Attachment, ErrorCode } from './wire/wire.ts';

export interface Pending {
  readonly key: string;
  /** A conversation, or one word for a visitor. */
  readonly place: string;
  readonly text: string;
  /** For the team only. */
  readonly note?: boolean;
  readonly attachments?: readonly Attachment[];
  /** Milliseconds since 1970, by this computer's clock. */
  readonly at: number;
  /** Id of the last message known when it was written; null when there was none. */
  readonly after: string | null;
  readonly state: PendingState;
}

export type PendingState =
  /** Waits for its turn or for the answer. */
  | { readonly is: 'sending' }
  /** The server could not be reached; tried again by itself. */
  | { readonly is: 'waiting' }
  /** Recorded, under this id if the server said so; goes away when the message itself arrives. */
  | { readonly is: 'stored'; readonly message: string | null }
  /** Refused. Only a person can decide what happens now. */
  | { readonly is: 'failed'; readonly code: ErrorCode };

/** A message in the thread, as far as the outbox cares. */
export interface Arrived {
  readonly id: string;
  readonly mine: boolean;
  readonly text: string;
}

export interface OutboxOptions {
  /** Sends once; resolves to the id of the message, or null when the server does not say. */
  send: (pending: Pending) => Promise<string | null>;
  onChange: () => void;
  /** Survives a reload of the page. */
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> | null;
  /** Under which name. */
  name: string;
  random?: () => number;
  now?: () => number;
}

/** The server remembers keys for 24 h; an older one might be recorded twice, so it is left to the person. */
const KEY_LIFETIME_MS = 12 * 3600_000;
/** Internal errors are repeated this often before giving up. */
const INTERNAL_TRIES = 3;

export class Outbox {
  readonly #options: OutboxOptions;
  #items: readonly Pending[];
  /** By place: the tries so far of its first item, and the timer of the next. */
  readonly #sending = new Map<string, { tries: number; timer: ReturnType<typeof setTimeout> | undefined }>();
  #stopped = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#items = this.#load();
    for (const { place } of this.#items) this.#pump(place);
  }

  get items(): readonly Pending[] {
    return this.#items;
  }

  add(place: string, text: string, after: string | null, more: Pick<Pending, 'note' | 'attachments'> = {}): Pending {
    const at = (this.#options.now ?? Date.now)();
    const pending: Pending = { ...more, key: newKey(), place, text, at, after, state: { is: 'sending' } };
    this.#change([...this.#items, pending]);
    this.#pump(place);
    return pending;
  }

  /** Sends a failed one again. */
  retry(key: string): void {
    const item = this.#items.find((candidate) => candidate.key === key);
    if (item?.state.is !== 'failed') return;
    this.#update(key, { is: 'sending' });
    this.#pump(item.place);
  }

  discard(key: string): void {
    const item = this.#items.find((candidate) => candidate.key === key);
    if (item?.state.is !== 'failed') return;
    this.#change(this.#items.filter((candidate) => candidate.key !== key));
  }

  /** Takes away what has arrived. */
  settle(place: string, thread: readonly Arrived[]): void {
    const own = this.#items.filter((item) => item.place === place);
    if (own.length === 0) return;
    const there = arrivals(own, thread);
    const isDone = (item: Pending) => item.state.is === 'stored' && there.has(item.key);
    if (own.some(isDone)) this.#change(this.#items.filter((item) => !isDone(item)));
  }

  /** Tries at once whatever waits: the connection is back. */
  wake(): void {
    for (const [place, sending] of this.#sending) {
      if (sending.timer === undefined) continue;
      clearTimeout(sending.timer);
      this.#sending.delete(place);
      this.#pump(place);
    }
    for (const { place } of this.#items) this.#pump(place);
  }

  stop(): void {
    this.#stopped = true;
    for (const { timer } of this.#sending.values()) clearTimeout(timer);
    this.#sending.clear();
  }

  #pump(place: string): void {
    if (this.#stopped || this.#sending.has(place)) return;
    const next = this.#items.find((item) => item.place === place && (item.state.is === 'sending' || item.state.is === 'waiting'));
    if (!next) return;
    const sending = { tries: 0, timer: undefined };
    this.#sending.set(place, sending);
    void this.#try(next, sending);
  }

  async #try(item: Pending, sending: { tries: number; timer: ReturnType<typeof setTimeout> | undefined }): Promise<void> {
    sending.timer = undefined;
    sending.tries += 1;
    try {
      const message = await this.#options.send(item);
      this.#finish(item, { is: 'stored', message });
    } catch (error) {
      if (this.#stopped) return;
      if (isSignedOut(error)) {
        // After signing in again `wake` goes on.
        this.#update(item.key, { is: 'waiting' });
        this.#sending.delete(item.place);
      } else if (isTemporary(error) || (isInternal(error) && sending.tries < INTERNAL_TRIES)) {
        this.#update(item.key, { is: 'waiting' });
        const asked = error instanceof ProblemError ? (error.retryAfterMs ?? 0) : 0;
        const wait = Math.max(asked, backoffMs(sending.tries - 1, this.#options.random));
        sending.timer = setTimeout(() => void this.#try(item, sending), wait);
      } else {
        this.#finish(item, { is: 'failed', code: error instanceof ProblemError ? error.code : 'internal' });
      }
    }
  }

  #finish(item: Pending, state: PendingState): void {
    if (this.#stopped) return;
    this.#sending.delete(item.place);
    this.#update(item.key, state);
    this.#pump(item.place);
  }

  #update(key: string, state: PendingState): void {
    this.#change(this.#items.map((item) => (item.key === key ? { ...item, state } : item)));
  }

  #change(items: readonly Pending[]): void {
    this.#items = items;
    this.#save();
    this.#options.onChange();
  }

  #load(): readonly Pending[] {
    try {
      const items = JSON.parse(this.#options.storage?.getItem(this.#options.name) ?? '[]') as Pending[];
      const oldest = (this.#options.now ?? Date.now)() - KEY_LIFETIME_MS;
      return items.map((item) => (item.at < oldest ? { ...item, state: { is: 'failed', code: 'unavailable' } } : item));
    } catch {
      return [];
    }
  }

  #save(): void {
    const worthKeeping = this.#items.filter(({ state }) => state.is !== 'stored');
    try {
      if (worthKeeping.length === 0) this.#options.storage?.removeItem(this.#options.name);
      else this.#options.storage?.setItem(this.#options.name, JSON.stringify(worthKeeping));
    } catch {
      // No room, or not allowed: then it only lives as long as the page.
    }
  }
}

function isInternal(error: unknown): boolean {
  return error instanceof ProblemError && error.status >= 500;
}

/**
 * Which of the pending ones are in the thread already, by key. The frame with a message may overtake the answer that tells
 * its id; until then the first own message with the same text, newer than the pending one, stands for it.
 */
export function arrivals(pending: readonly Pending[], thread: readonly Arrived[]): ReadonlySet<string> {
  const taken = new Set<string>();
  const there = new Set<string>();
  for (const { key, state } of pending) {
    if (state.is !== 'stored' || state.message === null) continue;
    taken.add(state.message);
    if (thread.some(({ id }) => id === state.message)) there.add(key);
  }
  for (const { key, state, after, text } of pending) {
    if (state.is === 'failed' || (state.is === 'stored' && state.message !== null)) continue;
    const start = after === null ? 0 : thread.findIndex(({ id }) => id === after) + 1;
    const match = thread.slice(start).find((message) => message.mine && !taken.has(message.id) && message.text.trim() === text.trim());
    if (!match) continue;
    taken.add(match.id);
    there.add(key);
  }
  return there;
}
