/** The messages of a conversation, whoever looks at them. */

import type { Texts } from '@centralita/lib/i18n';
import type { Attachment } from '@centralita/lib/wire';

import { h, Keyed, setAttribute, setHidden, setText, whileBusy } from './dom.ts';

/** One message as shown. */
export interface Line {
  readonly id: string;
  readonly side: 'in' | 'out' | 'system';
  readonly who: string;
  readonly text: string;
  readonly at: string;
  /** Delivery in words; empty = only the time. */
  readonly state: string;
  readonly attachments?: readonly Attachment[];
  /** It was refused: what can be done about it. */
  readonly failed?: { readonly retry: () => void; readonly discard: () => void };
}

interface Part {
  readonly element: HTMLLIElement;
  readonly text: HTMLElement;
  readonly meta: HTMLElement;
  readonly actions: HTMLElement;
  line: Line;
  time: string;
  /** What `time` was made from: formatting is the slow part of showing a thread. */
  timeOf: string;
}

/** This near to the end counts as reading along. */
const NEAR_PX = 80;

export class ThreadView {
  readonly element: HTMLElement;
  readonly #older: HTMLButtonElement;
  readonly #list = h('ol');
  readonly #empty = h('p', { class: 'quiet' });
  readonly #lines: Keyed<Line, Part>;
  #first: string | undefined;
  #today = '';

  constructor(
    readonly texts: Texts,
    label: string,
    readonly loadOlder: () => Promise<void>,
    readonly attachmentUrl: (attachment: Attachment) => string | null,
  ) {
    this.#older = h('button', { type: 'button', class: 'older' }, texts.t('thread.older'));
    this.#older.addEventListener('click', whileBusy([this.#older], () => this.loadOlder()));
    this.element = h(
      'div',
      { class: 'thread', role: 'log', 'aria-live': 'off', 'aria-label': label, tabindex: 0 },
      this.#older,
      this.#empty,
      this.#list,
    );
    this.#lines = new Keyed<Line, Part>(this.#list, ({ id }) => id, (line) => this.#create(line), (part, line) => this.#update(part, line));
  }

  show(lines: readonly Line[], options: { readonly complete: boolean; readonly empty: string }): void {
    const box = this.element;
    const wasAtEnd = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_PX;
    const fromEnd = box.scrollHeight - box.scrollTop;
    const firstChanged = this.#first !== lines[0]?.id;
    this.#first = lines[0]?.id;
    this.#today = new Date().toDateString();
    const hadFocus = document.activeElement === this.#older;
    setHidden(this.#older, options.complete || lines.length === 0);
    if (hadFocus && this.#older.hidden) box.focus();
    setHidden(this.#empty, lines.length > 0);
    setText(this.#empty, options.empty);
    this.#lines.show(lines);
    // Older ones above must not push away what is being read.
    if (wasAtEnd) box.scrollTop = box.scrollHeight;
    else if (firstChanged) box.scrollTop = box.scrollHeight - fromEnd;
  }

  #create(line: Line): Part {
    const text = h('p', { class: 'text' });
    const meta = h('span');
    const actions = h('span', { class: 'actions' });
    const files = (line.attachments ?? []).map((file) => {
      const url = this.attachmentUrl(file);
      return h('li', {}, url === null ? file.name : h('a', { href: url, download: file.name }, file.name));
    });
    const element = h(
      'li',
      { class: 'message' },
      h('span', { class: 'who' }, line.who),
      h('span', { class: 'unseen' }, ': '),
      text,
      files.length > 0 && h('ul', { class: 'files' }, ...files),
      h('p', { class: 'meta' }, meta, actions),
    );
    return { element, text, meta, actions, line, time: '', timeOf: '' };
  }

  #update(part: Part, line: Line): void {
    part.line = line;
    setAttribute(part.element, 'data-side', line.side);
    setAttribute(part.element, 'data-failed', line.failed ? '' : null);
    setText(part.text, line.text);
    const timeOf = `${line.at} ${this.#today}`;
    if (part.timeOf !== timeOf) {
      part.timeOf = timeOf;
      part.time = this.texts.moment(line.at, Date.now());
      setAttribute(part.meta, 'title', this.texts.fullMoment(line.at));
    }
    setText(part.meta, line.state === '' ? part.time : `${part.time} · ${line.state}`);
    if (!line.failed) part.actions.replaceChildren();
    else if (!part.actions.hasChildNodes()) {
      part.actions.append(
        h('button', { type: 'button', onclick: () => part.line.failed?.retry() }, this.texts.t('thread.retry')),
        h('button', { type: 'button', onclick: () => part.line.failed?.discard() }, this.texts.t('thread.edit')),
      );
    }
  }
}
