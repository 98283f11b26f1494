/** What can be configured: where it is, who may, how it is called, which form it has. */

import type { Key } from '@centralita/lib/i18n';
import type { AtClosing, Mode, Order, Permission, Policy, WhenFull } from '@centralita/lib/wire';
import { FIELD_KINDS } from '@centralita/lib/desk';

import { may } from '../app/session.ts';
import { t, tIn } from '../app/texts.ts';
import { closing } from './closing.ts';
import { lists, nameOf, options } from './data.ts';
import { read, type FormField, type FormGroup, type Row, type Values } from './form.ts';

export interface Kind {
  /** In the address. */
  readonly kind: string;
  readonly path: string;
  readonly title: Key;
  readonly add: Key;
  readonly empty: Key;
  readonly write: Permission;
  readonly name: (row: Row) => string;
  readonly more: (row: Row) => string;
  /** Lists that the form chooses from. */
  readonly needs: readonly string[];
  readonly groups: (values: Values) => readonly FormGroup[];
  readonly canDelete?: boolean;
  /** Cannot be changed once it is made. */
  readonly fixed?: boolean;
  /** Drawn and changed as a tree. */
  readonly tree?: boolean;
}

const P = {
  clients: '/api/v1/clients',
  projects: '/api/v1/projects',
  campaigns: '/api/v1/campaigns',
  channels: '/api/v1/channels',
  dispositions: '/api/v1/dispositions',
  breaks: '/api/v1/breaks',
  schedules: '/api/v1/schedules',
  users: '/api/v1/users',
  canned: '/api/v1/canned-texts',
  fields: '/api/v1/fields',
  skills: '/api/v1/skills',
  tokens: '/api/v1/tokens',
} as const;
export const PATHS = P;

const name: FormField = { key: 'name', label: 'field.name', type: 'text', required: true, max: 120, start: '' };
const enabled: FormField = { key: 'enabled', label: 'field.enabled', type: 'check', start: true };
const client: FormField = { key: 'client', label: 'field.client', type: 'select', required: true, onlyNew: true, options: () => options(P.clients) };
const ofClient = (values: Values) => (row: Row) => row['client'] === values['client'];
const called = (row: Row) => String(row['name'] ?? '');
const clientName = (row: Row) => nameOf(P.clients, row['client']);

/** What the browser knows, with names it files under older ones, and the one in use. */
const zones = (values: Values) => {
  const known = new Set([...Intl.supportedValuesOf('timeZone'), 'UTC', 'America/Argentina/Buenos_Aires', String(values['zone'] ?? 'UTC')]);
  return [...known].sort().map((value) => ({ value, text: value.replaceAll('_', ' ') }));
};

/** What the product uses by itself is called in the reader's language, until somebody gives it a name of their own. */
export const dispositionName = ({ name, system, renamed }: Row): string => (system && !renamed ? tIn('disposition', String(system)) : String(name ?? ''));

/** Names from the top. */
export function dispositionPath(id: unknown): string {
  const names: string[] = [];
  let at = lists.get(P.dispositions)?.find((row) => row.id === id);
  for (let depth = 0; at && depth < 32; depth += 1) {
    names.unshift(dispositionName(at));
    const parent = at['parent'];
    at = lists.get(P.dispositions)?.find((row) => row.id === parent);
  }
  return names.join(' › ');
}
export const dispositionOptions = (only: (row: Row) => boolean) =>
  (lists.get(P.dispositions) ?? []).filter(only).map(({ id }) => ({ value: id, text: dispositionPath(id) })).sort((one, other) => one.text.localeCompare(other.text));
const roles = (['agent', 'supervisor', 'admin', 'auditor'] as const).map((value) => ({ value, text: () => tIn('role', value) }));
const roleOptions = () => roles.map(({ value, text }) => ({ value, text: text() }));

