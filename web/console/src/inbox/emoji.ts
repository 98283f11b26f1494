/** The data of the emoji, a file of its own for each language. */

import en from 'emoji-picker-element-data/en/cldr-native/data.json?url';
import es from 'emoji-picker-element-data/es/cldr-native/data.json?url';
import pt from 'emoji-picker-element-data/pt/cldr-native/data.json?url';

import type { Language } from '../app/texts.ts';

export interface Emoji {
  readonly emoji: string;
  readonly name: string;
  readonly words: string;
  readonly group: number;
}

const FILES: Record<Language, string> = { es, 'es-AR': es, en, 'pt-BR': pt };
const loaded = new Map<string, Promise<readonly Emoji[]>>();

export function emojiIn(language: Language): Promise<readonly Emoji[]> {
  const file = FILES[language];
  let data = loaded.get(file);
  if (!data) loaded.set(file, (data = load(file).catch(() => (loaded.delete(file), []))));
  return data;
}

async function load(file: string): Promise<readonly Emoji[]> {
  const rows = (await (await fetch(file)).json()) as { emoji: string; annotation: string; tags?: string[]; group: number }[];
  return rows.map(({ emoji, annotation, tags, group }) => ({ emoji, name: annotation, words: [annotation, ...(tags ?? [])].join(' '), group }));
}
