/** The screens that this person may open, in the order of the rail. */

import { Inbox, Radar, Settings, Users } from '@lucide/vue';
import type { Component } from 'vue';

import { may } from '../app/session.ts';
import { t } from '../app/texts.ts';

export interface Place {
  readonly name: string;
  readonly text: string;
  readonly icon: Component;
}

export function places(): Place[] {
  const all: (Place | false)[] = [
    (may('answer') || may('read_conversations')) && { name: 'inbox', text: t('place.inbox'), icon: Inbox },
    may('read_contacts') && { name: 'contacts', text: t('place.contacts'), icon: Users },
    may('read_board') && { name: 'supervision', text: t('place.supervision'), icon: Radar },
    (may('write_config') || may('write_users') || may('write_members')) && { name: 'admin', text: t('place.admin'), icon: Settings },
  ];
  return all.filter((place) => place !== false);
}
