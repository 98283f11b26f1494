/** Names of everything a search can name, also of what is switched off or put away: history knows it still. */

import { computed } from 'vue';

import { lists, load, nameOf } from '../admin/data.ts';
import type { Row } from '../admin/form.ts';
import { agentName, campaignName } from '../app/people.ts';
import { byName, t } from '../app/texts.ts';
import type { Choice } from './SeveralField.vue';

const [USERS, CAMPAIGNS, DISPOSITIONS] = ['/api/v1/users', '/api/v1/campaigns', '/api/v1/dispositions'] as const;

export function loadNames(): void {
  for (const path of [USERS, CAMPAIGNS, DISPOSITIONS]) void load(path);
}

export const personName = (id: string): string => nameOf(USERS, id) || agentName(id);
export const nameOfCampaign = (id: string): string => nameOf(CAMPAIGNS, id) || campaignName(id);
export const dispositionName = (id: string): string => nameOf(DISPOSITIONS, id);

const named = (path: string, only: (row: Row) => boolean = () => true): Choice[] =>
  (lists.get(path) ?? [])
    .filter(only)
    .map((row) => ({ id: row.id, name: String(row['name'] ?? '') }))
    .sort(byName)
    .map(({ id, name }) => ({ id, text: name }));

export const campaignChoices = computed(() => named(CAMPAIGNS));
export const agentChoices = computed(() => named(USERS, (row) => row['role'] !== 'auditor'));
export const kindChoices = computed<Choice[]>(() => (['email', 'webchat', 'api'] as const).map((kind) => ({ id: kind, text: t(`channel.${kind}`) })));

/** Each below the one it belongs to. */
export const dispositionChoices = computed<Choice[]>(() => {
  const rows = lists.get(DISPOSITIONS) ?? [];
  const known = new Set(rows.map(({ id }) => id));
  const below = (parent: unknown, depth: number): Choice[] =>
    rows
      .filter((row) => (known.has(String(row['parent'])) ? row['parent'] : null) === parent)
      .map((row) => ({ id: row.id, name: String(row['name'] ?? '') }))
      .sort(byName)
      .flatMap(({ id, name }) => [{ id, text: name, depth }, ...(depth < 10 ? below(id, depth + 1) : [])]);
  return below(null, 0);
});
