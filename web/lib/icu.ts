/**
 * The part of ICU messages that the catalogues use: `{name}`, `{count, plural, one {# text} other {…}}` and quoting with
 * apostrophes. The whole library weighs ten times as much; the tests hold this one to its results.
 */

export type Part = string | { readonly name: string } | { readonly name: string; readonly plural: ReadonlyMap<string, readonly Part[]> } | { readonly hash: true };

export function parse(text: string): readonly Part[] {
  let at = 0;

  function name(): string {
    const found = /^\s*([A-Za-z_]\w*)\s*/.exec(text.slice(at));
    if (!found) throw new SyntaxError(`a name is expected at ${at} of: ${text}`);
    at += found[0].length;
    return found[1] ?? '';
  }
  function expect(mark: string): void {
    if (text[at] !== mark) throw new SyntaxError(`${mark} is expected at ${at} of: ${text}`);
    at += 1;
  }
  function argument(): Part {
    expect('{');
    const of = name();
    if (text[at] === '}') {
      at += 1;
      return { name: of };
    }
    expect(',');
    if (name() !== 'plural') throw new SyntaxError(`only plural is known: ${text}`);
    expect(',');
    const plural = new Map<string, readonly Part[]>();
    while (/^\s*[a-z]/.test(text.slice(at))) {
      const category = name();
      expect('{');
      plural.set(category, parts(true));
      expect('}');
      at += /^\s*/.exec(text.slice(at))?.[0].length ?? 0;
    }
    expect('}');
    if (!plural.has('other')) throw new SyntaxError(`a plural without other: ${text}`);
    return { name: of, plural };
  }
  function parts(inPlural: boolean): Part[] {
    const found: Part[] = [];
    let plain = '';
    const flush = () => {
      if (plain !== '') found.push(plain);
      plain = '';
    };
    while (at < text.length && text[at] !== '}') {
      const sign = text[at] ?? '';
      if (sign === '{') {
        flush();
        found.push(argument());
      } else if (sign === '#' && inPlural) {
        flush();
        found.push({ hash: true });
        at += 1;
      } else if (sign === "'" && text[at + 1] === "'") {
        plain += "'";
        at += 2;
      } else if (sign === "'" && /[{}#]/.test(text[at + 1] ?? '')) {
        const end = text.indexOf("'", at + 1);
        plain += text.slice(at + 1, end < 0 ? undefined : end);
        at = end < 0 ? text.length : end + 1;
      } else {
        plain += sign;
        at += 1;
      }
    }
    flush();
    return found;
  }

  const all = parts(false);
  if (at < text.length) throw new SyntaxError(`} without { at ${at} of: ${text}`);
  return all;
}

export interface Words {
  readonly plurals: Intl.PluralRules;
  readonly numbers: Intl.NumberFormat;
}

export function format(parts: readonly Part[], values: Readonly<Record<string, string | number>>, words: Words, count = 0): string {
  let text = '';
  for (const part of parts) {
    if (typeof part === 'string') text += part;
    else if ('hash' in part) text += words.numbers.format(count);
    else {
      const value = values[part.name];
      if (value === undefined) throw new Error(`the value of ${part.name} is missing`);
      if ('plural' in part) {
        const number = Number(value);
        text += format(part.plural.get(words.plurals.select(number)) ?? part.plural.get('other') ?? [], values, words, number);
      } else text += typeof value === 'number' ? words.numbers.format(value) : value;
    }
  }
  return text;
}
