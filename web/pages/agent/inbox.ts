/** Own conversations and open offers. */

import { clock, type Texts } from '@centralita/lib/i18n';
import type { Conversation } from '@centralita/lib/wire';

import { h, Keyed, setAttribute, setHidden, setText, whileBusy } from '../ui/dom.ts';
import { contactName, standingText } from '../ui/words.ts';

export interface InboxActions {
  select: (conversation: string) => void;
  accept: (conversation: Conversation) => Promise<void>;
  decline: (conversation: Conversation) => Promise<void>;
}

export interface InboxModel {
  readonly offers: readonly Conversation[];
  readonly own: readonly Conversation[];
  readonly selected: string | null;
  readonly now: number;
  readonly campaignName: (id: string) => string;
  readonly agentName: (id: string) => string;
}

interface OfferPart {
  readonly element: HTMLLIElement;
  readonly left: HTMLElement;
  readonly campaign: HTMLElement;
  conversation: Conversation;
}

interface OwnPart {
  readonly element: HTMLLIElement;
  readonly button: HTMLButtonElement;
  readonly name: HTMLElement;
  readonly time: HTMLElement;
  readonly campaign: HTMLElement;
  readonly standing: HTMLElement;
}

/** The offer that waits for this agent's answer. */
export function offerFor({ standing }: Conversation, agent: string): { offer: string; deadline: string } | null {
  const isOffer = (standing.is === 'offered' || standing.is === 'transferring') && standing.agent === agent;
  return isOffer ? standing : null;
}

export class Inbox {
  readonly #offers = h('ul', { class: 'offers' });
  readonly #offersBox: HTMLElement;
  readonly #own = h('ul', { class: 'conversations' });
  readonly #empty: HTMLElement;
  readonly element: HTMLElement;
  readonly #offerParts: Keyed<Conversation, OfferPart>;
  readonly #ownParts: Keyed<Conversation, OwnPart>;
  #model: InboxModel | null = null;

  constructor(
    readonly texts: Texts,
    readonly actions: InboxActions,
  ) {
    this.#offersBox = h('section', { 'aria-labelledby': 'offers-title' }, h('h2', { id: 'offers-title' }, texts.t('inbox.offers')), this.#offers);
    this.#empty = h('p', { class: 'quiet' }, texts.t('inbox.empty'));
    this.element = h(
      'nav',
      { class: 'inbox', 'aria-label': texts.t('inbox.label'), tabindex: -1 },
      this.#offersBox,
      h('section', { 'aria-labelledby': 'own-title' }, h('h2', { id: 'own-title' }, texts.t('inbox.own')), this.#empty, this.#own),
    );
    this.#offerParts = new Keyed<Conversation, OfferPart>(this.#offers, ({ id }) => id, (it) => this.#createOffer(it), (part, it) => this.#updateOffer(part, it));
    this.#ownParts = new Keyed<Conversation, OwnPart>(this.#own, ({ id }) => id, (it) => this.#createOwn(it), (part, it) => this.#updateOwn(part, it));
  }

  show(model: InboxModel): void {
    this.#model = model;
    const hadFocus = this.element.contains(document.activeElement);
    setHidden(this.#offersBox, model.offers.length === 0);
    setHidden(this.#empty, model.own.length > 0);
    this.#offerParts.show(model.offers);
    this.#ownParts.show(model.own);
    // What had the focus is gone: the list keeps it.
    if (hadFocus && !this.element.contains(document.activeElement)) this.element.focus();
  }

  /** On this conversation, or on the list when it is gone. */
  focus(conversation: string): void {
    (this.#ownParts.get(conversation)?.button ?? this.element).focus();
  }

  #createOffer(conversation: Conversation): OfferPart {
    const name = contactName(this.texts, conversation);
    const left = h('span', { class: 'clock' });
    const campaign = h('span', { class: 'quiet' });
    const accept = h('button', { type: 'button', class: 'primary' }, this.texts.t('offer.accept'), h('span', { class: 'unseen' }, ` ${name}`));
    const decline = h('button', { type: 'button' }, this.texts.t('offer.decline'), h('span', { class: 'unseen' }, ` ${name}`));
    const buttons = [accept, decline];
    accept.addEventListener('click', whileBusy(buttons, () => this.actions.accept(part.conversation)));
    decline.addEventListener('click', whileBusy(buttons, () => this.actions.decline(part.conversation)));
    const element = h(
      'li',
      { class: 'offer' },
      h('p', { class: 'row' }, h('strong', { class: 'name' }, name), left),
      h('p', { class: 'row' }, campaign),
      h('p', { class: 'buttons' }, ...buttons),
    );
    const part: OfferPart = { element, left, campaign, conversation };
    return part;
  }

  #updateOffer(part: OfferPart, conversation: Conversation): void {
    part.conversation = conversation;
    const { standing } = conversation;
    const model = this.#model;
    if (!model || (standing.is !== 'offered' && standing.is !== 'transferring')) return;
    const seconds = Math.max(0, Math.ceil((Date.parse(standing.deadline) - model.now) / 1000));
    setText(part.left, this.texts.t('offer.left', { seconds }));
    const campaign = model.campaignName(conversation.campaign);
    const from = standing.is === 'transferring' ? this.texts.t('offer.from', { name: model.agentName(standing.from) }) : '';
    setText(part.campaign, from === '' ? campaign : `${campaign} · ${from}`);
  }

  #createOwn(conversation: Conversation): OwnPart {
    const name = h('strong', { class: 'name' });
    const time = h('span', { class: 'clock' });
    const campaign = h('span', { class: 'quiet' });
    const standing = h('span', { class: 'tag' });
    const button = h(
      'button',
      { type: 'button', class: 'conversation', onclick: () => this.actions.select(conversation.id) },
      h('span', { class: 'row' }, name, time),
      h('span', { class: 'row' }, campaign, standing),
    );
    return { element: h('li', {}, button), button, name, time, campaign, standing };
  }

  #updateOwn(part: OwnPart, conversation: Conversation): void {
    const model = this.#model;
    if (!model) return;
    setText(part.name, contactName(this.texts, conversation));
    setText(part.time, clock(model.now - Date.parse(conversation.last_message_at)));
    setAttribute(part.time, 'title', this.texts.t('inbox.last_message'));
    setText(part.campaign, model.campaignName(conversation.campaign));
    setText(part.standing, standingText(this.texts, conversation, model.agentName));
    setAttribute(part.standing, 'data-unanswered', conversation.unanswered && conversation.standing.is === 'active' ? '' : null);
    setAttribute(part.button, 'aria-current', model.selected === conversation.id ? 'true' : null);
  }
}
