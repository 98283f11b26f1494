/** Texts of the screens: ICU messages from one catalogue per language. */

import { format, parse, type Part, type Words } from './icu.ts';
import type admin from '../locales/admin.es.json';
import type es from '../locales/es.json';
import type mail from '../locales/mail.es.json';

/** What only administration or mails say comes with them, so that nobody else waits for it. */
export type Catalogue = typeof es & Partial<typeof admin> & Partial<typeof mail>;
/** What can come later. */
export type Extra = 'admin' | 'mail';
export type Key = keyof Catalogue;
export type Values = Readonly<Record<string, string | number>>;

/** `es-AR` is Spanish with other words here and there. */
export const LANGUAGES = ['es', 'es-AR', 'en', 'pt-BR'] as const;
export type Language = (typeof LANGUAGES)[number];

const REMEMBERED = 'centralita.language';

/** The remembered choice, else the first language of the browser that we speak, else Spanish. */
export function chooseLanguage(wanted: readonly string[], remembered: string | null): Language {
  const choice = LANGUAGES.find((language) => language === remembered);
  if (choice) return choice;
  for (const tag of wanted) {
    const exact = LANGUAGES.find((language) => language.toLowerCase() === tag.toLowerCase());
    if (exact) return exact;
    const base = tag.toLowerCase().split('-')[0];
    const match = LANGUAGES.find((language) => language.toLowerCase().split('-')[0] === base);
    if (match) return match;
  }
  return 'es';
}

export function rememberedLanguage(): string | null {
  try {
    return localStorage.getItem(REMEMBERED);
  } catch {
    return null;
  }
}

export function rememberLanguage(language: Language): void {
  try {
    localStorage.setItem(REMEMBERED, language);
  } catch {
    // Then it holds until the page is closed.
  }
}

export async function loadTexts(language: Language, extras: ReadonlySet<Extra> = new Set()): Promise<Texts> {
  const load: Record<Language, () => Promise<{ default: typeof es }>> = {
    es: () => import('../locales/es.json'),
    'es-AR': async () => {
      const [neutral, overlay] = await Promise.all([import('../locales/es.json'), import('../locales/es-AR.json')]);
      return { default: { ...neutral.default, ...overlay.default } };
    },
    en: () => import('../locales/en.json'),
    'pt-BR': () => import('../locales/pt-BR.json'),
  };
  const loadAdmin: Record<Language, () => Promise<{ default: typeof admin }>> = {
    es: () => import('../locales/admin.es.json'),
    'es-AR': () => import('../locales/admin.es.json'),
    en: () => import('../locales/admin.en.json'),
    'pt-BR': () => import('../locales/admin.pt-BR.json'),
  };
  const loadMail: Record<Language, () => Promise<{ default: typeof mail }>> = {
    es: () => import('../locales/mail.es.json'),
    'es-AR': () => import('../locales/mail.es.json'),
    en: () => import('../locales/mail.en.json'),
    'pt-BR': () => import('../locales/mail.pt-BR.json'),
  };
  const [common, ofAdmin, ofMail] = await Promise.all([load[language](), extras.has('admin') ? loadAdmin[language]() : null, extras.has('mail') ? loadMail[language]() : null]);
  const catalogue: Catalogue = { ...ofAdmin?.default, ...ofMail?.default, ...common.default };
  // Regions format: the browser's own variant of the language decides about dates and numbers.
  const region = navigator.languages.find((tag) => tag.split('-')[0] === language.split('-')[0]) ?? language;
  return new Texts(language, catalogue, region);
}

/** One language: its texts, and how it writes times. */
export class Texts {
  readonly #messages = new Map<Key, readonly Part[]>();
  readonly #words: Words;
  readonly #time: Intl.DateTimeFormat;
  readonly #dateTime: Intl.DateTimeFormat;
  readonly #day: Intl.DateTimeFormat;

  constructor(
    readonly language: Language,
    readonly catalogue: Catalogue,
    region: string = language,
    timeZone?: string,
  ) {
    this.#words = { plurals: new Intl.PluralRules(language), numbers: new Intl.NumberFormat(language) };
    const zone = timeZone === undefined ? {} : { timeZone };
    this.#time = new Intl.DateTimeFormat(region, { timeStyle: 'short', hourCycle: 'h23', ...zone });
    this.#dateTime = new Intl.DateTimeFormat(region, { dateStyle: 'short', timeStyle: 'short', hourCycle: 'h23', ...zone });
    this.#day = new Intl.DateTimeFormat('en-CA', { dateStyle: 'short', ...zone });
  }

  t(key: Key, values?: Values): string {
    let message = this.#messages.get(key);
    if (!message) {
      message = parse(this.catalogue[key] ?? key);
      this.#messages.set(key, message);
    }
    return format(message, values ?? {}, this.#words);
  }

  /** The time of day; with the date unless it is today. */
  moment(iso: string, now: number): string {
    const at = new Date(iso);
    return (this.#day.format(at) === this.#day.format(now) ? this.#time : this.#dateTime).format(at);
  }

  /** In full. */
  fullMoment(iso: string): string {
    return this.#dateTime.format(new Date(iso));
  }
}

/** `0:07`, `12:41`, `1:02:09`; never negative. */
export function clock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (number: number) => String(number).padStart(2, '0');
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}
