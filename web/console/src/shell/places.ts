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

export function places(): Place[] {
  const all: (Place | false)[] = [
    (may('answer') || may('read_conversations')) && { name: 'inbox', text: t('place.inbox'), icon: Inbox, go: 'go.inbox' },
    may('read_contacts') && { name: 'contacts', text: t('place.contacts'), icon: Users, go: 'go.contacts' },
    may('read_conversations') && { name: 'recordings', text: t('place.recordings'), icon: Clock, go: 'go.recordings' },
    may('read_board') && { name: 'supervision', text: t('place.supervision'), icon: Radar, go: 'go.supervision' },
    may('read_board') && { name: 'what_if', text: t('place.what_if'), icon: FlaskConical, go: 'go.what_if' },
    (may('write_config') || may('write_users') || may('write_members')) && { name: 'admin', text: t('place.admin'), icon: Settings, go: 'go.admin' },
  ];
  return all.filter((place) => place !== false);
}
