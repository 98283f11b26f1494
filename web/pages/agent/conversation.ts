/** The selected conversation: who, where it stands, its messages, the answer, and what can be done with it. */

import { clock, type Texts } from '@centralita/lib/i18n';
import { arrivals, type Pending } from '@centralita/lib/outbox';
import type { ThreadState } from '@centralita/lib/store';
import type { Conversation, Delivery, Message } from '@centralita/lib/wire';

import { Composer } from '../ui/composer.ts';
import { h, setHidden, setText, whileBusy } from '../ui/dom.ts';
import { ThreadView, type Line } from '../ui/thread.ts';
import { addressText, codeText, contactName, ownerOf, standingText } from '../ui/words.ts';

export interface ConversationActions {
  back: () => void;
  send: (text: string) => void;
  retry: (key: string) => void;
  /** Takes a refused message back into the box. */
  edit: (key: string) => void;
  draft: (text: string) => void;
  transfer: () => void;
  close: () => void;
  endWrapUp: () => Promise<void>;
  older: () => Promise<void>;
}

export interface ConversationModel {
  /** Null = none is selected. */
  readonly conversation: Conversation | null;
  readonly thread: ThreadState | undefined;
  readonly pending: readonly Pending[];
  readonly me: string;
  /** Who has it now, when it left this agent. */
  readonly gone: { readonly owner: string | null } | null;
  readonly now: number;
  readonly campaignName: (id: string) => string;
  readonly agentName: (id: string) => string;
  readonly typing: boolean;
  readonly problem: string | null;
  /** Why its messages cannot be read. */
  readonly denied: string | null;
}

export class ConversationView {
  readonly element: HTMLElement;
  readonly #none: HTMLElement;
  readonly #box: HTMLElement;
  readonly #name = h('h2', { id: 'conversation-name' });
  readonly #place = h('p', { class: 'quiet' });
  readonly #standing = h('p', { class: 'tag' });
  readonly #transfer: HTMLButtonElement;
  readonly #close: HTMLButtonElement;
  readonly #endWrapUp: HTMLButtonElement;
  readonly #problem = h('p', { class: 'problem', role: 'alert' });
  readonly #typing = h('p', { class: 'quiet typing' });
  readonly thread: ThreadView;
  readonly composer: Composer;

