/**
 * One WebSocket that never gives up: it reconnects, carries on where each topic stopped, and says truthfully how it is.
 *
 * Positions are not kept here: whoever folds the frames knows how far it got ({@link LiveOptions.position}).
 */

import { backoffMs } from './backoff.ts';
import type { Ask, Denied, Frame } from './wire/wire.ts';

/** Version of the protocol that this code speaks. */
export const VERSION = 1;

/** `live` is claimed only while frames can arrive. */
export type Connection =
  | 'connecting'
  | 'live'
  | 'reconnecting'
  /** Without connection for longer than {@link OFFLINE_AFTER_MS}; still trying. */
  | 'offline'
  /** The session ended; not trying. */
  | 'signed_out'
  /** The server speaks a newer protocol: the page must be loaded again; not trying. */
  | 'outdated'
  | 'stopped';

export interface Position {
  readonly epoch: string;
  readonly pos: number;
}

export interface LiveOptions {
  url: string;
  /** Folds a frame. Called in order, before the socket reacts to it. */
  onFrame: (frame: Frame) => void;
  onConnection: (connection: Connection) => void;
  /** How far the topic was folded, if at all. */
  position: (topic: string) => Position | undefined;
  /** Sent before anything else on every connection. */
  firstAsk?: () => Ask | null;
  /**
   * A browser does not say why a handshake failed. Resolves to false when the session is over; rejects or resolves to true
   * when trying again makes sense.
   */
  sessionIsValid?: () => Promise<boolean>;
  random?: () => number;
  socket?: (url: string) => WebSocket;
  /** Where `online`, `offline` and `visibilitychange` are heard. */
  environment?: { window: EventTarget; document: EventTarget & { readonly visibilityState: string } } | null;
}

/** No first frame for so long: the attempt failed. */
export const CONNECT_TIMEOUT_MS = 10_000;
/** A server that repeats `hello` and is silent for so long is gone, whatever TCP thinks. */
export const SILENCE_MS = 35_000;
/** Without connection for so long it is called `offline`. */
export const OFFLINE_AFTER_MS = 10_000;
/** A connection that held for so long starts the back-off over. */
const STABLE_MS = 5_000;

/** Closed with this code: whoever is at this end may not be. */
const POLICY = 1008;

type Timer = ReturnType<typeof setTimeout>;

export class LiveSocket {
  readonly #options: LiveOptions;
  readonly #topics = new Set<string>();
  #connection: Connection = 'stopped';
  #socket: WebSocket | null = null;
  #heard = false;
  #hellos = 0;
  #attempt = 0;
  #retry: Timer | undefined;
  #watchdog: Timer | undefined;
  #stable: Timer | undefined;
  #offline: Timer | undefined;

  constructor(options: LiveOptions) {
    this.#options = options;
  }

  get connection(): Connection {
    return this.#connection;
  }

