/** Names of the agents one works with, and to whom a conversation can go. */

import type { Staff } from '@centralita/lib/staff';
import type { Conversation, Profile } from '@centralita/lib/wire';

export class Colleagues {
  /** By campaign: id and name of each agent. */
  readonly #members = new Map<string, ReadonlyMap<string, string>>();

  constructor(readonly staff: Staff) {}

  async load(profile: Profile): Promise<void> {
    await Promise.all(
      profile.campaigns.map(async ({ id }) => {
        const members = await this.staff.members(id);
        this.#members.set(id, new Map(members.map(({ user, name }) => [user, name])));
      }),
    );
  }

  name(agent: string): string | undefined {
    for (const members of this.#members.values()) {
      const name = members.get(agent);
      if (name !== undefined) return name;
    }
    return undefined;
  }

  /** Other agents of the campaigns of the same client, by name. */
  targets(conversation: Conversation, profile: Profile): { id: string; name: string }[] {
    const names = new Map<string, string>();
    for (const { id, client } of profile.campaigns) {
      if (client === conversation.client) for (const [agent, name] of this.#members.get(id) ?? []) names.set(agent, name);
    }
    names.delete(profile.user?.id ?? '');
    const byName = new Intl.Collator();
    return [...names].map(([id, name]) => ({ id, name })).sort((one, other) => byName.compare(one.name, other.name));
  }
}
