import { join } from 'node:path';

import { IntlMessageFormat } from 'intl-messageformat';
import { describe, expect, it } from 'vitest';

import adminEn from '../locales/admin.en.json';
import adminEs from '../locales/admin.es.json';
import adminPtBR from '../locales/admin.pt-BR.json';
import en from '../locales/en.json';
import { checkCatalogues } from '../locales/check.ts';
import es from '../locales/es.json';
import ptBR from '../locales/pt-BR.json';
import { chooseLanguage, clock, Texts, type Key } from './i18n.ts';
import { format, parse } from './icu.ts';
import type { ErrorCode } from './wire/wire.ts';

const files: readonly Record<string, Record<string, string>>[] = [{ es, en, 'pt-BR': ptBR }, { es: adminEs, en: adminEn, 'pt-BR': adminPtBR }];
const catalogues: Record<string, Record<string, string>> = { es: { ...es, ...adminEs }, en: { ...en, ...adminEn }, 'pt-BR': { ...ptBR, ...adminPtBR } };
const web = join(import.meta.dirname, '..');

/** No sentence for a code that the server cannot send: an entry here fails the type check. */
type Impossible = Exclude<Extract<Key, `error.${string}`>, `error.${ErrorCode}`>;
const impossible: readonly Impossible[] = [];

/** Names of the arguments of a message, with how they are used. */
function argumentsOf(text: string): string[] {
  const found = new Set<string>();
  const visit = (nodes: readonly unknown[]): void => {
    for (const node of nodes) {
      const { type, value, options } = node as { type: number; value?: string; options?: Record<string, { value: unknown[] }> };
      if (type !== 0 && type !== 7 && value !== undefined) found.add(`${type} ${value}`);
      for (const option of Object.values(options ?? {})) visit(option.value);
    }
  };
  visit(new IntlMessageFormat(text, 'es', undefined, { ignoreTag: true }).getAst());
  return [...found].sort();
}

describe('catalogues', () => {
  it('hold the same keys, in order', () => {
    expect(impossible).toEqual([]);
    for (const file of files) {
      for (const catalogue of Object.values(file)) {
        expect(Object.keys(catalogue)).toEqual(Object.keys(file['es'] ?? {}));
        expect(Object.keys(catalogue)).toEqual(Object.keys(catalogue).sort());
      }
    }
  });

  it('have no empty text, and the same arguments in every language', () => {
    for (const [key, spanish] of Object.entries(catalogues['es'] ?? {})) {
      for (const [language, catalogue] of Object.entries(catalogues)) {
        const text = catalogue[key] ?? '';
        expect(text.trim(), `${language} ${key}`).not.toBe('');
        expect(argumentsOf(text), `${language} ${key}`).toEqual(argumentsOf(spanish));
      }
    }
  });

  it('give every plural category of their language', () => {
    for (const [language, catalogue] of Object.entries(catalogues)) {
      const categories = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
      for (const [key, text] of Object.entries(catalogue)) {
        if (!text.includes(', plural,')) continue;
        for (const category of categories) expect(text, `${language} ${key}`).toContain(`${category} {`);
      }
    }
  });

  it('hold what the screens use, and nothing else', () => {
    expect(checkCatalogues(web)).toEqual([]);
  });
});

describe('messages', () => {
  it('read as the whole library reads them, in every language', () => {
    for (const [language, catalogue] of Object.entries(catalogues)) {
      const words = { plurals: new Intl.PluralRules(language), numbers: new Intl.NumberFormat(language) };
      for (const text of Object.values(catalogue)) {
        for (const count of [0, 1, 2, 1_000_000]) {
          const values = Object.fromEntries(argumentsOf(text).map((argument) => [argument.split(' ')[1] ?? '', argument.startsWith('6') ? count : `<b>${count}</b>`]));
          const expected = new IntlMessageFormat(text, language, undefined, { ignoreTag: true }).format(values);
          expect(format(parse(text), values, words)).toBe(expected);
        }
      }
    }
  });

  it('that are broken are refused', () => {
    for (const text of ['{', '}', '{name', '{count, plural, one {#}}', '{count, select, other {x}}']) expect(() => parse(text), text).toThrow(SyntaxError);
  });
});

describe('the language', () => {
  it('is the remembered one, else the first of the browser that we speak, else Spanish', () => {
    expect(chooseLanguage(['en-US'], 'pt-BR')).toBe('pt-BR');
    expect(chooseLanguage(['en-US'], 'xx')).toBe('en');
    expect(chooseLanguage(['de', 'pt-PT', 'en'], null)).toBe('pt-BR');
    expect(chooseLanguage(['es-AR'], null)).toBe('es-AR');
    expect(chooseLanguage(['es-CL'], null)).toBe('es');
    expect(chooseLanguage(['de'], null)).toBe('es');
  });
});

describe('texts', () => {
  const texts = new Texts('es', es, 'es-AR', 'UTC');

  it('fill in names as they are', () => {
    expect(texts.t('reply.label', { name: '<b>{x}</b> 50 %' })).toBe('Responder a <b>{x}</b> 50 %');
    expect(texts.t('announce.others', { count: 1 })).toBe('1 mensaje nuevo en otras conversaciones');
    expect(texts.t('announce.others', { count: 2 })).toBe('2 mensajes nuevos en otras conversaciones');
  });

  it('write the time of day, and the date when it is another', () => {
    const now = Date.UTC(2026, 10, 22, 18);
    expect(texts.moment('2026-11-22T15:05:00.000000Z', now)).toBe('15:05');
    expect(texts.moment('2026-11-21T15:05:00.000000Z', now)).toMatch(/21\/11\/26,? 15:05/);
  });

  it('write durations as a clock that never runs backwards', () => {
    expect([-5_000, 7_000, 761_000, 3_729_000].map(clock)).toEqual(['0:00', '0:07', '12:41', '1:02:09']);
  });
});