  constructor(
    readonly texts: Texts,
    readonly actions: ConversationActions,
  ) {
    const button = (label: string, onclick: () => void) => h('button', { type: 'button', onclick }, label);
    this.#transfer = button(texts.t('action.transfer'), actions.transfer);
    this.#close = button(texts.t('action.close'), actions.close);
    this.#endWrapUp = button(texts.t('action.end_wrap_up'), () => finish());
    const finish = whileBusy([this.#endWrapUp], actions.endWrapUp);
    this.thread = new ThreadView(texts, texts.t('thread.label'), actions.older, ({ id }) => `/api/v1/attachments/${id}`);
    this.composer = new Composer({
      label: texts.t('reply.label', { name: '' }),
      hint: texts.t('reply.hint'),
      submit: texts.t('reply.submit'),
      enterSends: false,
      send: actions.send,
      changed: actions.draft,
    });
    const back = h('button', { type: 'button', class: 'back', onclick: actions.back }, texts.t('action.back'));
    this.#box = h(
      'div',
      { class: 'conversation-box' },
      h(
        'header',
        { class: 'conversation-header' },
        back,
        h('div', { class: 'conversation-title' }, this.#name, this.#place),
        this.#standing,
        h('div', { class: 'buttons' }, this.#endWrapUp, this.#transfer, this.#close),
      ),
      this.#problem,
      this.thread.element,
      this.#typing,
      this.composer.element,
    );
    this.#none = h('p', { class: 'quiet nothing' }, texts.t('conversation.none'));
    this.element = h('section', { class: 'conversation-pane', 'aria-labelledby': 'conversation-name' }, this.#none, this.#box);
  }

  show(model: ConversationModel): void {
    const { conversation } = model;
    setHidden(this.#none, conversation !== null);
    setHidden(this.#box, conversation === null);
    if (!conversation) return;
    const { texts } = this;
    const { standing } = conversation;
    const name = contactName(texts, conversation);
    setText(this.#name, name);
    const address = addressText(texts, conversation.contact_address);
    const campaign = model.campaignName(conversation.campaign);
    setText(this.#place, address === '' || address === name ? campaign : `${campaign} · ${address}`);

    const isMine = model.gone === null && ownerOf(standing) === model.me;
    const left = standing.is === 'wrap_up' ? ` · ${clock(Date.parse(standing.until) - model.now)}` : '';
    setText(this.#standing, standingText(texts, conversation, model.agentName) + left);
    setHidden(this.#endWrapUp, !(isMine && standing.is === 'wrap_up'));
    const canAct = isMine && (standing.is === 'active' || standing.is === 'dormant' || standing.is === 'parked');
    setHidden(this.#transfer, !canAct);
    setHidden(this.#close, !canAct);
    setText(this.#problem, model.problem ?? '');
    setHidden(this.#problem, model.problem === null);

    this.thread.show(linesOf(texts, model, name, this.actions), {
      complete: model.thread?.complete ?? true,
      empty: model.denied ?? (model.thread ? texts.t('thread.empty') : texts.t('thread.loading')),
    });
    setText(this.#typing, model.typing ? texts.t('thread.typing', { name }) : '');
    this.composer.show(texts.t('reply.label', { name }), this.#blocked(model, isMine));
  }

  #blocked({ gone, conversation, agentName }: ConversationModel, isMine: boolean): string | null {
    if (gone?.owner) return this.texts.t('reply.gone_to', { name: agentName(gone.owner) });
    if (conversation?.standing.is === 'ended') return this.texts.t('reply.ended');
    if (conversation?.standing.is === 'wrap_up') return this.texts.t('reply.wrap_up');
    return isMine ? null : this.texts.t('reply.gone');
  }
}

/** What an outbound message says about itself. */
export function deliveryText(texts: Texts, { delivery, reason }: Message): string {
  if (delivery === undefined) return '';
  const words = texts.t(`delivery.${delivery satisfies Delivery}`);
  return reason === undefined ? words : `${words} (${reason})`;
}

function linesOf(texts: Texts, model: ConversationModel, contact: string, actions: ConversationActions): Line[] {
  const messages = model.thread?.messages ?? [];
  const lines = messages.map((message) => lineOf(texts, message, contact, model));
  const there = arrivals(model.pending, arrivedOf(messages, model.me));
  for (const pending of model.pending) if (!there.has(pending.key)) lines.push(pendingLine(texts, pending, actions));
  return lines;
}

/** As the outbox sees a thread. */
export function arrivedOf(messages: readonly Message[], me: string) {
  return messages.map(({ id, author, text }) => ({ id, text, mine: author.is === 'agent' && author.id === me }));
}

export function lineOf(
  texts: Texts,
  message: Message,
  contact: string,
  { me, agentName }: Pick<ConversationModel, 'me' | 'agentName'>,
): Line {
  const { id, author, text, at, attachments = [] } = message;
  const base = { id, text, at, attachments, state: deliveryText(texts, message) };
  switch (author.is) {
    case 'contact':
      return { ...base, side: 'in', who: contact };
    case 'agent':
      return { ...base, side: 'out', who: author.id === me ? texts.t('author.me') : agentName(author.id) };
    case 'system':
      return { ...base, side: 'system', who: texts.t('author.system') };
  }
}

function pendingLine(texts: Texts, { key, text, at, state }: Pending, actions: ConversationActions): Line {
  const base = { id: key, side: 'out' as const, who: texts.t('author.me'), text, at: new Date(at).toISOString() };
  if (state.is !== 'failed') return { ...base, state: texts.t(`pending.${state.is}`) };
  const failed = { retry: () => actions.retry(key), discard: () => actions.edit(key) };
  return { ...base, state: `${texts.t('pending.failed')}: ${codeText(texts, state.code)}`, failed };
}
