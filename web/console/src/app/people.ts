/** Names of the agents one works with, and the words for what a campaign offers. */

import { permissionsOf } from '@centralita/lib/desk';
import type { CannedText, Conversation, ProfileCampaign, Resource } from '@centralita/lib/wire';
import { shallowRef } from 'vue';

import { me, onEnter, profile, desk, staff, state } from './session.ts';
import { byName, t } from './texts.ts';

/** By campaign: id and name of each agent. */
const members = shallowRef<ReadonlyMap<string, ReadonlyMap<string, string>>>(new Map());
export const canned = shallowRef<readonly CannedText[]>([]);
export const gallery = shallowRef<readonly Resource[]>([]);

onEnter((next) => {
  for (const { id } of next.campaigns) {
    // Without it only names and transfers to agents are missing.
    staff.members(id).then(
      (found) => (members.value = new Map(members.value).set(id, new Map(found.map(({ user, name }) => [user, name])))),
      () => {},
    );
  }
  void loadCanned();
  void loadGallery();
});

export async function loadCanned(): Promise<void> {
  try {
    canned.value = await desk.canned();
  } catch {
    canned.value = [];
  }
}

export async function loadGallery(): Promise<void> {
  try {
    gallery.value = await desk.gallery();
  } catch {
    gallery.value = [];
  }
}

export function campaignOf(conversation: Pick<Conversation, 'campaign'> | undefined): ProfileCampaign | undefined {
  return profile.value?.campaigns.find(({ id }) => id === conversation?.campaign);
}

export function campaignName(id: string): string {
  return profile.value?.campaigns.find((campaign) => campaign.id === id)?.name ?? t('campaign.other');
}

export const allowed = (conversation: Conversation | undefined) => permissionsOf(campaignOf(conversation));

export function agentName(agent: string): string {
  if (agent === me.value) return profile.value?.user?.name ?? t('author.me');
  for (const group of members.value.values()) {
    const name = group.get(agent);
    if (name !== undefined) return name;
  }
  return state.value.board?.agents.find((row) => row.agent === agent)?.name ?? t('author.other');
}

export const membersOf = (campaign: string): { id: string; name: string }[] => [...(members.value.get(campaign) ?? [])].map(([id, name]) => ({ id, name })).sort(byName);

/** Other agents of the campaigns of the same client, by name. */
export function colleaguesFor(conversation: Conversation): { id: string; name: string }[] {
  const names = new Map<string, string>();
  for (const { id, client } of profile.value?.campaigns ?? []) {
    if (client === conversation.client) for (const [agent, name] of members.value.get(id) ?? []) names.set(agent, name);
  }
  names.delete(me.value);
  return [...names].map(([id, name]) => ({ id, name })).sort(byName);
}

export function breakName(kind: string): string {
  return profile.value?.breaks.find(({ id }) => id === kind)?.name ?? t('activity.on_break');
}
