/** The top of every page: who, how the connection is, the language, the way out. */

import { LANGUAGES, type Language, type Texts } from '@centralita/lib/i18n';
import type { Connection } from '@centralita/lib/live';

import { h, setAttribute, setText } from './dom.ts';

const SHAPES: Record<Connection, string> = {
  connecting: '◌',
  live: '●',
  reconnecting: '◐',
  offline: '○',
  signed_out: '○',
  outdated: '!',
  stopped: '○',
};

/** Always visible, always true. */
export class ConnectionPill {
  readonly #shape = h('span', { 'aria-hidden': 'true' });
  readonly #words = h('span');
  readonly element = h('p', { class: 'pill connection', role: 'status' }, this.#shape, ' ', this.#words);

  constructor(readonly texts: Texts) {}

  show(connection: Connection): void {
    setAttribute(this.element, 'data-state', connection);
    setText(this.#shape, SHAPES[connection]);
    setText(this.#words, this.texts.t(`connection.${connection}`));
  }
}

const LANGUAGE_NAMES: Record<Language, string> = { es: 'Español', 'es-AR': 'Español (Argentina)', en: 'English', 'pt-BR': 'Português' };

export function languageSelect(texts: Texts, choose: (language: Language) => void): HTMLElement {
  const options = LANGUAGES.map((language) =>
    h('option', { value: language, lang: language, selected: language === texts.language }, LANGUAGE_NAMES[language]),
  );
  const change = (event: Event) => choose((event.currentTarget as HTMLSelectElement).value as Language);
  return h(
    'label',
    { class: 'language' },
    h('span', { class: 'unseen' }, texts.t('language.label')),
    h('select', { onchange: change }, ...options),
  );
}
