/** Every action with its key, in one table: what a screen offers it says by these names. */

import type { Key } from '@centralita/lib/i18n';

export interface Shortcut {
  readonly title: Key;
  readonly area: 'global' | 'list' | 'conversation' | 'composer' | 'supervision';
  /** `t`, `g b`, `ctrl+k`; none = by the palette only. */
  readonly keys?: string;
  /** Belongs to the text being written: it cannot be another. */
  readonly fixed?: boolean;
}

export const SHORTCUTS = {
  'palette': { title: 'palette.title', area: 'global', keys: 'ctrl+k' },
  'help': { title: 'shortcuts.title', area: 'global', keys: '?' },
  'start': { title: 'start.title', area: 'global', keys: 'g n' },
  'go.inbox': { title: 'place.inbox', area: 'global', keys: 'g b' },
  'go.contacts': { title: 'place.contacts', area: 'global', keys: 'g c' },
  'go.recordings': { title: 'place.recordings', area: 'global', keys: 'g h' },
  'go.supervision': { title: 'place.supervision', area: 'global', keys: 'g s' },
  'go.what_if': { title: 'place.what_if', area: 'global', keys: 'g y' },
  'go.admin': { title: 'place.admin', area: 'global', keys: 'g a' },
  'go.profile': { title: 'place.profile', area: 'global', keys: 'g p' },
  'theme': { title: 'action.next_theme', area: 'global' },
  'density': { title: 'action.next_density', area: 'global' },
  'shift': { title: 'shift.title', area: 'global' },
  'leave': { title: 'sign_out', area: 'global' },
  'status': { title: 'status.change', area: 'global', keys: 's' },
  'status.available': { title: 'activity.available', area: 'global' },
  'offer.accept': { title: 'offer.accept', area: 'global', keys: 'y' },
  'offer.decline': { title: 'offer.decline', area: 'global', keys: 'shift+y' },
  'panes': { title: 'action.next_pane', area: 'global', keys: 'f6' },
  'shift.begin': { title: 'shift.begin', area: 'global', keys: 'ctrl+enter' },
  'take': { title: 'action.take', area: 'list', keys: 'a' },
  'find': { title: 'list.find', area: 'list', keys: '/' },
  'next': { title: 'action.next', area: 'list' },
  'view.mine': { title: 'view.mias', area: 'list', keys: '1' },
  'view.queue': { title: 'view.cola', area: 'list', keys: '2' },
  'list.next': { title: 'list.next', area: 'list', keys: 'j' },
  'list.previous': { title: 'list.previous', area: 'list', keys: 'k' },
  'list.apply': { title: 'list.apply', area: 'list', keys: 'r' },
  'unread': { title: 'action.unread', area: 'list', keys: 'u' },
  'reply': { title: 'action.reply', area: 'conversation', keys: 'c' },
  'reply_all': { title: 'action.reply_all', area: 'conversation', keys: 'shift+c' },
  'forward': { title: 'action.forward', area: 'conversation', keys: 'f' },
  'note': { title: 'action.note', area: 'conversation', keys: 'n' },
  'transfer': { title: 'action.transfer', area: 'conversation', keys: 't' },
  'consult': { title: 'action.consult', area: 'conversation', keys: 'o' },
  'close': { title: 'action.close', area: 'conversation', keys: 'e' },
  'priority': { title: 'action.priority', area: 'conversation', keys: 'p' },
  'snooze': { title: 'action.snooze', area: 'conversation', keys: 'b' },
  'tags': { title: 'action.tags', area: 'conversation', keys: 'l' },
  'context': { title: 'action.context', area: 'conversation', keys: 'i' },
  'why': { title: 'why.title', area: 'conversation' },
  'send': { title: 'composer.send', area: 'composer', keys: 'enter', fixed: true },
  'line': { title: 'composer.line', area: 'composer', keys: 'shift+enter', fixed: true },
  'send.next': { title: 'composer.next', area: 'composer', keys: 'ctrl+enter', fixed: true },
  'send.close': { title: 'composer.close', area: 'composer', keys: 'ctrl+shift+enter', fixed: true },
  'canned': { title: 'composer.canned', area: 'composer', keys: '/', fixed: true },
  'board.agents': { title: 'board.agents', area: 'supervision', keys: '1' },
  'board.waiting': { title: 'board.waiting', area: 'supervision', keys: '2' },
  'board.campaigns': { title: 'board.campaigns', area: 'supervision', keys: '3' },
  'board.filter': { title: 'filter.campaign', area: 'supervision', keys: 'f' },
  'board.close': { title: 'watch.close', area: 'supervision', keys: 'escape' },
} as const satisfies Record<string, Shortcut>;

export type ActionId = keyof typeof SHORTCUTS;
export const shortcut = (id: ActionId): Shortcut => SHORTCUTS[id];
export const ACTION_IDS = Object.keys(SHORTCUTS) as ActionId[];
