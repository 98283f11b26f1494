import type { Texts } from '@centralita/lib/i18n';
import type { SignIn } from '@centralita/lib/wire';

import { h, setHidden, setText, whileBusy } from './dom.ts';
import { problemText } from './words.ts';

export class SignInView {
  readonly element: HTMLElement;
  readonly form: HTMLFormElement;
  readonly #login: HTMLInputElement;
  readonly #password: HTMLInputElement;
  readonly #why = h('p', { class: 'quiet' });
  readonly #problem = h('p', { class: 'problem', role: 'alert', id: 'sign-in-problem' });
  readonly #button: HTMLButtonElement;

  constructor(
    readonly texts: Texts,
    title: string,
    readonly signIn: (body: SignIn) => Promise<void>,
    language: HTMLElement,
  ) {
    const text = { type: 'text', required: true, maxlength: 256, autocapitalize: 'none', spellcheck: 'false' };
    this.#login = h('input', { ...text, name: 'login', autocomplete: 'username' });
    this.#password = h('input', { ...text, type: 'password', name: 'password', autocomplete: 'current-password' });
    this.#button = h('button', { class: 'primary' }, texts.t('sign_in.submit'));
    const send = whileBusy([this.#button], () => this.#submit());
    const submit = (event: Event) => {
      event.preventDefault();
      send();
    };
    this.form = h(
      'form',
      { class: 'card', 'aria-describedby': 'sign-in-problem', onsubmit: submit },
      h('h1', {}, title),
      this.#why,
      h('label', {}, texts.t('sign_in.login'), this.#login),
      h('label', {}, texts.t('sign_in.password'), this.#password),
      this.#problem,
      this.#button,
      language,
    );
    this.element = h('main', { class: 'sign-in' }, this.form);
  }

  focus(): void {
    this.#login.focus();
  }

  /** Why the form is there although somebody was signed in. */
  explain(text: string | null): void {
    setText(this.#why, text ?? '');
    setHidden(this.#why, text === null);
  }

  async #submit(): Promise<void> {
    setText(this.#problem, '');
    try {
      await this.signIn({ login: this.#login.value.trim(), password: this.#password.value });
    } catch (error) {
      setText(this.#problem, problemText(this.texts, error));
      this.#password.value = '';
      this.#password.focus();
    }
  }
}