const permissions: readonly FormField[] = [
  { key: 'permissions.external_resources', label: 'permission.external_resources', hint: 'permission.external_resources_hint', type: 'check', start: true },
  { key: 'permissions.close_unanswered', label: 'permission.close_unanswered', hint: 'permission.close_unanswered_hint', type: 'check', start: false },
  { key: 'permissions.transfer_to_agents', label: 'permission.transfer_to_agents', hint: 'permission.transfer_to_agents_hint', type: 'check', start: true },
  { key: 'permissions.transfer_to_campaigns', label: 'permission.transfer_to_campaigns', hint: 'permission.transfer_to_campaigns_hint', type: 'check', start: true },
  { key: 'permissions.emoticons', label: 'permission.emoticons', hint: 'permission.emoticons_hint', type: 'check', start: true },
  { key: 'permissions.show_contact_number', label: 'permission.show_contact_number', hint: 'permission.show_contact_number_hint', type: 'check', start: true },
  { key: 'permissions.history', label: 'permission.history', hint: 'permission.history_hint', type: 'check', start: true },
  { key: 'permissions.history_hours', label: 'permission.history_hours', hint: 'permission.history_hours_hint', type: 'number', min: 1, max: 87_600, when: (now) => read(now, 'permissions.history') === true },
];

/** A choice whose meaning stands below it. */
const explained = (key: string, label: Key, values: readonly string[], start: string, word: (value: string) => string, meaning: (value: string) => string): FormField => ({
  key,
  label,
  type: 'select',
  start,
  options: () => values.map((value) => ({ value, text: word(value) })),
  explain: (now) => meaning(String(read(now, key) ?? start)),
});
const isAged = (now: Values) => read(now, 'strategy.policy') === 'aged';
const chooses = (now: Values) => !['ringall', 'ringallmultiple'].includes(String(read(now, 'strategy.mode')));
const strategy: readonly FormField[] = [
  explained('strategy.mode', 'field.mode', ['incall', 'nocall', 'interaction', 'nopause', 'omni', 'ringall', 'ringallmultiple'] satisfies Mode[], 'nocall', (mode) => tIn('mode', mode), (mode) => tIn('mode_hint', mode)),
  { key: 'max_per_agent', label: 'field.max_per_agent', type: 'number', min: 1, max: 10_000, start: 5, when: (now) => ['nocall', 'omni', 'ringallmultiple'].includes(String(read(now, 'strategy.mode') ?? 'nocall')) },
  { ...explained('strategy.order', 'field.order', ['least_loaded', 'most_spare', 'longest_idle', 'leastrecent', 'fewestcalls', 'rrmemory', 'rrordered', 'linear', 'random', 'wrandom', 'best_skill'] satisfies Order[], 'least_loaded', (order) => tIn('order', order), (order) => tIn('order_hint', order)), when: chooses },
  { key: 'strategy.penalty_members_limit', label: 'field.penalty_members_limit', hint: 'field.penalty_members_limit_hint', type: 'number', min: 0, max: 10_000, start: 0, when: chooses },
  { key: 'strategy.sticky_days', label: 'field.sticky_days', hint: 'field.sticky_days_hint', type: 'number', min: 0, max: 365, start: 0, when: chooses },
  { key: 'strategy.sticky_wait_seconds', label: 'field.sticky_wait', hint: 'field.sticky_wait_hint', type: 'number', min: 0, max: 3_600, start: 0, when: (now) => chooses(now) && Number(read(now, 'strategy.sticky_days') ?? 0) > 0 },
  explained('strategy.policy', 'field.policy', ['fifo', 'strict', 'aged', 'deadline'] satisfies Policy[], 'fifo', (policy) => tIn('policy', policy), (policy) => tIn('policy_hint', policy)),
  { key: 'strategy.points_per_minute', label: 'field.points_per_minute', hint: 'field.points_per_minute_hint', type: 'number', min: 0, max: 1_000, start: 10, when: isAged },
  { key: 'strategy.most_points', label: 'field.most_points', hint: 'field.most_points_hint', type: 'number', min: 0, max: 10_000, start: 300, when: isAged },
  { key: 'strategy.due_seconds', label: 'field.due_seconds', type: 'number', min: 1, max: 86_400, start: 60, when: (now) => read(now, 'strategy.policy') === 'deadline' },
  { key: 'weight', label: 'field.weight', hint: 'field.weight_hint', type: 'number', min: 1, max: 100, start: 10 },
];

