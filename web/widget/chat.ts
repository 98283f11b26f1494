/**
 * A visitor's chat without its looks: who they are, what was said, what is on its way. Closures rather than classes: every byte
 * is loaded on the pages of others.
 */

import { backoffMs } from '@centralita/lib/backoff';
import { CHAT, EMPTY_CHAT, foldChat, messageId, type ChatState } from '@centralita/lib/chat';
import { newKey } from '@centralita/lib/key';
import type { Ask, Attachment, ChatMessage, ErrorCode, Frame, VisitorSession, VisitorStored, WidgetConfig } from '@centralita/lib/wire';

import { ask, isTemporary, pause, type Wrong } from './net.ts';

const TYPING_SHOWN_MS = 5_000;
const TYPING_TOLD_MS = 2_000;
/** The server repeats `hello`; silent for so long it is gone, whatever TCP thinks. */
const SILENCE_MS = 35_000;
const OFFLINE_AFTER_MS = 10_000;
/** The server remembers keys for 24 h; what is older might be recorded twice, so it is left to the person. */
const KEY_LIFETIME_MS = 12 * 3600_000;
const MAX_FILES = 10;

/** A file that is about to be sent. */
export interface Upload {
  readonly key: string;
  readonly file: File;
  state: 'uploading' | 'ready' | 'size' | 'empty_file' | 'attachments';
  stored?: Attachment;
}

/** A message on its way. It keeps its key over every repetition, a reload of the page included. */
export interface Pending {
  readonly key: string;
  readonly text: string;
  readonly files: readonly Attachment[];
  readonly at: number;
  /** The last message known when it was written. */
  readonly after: string | null;
  state: 'sending' | 'waiting' | 'stored' | 'failed';
  /** Its id, once it is stored. */
  id?: string;
  code?: ErrorCode | undefined;
}

export type Connection = 'connecting' | 'live' | 'reconnecting' | 'offline';
/** Why there is no chat. */
export type Trouble = 'no_channel' | 'server' | 'identity';

export type Chat = ReturnType<typeof createChat>;

