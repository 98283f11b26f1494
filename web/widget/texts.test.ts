// @vitest-environment happy-dom
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import en from '../locales/widget/en.json';
import es from '../locales/widget/es.json';
import ptBR from '../locales/widget/pt-BR.json';
import { choose, Texts } from './texts.ts';

const catalogues: Record<string, Record<string, string>> = { es, en, 'pt-BR': ptBR };
const argumentsOf = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

describe('the catalogues of the widget', () => {
  it('hold the same keys in order, none empty, each with the same arguments', () => {
    for (const [language, catalogue] of Object.entries(catalogues)) {
      expect(Object.keys(catalogue)).toEqual(Object.keys(es));
      expect(Object.keys(catalogue)).toEqual(Object.keys(catalogue).sort());
      for (const [key, text] of Object.entries(catalogue)) {
        expect(text.trim(), `${language} ${key}`).not.toBe('');
        expect(argumentsOf(text), `${language} ${key}`).toEqual(argumentsOf(es[key as keyof typeof es]));
      }
    }
  });

  it('hold nothing that no screen uses', () => {
    const files = readdirSync(import.meta.dirname).filter((name) => /\.tsx?$/.test(name) && !name.includes('.test.'));
    const code = files.map((name) => readFileSync(join(import.meta.dirname, name), 'utf8')).join('\n');
    // A key may be completed from a state: `rate_${…}` uses all that begin with `rate_`; states of the connection are keys.
    const families = [...code.matchAll(/`([a-z]+_)\$\{/g)].map(([, prefix = '']) => prefix);
    const states = ['connecting', 'live', 'reconnecting', 'offline'];
    const used = (key: string) => code.includes(`'${key}'`) || code.includes(`{ ${key} }`) || states.includes(key) || families.some((prefix) => key.startsWith(prefix));
    expect(Object.keys(es).filter((key) => !used(key))).toEqual([]);
  });
});

describe('texts', () => {
  it('take the first language that is wanted and offered, else the first that is offered', () => {
    expect(choose(['de', 'pt-PT', 'en'], ['es', 'en', 'pt-BR'])).toBe('pt-BR');
    expect(choose(['es-AR'], ['en', 'es'])).toBe('es');
    expect(choose(['de'], ['en', 'es'])).toBe('en');
    expect(choose(['es'], ['pt-BR'])).toBe('pt-BR');
    expect(choose([], [])).toBe('es');
  });

  it('put in names as they are', () => {
    const { t } = new Texts('es', es);
    expect(t('remove', { name: '<b>{x}</b> $& 50 %' })).toBe('Quitar <b>{x}</b> $& 50 %');
    expect(t('queue_many', { count: 3 })).toBe('Hay 3 personas antes.');
    expect(t('remove')).toBe('Quitar {name}');
  });
});