const isLimited = (now: Values) => Boolean(read(now, 'limits.max_waiting'));
const limits: readonly FormField[] = [
  { key: 'limits.max_waiting', label: 'field.max_waiting', hint: 'field.max_waiting_hint', type: 'number', min: 1, max: 1_000_000 },
  { ...explained('limits.when_full', 'field.when_full', ['leave_message', 'overflow', 'reject'] satisfies WhenFull[], 'leave_message', (what) => tIn('when_full', what), (what) => tIn('when_full_hint', what)), when: isLimited },
  { key: 'limits.full_message', label: 'field.full_message', type: 'lines', max: 4_000, when: isLimited },
  { key: 'limits.at_closing', label: 'field.at_closing', type: 'select', start: 'keep', options: () => (['keep', 'close', 'overflow'] satisfies AtClosing[]).map((value) => ({ value, text: tIn('at_closing', value) })), when: (now) => Boolean(now['schedule']) },
  { key: 'limits.closing_message', label: 'field.closing_message', type: 'lines', max: 4_000, when: (now) => Boolean(now['schedule']) && read(now, 'limits.at_closing') === 'close' },
  { key: 'limits.overflow', label: 'field.overflow', type: 'select', none: 'field.none', options: (now) => options(P.campaigns, (row) => row['client'] === now['client'] && row.id !== now['id']), when: (now) => (isLimited(now) && read(now, 'limits.when_full') === 'overflow') || read(now, 'limits.at_closing') === 'overflow' },
];

const seconds = (key: string, label: Key, start: number): FormField => ({ key, label, type: 'number', min: 1, max: 86_400, start });
const service: readonly FormField[] = [
  { ...seconds('service.level_seconds', 'field.level_seconds', 60), hint: 'field.level_seconds_hint' },
  { key: 'service.level_percent', label: 'field.level_percent', type: 'number', min: 1, max: 100, start: 80 },
  seconds('service.waiting.warn', 'field.waiting_warn', 60),
  seconds('service.waiting.act', 'field.waiting_act', 180),
  seconds('service.first_reply.warn', 'field.first_reply_warn', 120),
  seconds('service.first_reply.act', 'field.first_reply_act', 300),
  seconds('service.handling.warn', 'field.handling_warn', 1_200),
  seconds('service.handling.act', 'field.handling_act', 2_400),
  { key: 'service.voice_members_only', label: 'field.voice_members_only', hint: 'field.voice_members_only_hint', type: 'check', start: false },
];

function campaignGroups(): FormGroup[] {
  return [
    {
      title: 'group.data',
      fields: [
        client,
        { key: 'project', label: 'field.project', type: 'select', none: 'field.no_project', options: (now) => options(P.projects, (row) => row['client'] === now['client'] && (row['enabled'] !== false || row.id === now['project'])) },
        name,
        { key: 'auto_accept', label: 'field.auto_accept', hint: 'field.auto_accept_hint', type: 'check', start: false },
        { key: 'offer_seconds', label: 'field.offer_seconds', type: 'number', min: 5, max: 600, start: 20, when: (now) => now['auto_accept'] !== true },
        { key: 'offering.mail_seconds', label: 'field.mail_offer_seconds', type: 'number', min: 5, max: 600, start: 60, when: (now) => now['auto_accept'] !== true },
        { key: 'transfer_seconds', label: 'field.transfer_seconds', hint: 'field.transfer_seconds_hint', type: 'number', min: 0, max: 600, start: 30 },
      ],
    },
    { title: 'group.service', fields: service },
    { title: 'group.strategy', fields: strategy },
    { title: 'group.limits', fields: limits },
    {
      title: 'group.schedule',
      fields: [
        { key: 'schedule', label: 'field.schedule', type: 'select', none: 'field.always_open', options: (now) => options(P.schedules, ofClient(now)) },
        { key: 'out_of_hours', label: 'field.out_of_hours', type: 'select', start: 'close', options: () => [{ value: 'close', text: t('out_of_hours.close') }, { value: 'queue', text: t('out_of_hours.queue') }], when: (now) => Boolean(now['schedule']) },
        { key: 'out_of_hours_message', label: 'field.out_of_hours_message', hint: 'field.out_of_hours_message_hint', type: 'lines', max: 4_000, when: (now) => Boolean(now['schedule']) },
      ],
    },
    {
      title: 'group.dispositions',
      fields: [
        { key: 'dispositions', label: 'field.dispositions', hint: 'field.dispositions_hint', type: 'many', start: [], options: (now) => dispositionOptions(ofClient(now)) },
        { key: 'transfer_disposition', label: 'field.transfer_disposition', type: 'select', none: 'field.client_own', options: (now) => dispositionOptions(ofClient(now)) },
      ],
    },
    { title: 'group.permissions', fields: permissions },
    { title: 'group.closing', fields: closing },
  ];
}

