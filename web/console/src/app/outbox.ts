/** What was written here and is not recorded yet: each message in the browser's database until the server has it. */

import { Outbox, type Arrived } from '@centralita/lib/outbox';
import type { Pending } from '@centralita/lib/outbox';
import type { Attachment, Message } from '@centralita/lib/wire';
import { clear, createStore, del, entries, set } from 'idb-keyval';
import { computed, shallowRef, watch } from 'vue';

import { changeDraft, draftOf, flushDrafts } from './drafts.ts';
import { beforeLeave, connection, me, onEnter, onLeave, desk, staff, state } from './session.ts';

const database = createStore('centralita', 'outbox');
export const pending = shallowRef<readonly Pending[]>([]);
let outbox: Outbox | null = null;
let owner: string | null = null;

export const unsent = computed(() => pending.value.filter(({ state }) => state.is === 'waiting' || state.is === 'sending').length);

onEnter((profile) => {
  const person = profile.user?.id ?? null;
  if (person === owner) {
    outbox?.wake();
    return;
  }
  outbox?.stop();
  owner = person;
  if (person !== null) void open(person);
});

/** What was written waits for its turn so long before its author leaves. */
const PATIENCE_MS = 4_000;
beforeLeave(async () => {
  const until = Date.now() + PATIENCE_MS;
  outbox?.wake();
  while (unsent.value > 0 && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 50));
  // What could not be sent is a draft again: the server keeps it, this browser does not.
  for (const { key, place, text, note, attachments } of pending.value.filter(({ state }) => state.is !== 'stored')) {
    const mode = note ? 'note' : 'reply';
    const draft = draftOf(place, mode);
    changeDraft(place, mode, { text: [draft.text, text].filter((one) => one !== '').join('\n\n'), attachments: [...draft.attachments, ...(attachments ?? [])] });
    outbox?.discard(key);
  }
  await flushDrafts();
});
onLeave(() => {
  void clear(database).catch(() => {});
  outbox?.stop();
  outbox = null;
  owner = null;
  pending.value = [];
});

watch(connection, (now) => {
  if (now === 'live') outbox?.wake();
});
watch(state, ({ threads }) => {
  if (!outbox) return;
  for (const place of new Set(pending.value.map((item) => item.place))) {
    const thread = threads.get(place);
    if (thread) outbox.settle(place, arrivedOf(thread.messages));
  }
});

async function open(person: string): Promise<void> {
  const prefix = `${person}/`;
  let kept: [string, Pending][] = [];
  try {
    kept = (await entries<string, Pending>(database)).filter(([key]) => key.startsWith(prefix));
  } catch {
    // No database (a private window): then it lives as long as the page.
  }
  if (owner !== person) return;
  const items = kept.map(([, item]) => item).sort((one, other) => one.at - other.at);
  let saved = new Map(kept.map(([key, item]) => [key, JSON.stringify(item)]));
  outbox = new Outbox({
    name: person,
    storage: {
      getItem: () => JSON.stringify(items),
      setItem: (_, text) => (saved = keep(prefix, JSON.parse(text) as Pending[], saved)),
      removeItem: () => (saved = keep(prefix, [], saved)),
    },
    onChange: () => (pending.value = outbox?.items ?? []),
    send: async ({ place, text, key, note, attachments }) => {
      if (note) return (await desk.note(place, text, key)).message ?? null;
      const files = attachments?.map(({ id }) => id) ?? [];
      return (await staff.reply(place, files.length > 0 ? { text, attachments: files } : { text }, key)).message ?? null;
    },
  });
  pending.value = outbox.items;
}

/** Writes the difference; every message has its own entry, so that tabs do not take each other's. */
function keep(prefix: string, items: readonly Pending[], saved: ReadonlyMap<string, string>): Map<string, string> {
  const next = new Map(items.map((item) => [prefix + item.key, JSON.stringify(item)]));
  const failed = () => {};
  for (const item of items) {
    const key = prefix + item.key;
    if (saved.get(key) !== next.get(key)) set(key, item, database).catch(failed);
  }
  for (const key of saved.keys()) if (!next.has(key)) del(key, database).catch(failed);
  return next;
}

export function arrivedOf(messages: readonly Message[]): Arrived[] {
  return messages.map(({ id, author, text }) => ({ id, text, mine: author.is === 'agent' && author.id === me.value }));
}

export function send(conversation: string, text: string, more: { note?: boolean; attachments?: readonly Attachment[] }): void {
  const last = state.value.threads.get(conversation)?.messages.at(-1);
  outbox?.add(conversation, text, last?.id ?? null, more);
}

export function retryPending(key: string): void {
  outbox?.retry(key);
}

export function discardPending(key: string): Pending | undefined {
  const item = pending.value.find((candidate) => candidate.key === key);
  outbox?.discard(key);
  return item;
}
