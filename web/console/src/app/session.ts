/**
 * Who sits here, the connection, and everything the server told so far. Frames are collected and folded once per painted
 * frame: however much arrives, the screen is drawn once.
 */

import { Api, isSignedOut, ProblemError } from '@centralita/lib/api';
import { LiveSocket, socketUrl, type Connection } from '@centralita/lib/live';
import { Desk } from '@centralita/lib/desk';
import { Staff } from '@centralita/lib/staff';
import { EMPTY, fold, ME, positionOf, type State } from '@centralita/lib/store';
import type { Frame, Permission, Profile, SignIn } from '@centralita/lib/wire';
import { computed, ref, shallowRef } from 'vue';

/** Hidden tabs paint nothing: then a timer folds. */
const HIDDEN_FLUSH_MS = 60;
/** The count of what was missed stays so long. */
const CAUGHT_UP_MS = 2_500;

/** The server's document says whether it shows a demo. */
export const isDemo = 'demo' in document.documentElement.dataset;

/** Whether it is known that somebody is signed in, or nobody. */
export const known = ref(false);
export const profile = shallowRef<Profile | null>(null);
/** The session ended without being asked to. */
export const ended = ref(false);
export const state = shallowRef<State>(EMPTY);
export const connection = ref<Connection>('stopped');
/** Frames that came right after a reconnection. */
export const caughtUp = ref(0);
/** When the last frame came, by this computer's clock. */
export const heardAt = ref(Date.now());

export const me = computed(() => profile.value?.user?.id ?? '');
export const signedIn = computed(() => profile.value !== null && !ended.value);

export type Listener = (frame: Frame, before: State, after: State) => void;
const listeners = new Set<Listener>();
const entered = new Set<(profile: Profile) => void>();
const left = new Set<() => void>();
const leaving = new Set<() => Promise<void>>();

let clockAheadMs = 0;
let queue: Frame[] = [];
let scheduled = false;
let wasLost = false;

export const api = new Api({ onSignedOut: sessionEnded });
export const staff = new Staff(api);
export const desk = new Desk(api);
export const live = new LiveSocket({
  url: socketUrl('/ws'),
  onFrame: receive,
  onConnection: connected,
  position: (topic) => {
    flush();
    return positionOf(state.value, topic);
  },
  sessionIsValid: async () => {
    try {
      await staff.profile();
      return true;
    } catch (error) {
      return !isSignedOut(error);
    }
  },
});

/** Who converses with customers; others read along and steer. */
export const isAgent = computed(() => profile.value?.role === 'agent');

/** Whether they may write to customers first, in some campaign. */
export const mayStart = computed(() => profile.value?.campaigns.some(({ starts }) => starts.length > 0) ?? false);

export function may(permission: Permission): boolean {
  return profile.value?.permissions.includes(permission) ?? false;
}

/** The server's time. */
export function serverNow(): number {
  return Date.now() + clockAheadMs;
}

/** Called for every frame, in order, when it has been folded. */
export function onFrame(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Called when somebody is in, before the first frame. */
export function onEnter(work: (profile: Profile) => void): void {
  entered.add(work);
  if (profile.value && !ended.value) work(profile.value);
}

/** Awaited before somebody leaves: what is only here goes to the server. */
export function beforeLeave(work: () => Promise<void>): void {
  leaving.add(work);
}

/** Called when somebody left by themselves; nothing of theirs stays in this browser. */
export function onLeave(work: () => void): void {
  left.add(work);
}

export function replaceState(next: State): void {
  flush();
  state.value = next;
}

/** Changes what is known by an answer. */
export function updateState(change: (state: State) => State): void {
  flush();
  state.value = change(state.value);
}

/** Goes on with the session of the cookie, if there is one. Tries until the server answers. */
export async function resume(): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      enter(await staff.profile());
      return;
    } catch (error) {
      if (isSignedOut(error)) {
        known.value = true;
        connection.value = 'stopped';
        return;
      }
      connection.value = attempt > 5 ? 'offline' : 'reconnecting';
      await new Promise((resolve) => setTimeout(resolve, Math.min(5_000, 500 * 2 ** attempt)));
    }
  }
}

export async function signIn(body: SignIn): Promise<void> {
  enter(await staff.signIn(body));
}

export async function signOut(): Promise<void> {
  for (const work of leaving) await work();
  // The answer has the browser drop its storage and caches; where it does not (without https), it is done here.
  await staff.signOut();
  live.stop();
  left.forEach((work) => work());
  try {
    localStorage.clear();
    sessionStorage.clear();
  } catch {
    // No storage, nothing in it.
  }
  queue = [];
  profile.value = null;
  state.value = EMPTY;
  ended.value = false;
}

/** After a change of the own profile. */
export async function reloadProfile(): Promise<void> {
  profile.value = await staff.profile();
}

/** What one may not see answers like what is not there. */
export function isMissing(error: unknown): boolean {
  return error instanceof ProblemError && (error.status === 404 || error.status === 405);
}

/** Somebody is in. */
export function enter(next: Profile): void {
  if (next.user?.id !== profile.value?.user?.id) state.value = EMPTY;
  known.value = true;
  ended.value = false;
  profile.value = next;
  entered.forEach((work) => work(next));
  if (next.role === 'agent') live.subscribe(ME);
  live.start();
}

function sessionEnded(): void {
  if (!profile.value || ended.value) return;
  ended.value = true;
  live.stop();
}

function connected(next: Connection): void {
  const was = connection.value;
  connection.value = next;
  if (next === 'signed_out') sessionEnded();
  if (was === 'live' && next !== 'live') wasLost = true;
  if (next === 'live' && wasLost) {
    wasLost = false;
    caughtUp.value = 0;
    setTimeout(() => (caughtUp.value = 0), CAUGHT_UP_MS);
  }
}

function receive(frame: Frame): void {
  if (frame.kind === 'hello') clockAheadMs = Date.parse(frame.data.now) - Date.now();
  else if (connection.value !== 'live' && wasLost) caughtUp.value += 1;
  queue.push(frame);
  if (scheduled) return;
  scheduled = true;
  if (document.visibilityState === 'hidden') setTimeout(flush, HIDDEN_FLUSH_MS);
  else {
    requestAnimationFrame(flush);
    setTimeout(flush, HIDDEN_FLUSH_MS);
  }
}

function flush(): void {
  if (queue.length === 0) {
    scheduled = false;
    return;
  }
  const frames = queue;
  queue = [];
  scheduled = false;
  heardAt.value = Date.now();
  const folded: [Frame, State, State][] = [];
  let now = state.value;
  for (const frame of frames) {
    const before = now;
    now = fold(now, frame);
    folded.push([frame, before, now]);
  }
  state.value = now;
  for (const [frame, before, after] of folded) for (const listener of listeners) listener(frame, before, after);
}
