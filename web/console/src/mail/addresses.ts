/** Addresses as people type and paste them. */

import type { MailAddress } from '@centralita/lib/wire';

/** Strict enough for every server; the server asks the same. */
export const isAddress = (text: string): boolean => text.length <= 254 && /^[^\s()<>[\]:;@\\,"]{1,64}@[^\s()<>[\]:;@\\,"]+\.[^\s()<>[\]:;@\\,".]*[^\s()<>[\]:;@\\,".\d][^\s()<>[\]:;@\\,".]*$/.test(text) && !/(^|[.@])\.|\.(@|$)/.test(text);

/** `Ana Pérez <ana@x.example>, luz@x.example; "Paz, Eva" <eva@x.example>` */
export function parsed(text: string): MailAddress[] {
  const pieces: string[] = [];
  let [piece, quoted] = ['', false];
  for (const character of text) {
    if (character === '"') quoted = !quoted;
    if (!quoted && /[,;\n]/.test(character)) {
      pieces.push(piece);
      piece = '';
    } else piece += character;
  }
  return [...pieces, piece].flatMap((one) => {
    const trimmed = one.trim();
    if (trimmed === '') return [];
    const [, name = '', address = trimmed] = /^(.*?)<([^<>]*)>$/.exec(trimmed) ?? [];
    return [{ name: name.trim().replace(/^"(.*)"$/, '$1').replace(/\s+/g, ' '), address: address.trim().toLowerCase() }];
  });
}

export const shown = ({ name, address }: MailAddress): string => (name ? `${name} <${address}>` : address);
/** Each once. */
export const without = (list: readonly MailAddress[], others: readonly MailAddress[]): MailAddress[] => list.filter(({ address }, index) => !others.some((other) => other.address === address) && list.findIndex((other) => other.address === address) === index);
