/** The tabs of a campaign, in the order of the wizard. A new group of settings is one line: its form by title, or its component. */

import type { Key } from '@centralita/lib/i18n';
import type { ReadinessTopic } from '@centralita/lib/wire';
import type { Component } from 'vue';

import FieldUses from '../FieldUses.vue';
import type { Row, Values } from '../form.ts';
import MembersEditor from '../MembersEditor.vue';
import RemindersEditor from '../RemindersEditor.vue';
import CampaignChannels from './CampaignChannels.vue';
import CampaignFiles from './CampaignFiles.vue';
import CampaignMail from './CampaignMail.vue';
import CampaignTexts from './CampaignTexts.vue';
import CampaignSkills from '../skills/CampaignSkills.vue';
import NewSchedule from './NewSchedule.vue';
import StrategyExample from './StrategyExample.vue';

export interface Open {
  readonly values: Values;
  readonly row: Row | null;
}
interface Part {
  readonly is: Component;
  readonly props: (open: Open) => Record<string, unknown>;
  /** Of the campaign, written by it. */
  readonly keys?: readonly string[];
  /** Only for a campaign that is there. */
  readonly later?: boolean;
}
export interface Tab {
  /** In the address. */
  readonly tab: string;
  readonly title: Key;
  /** Groups of the form, by title. */
  readonly groups: readonly Key[];
  readonly parts?: readonly Part[];
  /** What of its readiness is settled here. */
  readonly topics: readonly ReadinessTopic[];
}

const ofValues = ({ values }: Open) => ({ values });
const ofCampaign = ({ row }: Open) => ({ campaign: row?.id ?? '', client: row?.['client'] });

export const TABS: readonly Tab[] = [
  { tab: 'datos', title: 'group.data', groups: ['group.data', 'group.service'], topics: ['client'] },
  { tab: 'canales', title: 'tab.channels', groups: [], parts: [{ is: CampaignChannels, props: ofCampaign, later: true }], topics: ['channels'] },
  { tab: 'horario', title: 'group.schedule', groups: ['group.schedule'], parts: [{ is: NewSchedule, props: ofValues }], topics: ['hours', 'messages'] },
  { tab: 'tipificaciones', title: 'group.dispositions', groups: ['group.dispositions'], topics: ['dispositions'] },
  { tab: 'cierre', title: 'group.closing', groups: ['group.closing'], parts: [{ is: RemindersEditor, props: ofValues, keys: ['closing.reminders'] }], topics: [] },
  { tab: 'permisos', title: 'tab.permissions', groups: ['group.permissions'], topics: [] },
  { tab: 'campos', title: 'tab.fields', groups: [], parts: [{ is: FieldUses, props: ofValues, keys: ['fields'] }], topics: [] },
  { tab: 'estrategia', title: 'tab.strategy', groups: ['group.strategy', 'group.limits'], parts: [{ is: StrategyExample, props: ofValues }], topics: ['overflow'] },
  { tab: 'habilidades', title: 'skills.label', groups: [], parts: [{ is: CampaignSkills, props: ofValues, keys: ['asking'] }], topics: [] },
  { tab: 'miembros', title: 'group.members', groups: [], parts: [{ is: MembersEditor, props: ofCampaign, later: true }], topics: ['members'] },
  { tab: 'correo', title: 'campaign_mail.tab', groups: [], parts: [{ is: CampaignMail, props: ({ values, row }) => ({ values, campaign: row?.id ?? null }), keys: ['mail'] }], topics: [] },
  { tab: 'galeria', title: 'gallery.title', groups: [], parts: [{ is: CampaignTexts, props: ofCampaign, later: true }, { is: CampaignFiles, props: ofCampaign, later: true }], topics: [] },
];

/** Settings that no tab names have a place all the same. */
const REST = 'estrategia';
const named = new Set(TABS.flatMap(({ groups }) => groups));
export const groupsOf = <T extends { readonly title: Key }>(tab: Tab, groups: readonly T[]): T[] =>
  groups.filter(({ title }) => tab.groups.includes(title) || (tab.tab === REST && !named.has(title)));
export const KEYS = TABS.flatMap(({ parts = [] }) => parts.flatMap(({ keys = [] }) => keys));
export const tabOf = (name: unknown): Tab => TABS.find(({ tab }) => tab === name) ?? (TABS[0] as Tab);
