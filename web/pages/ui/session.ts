/**
 * A member of staff in front of a screen: signed in or not, connected or not, and everything known so far. Screens ask it and
 * are told when something changed.
 */

import { Api, isSignedOut } from '@centralita/lib/api';
import { LiveSocket, socketUrl, type Connection } from '@centralita/lib/live';
import { Staff } from '@centralita/lib/staff';
import { EMPTY, fold, positionOf, type State } from '@centralita/lib/store';
import type { Frame, Profile, SignIn } from '@centralita/lib/wire';

export interface SessionEvents {
  onChange: () => void;
  /** After signing in, before anything is folded; `profile` may be of another person than before. */
  onSignedIn: (profile: Profile, live: LiveSocket) => void;
  onFrame?: (frame: Frame, before: State, after: State) => void;
}

export class Session {
  readonly staff: Staff;
  readonly live: LiveSocket;
  /** Null until it is known whether somebody is signed in. */
  known = false;
  profile: Profile | null = null;
  /** The session ended without being asked to. */
  ended = false;
  state: State = EMPTY;
  connection: Connection = 'stopped';
  /** What the server's clock is ahead of ours. */
  #clockAheadMs = 0;
  readonly #events: SessionEvents;

  constructor(events: SessionEvents) {
    this.#events = events;
    this.staff = new Staff(new Api({ onSignedOut: () => this.#signedOut() }));
    this.live = new LiveSocket({
      url: socketUrl('/ws'),
      onFrame: (frame) => this.#fold(frame),
      onConnection: (connection) => this.#connected(connection),
      position: (topic) => positionOf(this.state, topic),
      sessionIsValid: async () => {
        try {
          await this.staff.profile();
          return true;
        } catch (error) {
          return !isSignedOut(error);
        }
      },
    });
  }

  /** Goes on with the session of the cookie, if there is one. Tries until the server answers. */
  async resume(): Promise<void> {
    this.connection = 'connecting';
    for (let attempt = 0; ; attempt += 1) {
      try {
        this.#enter(await this.staff.profile());
        return;
      } catch (error) {
        if (isSignedOut(error)) {
          this.known = true;
          this.ended = false;
          this.connection = 'stopped';
          this.#events.onChange();
          return;
        }
        this.connection = attempt > 5 ? 'offline' : 'reconnecting';
        this.#events.onChange();
        await new Promise((resolve) => setTimeout(resolve, Math.min(5_000, 500 * 2 ** attempt)));
      }
    }
  }

  async signIn(body: SignIn): Promise<void> {
    this.#enter(await this.staff.signIn(body));
  }

  async signOut(): Promise<void> {
    await this.staff.signOut();
    this.live.stop();
    this.profile = null;
    this.state = EMPTY;
    this.ended = false;
    this.#events.onChange();
  }

  /** The server's time. */
  now(): number {
    return Date.now() + this.#clockAheadMs;
  }

  replaceState(state: State): void {
    this.state = state;
    this.#events.onChange();
  }

  #enter(profile: Profile): void {
    if (profile.user?.id !== this.profile?.user?.id) this.state = EMPTY;
    this.known = true;
    this.ended = false;
    this.profile = profile;
    this.#events.onSignedIn(profile, this.live);
    this.live.start();
    this.#events.onChange();
  }

  #signedOut(): void {
    if (!this.profile || this.ended) return;
    this.ended = true;
    this.live.stop();
    this.#events.onChange();
  }

  #connected(connection: Connection): void {
    this.connection = connection;
    if (connection === 'signed_out') this.#signedOut();
    this.#events.onChange();
  }

  #fold(frame: Frame): void {
    if (frame.kind === 'hello') this.#clockAheadMs = Date.parse(frame.data.now) - Date.now();
    const before = this.state;
    this.state = fold(before, frame);
    this.#events.onFrame?.(frame, before, this.state);
    this.#events.onChange();
  }
}