  start(): void {
    if (this.#isRunning()) return;
    this.#attempt = 0;
    this.#listen('addEventListener');
    this.#become('connecting');
    this.#countOffline();
    this.#connect();
  }

  stop(): void {
    this.#end('stopped');
  }

  /** Follows a topic from now on, over all reconnections. */
  subscribe(topic: string): void {
    if (this.#topics.has(topic)) return;
    this.#topics.add(topic);
    this.#askFor(topic);
  }

  unsubscribe(topic: string): void {
    if (this.#topics.delete(topic)) this.ask({ kind: 'unsubscribe', topic });
  }

  /** Sends now or never: nothing durable goes this way. */
  ask(ask: Ask): boolean {
    if (this.#socket?.readyState !== 1) return false;
    this.#socket.send(JSON.stringify(ask));
    return true;
  }

  /** Tries at once instead of waiting for the back-off. */
  hurry(): void {
    if (this.#retry === undefined) return;
    this.#attempt = 0;
    this.#connect();
  }

  #isRunning(): boolean {
    return ['connecting', 'live', 'reconnecting', 'offline'].includes(this.#connection);
  }

  #become(connection: Connection): void {
    if (connection === this.#connection) return;
    this.#connection = connection;
    this.#options.onConnection(connection);
  }

  #connect(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#heard = false;
    this.#hellos = 0;
    let socket: WebSocket;
    try {
      socket = this.#options.socket?.(this.#options.url) ?? new WebSocket(this.#options.url);
    } catch {
      this.#lost(null);
      return;
    }
    this.#socket = socket;
    this.#watch(CONNECT_TIMEOUT_MS);
    socket.onopen = () => {
      if (socket !== this.#socket) return;
      const first = this.#options.firstAsk?.();
      if (first) this.ask(first);
      for (const topic of this.#topics) this.#askFor(topic);
    };
    socket.onmessage = (event: MessageEvent) => {
      if (socket === this.#socket) this.#receive(event.data);
    };
    socket.onclose = ({ code }: CloseEvent) => {
      if (code === POLICY && socket === this.#socket) this.#end('signed_out');
      else this.#lost(socket);
    };
    socket.onerror = () => {
      // `close` follows.
    };
  }

  #askFor(topic: string): void {
    this.ask({ kind: 'subscribe', topic, ...this.#options.position(topic) });
  }

  #receive(data: unknown): void {
    const frame = parse(data);
    if (frame === null) return;
    if (frame.v !== VERSION) {
      this.#end('outdated');
      return;
    }
    if (!this.#heard) {
      this.#heard = true;
      clearTimeout(this.#offline);
      this.#stable = setTimeout(() => (this.#attempt = 0), STABLE_MS);
    }
    if (frame.kind === 'hello') this.#hellos += 1;
    if (this.#hellos >= 2) this.#watch(SILENCE_MS);
    else this.#unwatch();
    this.#options.onFrame(frame);
    switch (frame.kind) {
      case 'signed_out':
        this.#end('signed_out');
        return;
      case 'denied':
        this.#denied(frame.data);
        break;
      case 'reload':
        if (!this.#topics.has(frame.topic)) {
          this.#lost(this.#socket);
          return;
        }
        this.#askFor(frame.topic);
        break;
      default:
    }
    if (this.#isRunning()) this.#become('live');
  }

  #denied({ topic, code }: Denied): void {
    if (!this.#topics.has(topic)) return;
    if (code !== 'unavailable') {
      this.#topics.delete(topic);
      return;
    }
    // The server could not read it just now.
    const socket = this.#socket;
    setTimeout(() => {
      if (socket === this.#socket && this.#topics.has(topic)) this.#askFor(topic);
    }, backoffMs(3, this.#options.random));
  }

  /** `socket` is null when it could not even be made. */
  #lost(socket: WebSocket | null): void {
    if (socket !== null && socket !== this.#socket) return;
    const refused = !this.#heard;
    this.#dropSocket();
    if (!this.#isRunning()) return;
    if (this.#connection === 'live') {
      this.#become('reconnecting');
      this.#countOffline();
    }
    const wait = backoffMs(this.#attempt, this.#options.random);
    this.#attempt += 1;
    this.#retry = setTimeout(() => this.#connect(), wait);
    if (refused) this.#askWhetherSignedOut();
  }

  #askWhetherSignedOut(): void {
    this.#options.sessionIsValid?.().then(
      (valid) => {
        if (!valid && !this.#heard && this.#isRunning()) this.#end('signed_out');
      },
      () => {
        // The server is away altogether.
      },
    );
  }

  #end(connection: Connection): void {
    this.#listen('removeEventListener');
    clearTimeout(this.#retry);
    this.#retry = undefined;
    clearTimeout(this.#offline);
    this.#dropSocket();
    this.#become(connection);
  }

  #dropSocket(): void {
    this.#unwatch();
    clearTimeout(this.#stable);
    const socket = this.#socket;
    this.#socket = null;
    if (socket === null) return;
    socket.onopen = socket.onmessage = socket.onclose = socket.onerror = null;
    socket.close();
  }

  #watch(ms: number): void {
    this.#unwatch();
    this.#watchdog = setTimeout(() => this.#lost(this.#socket), ms);
  }

  #unwatch(): void {
    clearTimeout(this.#watchdog);
    this.#watchdog = undefined;
  }

  #countOffline(): void {
    clearTimeout(this.#offline);
    this.#offline = setTimeout(() => {
      if (this.#isRunning()) this.#become('offline');
    }, OFFLINE_AFTER_MS);
  }

  #listen(method: 'addEventListener' | 'removeEventListener'): void {
    const place = this.#environment();
    if (!place) return;
    place.window[method]('online', this.#onOnline);
    place.window[method]('offline', this.#onOffline);
    place.document[method]('visibilitychange', this.#onVisibility);
  }

  #environment(): LiveOptions['environment'] {
    if (this.#options.environment !== undefined) return this.#options.environment;
    return typeof window === 'undefined' ? null : { window, document };
  }

  readonly #onOnline = () => this.hurry();

  /** The network changed: a connection that still works is back in a moment, one that hangs is found out now. */
  readonly #onOffline = () => {
    if (this.#socket !== null) this.#lost(this.#socket);
  };

  readonly #onVisibility = () => {
    if (this.#environment()?.document.visibilityState === 'visible') this.hurry();
  };
}

function parse(data: unknown): Frame | null {
  if (typeof data !== 'string') return null;
  try {
    const frame: unknown = JSON.parse(data);
    return typeof frame === 'object' && frame !== null && 'v' in frame && 'kind' in frame ? (frame as Frame) : null;
  } catch {
    return null;
  }
}

/** The address of a socket on this server. */
export function socketUrl(path: string, location: Location = window.location): string {
  const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
  return `${scheme}//${location.host}${path}`;
}
