import type { Texts } from '@centralita/lib/i18n';
import { addPage, conversationTopic, forgetThread, type State } from '@centralita/lib/store';
import type { AgentRow, Conversation, Profile } from '@centralita/lib/wire';

import { Announcer } from '../ui/announcer.ts';
import { askInDialog } from '../ui/dialog.ts';
import { h, perFrame, setHidden, setText } from '../ui/dom.ts';
import { ConnectionPill } from '../ui/header.ts';
import { open } from '../ui/page.ts';
import { Session } from '../ui/session.ts';
import { SignInView } from '../ui/sign-in.ts';
import { codeText, problemText } from '../ui/words.ts';
import { BoardView } from './board.ts';
import { WatchView } from './watch.ts';

/** The board of the one routing domain. */
const BOARD = 'board:1';

/** The page of a supervisor. */
class SupervisorPage {
  readonly #session: Session;
  #announcer = new Announcer();
  #person: string | undefined;
  #problem: string | null = null;
  /** The agent whose conversations are listed. */
  #looked: { readonly row: AgentRow; readonly conversations: readonly Conversation[] | null } | null = null;
  #watched: string | null = null;
  #views: Views | null = null;
  #texts: Texts | null = null;
  readonly #render = perFrame(() => this.#show());

  constructor() {
    this.#session = new Session({
      onChange: this.#render,
      onSignedIn: (profile, live) => {
        if (profile.user?.id !== this.#person) this.#forget();
        this.#person = profile.user?.id;
        if (mayRead(profile)) live.subscribe(BOARD);
      },
      onFrame: (_, before, after) => this.#heard(before, after),
    });
    setInterval(this.#render, 1_000);
  }

  start(): void {
    void this.#session.resume();
  }