export function createChat(channel: string, changed: () => void, arrived: (messages: readonly ChatMessage[]) => void) {
  const prefix = `centralita.widget.${channel}.`;
  let token: string | null = null;
  let visitor = '';
  /** Undefined before the first start. */
  let identity: string | null | undefined;
  let attempts = 0;
  let items: Pending[] = [];
  let pumping = 0;
  let wake: (() => void) | undefined;
  let socket: WebSocket | null = null;
  let tries = 0;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let watchdog: ReturnType<typeof setTimeout> | undefined;
  let offline: ReturnType<typeof setTimeout> | undefined;
  let typingEnds: ReturnType<typeof setTimeout> | undefined;
  let typingTold = 0;
  let seen = '';
  let visible = false;
  let lost = () => {};

  const chat = {
    config: null as WidgetConfig | null,
    trouble: null as Trouble | null,
    connection: 'connecting' as Connection,
    state: EMPTY_CHAT as ChatState,
    waiting: false,
    /** Undefined until the server says; null = far. */
    position: undefined as number | null | undefined,
    rating: null as number | null,
    typing: false,
    uploads: [] as readonly Upload[],
    draft: '',
    /** Messages of others that nobody has seen yet. */
    unread: 0,
    identified: () => typeof identity === 'string',
    asks,
    pending,
    /** Whoever comes first waits for the network, so all wait. */
    stuck: () => items.some(({ state }) => state === 'waiting'),
    configure,
    start,
    forget,
    answer,
    send,
    edit,
    attach,
    detach,
    rate,
    leave,
    type,
    show,
    retry(item: Pending) {
      item.state = 'sending';
      save();
      void pump();
    },
    /** A file's bytes, for this visitor only. */
    file: (id: string) => ask<Blob>('GET', `attachments/${id}`, token),
  };

  // ---- who ----

  /** The settings; again and again until there are some or there can be none. */
  async function configure(): Promise<void> {
    chat.config = (await insist(() => ask<WidgetConfig>('GET', `${encodeURIComponent(channel)}/config`, null))) ?? chat.config;
    changed();
  }

  /** As who the page says it is, else as who this browser was before, else as somebody new. */
  async function start(who: string | null): Promise<void> {
    if (who === identity && !chat.trouble) return;
    const attempt = (attempts += 1);
    const isCurrent = () => attempt === attempts;
    disconnect();
    // What was written before there was anybody to write it belongs to whoever comes now.
    if (visitor) items = [];
    visitor = '';
    identity = who;
    Object.assign(chat, { trouble: null, state: EMPTY_CHAT, waiting: false, rating: null, unread: 0, connection: 'connecting' });
    token = who === null ? stored('token') : null;
    changed();
    token ??= (await insist(() => ask<VisitorSession>('POST', `${encodeURIComponent(channel)}/session`, null, { identity: who }), isCurrent))?.token ?? null;
    if (!isCurrent() || token === null) return;
    visitor = token.split('.')[2] ?? '';
    if (who === null) store('token', token);
    seen = stored(`seen.${visitor}`) ?? '';
    const oldest = Date.now() - KEY_LIFETIME_MS;
    // Whoever comes after somebody else sends nothing of theirs.
    const left = safely(() => JSON.parse(stored(`outbox.${visitor}`) ?? '[]') as Pending[]) ?? [];
    items = [...left.map((item) => (item.at < oldest ? { ...item, state: 'failed' as const } : item)), ...items];
    connect();
    save();
    void pump();
  }

  /** Leaves nothing behind in this browser. */
  function forget(): void {
    safely(() => {
      for (const name of Object.keys(localStorage)) if (name.startsWith(prefix)) localStorage.removeItem(name);
    });
    memory.clear();
    chat.draft = '';
    chat.uploads = [];
    again(null);
  }

  function again(who: string | null): void {
    identity = undefined;
    void start(who);
  }

  /** The token no longer counts. Who was identified is so again if the page's word still counts; anybody else is somebody new. */
  function renew(): void {
    disconnect();
    token = null;
    store('token', null);
    setTimeout(() => again(identity ?? null), backoffMs(3));
  }

  /** Tries until it works, makes no sense, or nobody needs it any more. */
  async function insist<T>(work: () => Promise<T>, isNeeded: () => boolean = () => true): Promise<T | null> {
    for (let attempt = 0; isNeeded(); attempt += 1) {
      try {
        return await work();
      } catch (error) {
        const wrong = error as Wrong;
        if (!isTemporary(wrong)) {
          chat.trouble = wrong.status === 404 ? 'no_channel' : wrong.code === 'identity_invalid' ? 'identity' : 'server';
          changed();
          return null;
        }
        become(attempt > 3 ? 'offline' : 'reconnecting');
        await pause(Math.max(backoffMs(attempt), wrong.wait));
      }
    }
    return null;
  }

  // ---- live ----

  function connect(): void {
    clearTimeout(retry);
    const own = (socket = new WebSocket(`${location.origin.replace('http', 'ws')}/widget/ws`));
    lost = () => {
      if (own !== socket) return;
      disconnect();
      become(chat.connection === 'live' ? 'reconnecting' : chat.connection);
      offline ??= setTimeout(() => become('offline'), OFFLINE_AFTER_MS);
      retry = setTimeout(connect, backoffMs((tries += 1)));
    };
    const watch = () => {
      clearTimeout(watchdog);
      watchdog = setTimeout(lost, SILENCE_MS);
    };
    watch();
    own.onopen = () => tell({ kind: 'sign_in', token: token ?? '' });
    own.onclose = ({ code }) => {
      // 1008: whoever is at this end may not be.
      if (code === 1008 && own === socket) renew();
      else lost();
    };
    own.onmessage = ({ data }) => {
      if (own !== socket) return;
      watch();
      fold(JSON.parse(String(data)) as Frame);
    };
  }

  function disconnect(): void {
    clearTimeout(retry);
    clearTimeout(watchdog);
    const old = socket;
    socket = null;
    old?.close();
  }

  function become(connection: Connection): void {
    chat.connection = connection;
    if (connection === 'live') {
      tries = 0;
      clearTimeout(offline);
      offline = undefined;
      wake?.();
    }
    changed();
  }

  /** The network or the page is back: at once instead of after the back-off. */
  function hurry(): void {
    if (token && !socket) connect();
    wake?.();
    look();
  }

  function tell(what: Ask): boolean {
    if (socket?.readyState !== 1) return false;
    socket.send(JSON.stringify(what));
    return true;
  }

  function fold(frame: Frame): void {
    if (frame.v !== 1) return;
    if (frame.kind === 'signed_out') return renew();
    if (frame.topic === CHAT && frame.kind === 'queue') chat.position = frame.data.position;
    if (frame.topic === CHAT && frame.kind === 'chat_typing') types(true);
    const before = chat.state;
    chat.state = foldChat(before, frame);
    if (chat.state !== before && frame.kind === 'chat') {
      const { messages } = chat.state;
      if ((frame.data.conversation ?? latest()) === latest()) {
        chat.waiting = !!frame.data.waiting;
        chat.rating = frame.data.rating ?? null;
        if (!chat.waiting) chat.position = undefined;
      }
      const known = new Set(before.messages.map(messageId));
      const added = messages.filter((message) => message.from !== 'me' && !known.has(messageId(message)));
      if (added[0]) types(false);
      if (!before.position) {
        // What came while no page was open; of what this browser never saw nothing is news.
        const at = messages.findIndex((message) => messageId(message) === seen);
        chat.unread = at < 0 ? 0 : messages.slice(at + 1).filter(({ from }) => from !== 'me').length;
      } else if (added[0]) {
        chat.unread += added.length;
        arrived(added);
      }
      settle();
      look();
    }
    become('live');
  }

  function types(typing: boolean): void {
    clearTimeout(typingEnds);
    chat.typing = typing;
    if (typing) typingEnds = setTimeout(() => (types(false), changed()), TYPING_SHOWN_MS);
  }

  function latest(): string | undefined {
    return chat.state.messages.at(-1)?.conversation;
  }

  /** Only what stands in an open, visible chat counts as seen. */
  function look(): void {
    if (!visible || document.visibilityState !== 'visible') return;
    chat.unread = 0;
    changed();
    const last = chat.state.messages.findLast(({ from }) => from !== 'me');
    if (last && seen !== messageId(last) && tell({ kind: 'seen', conversation: last.conversation, seq: last.seq })) store(`seen.${visitor}`, (seen = messageId(last)));
  }

  function show(now: boolean): void {
    visible = now;
    if (now && chat.config) void configure();
    look();
  }

  function type(): void {
    if (Date.now() - typingTold > TYPING_TOLD_MS && tell({ kind: 'typing' })) typingTold = Date.now();
  }

  // ---- out ----

  /**
   * Those that are not in the thread yet. The frame with a message may overtake the answer that tells its id; until then the
   * first own message with the same text, newer than the pending one, stands for it.
   */
  function pending(): readonly Pending[] {
    const own = chat.state.messages.filter(({ from }) => from === 'me');
    const taken = new Set(items.map(({ id }) => id));
    return items.filter((item) => {
      if (item.state === 'failed') return true;
      const match = own.find((message) => {
        const id = messageId(message);
        return item.id ? id === item.id : !taken.has(id) && (!item.after || id > item.after) && message.text.trim() === item.text.trim();
      });
      if (match) taken.add(messageId(match));
      return !match;
    });
  }

  function settle(): void {
    const missing = pending();
    items = items.filter((item) => item.state !== 'stored' || missing.includes(item));
    save();
  }

  function save(): void {
    const kept = items.filter(({ state }) => state !== 'stored');
    if (visitor) store(`outbox.${visitor}`, kept[0] ? JSON.stringify(kept) : null);
    changed();
  }

  function send(text: string): boolean {
    const files = chat.uploads.flatMap(({ stored }) => stored ?? []);
    if ((!text.trim() && !files[0]) || chat.uploads.some(({ state }) => state === 'uploading')) return false;
    const last = chat.state.messages.at(-1);
    items.push({ key: newKey(), text, files, at: Date.now(), after: last ? messageId(last) : null, state: 'sending' });
    chat.uploads = [];
    chat.draft = '';
    save();
    void pump();
    return true;
  }

  /** Takes a message that was refused back into the box. */
  function edit(item: Pending): void {
    chat.draft = [item.text, chat.draft].filter(Boolean).join('\n');
    items = items.filter((one) => one !== item);
    save();
  }

  /** In order, one after the other, each until it is stored or refused. */
  async function pump(): Promise<void> {
    if (!token || pumping === attempts) return;
    const attempt = (pumping = attempts);
    for (let round = 0, item; attempt === attempts && (item = items.find(({ state }) => state === 'sending' || state === 'waiting')); ) {
      const { text, files, key } = item;
      const name = stored(`name.${visitor}`);
      const body = { text, ...(name && { name }), ...(files[0] && { attachments: files.map(({ id }) => id) }) };
      try {
        const { conversation, seq } = await ask<VisitorStored>('POST', 'messages', token, body, key);
        if (attempt !== attempts) return;
        // Stored by an earlier try: it is in the thread.
        if (conversation && seq) Object.assign(item, { state: 'stored', id: messageId({ conversation, seq }) });
        else items = items.filter((one) => one !== item);
        round = 0;
        settle();
      } catch (error) {
        const wrong = error as Wrong;
        if (attempt !== attempts) return;
        if (wrong.status === 401) {
          pumping = 0;
          return renew();
        }
        Object.assign(item, isTemporary(wrong) ? { state: 'waiting' } : { state: 'failed', code: wrong.code });
        save();
        if (!isTemporary(wrong)) continue;
        // Waking up must not run into the same refusal: what the server asked for is waited for.
        const early = wrong.wait ? [] : [new Promise<void>((resolve) => (wake = resolve))];
        await Promise.race([pause(Math.max(wrong.wait, backoffMs(round++))), ...early]);
      }
    }
    if (attempt === attempts) pumping = 0;
  }

  // ---- files, forms ----

  function attach(files: Iterable<File>): void {
    for (const file of files) {
      const state = file.size > (chat.config?.max_file_bytes ?? 0) ? 'size' : file.size ? 'uploading' : 'empty_file';
      const one: Upload = { key: newKey(), file, state };
      chat.uploads = [...chat.uploads, one].slice(0, MAX_FILES);
      if (state === 'uploading') void upload(one);
    }
    changed();
  }

  async function upload(one: Upload): Promise<void> {
    for (let round = 0; chat.uploads.includes(one); round += 1) {
      try {
        one.stored = await ask<Attachment>('POST', `attachments?name=${encodeURIComponent(one.file.name || 'file')}`, token, one.file);
        one.state = 'ready';
        break;
      } catch (error) {
        const wrong = error as Wrong;
        if (!isTemporary(wrong)) {
          one.state = wrong.status === 413 ? 'size' : 'attachments';
          break;
        }
        await pause(Math.max(wrong.wait, backoffMs(round)));
      }
    }
    changed();
  }

  function detach(one: Upload): void {
    chat.uploads = chat.uploads.filter((other) => other !== one);
    changed();
  }

  /** The form is shown before the first message, once. Null: nobody knows yet whether there was one. */
  function asks(): boolean | null {
    const { config, state } = chat;
    const asked = config?.pre_chat.some(({ kind }) => identity === null || (kind !== 'name' && kind !== 'email'));
    if (!asked || state.messages[0] || items[0] || stored(`name.${visitor}`) !== null) return false;
    return state.position ? true : null;
  }

  async function answer(answers: Record<string, string>): Promise<void> {
    await ask('PUT', 'answers', token, { answers });
    const field = chat.config?.pre_chat.find(({ kind }) => kind === 'name');
    store(`name.${visitor}`, (field && answers[field.name]) ?? '');
    changed();
  }

  async function rate(score: number, comment: string): Promise<void> {
    await ask('POST', 'rating', token, { conversation: latest(), score, comment });
    chat.rating = score;
    changed();
  }

  /** Who has an agent by now keeps them; when it could not be said, one sees that one still waits. */
  function leave(): void {
    ask('POST', 'leave', token, { conversation: latest() }).catch(() => {});
  }

  // ---- memory ----

  function stored(name: string): string | null {
    return safely(() => localStorage.getItem(prefix + name)) ?? memory.get(name) ?? null;
  }

  function store(name: string, value: string | null): void {
    if (value === null) memory.delete(name);
    else memory.set(name, value);
    safely(() => (value === null ? localStorage.removeItem(prefix + name) : localStorage.setItem(prefix + name, value)));
  }

  document.addEventListener('visibilitychange', hurry);
  window.addEventListener('online', hurry);
  // A connection that hangs would be found out much later.
  window.addEventListener('offline', () => lost());

  return chat;
}

/** Browsers may refuse storage to a frame: then everything lasts as long as the page. */
const memory = new Map<string, string>();

function safely<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
