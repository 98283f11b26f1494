/** Conversations as this person sees them: what is new, who writes, and what was asked for before the server confirmed it. */

import { addPage, conversationTopic, forgetThread, type State } from '@centralita/lib/store';
import type { Ask, Conversation, Preview, Priority, Standing, Viewer } from '@centralita/lib/wire';
import { reactive, ref, shallowReactive, watch } from 'vue';

import { forgetEmptyDraft } from './drafts.ts';
import { now } from './now.ts';
import { offerOf } from './own.ts';
import { live, me, onEnter, onFrame, onLeave, replaceState, desk, staff, state, updateState } from './session.ts';
import { attempt } from './toasts.ts';
import { agentName } from './people.ts';
import { t } from './texts.ts';

/** How long "is typing" holds after the last sign of it. */
const TYPING_MS = 5_000;
/** Our own typing is told at most this often. */
const TELL_TYPING_MS = 1_500;
/** So many threads stay in memory. */
const KEPT_THREADS = 30;
const COME_BACK_MS = 3_000;

/** Messages of customers that came since the conversation was looked at. */
export const unread = reactive(new Map<string, number>());
/** The last message of each, as it came by: threads are not read for it. */
export const latest = shallowReactive(new Map<string, Preview>());
/** Until when somebody is typing: `conversation` or `conversation/agent`. */
const typing = reactive(new Map<string, number>());
const viewers = reactive(new Map<string, readonly Viewer[]>());
/** Asked for, not confirmed. */
const wished = reactive(new Map<string, Partial<{ tags: string[]; priority: Priority }>>());
/** The one that is open. */
export const open = ref<string | null>(null);
const recent: string[] = [];
let toldTyping = 0;

onEnter(() => {
  try {
    lookedAt = JSON.parse(localStorage.getItem(place()) ?? '{}') as Record<string, number>;
  } catch {
    lookedAt = {};
  }
  if (open.value !== null) live.subscribe(conversationTopic(open.value));
});
onLeave(() => {
  show(null);
  unread.clear();
  typing.clear();
  viewers.clear();
  latest.clear();
  recent.length = 0;
});

onFrame((frame, before, after) => {
  if (frame.kind === 'typing') {
    const { conversation, agent } = frame.data;
    // Who writes among colleagues is told with who looks.
    if (agent === null || (agent !== me.value && !viewers.has(conversation))) typing.set(agent === null ? conversation : `${conversation}/${agent}`, Date.now() + TYPING_MS);
    return;
  }
  if (frame.kind === 'conversation') {
    const { conversation, messages = [] } = frame.data;
    const news = messages.filter(({ author }) => author.is === 'contact').length;
    for (const { author } of messages) typing.delete(author.is === 'agent' ? `${conversation.id}/${author.id}` : conversation.id);
    const last = messages.at(-1);
    if (last) latest.set(conversation.id, { text: last.text || (last.attachments?.[0]?.name ?? ''), from: last.author, note: (last.note ?? false) });
    if (frame.topic === 'me' && after !== before) count(conversation, news, !before.mine.has(conversation.id));
    // It is this agent's (again): its messages may be read.
    if (conversation.id === open.value && !before.mine.has(conversation.id)) live.subscribe(conversationTopic(conversation.id));
    return;
  }
  if (frame.kind === 'me') {
    for (const conversation of frame.data.conversations) {
      if (!unread.has(conversation.id) && conversation.unanswered && conversation.seq > (lookedAt[conversation.id] ?? 0)) count(conversation, 1, false);
    }
  }
  if (frame.kind === 'gone') {
    unread.delete(frame.data.conversation);
    if (!recent.includes(frame.data.conversation)) forget(frame.data.conversation);
  }
  if (frame.kind === 'viewers') viewers.set(frame.data.conversation, frame.data.viewers);
});

/** Up to where each conversation was looked at in this browser. */
let lookedAt: Record<string, number> = {};
const place = () => `centralita.seen.${me.value}`;

function count(conversation: Conversation, news: number, isNew: boolean): void {
  if (isLookedAt(conversation.id)) return looked(conversation.id);
  if (offerOf(conversation) !== null) return;
  if (news > 0 || isNew) unread.set(conversation.id, (unread.get(conversation.id) ?? 0) + Math.max(1, news));
}
function looked(conversation: string): void {
  unread.delete(conversation);
  const seq = state.value.conversations.get(conversation)?.seq;
  if (seq === undefined) return;
  lookedAt[conversation] = seq;
  try {
    const kept = Object.entries(lookedAt).filter(([id]) => state.value.mine.has(id));
    localStorage.setItem(place(), JSON.stringify(Object.fromEntries(kept)));
  } catch {
    // Then everything unanswered is new again after a reload.
  }
}

export function isLookedAt(conversation: string): boolean {
  return conversation === open.value && document.visibilityState === 'visible' && document.hasFocus();
}

