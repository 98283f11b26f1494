import type { Texts } from '@centralita/lib/i18n';
import type { Connection } from '@centralita/lib/live';
import { Outbox } from '@centralita/lib/outbox';
import { addPage, conversationTopic, forgetThread, ME, type State } from '@centralita/lib/store';
import type { Conversation, Frame, Profile } from '@centralita/lib/wire';

import { Announcer } from '../ui/announcer.ts';
import { h, perFrame, setHidden, setText } from '../ui/dom.ts';
import { ConnectionPill } from '../ui/header.ts';
import { open } from '../ui/page.ts';
import { Session } from '../ui/session.ts';
import { SignInView } from '../ui/sign-in.ts';
import { codeText, contactName, problemText } from '../ui/words.ts';
import { Colleagues } from './colleagues.ts';
import { arrivedOf, ConversationView } from './conversation.ts';
import { askClose, askTransfer } from './dialogs.ts';
import { Inbox, offerFor } from './inbox.ts';
import { PresenceControl } from './presence.ts';

/** How long "is typing" holds after the last sign of it. */
const TYPING_MS = 5_000;
/** Our own typing is told at most this often. */
const TELL_TYPING_MS = 3_000;
/** News of other conversations are announced at most this often. */
const OTHERS_MS = 15_000;

/** The page of an agent. */
class AgentPage {
  readonly #session: Session;
  readonly #colleagues: Colleagues;
  #announcer = new Announcer();
  #outbox: Outbox | null = null;
  #person: string | null = null;
  #selected: string | null = null;
  #connection: Connection = 'stopped';
  #problem: string | null = null;
  readonly #drafts = new Map<string, string>();
  readonly #typing = new Map<string, number>();
  #toldTyping = 0;
  #otherNews = 0;
  #otherNewsTimer: ReturnType<typeof setTimeout> | undefined;
  #views: Views | null = null;
  #texts: Texts | null = null;
  readonly #render = perFrame(() => this.#show());

