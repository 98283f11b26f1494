/** A thread that is over or only looked at, as it is shown: days and messages. */

import type { Message } from '@centralita/lib/wire';

export type Line = { readonly is: 'day'; readonly key: string; readonly at: string } | { readonly is: 'message'; readonly key: string; readonly message: Message; readonly follows: boolean };

const TOGETHER_MS = 120_000;
const whose = ({ author, note }: Message): string => `${author.is} ${author.is === 'agent' ? author.id : ''} ${note === true}`;

export function linesOf(messages: readonly Message[]): Line[] {
  const lines: Line[] = [];
  let before: Message | undefined;
  for (const message of messages) {
    const newDay = !before || new Date(before.at).toDateString() !== new Date(message.at).toDateString();
    if (newDay) lines.push({ is: 'day', key: `day ${message.at}`, at: message.at });
    const follows = !newDay && before !== undefined && whose(before) === whose(message) && Date.parse(message.at) - Date.parse(before.at) < TOGETHER_MS;
    lines.push({ is: 'message', key: message.id, message, follows });
    before = message;
  }
  return lines;
}

export const sideOf = ({ author, note }: Message): 'in' | 'out' | 'note' | 'system' => (note ? 'note' : author.is === 'contact' ? 'in' : author.is === 'agent' ? 'out' : 'system');
