/** Where an answer is written. What is typed survives everything but sending it. */

import { h, setHidden, setText } from './dom.ts';

export interface ComposerOptions {
  readonly label: string;
  readonly hint: string;
  readonly submit: string;
  /** Enter alone sends; otherwise Ctrl or ⌘ with it. */
  readonly enterSends: boolean;
  readonly send: (text: string) => void;
  readonly changed: (text: string) => void;
}

export class Composer {
  readonly #label: HTMLLabelElement;
  readonly #text: HTMLTextAreaElement;
  readonly #button: HTMLButtonElement;
  readonly #note = h('p', { class: 'quiet note' });
  readonly element: HTMLFormElement;
  readonly #options: ComposerOptions;

  constructor(options: ComposerOptions) {
    this.#options = options;
    this.#label = h('label', { for: 'composer-text' }, options.label);
    this.#text = h('textarea', {
      id: 'composer-text',
      rows: 3,
      'aria-describedby': 'composer-hint',
      onkeydown: (event: KeyboardEvent) => this.#key(event),
      oninput: () => options.changed(this.#text.value),
    });
    this.#button = h('button', { class: 'primary' }, options.submit);
    this.element = h(
      'form',
      { class: 'composer', onsubmit: (event: Event) => (event.preventDefault(), this.#send()) },
      this.#label,
      this.#text,
      this.#note,
      h('p', { class: 'row' }, h('span', { class: 'quiet', id: 'composer-hint' }, options.hint), this.#button),
    );
  }

  get text(): string {
    return this.#text.value;
  }

  set text(text: string) {
    if (this.#text.value !== text) this.#text.value = text;
  }

  focus(): void {
    this.#text.focus();
  }

  /** `blocked` says why nothing can be written now; null = it can. */
  show(label: string, blocked: string | null): void {
    setText(this.#label, label);
    setText(this.#note, blocked ?? '');
    setHidden(this.#note, blocked === null);
    this.#text.readOnly = blocked !== null;
    this.#button.disabled = blocked !== null;
  }

  #key(event: KeyboardEvent): void {
    if (event.key !== 'Enter' || event.isComposing) return;
    const sends = this.#options.enterSends ? !event.shiftKey : event.ctrlKey || event.metaKey;
    if (!sends) return;
    event.preventDefault();
    this.#send();
  }

  #send(): void {
    const text = this.#text.value.trim();
    if (text === '' || this.#button.disabled) return;
    this.#text.value = '';
    this.#options.changed('');
    this.#options.send(text);
    this.#text.focus();
  }
}
