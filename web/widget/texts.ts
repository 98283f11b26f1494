/** The widget's own texts: one small catalogue per language, names put in and nothing else. */

import enFile from '../locales/widget/en.json?url';
import type es from '../locales/widget/es.json';
import esFile from '../locales/widget/es.json?url';
import ptFile from '../locales/widget/pt-BR.json?url';
import type { WidgetLanguage } from '@centralita/lib/wire';

export type Catalogue = typeof es;
export type Key = keyof Catalogue;

const FILES: Record<WidgetLanguage, string> = { es: esFile, en: enFile, 'pt-BR': ptFile };

/** How each language calls itself. */
export const NAMES: Record<WidgetLanguage, string> = { es: 'Español', en: 'English', 'pt-BR': 'Português' };

/** The first that is wanted and offered, else the first that is offered. */
export function choose(wanted: readonly string[], offered: readonly WidgetLanguage[]): WidgetLanguage {
  const base = (tag: string) => tag.toLowerCase().slice(0, 2);
  for (const tag of wanted) {
    const match = offered.find((language) => base(language) === base(tag));
    if (match) return match;
  }
  return offered[0] ?? 'es';
}

export class Texts {
  readonly #time: Intl.DateTimeFormat;
  readonly #day: Intl.DateTimeFormat;

  constructor(
    readonly language: WidgetLanguage,
    readonly catalogue: Catalogue,
  ) {
    // Regions format: the browser's own variant of the language.
    const region = navigator.languages.find((tag) => tag.slice(0, 2) === language.slice(0, 2)) ?? language;
    this.#time = new Intl.DateTimeFormat(region, { timeStyle: 'short', hourCycle: 'h23' });
    this.#day = new Intl.DateTimeFormat(region, { weekday: 'long', day: 'numeric', month: 'long' });
  }

  readonly t = (key: Key, values: Readonly<Record<string, string | number>> = {}): string =>
    this.catalogue[key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));

  time(iso: string): string {
    return this.#time.format(new Date(iso));
  }

  day(iso: string): string {
    const day = this.#day.format(new Date(iso));
    return day === this.#day.format() ? new Intl.RelativeTimeFormat(this.language, { numeric: 'auto' }).format(0, 'day') : day;
  }

  moment(iso: string): string {
    return `${this.day(iso)}, ${this.time(iso)}`;
  }

  size(bytes: number): string {
    const mega = bytes >= 1e6;
    const value = mega ? bytes / 1e6 : Math.max(1, bytes / 1e3);
    return new Intl.NumberFormat(this.language, { style: 'unit', unit: mega ? 'megabyte' : 'kilobyte', maximumFractionDigits: mega ? 1 : 0 }).format(value);
  }
}

export async function load(language: WidgetLanguage): Promise<Texts> {
  return new Texts(language, (await (await fetch(FILES[language])).json()) as Catalogue);
}