  build(texts: Texts, language: () => HTMLElement): readonly Node[] {
    this.#texts = texts;
    this.#announcer = new Announcer();
    this.#views = new Views(texts, this, language);
    this.#show();
    return [this.#views.element, this.#announcer.element];
  }

  async signIn(login: string, password: string): Promise<void> {
    await this.#session.signIn({ login, password });
  }

  async signOut(): Promise<void> {
    await this.act(() => this.#session.signOut());
    if (!this.#session.profile) this.#forget();
  }

  /** What one person looked at is not the next one's. */
  #forget(): void {
    this.unwatch();
    this.#looked = null;
    this.#problem = null;
    this.#person = undefined;
    this.#session.live.unsubscribe(BOARD);
  }

  async act(work: () => Promise<unknown>): Promise<void> {
    this.#problem = null;
    try {
      await work();
    } catch (error) {
      if (this.#texts) this.#problem = problemText(this.#texts, error);
    }
    this.#render();
  }

  get staff() {
    return this.#session.staff;
  }

  /** Sends the agent's work back to the queues, so it asks first. */
  signOutAgent({ agent, name }: AgentRow): void {
    const texts = this.#texts;
    if (!texts) return;
    askInDialog(texts, {
      title: texts.t('board.sign_out_title', { name }),
      explanation: texts.t('board.sign_out_explanation'),
      fields: [],
      submit: texts.t('board.sign_out'),
      act: () => this.staff.signOutAgent(agent),
    });
  }

  look(row: AgentRow): void {
    if (this.#looked?.row.agent === row.agent) {
      this.#looked = null;
      this.#render();
      return;
    }
    this.#looked = { row, conversations: null };
    void this.#readLooked();
  }

  watch(conversation: string): void {
    if (conversation === this.#watched) return;
    this.unwatch();
    this.#watched = conversation;
    this.#session.live.subscribe(conversationTopic(conversation));
    this.#show();
    this.#views?.watch.focus();
  }

  unwatch(): void {
    if (this.#watched === null) return;
    this.#session.live.unsubscribe(conversationTopic(this.#watched));
    const conversation = this.#watched;
    this.#watched = null;
    this.#session.replaceState(forgetThread(this.#session.state, conversation));
  }

  async older(): Promise<void> {
    const id = this.#watched;
    const first = id === null ? undefined : this.#session.state.threads.get(id)?.messages[0];
    if (id === null || !first) return;
    await this.act(async () => {
      const { messages, isFirst } = await this.staff.messages(id, first.seq);
      this.#session.replaceState(addPage(this.#session.state, id, messages, isFirst));
    });
  }

  #heard(before: State, after: State): void {
    const looked = this.#looked?.row;
    if (!looked || before.board === after.board) return;
    const row = after.board?.agents.find(({ agent }) => agent === looked.agent);
    // The board only counts; who wants to see which ones asks again.
    if (row && (row.active !== looked.active || row.offered !== looked.offered)) {
      this.#looked = { row, conversations: this.#looked?.conversations ?? null };
      void this.#readLooked();
    }
  }

  async #readLooked(): Promise<void> {
    const row = this.#looked?.row;
    if (!row) return;
    this.#render();
    await this.act(async () => {
      const conversations = await this.staff.conversationsOf(row.agent);
      if (this.#looked?.row.agent === row.agent) this.#looked = { row: this.#looked.row, conversations };
    });
  }

  /** What the list says of a conversation whose thread has not arrived yet. */
  #listed(conversation: string | null): Conversation | null {
    return this.#looked?.conversations?.find(({ id }) => id === conversation) ?? null;
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
    document.title = `${texts.t('supervisor.title')} — Centralita`;
    if (!profile || !signedIn) return;
    const may = mayRead(profile);
    setText(views.person, profile.user?.name ?? '');
    setHidden(views.notAllowed, may);
    setHidden(views.board.element, !may);
    setHidden(views.watch.element, !may);
    setText(views.problem, this.#problem ?? '');
    // Figures that no longer arrive must not look as if they did.
    views.console.dataset['stale'] = String(connection !== 'live');

    const campaignName = (id: string) => profile.campaigns.find((campaign) => campaign.id === id)?.name ?? texts.t('campaign.other');
    views.board.show({
      board: state.board,
      now: session.now(),
      canControl: profile.permissions.includes('control_agents'),
      looked: this.#looked?.row.agent ?? null,
      watched: this.#watched,
      campaignName,
      breakName: (id) => profile.breaks.find((kind) => kind.id === id)?.name,
    });
    const denied = state.denied.get(this.#watched === null ? '' : conversationTopic(this.#watched));
    views.watch.show({
      agent: this.#looked && { name: this.#looked.row.name, conversations: this.#looked.conversations },
      conversation: state.conversations.get(this.#watched ?? '') ?? this.#listed(this.#watched),
      watched: this.#watched,
      thread: state.threads.get(this.#watched ?? ''),
      denied: denied === undefined ? null : codeText(texts, denied),
      me: profile.user?.id ?? '',
      campaignName,
      agentName: (id) => state.board?.agents.find(({ agent }) => agent === id)?.name ?? texts.t('author.other'),
    });
  }
}

function mayRead(profile: Profile): boolean {
  return profile.permissions.includes('read_board');
}

/** Everything on the page, in one language. */
class Views {
  readonly element = h('div', { class: 'page' });
  readonly console: HTMLElement;
  readonly signIn: SignInView;
  readonly connection: ConnectionPill;
  readonly signInConnection: ConnectionPill;
  readonly board: BoardView;
  readonly watch: WatchView;
  readonly person = h('span', { class: 'person' });
  readonly problem = h('p', { class: 'problem', role: 'alert' });
  readonly notAllowed: HTMLElement;
  #wasSignedIn: boolean | null = null;

  constructor(texts: Texts, page: SupervisorPage, language: () => HTMLElement) {
    this.connection = new ConnectionPill(texts);
    this.signInConnection = new ConnectionPill(texts);
    this.signIn = new SignInView(texts, texts.t('supervisor.title'), ({ login, password }) => page.signIn(login, password), language());
    this.signIn.element.append(this.signInConnection.element);
    this.board = new BoardView(texts, {
      pause: (agent) => page.act(() => page.staff.pauseAgent(agent)),
      resume: (agent) => page.act(() => page.staff.resumeAgent(agent)),
      signOut: (agent) => page.signOutAgent(agent),
      look: (agent) => page.look(agent),
      watch: (conversation) => page.watch(conversation),
    });
    this.watch = new WatchView(texts, { watch: (id) => page.watch(id), close: () => page.unwatch(), older: () => page.older() });
    this.notAllowed = h('p', { class: 'banner' }, texts.t('supervisor.not_allowed'), ' ', h('a', { href: '/' }, texts.t('agent.title')));
    this.console = h(
      'div',
      { class: 'console' },
      h(
        'header',
        { class: 'top' },
        h('p', { class: 'brand' }, h('strong', {}, 'Centralita'), ' ', this.person),
        this.connection.element,
        language(),
        h('button', { type: 'button', onclick: () => void page.signOut() }, texts.t('sign_out')),
      ),
      h('div', { class: 'banners' }, this.notAllowed, this.problem),
      h('div', { class: 'overview' }, this.board.element, this.watch.element),
    );
    this.element.append(this.signIn.element, this.console);
  }

  show(known: boolean, signedIn: boolean): void {
    setHidden(this.console, !signedIn);
    setHidden(this.signIn.form, !known);
    setHidden(this.signIn.element, signedIn);
    if (known && !signedIn && this.#wasSignedIn !== false) this.signIn.focus();
    this.#wasSignedIn = known ? signedIn : null;
  }
}

const page = new SupervisorPage();
void open(page).then(() => page.start());
