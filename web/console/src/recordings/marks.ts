/** Where the words stand that somebody looks for: accents and capitals make no difference, the last one may be begun only. */

import { folded } from '@centralita/ui/match';

const WORD = /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu;
/** As the server has it: a shorter beginning of a word is a word. */
const MIN_PREFIX = 3;

export interface Piece {
  readonly text: string;
  readonly marked: boolean;
}

export type Wanted = (word: string) => boolean;

/** None where nothing is looked for. */
export function wantedOf(typed: string): Wanted | null {
  const words = [...typed.matchAll(WORD)].map(([word]) => folded(word));
  const last = words.at(-1);
  if (last === undefined) return null;
  const whole = new Set(words);
  const begins = last.length >= MIN_PREFIX && /[\p{L}\p{N}\p{M}]$/u.test(typed);
  return (word) => {
    const plain = folded(word);
    return whole.has(plain) || (begins && plain.startsWith(last));
  };
}

/** A text in pieces, in order: together they are the text. */
export function pieces(text: string, wanted: Wanted | null): Piece[] {
  if (wanted === null) return [{ text, marked: false }];
  const found: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(WORD)) {
    if (!wanted(match[0])) continue;
    if (match.index > from) found.push({ text: text.slice(from, match.index), marked: false });
    from = match.index + match[0].length;
    found.push({ text: match[0], marked: true });
  }
  if (from < text.length) found.push({ text: text.slice(from), marked: false });
  return found;
}
