import { Api, isSignedOut, isTemporary, ProblemError } from '@centralita/lib/api';
import { backoffMs } from '@centralita/lib/backoff';
import { EMPTY_CHAT, foldChat, messageId, type ChatState } from '@centralita/lib/chat';
import type { Texts } from '@centralita/lib/i18n';
import { LiveSocket, socketUrl, type Connection } from '@centralita/lib/live';
import { arrivals, Outbox, type Arrived, type Pending } from '@centralita/lib/outbox';
import { Visitor } from '@centralita/lib/visitor';
import type { ChatMessage, Frame } from '@centralita/lib/wire';

import { Announcer } from '../ui/announcer.ts';
import { Composer } from '../ui/composer.ts';
import { h, perFrame, setHidden, setText } from '../ui/dom.ts';
import { ConnectionPill } from '../ui/header.ts';
import { open } from '../ui/page.ts';
import { ThreadView, type Line } from '../ui/thread.ts';
import { codeText, problemText } from '../ui/words.ts';

/** The one place of a visitor's outbox. */
const PLACE = 'chat';

/** The page of a visitor. */
class ChatPage {
  readonly #channel = new URLSearchParams(location.search).get('channel') ?? '';
  #token: string | null = null;
  readonly #visitor: Visitor;
  readonly #live: LiveSocket;
  readonly #outbox: Outbox;
  #state: ChatState = EMPTY_CHAT;
  #connection: Connection = 'connecting';
  #problem: unknown = null;
  /** `seq` of the last message reported as seen, by conversation. */
  readonly #seen = new Map<string, number>();
  #draft = '';
  #announcer = new Announcer();
  #views: Views | null = null;
  #texts: Texts | null = null;
  readonly #render = perFrame(() => this.#show());