  constructor() {
    this.#session = new Session({
      onChange: () => this.#changed(),
      onSignedIn: (profile, live) => {
        this.#welcome(profile);
        live.subscribe(ME);
      },
      onFrame: (frame, before, after) => this.#heard(frame, before, after),
    });
    this.#colleagues = new Colleagues(this.#session.staff);
    setInterval(this.#render, 1_000);
  }

  start(): void {
    void this.#session.resume();
  }

  build(texts: Texts, language: () => HTMLElement): readonly Node[] {
    this.#texts = texts;
    this.#announcer = new Announcer();
    const views = new Views(texts, this, language);
    this.#views = views;
    if (this.#selected !== null) views.conversation.composer.text = this.#draft(this.#selected);
    this.#show();
    return [views.element, this.#announcer.element];
  }

  // What the views ask for.

  async signIn(login: string, password: string): Promise<void> {
    await this.#session.signIn({ login, password });
  }

  async signOut(): Promise<void> {
    try {
      await this.#session.signOut();
    } catch (error) {
      this.#fail(error);
      return;
    }
    // What was not sent yet goes out when this person signs in here again.
    this.#outbox?.stop();
    this.#outbox = null;
    this.#person = null;
    this.#drafts.clear();
    this.#select(null);
    this.#views?.signIn.focus();
  }

  async act(work: () => Promise<unknown>): Promise<void> {
    this.#problem = null;
    try {
      await work();
    } catch (error) {
      this.#fail(error);
    }
    this.#render();
  }

  get staff() {
    return this.#session.staff;
  }

  select(conversation: string): void {
    this.#select(conversation);
    this.#views?.conversation.composer.focus();
  }

  back(): void {
    const was = this.#selected;
    this.#select(null);
    this.#show();
    if (was !== null) this.#views?.inbox.focus(was);
  }

  async accept(conversation: Conversation): Promise<void> {
    const offer = offerFor(conversation, this.#person ?? '');
    if (!offer) return;
    await this.act(async () => {
      await this.staff.accept(conversation.id, { offer: offer.offer });
      const busy = this.#selected !== null && this.#session.state.mine.has(this.#selected);
      if (!busy) this.select(conversation.id);
    });
  }

  async decline(conversation: Conversation): Promise<void> {
    const offer = offerFor(conversation, this.#person ?? '');
    if (offer) await this.act(() => this.staff.decline(conversation.id, { offer: offer.offer }));
  }

  send(text: string): void {
    const id = this.#selected;
    if (id === null) return;
    const last = this.#session.state.threads.get(id)?.messages.at(-1);
    this.#outbox?.add(id, text, last?.id ?? null);
  }

  retry(key: string): void {
    this.#outbox?.retry(key);
  }

  edit(key: string): void {
    const composer = this.#views?.conversation.composer;
    const item = this.#outbox?.items.find((candidate) => candidate.key === key);
    if (!composer || !item) return;
    composer.text = [item.text, composer.text].filter((text) => text !== '').join('\n');
    this.draft(composer.text);
    this.#outbox?.discard(key);
    composer.focus();
  }

  draft(text: string): void {
    if (this.#selected === null) return;
    this.#drafts.set(this.#selected, text);
    try {
      sessionStorage.setItem(this.#draftName(this.#selected), text);
    } catch {
      // Then it lives as long as the page.
    }
    const now = Date.now();
    if (text !== '' && now - this.#toldTyping > TELL_TYPING_MS) {
      this.#toldTyping = now;
      this.#session.live.ask({ kind: 'typing', conversation: this.#selected });
    }
  }

  transfer(): void {
    const [conversation, profile, texts] = [this.#conversation(), this.#session.profile, this.#texts];
    if (!conversation || !profile || !texts) return;
    askTransfer(texts, profile, this.#colleagues, conversation, (to) => this.staff.transfer(conversation.id, to), () => this.#focusList(conversation.id));
  }

  close(): void {
    const [conversation, profile, texts] = [this.#conversation(), this.#session.profile, this.#texts];
    if (!conversation || !profile || !texts) return;
    askClose(texts, profile, conversation, (how) => this.staff.close(conversation.id, how), () => this.#focusList(conversation.id));
  }

  async endWrapUp(): Promise<void> {
    const id = this.#selected;
    if (id === null) return;
    await this.act(() => this.staff.endWrapUp(id));
    this.#focusList(id);
  }

  async older(): Promise<void> {
    const id = this.#selected;
    const first = id === null ? undefined : this.#session.state.threads.get(id)?.messages[0];
    if (id === null || !first) return;
    await this.act(async () => {
      const { messages, isFirst } = await this.staff.messages(id, first.seq);
      this.#session.replaceState(addPage(this.#session.state, id, messages, isFirst));
    });
  }

  // What happens.

  #welcome(profile: Profile): void {
    const person = profile.user?.id ?? null;
    if (person !== this.#person) {
      this.#person = person;
      this.#drafts.clear();
      this.#select(null);
      this.#outbox?.stop();
      this.#outbox = new Outbox({
        storage: sessionStorage,
        name: `centralita.outbox.${person}`,
        onChange: this.#render,
        send: async ({ place, text, key }) => (await this.staff.reply(place, { text }, key)).message ?? null,
      });
    }
    this.#outbox?.wake();
    // Without it only names and transfers to agents are missing.
    this.#colleagues.load(profile).then(this.#render, () => {});
  }

  #changed(): void {
    const { state, connection, ended } = this.#session;
    if (this.#selected !== null) {
      const thread = state.threads.get(this.#selected);
      if (thread) this.#outbox?.settle(this.#selected, arrivedOf(thread.messages, this.#person ?? ''));
    }
    if (connection === 'live' && this.#connection !== 'live' && !ended) this.#outbox?.wake();
    this.#connection = connection;
    this.#render();
  }

  #heard(frame: Frame, before: State, after: State): void {
    if (frame.kind === 'typing' && frame.data.agent === null) {
      this.#typing.set(frame.data.conversation, Date.now() + TYPING_MS);
    } else if (frame.kind === 'conversation' && after !== before) {
      const { conversation, messages = [] } = frame.data;
      const news = messages.filter(({ author }) => author.is === 'contact');
      if (news.length > 0) this.#typing.delete(conversation.id);
      // It is this agent's (again): its messages may be read.
      if (conversation.id === this.#selected && !before.mine.has(conversation.id)) {
        this.#session.live.subscribe(conversationTopic(conversation.id));
      }
      // An open conversation comes by two topics: announce it once.
      if (frame.topic === ME) this.#announce(conversation, news.map(({ text }) => text), before);
    }
  }

  #announce(conversation: Conversation, news: readonly string[], before: State): void {
    const texts = this.#texts;
    if (!texts) return;
    const name = contactName(texts, conversation);
    const wasOffered = before.mine.has(conversation.id) && offerFor(before.conversations.get(conversation.id) ?? conversation, this.#person ?? '') !== null;
    if (offerFor(conversation, this.#person ?? '') && !wasOffered) this.#announcer.interrupt(texts.t('announce.offer', { name }));
    if (conversation.id === this.#selected) {
      for (const text of news) this.#announcer.say(`${name}: ${text}`);
    } else if (news.length > 0) {
      this.#otherNews += news.length;
      this.#otherNewsTimer ??= setTimeout(() => {
        this.#announcer.say(texts.t('announce.others', { count: this.#otherNews }));
        this.#otherNews = 0;
        this.#otherNewsTimer = undefined;
      }, OTHERS_MS);
    }
  }

  /** The button that was used is gone with the conversation. */
  #focusList(conversation: string): void {
    this.#views?.inbox.focus(conversation);
  }

  #fail(error: unknown): void {
    if (this.#texts) this.#problem = problemText(this.#texts, error);
    this.#render();
  }

  #select(conversation: string | null): void {
    if (conversation === this.#selected) return;
    const { live } = this.#session;
    if (this.#selected !== null) {
      live.unsubscribe(conversationTopic(this.#selected));
      this.#session.replaceState(forgetThread(this.#session.state, this.#selected));
    }
    this.#selected = conversation;
    this.#problem = null;
    if (conversation !== null) {
      live.subscribe(conversationTopic(conversation));
      if (this.#views) this.#views.conversation.composer.text = this.#draft(conversation);
    }
    this.#render();
  }

  #draft(conversation: string): string {
    const known = this.#drafts.get(conversation);
    if (known !== undefined) return known;
    try {
      return sessionStorage.getItem(this.#draftName(conversation)) ?? '';
    } catch {
      return '';
    }
  }

  #draftName(conversation: string): string {
    return `centralita.draft.${this.#person}.${conversation}`;
  }

  #conversation(): Conversation | null {
    return this.#selected === null ? null : (this.#session.state.conversations.get(this.#selected) ?? null);
  }

  #show(): void {
    const [views, texts, session] = [this.#views, this.#texts, this.#session];
    if (!views || !texts) return;
    const { state, profile, connection, ended } = session;
    const signedIn = profile !== null && !ended;
    views.show(session.known, signedIn);
    views.connection.show(connection);
    views.signInConnection.show(connection);
    setHidden(views.signInConnection.element, session.known);
    views.signIn.explain(ended ? texts.t('sign_in.ended') : null);
    const title = texts.t('agent.title');
    if (!profile || !signedIn) {
      document.title = `${title} — Centralita`;
      return;
    }
    const me = profile.user?.id ?? '';
    const now = session.now();
    const own = [...state.mine].flatMap((id) => state.conversations.get(id) ?? []).sort(byArrival);
    const offers = own.filter((conversation) => offerFor(conversation, me));
    const held = own.filter((conversation) => !offerFor(conversation, me));
    const attention = offers.length + held.filter(({ unanswered, standing }) => unanswered && standing.is === 'active').length;
    document.title = `${attention > 0 ? `(${attention}) ` : ''}${title} — Centralita`;

    const names = {
      campaignName: (id: string) => profile.campaigns.find((campaign) => campaign.id === id)?.name ?? texts.t('campaign.other'),
      agentName: (id: string) => this.#colleagues.name(id) ?? texts.t('author.other'),
    };
    setText(views.person, profile.user?.name ?? '');
    views.presence.show(state.presence, profile, now);
    setHidden(views.noAgent, state.user === null || state.presence !== null);
    views.inbox.show({ offers, own: held, selected: this.#selected, now, ...names });
    const conversation = this.#conversation();
    const topic = this.#selected === null ? '' : conversationTopic(this.#selected);
    const denied = state.denied.get(topic);
    views.conversation.show({
      conversation,
      thread: state.threads.get(this.#selected ?? ''),
      pending: this.#outbox?.items.filter(({ place }) => place === this.#selected) ?? [],
      me,
      gone: conversation && !state.mine.has(conversation.id) ? { owner: state.gone.get(conversation.id) ?? null } : null,
      now,
      ...names,
      typing: (this.#typing.get(this.#selected ?? '') ?? 0) > Date.now(),
      problem: this.#problem,
      denied: denied === undefined ? null : codeText(texts, denied),
    });
    setText(views.problem, conversation === null ? (this.#problem ?? '') : '');
    views.desk.dataset['selected'] = String(conversation !== null);
  }
}

function byArrival(one: Conversation, other: Conversation): number {
  return one.arrived_at.localeCompare(other.arrived_at) || one.id.localeCompare(other.id);
}

/** Everything on the page, in one language. */
class Views {
  readonly element = h('div', { class: 'page' });
  readonly console: HTMLElement;
  readonly desk: HTMLElement;
  readonly signIn: SignInView;
  readonly connection: ConnectionPill;
  readonly signInConnection: ConnectionPill;
  readonly presence: PresenceControl;
  readonly inbox: Inbox;
  readonly conversation: ConversationView;
  readonly person = h('span', { class: 'person' });
  readonly problem = h('p', { class: 'problem', role: 'alert' });
  readonly noAgent: HTMLElement;
  #wasSignedIn: boolean | null = null;

  constructor(texts: Texts, page: AgentPage, language: () => HTMLElement) {
    const title = texts.t('agent.title');
    this.connection = new ConnectionPill(texts);
    this.signInConnection = new ConnectionPill(texts);
    this.signIn = new SignInView(texts, title, ({ login, password }) => page.signIn(login, password), language());
    this.signIn.element.append(this.signInConnection.element);
    this.presence = new PresenceControl(texts, (presence) => page.act(() => page.staff.setPresence(presence)));
    this.inbox = new Inbox(texts, {
      select: (id) => page.select(id),
      accept: (conversation) => page.accept(conversation),
      decline: (conversation) => page.decline(conversation),
    });
    this.conversation = new ConversationView(texts, {
      back: () => page.back(),
      send: (text) => page.send(text),
      retry: (key) => page.retry(key),
      edit: (key) => page.edit(key),
      draft: (text) => page.draft(text),
      transfer: () => page.transfer(),
      close: () => page.close(),
      endWrapUp: () => page.endWrapUp(),
      older: () => page.older(),
    });
    this.noAgent = h('p', { class: 'banner' }, texts.t('agent.not_an_agent'), ' ', h('a', { href: '/supervisor.html' }, texts.t('supervisor.title')));
    this.desk = h('main', { class: 'desk' }, h('h1', { class: 'unseen' }, title), this.inbox.element, this.conversation.element);
    this.console = h(
      'div',
      { class: 'console' },
      h(
        'header',
        { class: 'top' },
        h('p', { class: 'brand' }, h('strong', {}, 'Centralita'), ' ', this.person),
        this.connection.element,
        this.presence.element,
        language(),
        h('button', { type: 'button', onclick: () => void page.signOut() }, texts.t('sign_out')),
      ),
      h('div', { class: 'banners' }, this.noAgent, this.problem),
      this.desk,
    );
    this.element.append(this.signIn.element, this.console);
  }

  /** The form is not shown before it is known that it is needed. */
  show(known: boolean, signedIn: boolean): void {
    setHidden(this.console, !signedIn);
    setHidden(this.signIn.form, !known);
    setHidden(this.signIn.element, signedIn);
    if (known && !signedIn && this.#wasSignedIn !== false) this.signIn.focus();
    this.#wasSignedIn = known ? signedIn : null;
  }
}

const page = new AgentPage();
void open(page).then(() => page.start());
