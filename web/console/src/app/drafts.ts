/** What is being written, by conversation and mode: here at once, on the server a moment later. */

import { ProblemError } from '@centralita/lib/api';
import type { Attachment, MailDraft, WritingMode } from '@centralita/lib/wire';
import { reactive, watch } from 'vue';

import { beforeLeave, connection, me, onEnter, onLeave, desk } from './session.ts';

export interface Draft {
  text: string;
  attachments: Attachment[];
  /** An answer by mail. */
  mail?: MailDraft | null;
  /** Grows with every change of this person, on whatever computer. */
  rev: number;
}

const SAVE_AFTER_MS = 900;
const drafts = reactive(new Map<string, Draft>());
const unsaved = new Set<string>();
let timer: ReturnType<typeof setTimeout> | undefined;
let owner: string | null = null;

const name = (conversation: string, mode: WritingMode) => `${conversation}/${mode}`;
const place = (key: string) => `centralita.draft.${owner}.${key}`;

onEnter((profile) => {
  const person = profile.user?.id ?? null;
  if (person !== owner) {
    drafts.clear();
    unsaved.clear();
    owner = person;
    // Whoever sat here before and did not sign out has what they wrote on the server.
    forgetOthers();
    loadLocal();
  }
  if (person !== null) void loadServer();
});
beforeLeave(async () => {
  // What another computer wrote meanwhile is met once and overwritten then.
  for (let tries = 0; tries === 0 || (unsaved.size > 0 && tries < 3); tries += 1) await flushDrafts();
});
onLeave(() => {
  drafts.clear();
  unsaved.clear();
  owner = null;
});
watch(connection, (now) => {
  if (now === 'live' && unsaved.size > 0) void flushDrafts();
});
window.addEventListener('pagehide', () => void flushDrafts());

export function draftOf(conversation: string, mode: WritingMode): Draft {
  const key = name(conversation, mode);
  let draft = drafts.get(key);
  if (!draft) {
    drafts.set(key, { text: '', attachments: [], rev: 0 });
    draft = drafts.get(key)!;
  }
  return draft;
}

/** What is empty needs no place once nobody looks at it. */
export function forgetEmptyDraft(conversation: string): void {
  for (const mode of ['reply', 'note'] as const) {
    const key = name(conversation, mode);
    const draft = drafts.get(key);
    if (draft && isEmpty(draft) && !unsaved.has(key)) drafts.delete(key);
  }
}

export function hasDraft(conversation: string): boolean {
  return (['reply', 'note'] as const).some((mode) => isWritten(drafts.get(name(conversation, mode))));
}

export const draftCount = (): number => [...drafts.values()].filter(isWritten).length;
const isWritten = (draft: Draft | undefined): boolean => draft !== undefined && (draft.text !== '' || Boolean(draft.mail));
const isEmpty = (draft: Draft): boolean => !isWritten(draft) && draft.attachments.length === 0;

export function changeDraft(conversation: string, mode: WritingMode, change: Partial<Pick<Draft, 'text' | 'attachments' | 'mail'>>): void {
  const draft = draftOf(conversation, mode);
  Object.assign(draft, change);
  draft.rev += 1;
  const key = name(conversation, mode);
  saveLocal(key, draft);
  unsaved.add(key);
  clearTimeout(timer);
  timer = setTimeout(() => void flushDrafts(), SAVE_AFTER_MS);
}

function saveLocal(key: string, draft: Draft): void {
  try {
    if (isEmpty(draft)) localStorage.removeItem(place(key));
    else localStorage.setItem(place(key), JSON.stringify(draft));
  } catch {
    // No room: the server has it in a moment.
  }
}

function forgetOthers(): void {
  try {
    const own = place('');
    for (const stored of Object.keys(localStorage)) if (stored.startsWith('centralita.draft.') && !stored.startsWith(own)) localStorage.removeItem(stored);
  } catch {
    // No storage, nothing in it.
  }
}

function loadLocal(): void {
  try {
    const prefix = place('');
    for (const stored of Object.keys(localStorage).filter((candidate) => candidate.startsWith(prefix))) {
      drafts.set(stored.slice(prefix.length), JSON.parse(localStorage.getItem(stored) ?? '') as Draft);
    }
  } catch {
    // Nothing legible here.
  }
}

async function loadServer(): Promise<void> {
  try {
    for (const { conversation, mode, text, files, mail, rev } of await desk.drafts()) {
      const known = drafts.get(name(conversation, mode));
      if (!known || known.rev < rev) drafts.set(name(conversation, mode), { text, rev, mail: mail ?? null, attachments: files });
    }
  } catch {
    // What this browser keeps is there at least; the next connection asks again.
  }
}

let saving: Promise<void> = Promise.resolve();
/** One after the other: whoever waits for this waits for what was on its way before as well. */
export function flushDrafts(): Promise<void> {
  return (saving = saving.then(save));
}

async function save(): Promise<void> {
  if (me.value === '') return;
  for (const key of [...unsaved]) {
    const draft = drafts.get(key);
    const [conversation = '', mode = 'reply'] = key.split('/') as [string, WritingMode];
    if (!draft) continue;
    unsaved.delete(key);
    try {
      if (isEmpty(draft)) await desk.deleteDraft(conversation, mode);
      else await desk.putDraft(conversation, mode, { text: draft.text, attachments: draft.attachments.map(({ id }) => id), ...(draft.mail ? { mail: draft.mail } : {}), rev: draft.rev });
    } catch (error) {
      if (!(error instanceof ProblemError) || error.status >= 500) unsaved.add(key);
      else if (error.status === 409) {
        // Another computer wrote meanwhile; what is in front of the person is what counts.
        draft.rev = Math.max(draft.rev, (error.problem as { draft?: { rev: number } }).draft?.rev ?? 0) + 1;
        unsaved.add(key);
        timer = setTimeout(() => void flushDrafts(), SAVE_AFTER_MS);
      }
      // Else the conversation is no longer one's own: nothing to repeat.
    }
  }
}
