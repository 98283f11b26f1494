/** Looking over a shoulder: the conversations of one agent, and one thread, live, read-only. */

import type { Texts } from '@centralita/lib/i18n';
import type { ThreadState } from '@centralita/lib/store';
import type { Conversation } from '@centralita/lib/wire';

import { lineOf } from '../agent/conversation.ts';
import { h, Keyed, setAttribute, setHidden, setText } from '../ui/dom.ts';
import { ThreadView } from '../ui/thread.ts';
import { contactName, ownerOf, standingText } from '../ui/words.ts';

export interface WatchModel {
  /** Whose conversations are listed. */
  readonly agent: { readonly name: string; readonly conversations: readonly Conversation[] | null } | null;
  readonly conversation: Conversation | null;
  readonly watched: string | null;
  readonly thread: ThreadState | undefined;
  readonly denied: string | null;
  readonly me: string;
  readonly campaignName: (id: string) => string;
  readonly agentName: (id: string) => string;
}

interface Part {
  readonly element: HTMLLIElement;
  readonly button: HTMLButtonElement;
  readonly name: HTMLElement;
  readonly standing: HTMLElement;
}

export class WatchView {
  readonly element: HTMLElement;
  readonly #nothing: HTMLElement;
  readonly #agentBox: HTMLElement;
  readonly #agentTitle = h('h2', { tabindex: -1 });
  readonly #none = h('p', { class: 'quiet' });
  readonly #list: Keyed<Conversation, Part>;
  readonly #threadBox: HTMLElement;
  readonly #title = h('h2', { tabindex: -1 });
  readonly #place = h('p', { class: 'quiet' });
  readonly #standing = h('p', { class: 'tag' });
  readonly #thread: ThreadView;
  #model: WatchModel | null = null;

  constructor(
    readonly texts: Texts,
    readonly actions: { watch: (conversation: string) => void; close: () => void; older: () => Promise<void> },
  ) {
    const list = h('ul', { class: 'conversations' });
    this.#list = new Keyed<Conversation, Part>(list, ({ id }) => id, (it) => this.#create(it), (part, it) => this.#update(part, it));
    this.#thread = new ThreadView(texts, texts.t('thread.label'), actions.older, ({ id }) => `/api/v1/attachments/${id}`);
    this.#nothing = h('p', { class: 'quiet nothing' }, texts.t('watch.nothing'));
    this.#agentBox = h('section', { class: 'card' }, this.#agentTitle, this.#none, list);
    this.#threadBox = h(
      'section',
      { class: 'card watched' },
      h('header', { class: 'conversation-header' }, h('div', { class: 'conversation-title' }, this.#title, this.#place), this.#standing, h('button', { type: 'button', onclick: actions.close }, texts.t('watch.close'))),
      this.#thread.element,
    );
    this.element = h('aside', { class: 'watch', 'aria-label': texts.t('watch.label') }, this.#nothing, this.#agentBox, this.#threadBox);
  }

  focus(): void {
    (this.#threadBox.hidden ? this.#agentTitle : this.#title).focus();
  }

  show(model: WatchModel): void {
    this.#model = model;
    const { texts } = this;
    const { agent, conversation, thread } = model;
    setHidden(this.#nothing, agent !== null || model.watched !== null);
    setHidden(this.#agentBox, agent === null);
    setHidden(this.#threadBox, model.watched === null);
    if (agent) {
      setText(this.#agentTitle, texts.t('watch.of', { name: agent.name }));
      setHidden(this.#none, (agent.conversations?.length ?? 0) > 0);
      setText(this.#none, texts.t(agent.conversations === null ? 'thread.loading' : 'watch.none'));
      this.#list.show(agent.conversations ?? []);
    }
    const name = conversation ? contactName(texts, conversation) : texts.t('thread.loading');
    const owner = conversation ? ownerOf(conversation.standing) : null;
    setText(this.#title, name);
    setText(this.#place, conversation ? [model.campaignName(conversation.campaign), owner && model.agentName(owner)].filter(Boolean).join(' · ') : '');
    setText(this.#standing, conversation ? standingText(texts, conversation, model.agentName) : '');
    this.#thread.show(
      (thread?.messages ?? []).map((message) => lineOf(texts, message, name, model)),
      { complete: thread?.complete ?? true, empty: model.denied ?? texts.t(thread ? 'thread.empty' : 'thread.loading') },
    );
  }

  #create({ id }: Conversation): Part {
    const [name, standing] = [h('strong', { class: 'name' }), h('span', { class: 'tag' })];
    const button = h('button', { type: 'button', class: 'conversation', onclick: () => this.actions.watch(id) }, h('span', { class: 'row' }, name, standing));
    return { element: h('li', {}, button), button, name, standing };
  }

  #update(part: Part, conversation: Conversation): void {
    const model = this.#model;
    if (!model) return;
    setText(part.name, contactName(this.texts, conversation));
    setText(part.standing, standingText(this.texts, conversation, model.agentName));
    setAttribute(part.standing, 'data-unanswered', conversation.unanswered && conversation.standing.is === 'active' ? '' : null);
    setAttribute(part.button, 'aria-current', model.watched === conversation.id ? 'true' : null);
  }
}
