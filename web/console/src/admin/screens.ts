/** Screens of administration that are more than a list and a form. */

import type { Key } from '@centralita/lib/i18n';
import type { Permission } from '@centralita/lib/wire';
import { defineAsyncComponent, type Component } from 'vue';

import { may } from '../app/session.ts';

interface Screen {
  /** In the address. */
  readonly kind: string;
  readonly title: Key;
  readonly needs: Permission;
  readonly is: Component;
}

const SCREENS: readonly Screen[] = [
  { kind: 'arbol', title: 'tree.title', needs: 'write_config', is: defineAsyncComponent(() => import('./campaigns/ClientTree.vue')) },
  { kind: 'correo', title: 'mail.title', needs: 'write_config', is: defineAsyncComponent(() => import('./mail/MailScreen.vue')) },
  { kind: 'exclusion', title: 'suppressed.title', needs: 'read_contacts', is: defineAsyncComponent(() => import('./mail/SuppressionsScreen.vue')) },
  { kind: 'capacidad', title: 'capacity.title', needs: 'write_config', is: defineAsyncComponent(() => import('./skills/CapacityScreen.vue')) },
  { kind: 'plantillas', title: 'templates.title', needs: 'write_config', is: defineAsyncComponent(() => import('./templates/TemplatesScreen.vue')) },
  { kind: 'miembros', title: 'group.members_of', needs: 'write_members', is: defineAsyncComponent(() => import('./members/MembersScreen.vue')) },
];

export const visibleScreens = (): Screen[] => SCREENS.filter(({ needs }) => may(needs));
