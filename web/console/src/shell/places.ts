/** The screens that this person may open, in the order of the rail. */

import { Clock, FlaskConical, Inbox, Radar, Settings, Users } from '@lucide/vue';
import type { Component } from 'vue';

import { may } from '../app/session.ts';
import type { ActionId } from '../app/shortcuts.ts';
import { t } from '../app/texts.ts';

export interface Place {
  readonly name: string;
  readonly text: string;
  readonly icon: Component;
  readonly go: ActionId;
}

/** With what one must be allowed to do there, any of it. */
export const PLACES = [
  ['inbox', Inbox, 'answer', 'read_conversations'],
  ['contacts', Users, 'read_contacts'],
  ['recordings', Clock, 'read_conversations'],
  ['supervision', Radar, 'read_board'],
  ['what_if', FlaskConical, 'read_board'],
  ['admin', Settings, 'write_config', 'write_users', 'write_members'],
] as const;

export const places = (): Place[] => PLACES.filter(([, , ...any]) => any.some(may)).map(([name, icon]) => ({ name, text: t(`place.${name}`), icon, go: `go.${name}` }));