  constructor() {
    this.#visitor = new Visitor(new Api({ token: () => this.#token }));
    this.#live = new LiveSocket({
      url: socketUrl('/widget/ws'),
      firstAsk: () => (this.#token === null ? null : { kind: 'sign_in', token: this.#token }),
      position: () => this.#state.position,
      onFrame: (frame) => this.#fold(frame),
      onConnection: (connection) => this.#connected(connection),
    });
    this.#outbox = new Outbox({
      storage: sessionStorage,
      name: `centralita.chat.outbox.${this.#channel}`,
      onChange: this.#render,
      send: (pending) => this.#post(pending),
    });
    document.addEventListener('visibilitychange', () => this.#tellSeen());
  }

  async start(): Promise<void> {
    this.#token = this.#storedToken();
    if (this.#token === null) await this.#newSession();
    if (this.#token !== null) this.#live.start();
  }

  build(texts: Texts, language: () => HTMLElement): readonly Node[] {
    this.#texts = texts;
    this.#announcer = new Announcer();
    this.#views = new Views(texts, this, language);
    this.#views.composer.text = this.#draft;
    this.#show();
    return [this.#views.element, this.#announcer.element];
  }

  send(text: string): void {
    const last = this.#state.messages.at(-1);
    this.#outbox.add(PLACE, text, last ? messageId(last) : null);
  }

  draft(text: string): void {
    this.#draft = text;
  }

  retry(key: string): void {
    this.#outbox.retry(key);
  }

  edit({ key, text }: Pending): void {
    const composer = this.#views?.composer;
    if (!composer) return;
    composer.text = [text, composer.text].filter((part) => part !== '').join('\n');
    this.#draft = composer.text;
    this.#outbox.discard(key);
    composer.focus();
  }

  async #post({ text, key }: Pending): Promise<string | null> {
    try {
      const { conversation, seq } = await this.#visitor.send({ text }, key);
      return conversation === null || seq === null ? null : messageId({ conversation, seq });
    } catch (error) {
      if (isSignedOut(error)) void this.#renew();
      throw error;
    }
  }

  /** Tries until there is a session or there can be none. */
  async #newSession(): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        this.#token = (await this.#visitor.session(this.#channel)).token;
        this.#problem = null;
        this.#store(this.#token);
        return;
      } catch (error) {
        if (!isTemporary(error) && !(error instanceof ProblemError && error.status >= 500)) {
          this.#problem = error;
          this.#connection = 'stopped';
          this.#render();
          return;
        }
        this.#connection = attempt > 3 ? 'offline' : 'reconnecting';
        this.#render();
        const asked = error instanceof ProblemError ? (error.retryAfterMs ?? 0) : 0;
        await new Promise((resolve) => setTimeout(resolve, Math.max(asked, backoffMs(attempt))));
      }
    }
  }

  #renewing = false;
  #renewals = 0;

  /** The token no longer counts: the next message comes from a new visitor. */
  async #renew(): Promise<void> {
    if (this.#renewing) return;
    this.#renewing = true;
    this.#live.stop();
    // A server that takes none of its own tokens must not be asked for more and more of them.
    if (this.#renewals > 0) await new Promise((resolve) => setTimeout(resolve, backoffMs(this.#renewals + 2)));
    this.#renewals += 1;
    this.#token = null;
    this.#store(null);
    this.#state = EMPTY_CHAT;
    await this.#newSession();
    this.#renewing = false;
    if (this.#token !== null) this.#live.start();
  }

  #connected(connection: Connection): void {
    if (connection === 'signed_out') {
      void this.#renew();
      return;
    }
    if (connection === 'stopped') return;
    this.#connection = connection;
    if (connection === 'live') this.#outbox.wake();
    this.#render();
  }

  #fold(frame: Frame): void {
    const before = this.#state;
    this.#state = foldChat(before, frame);
    if (this.#state === before) return;
    const isFirst = before.position === undefined;
    if (!isFirst && frame.kind === 'chat') this.#announce(before, this.#state.messages);
    this.#outbox.settle(PLACE, arrivedOf(this.#state));
    this.#tellSeen();
    this.#render();
  }

  #announce(before: ChatState, messages: readonly ChatMessage[]): void {
    const known = new Set(before.messages.map(messageId));
    for (const message of messages) {
      if (message.from === 'me' || known.has(messageId(message)) || !this.#texts) continue;
      this.#announcer.say(`${whoOf(this.#texts, message)}: ${message.text}`);
    }
  }

  /** Only what stands on a visible page counts as seen. */
  #tellSeen(): void {
    if (document.visibilityState !== 'visible') return;
    const last = this.#state.messages.findLast(({ from }) => from !== 'me');
    if (!last || (this.#seen.get(last.conversation) ?? 0) >= last.seq) return;
    if (this.#live.ask({ kind: 'seen', conversation: last.conversation, seq: last.seq })) {
      this.#seen.set(last.conversation, last.seq);
    }
  }

  #storedToken(): string | null {
    try {
      return localStorage.getItem(this.#tokenName());
    } catch {
      return null;
    }
  }

  #store(token: string | null): void {
    try {
      if (token === null) localStorage.removeItem(this.#tokenName());
      else localStorage.setItem(this.#tokenName(), token);
    } catch {
      // Then it holds until the page is closed.
    }
  }

  #tokenName(): string {
    return `centralita.chat.${this.#channel}`;
  }

  #show(): void {
    const [views, texts] = [this.#views, this.#texts];
    if (!views || !texts) return;
    document.title = `${texts.t('chat.title')} — Centralita`;
    views.connection.show(this.#connection);
    const broken = this.#problem !== null;
    setText(views.problem, broken ? this.#problemText(texts) : '');
    setHidden(views.box, broken);
    const { messages, ended, position } = this.#state;
    const lines = messages.map((message) => lineOf(texts, message));
    const there = arrivals(this.#outbox.items, arrivedOf(this.#state));
    for (const item of this.#outbox.items) if (!there.has(item.key)) lines.push(pendingLine(texts, item, this));
    views.thread.show(lines, { complete: true, empty: texts.t(position ? 'chat.empty' : 'thread.loading') });
    setText(views.ended, ended ? texts.t('chat.ended') : '');
  }

  #problemText(texts: Texts): string {
    const unknown = this.#problem instanceof ProblemError && this.#problem.status === 404;
    return unknown ? texts.t('chat.no_channel') : problemText(texts, this.#problem);
  }
}

function arrivedOf({ messages }: ChatState): Arrived[] {
  return messages.map((message) => ({ id: messageId(message), mine: message.from === 'me', text: message.text }));
}

function whoOf(texts: Texts, { from }: ChatMessage): string {
  return texts.t(from === 'me' ? 'author.me' : from === 'agent' ? 'author.agent' : 'author.system');
}

function lineOf(texts: Texts, message: ChatMessage): Line {
  const side = message.from === 'me' ? 'out' : message.from === 'agent' ? 'in' : 'system';
  const { text, at, attachments = [] } = message;
  return { id: messageId(message), side, who: whoOf(texts, message), text, at, attachments, state: '' };
}

function pendingLine(texts: Texts, pending: Pending, page: ChatPage): Line {
  const { key, text, at, state } = pending;
  const base = { id: key, side: 'out' as const, who: texts.t('author.me'), text, at: new Date(at).toISOString() };
  if (state.is !== 'failed') return { ...base, state: texts.t(`pending.${state.is}`) };
  const failed = { retry: () => page.retry(key), discard: () => page.edit(pending) };
  return { ...base, state: `${texts.t('pending.failed')}: ${codeText(texts, state.code)}`, failed };
}

/** Everything on the page, in one language. */
class Views {
  readonly element: HTMLElement;
  readonly connection: ConnectionPill;
  readonly problem = h('p', { class: 'problem', role: 'alert' });
  readonly box: HTMLElement;
  readonly thread: ThreadView;
  readonly ended = h('p', { class: 'quiet ended', role: 'status' });
  readonly composer: Composer;

  constructor(texts: Texts, page: ChatPage, language: () => HTMLElement) {
    this.connection = new ConnectionPill(texts);
    this.thread = new ThreadView(texts, texts.t('thread.label'), async () => {}, () => null);
    this.composer = new Composer({
      label: texts.t('chat.write'),
      hint: texts.t('chat.hint'),
      submit: texts.t('reply.submit'),
      enterSends: true,
      send: (text) => page.send(text),
      changed: (text) => page.draft(text),
    });
    this.box = h('div', { class: 'chat-box' }, this.thread.element, this.ended, this.composer.element);
    this.element = h(
      'div',
      { class: 'chat' },
      h('header', { class: 'top' }, h('h1', { class: 'brand' }, texts.t('chat.title')), this.connection.element, language()),
      h('main', {}, this.problem, this.box),
    );
  }
}

const page = new ChatPage();
void open(page).then(() => page.start());