export const KINDS: readonly Kind[] = [
  {
    kind: 'clientes', path: P.clients, title: 'admin.clients', add: 'admin.clients_add', empty: 'admin.clients_empty', write: 'write_config', name: called, more: (row) => String(row['zone'] ?? ''), needs: [],
    groups: () => [{ title: 'group.data', fields: [name, { key: 'zone', label: 'field.zone', hint: 'field.zone_hint', type: 'text', start: 'America/Argentina/Buenos_Aires', required: true }, { key: 'language', label: 'field.message_language', hint: 'field.message_language_hint', type: 'select', start: 'es', options: () => ['es', 'en', 'pt-BR'].map((value) => ({ value, text: new Intl.DisplayNames(value, { type: 'language' }).of(value) ?? value })) }, enabled] }],
  },
  {
    kind: 'proyectos', path: P.projects, title: 'admin.projects', add: 'admin.projects_add', empty: 'admin.projects_empty', write: 'write_config', canDelete: true, name: called, more: clientName, needs: [P.clients],
    groups: () => [{ title: 'group.data', fields: [client, name, enabled] }],
  },
  { kind: 'campanas', path: P.campaigns, title: 'admin.campaigns', add: 'admin.campaigns_add', empty: 'admin.campaigns_empty', write: 'write_config', name: called, more: clientName, needs: [P.clients, P.projects, P.schedules, P.dispositions, P.fields, P.skills, P.users, P.channels, P.canned], groups: campaignGroups },
  {
    kind: 'canales', path: P.channels, title: 'admin.channels', add: 'admin.channels_add', empty: 'admin.channels_empty', write: 'write_config', name: called, more: (row) => `${tIn('channel', String(row['kind']))} · ${nameOf(P.campaigns, row['campaign'])}`, needs: [P.clients, P.campaigns],
    groups: () => [
      {
        title: 'group.data',
        fields: [
          client,
          { key: 'kind', label: 'field.kind', type: 'select', required: true, onlyNew: true, start: 'webchat', options: () => (['webchat', 'api'] as const).map((value) => ({ value, text: t(`channel.${value}`) })) },
          name,
          { key: 'campaign', label: 'field.campaign', type: 'select', required: true, options: (now) => options(P.campaigns, ofClient(now)) },
          { key: 'endpoint', label: 'field.endpoint', hint: 'field.endpoint_hint', type: 'text', when: (now) => now['kind'] === 'api' },
          enabled,
        ],
      },
    ],
  },
  {
    kind: 'tipificaciones', path: P.dispositions, title: 'admin.dispositions', add: 'admin.dispositions_add', empty: 'admin.dispositions_empty', write: 'write_config', name: called, more: clientName, needs: [P.clients], tree: true, groups: () => [],
  },
  {
    kind: 'campos', path: P.fields, title: 'admin.fields', add: 'admin.fields_add', empty: 'admin.fields_empty', write: 'write_config', name: called, more: (row) => tIn('field_kind', String(row['kind'])), needs: [P.clients],
    groups: () => [
      {
        title: 'group.data',
        fields: [
          client,
          { key: 'kind', label: 'field.kind', type: 'select', required: true, onlyNew: true, start: 'text', options: () => FIELD_KINDS.map((value) => ({ value, text: tIn('field_kind', value) })) },
          { ...name, max: 60 },
          { key: 'key', label: 'field.key', hint: 'field.key_hint', type: 'text', max: 40 },
          { key: 'options', label: 'field.options', type: 'words', hint: 'tags.hint', start: [], when: (now) => now['kind'] === 'list' },
          { key: 'description', label: 'field.description', type: 'text', max: 240, start: '' },
        ],
      },
    ],
  },
  {
    kind: 'habilidades', path: P.skills, title: 'admin.skills', add: 'admin.skills_add', empty: 'admin.skills_empty', write: 'write_config', name: called, more: clientName, needs: [P.clients],
    groups: () => [{ title: 'group.data', fields: [client, name] }],
  },
  {
    kind: 'textos', path: P.canned, title: 'admin.canned', add: 'admin.canned_add', empty: 'admin.canned_empty', write: 'write_config', canDelete: true, name: (row) => String(row['title'] ?? ''), more: (row) => `/${String(row['shortcut'] ?? '')}`, needs: [P.clients, P.campaigns],
    groups: () => [
      {
        title: 'group.data',
        fields: [
          client,
          { key: 'campaign', label: 'field.campaign', type: 'select', none: 'field.all_campaigns', onlyNew: true, options: (now) => options(P.campaigns, ofClient(now)) },
          { key: 'title', label: 'field.title', type: 'text', required: true, max: 120, start: '' },
          { key: 'shortcut', label: 'field.shortcut', hint: 'field.shortcut_hint', type: 'text', required: true, max: 40, start: '' },
          { key: 'text', label: 'field.text', hint: 'field.text_hint', type: 'lines', required: true, max: 4_000, start: '' },
        ],
      },
    ],
  },
  { kind: 'horarios', path: P.schedules, title: 'admin.schedules', add: 'admin.schedules_add', empty: 'admin.schedules_empty', write: 'write_config', canDelete: true, name: called, more: (row) => String(row['zone'] ?? ''), needs: [P.clients], groups: () => [{ title: 'group.data', fields: [client, name, { key: 'zone', label: 'field.zone', type: 'select', required: true, start: 'America/Argentina/Buenos_Aires', options: zones }] }] },
  {
    kind: 'descansos', path: P.breaks, title: 'admin.breaks', add: 'admin.breaks_add', empty: 'admin.breaks_empty', write: 'write_config', name: called, more: (row) => (row['minutes'] ? t('break.of', { minutes: Number(row['minutes']) }) : ''), needs: [],
    groups: (values) => [{ title: 'group.data', fields: [name, ...('minutes' in values ? [{ key: 'minutes', label: 'field.minutes', hint: 'field.minutes_hint', type: 'number', min: 1, max: 1_440 } as const] : []), enabled] }],
  },
  {
    kind: 'usuarios', path: P.users, title: 'admin.users', add: 'admin.users_add', empty: 'admin.users_empty', write: 'write_users', name: called, more: (row) => `${String(row['login'] ?? '')} · ${tIn('role', String(row['role']))}`, needs: [P.clients, P.campaigns, P.skills],
    groups: () => [
      {
        title: 'group.data',
        fields: [
          name,
          { key: 'login', label: 'sign_in.login', type: 'text', required: true, max: 120, start: '' },
          { key: 'role', label: 'field.role', type: 'select', required: true, start: 'agent', options: roleOptions },
          { key: 'capacity', label: 'field.capacity', hint: 'field.capacity_hint', type: 'number', min: 1, max: 10_000, start: 100, when: (now) => now['role'] === 'agent' },
          { key: 'voice', label: 'field.voice', hint: 'field.voice_hint', type: 'check', start: false, when: (now) => now['role'] === 'agent' },
          enabled,
          { key: 'password', label: 'field.password', hint: 'field.password_hint', type: 'password' },
        ],
      },
    ],
  },
  {
    kind: 'tokens', path: P.tokens, title: 'admin.tokens', add: 'admin.tokens_add', empty: 'admin.tokens_empty', write: 'write_users', canDelete: true, fixed: true, name: called, more: (row) => tIn('role', String(row['role'])), needs: [P.clients, P.campaigns],
    groups: () => [{ title: 'group.data', fields: [name, { key: 'role', label: 'field.role', type: 'select', required: true, start: 'agent', options: roleOptions }, { key: 'expires_at', label: 'field.expires_at', hint: 'field.expires_hint', type: 'moment' }] }],
  },
];

export const visibleKinds = (): Kind[] => KINDS.filter(({ write }) => may(write) || may('write_config'));
/** Whom a row's scopes let act where. */
export const takesScopes = (kind: string, values: Values): boolean => (kind === 'usuarios' || kind === 'tokens') && values['role'] !== 'agent';
