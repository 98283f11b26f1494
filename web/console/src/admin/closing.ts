/** How conversations of a campaign come to their end: part of its form. */

import type { WrapUp } from '@centralita/lib/wire';

import { tIn } from '../app/texts.ts';
import { lists } from './data.ts';
import { read, type FormField, type Values } from './form.ts';
import { dispositionOptions, PATHS } from './kinds.ts';

const MODES = ['none', 'optional', 'mandatory', 'mandatory_timed', 'timed_without_exit'] as const satisfies readonly WrapUp[];
const DAY = 86_400;
const mode = (now: Values) => String(read(now, 'closing.wrap_up') ?? 'mandatory_timed');
const ofClient = (now: Values) => dispositionOptions((row) => row['client'] === now['client'] && row['enabled'] !== false);
/** Comments are ignored on Instagram only. */
const hasComments = (now: Values) => (lists.get(PATHS.channels) ?? []).some((row) => row['campaign'] === now['id'] && String(row['kind']) === 'instagram');

export const closing: readonly FormField[] = [
  { key: 'closing.wrap_up', label: 'field.wrap_up', type: 'select', start: 'mandatory_timed', options: () => MODES.map((value) => ({ value, text: tIn('wrap_up', value) })), explain: (now) => tIn('wrap_up_hint', mode(now)) },
  { key: 'wrap_up_seconds', label: 'field.wrap_up_seconds', hint: 'field.wrap_up_hint', type: 'number', min: 0, max: 900, start: 0, when: (now) => !['none', 'mandatory'].includes(mode(now)) },
  { key: 'holding.sender_wrap_up', label: 'field.sender_wrap_up', hint: 'field.sender_wrap_up_hint', type: 'check', start: false, when: (now) => mode(now) !== 'none' },
  { key: 'closing.first_reply_seconds', label: 'field.first_reply_seconds', hint: 'field.first_reply_hint', type: 'number', min: 1, max: DAY },
  { key: 'closing.reopen_seconds', label: 'field.reopen_seconds', hint: 'field.reopen_hint', type: 'number', min: 0, max: 7 * DAY, start: 0 },
  { key: 'holding.dormant_seconds', label: 'field.dormant_seconds', hint: 'field.dormant_hint', type: 'number', min: 1, max: 7 * DAY },
  { key: 'closing.inactivity_seconds', label: 'field.inactivity_seconds', hint: 'field.inactivity_hint', type: 'number', min: 1, max: 7 * DAY },
  { key: 'closing.inactivity_disposition', label: 'field.inactivity_disposition', type: 'select', none: 'field.client_own', options: ofClient, when: (now) => Boolean(read(now, 'closing.inactivity_seconds')) },
  { key: 'closing.ignore_disposition', label: 'field.ignore_disposition', type: 'select', none: 'field.client_own', options: ofClient, when: hasComments },
];