window.addEventListener('focus', () => {
  if (open.value !== null) looked(open.value);
});

/** Opens a conversation, or none. */
export function show(conversation: string | null): void {
  if (conversation === open.value) return;
  if (open.value !== null) live.unsubscribe(conversationTopic(open.value));
  open.value = conversation;
  if (conversation === null) return;
  looked(conversation);
  live.subscribe(conversationTopic(conversation));
  const at = recent.indexOf(conversation);
  if (at >= 0) recent.splice(at, 1);
  recent.push(conversation);
  while (recent.length > KEPT_THREADS) forget(recent.shift() ?? '');
}

/** Nobody looks at it any more. Of one's own the row in the inbox stays. */
function forget(conversation: string): void {
  replaceState(forgetThread(state.value, conversation));
  forgetEmptyDraft(conversation);
  viewers.delete(conversation);
  for (const key of typing.keys()) if (key.startsWith(conversation)) typing.delete(key);
  if (!state.value.mine.has(conversation)) latest.delete(conversation);
}

export function markUnread(conversation: string): void {
  unread.set(conversation, Math.max(1, unread.get(conversation) ?? 0));
}

/** As known, with what was asked for. */
export function seen(conversation: Conversation): Conversation {
  const wish = wished.get(conversation.id);
  return wish ? { ...conversation, ...wish } : conversation;
}

/** Who writes there now, for reading out; the customer is `null`. */
export function writers(conversation: string): (string | null)[] {
  const at = Math.min(now.value, Date.now());
  const found: (string | null)[] = [];
  for (const [key, until] of typing) {
    if (until < Date.now() || at < 0) continue;
    if (key === conversation) found.push(null);
    else if (key.startsWith(`${conversation}/`)) found.push(agentName(key.slice(conversation.length + 1)));
  }
  return found;
}

/** Who else has it open. */
export function othersAt(conversation: string): readonly Viewer[] {
  return (viewers.get(conversation) ?? []).filter(({ user }) => user !== me.value);
}

export function tellTyping(conversation: string, mode: 'reply' | 'note'): void {
  if (Date.now() - toldTyping < TELL_TYPING_MS) return;
  toldTyping = Date.now();
  if (mode === 'reply') live.ask({ kind: 'typing', conversation });
  // Colleagues see a note being written, the customer does not; a server that tells of viewers knows the difference.
  else if (viewers.has(conversation)) live.ask({ kind: 'typing', conversation, mode } as Ask);
}

export async function loadOlder(conversation: string): Promise<void> {
  const first = state.value.threads.get(conversation)?.messages[0];
  if (!first) return;
  const { messages, isFirst } = await staff.messages(conversation, first.seq);
  updateState((known: State) => addPage(known, conversation, messages, isFirst));
}

/** The agent who has the conversation; during a transfer still the sender. */
export function ownerOf(standing: Standing): string | null {
  switch (standing.is) {
    case 'active':
    case 'dormant':
    case 'parked':
    case 'wrap_up':
      return standing.agent;
    case 'transferring':
      return standing.from;
    default:
      return null;
  }
}

export function standingText({ standing, unanswered }: Conversation): string {
  switch (standing.is) {
    case 'active':
      return t(unanswered ? 'standing.unanswered' : 'standing.active');
    case 'transferring':
      return t('standing.transferring', { name: agentName(standing.agent) });
    case 'ended':
      return t(`ending.${standing.ending}`);
    default:
      return t(`standing.${standing.is}`);
  }
}

/** Until what was done here has come back by the socket: what was asked for stays in sight so long. */
function reached(conversation: string, seq: number): Promise<void> {
  return new Promise((resolve) => {
    const stop = watch(
      () => (state.value.conversations.get(conversation)?.seq ?? Infinity) >= seq,
      (is) => is && done(),
    );
    const timer = setTimeout(done, COME_BACK_MS);
    function done(): void {
      clearTimeout(timer);
      stop();
      resolve();
    }
    if ((state.value.conversations.get(conversation)?.seq ?? Infinity) >= seq) done();
  });
}

async function wish(conversation: Conversation, change: Partial<{ tags: string[]; priority: Priority }>, ask: () => Promise<{ readonly seq: number }>): Promise<void> {
  wished.set(conversation.id, { ...wished.get(conversation.id), ...change });
  await attempt(async () => {
    const { seq } = await ask();
    await reached(conversation.id, seq);
  });
  wished.delete(conversation.id);
}

export function setTags(conversation: Conversation, tags: readonly string[]): Promise<void> {
  return wish(conversation, { tags: [...tags] }, () => desk.setTags(conversation.id, tags));
}

export function setPriority(conversation: Conversation, priority: Priority): Promise<void> {
  return wish(conversation, { priority }, () => desk.setPriority(conversation.id, priority));
}

