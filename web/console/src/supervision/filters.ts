import { profile } from '../app/session.ts';

/** The client of a campaign, when there is more than one to tell apart. */
export function clientOf(campaign: string): string {
  const campaigns = profile.value?.campaigns ?? [];
  if (new Set(campaigns.map(({ client }) => client)).size < 2) return '';
  return campaigns.find(({ id }) => id === campaign)?.client_name ?? '';
}
