/** Signing mail accounts in at a provider: what the screens share. */

import type { MailProvider, MailProviderKind, MailProviders, MailSignIn } from '@centralita/lib/wire';

import { api } from '../../app/session.ts';
import { tIn } from '../../app/texts.ts';
import { PATH } from './mail.ts';

export const KINDS: readonly MailProviderKind[] = ['google', 'microsoft', 'generic'];
/** What a known provider gives is shown to its own servers only. */
const DOMAINS: Record<MailProviderKind, readonly string[] | null> = {
  google: ['gmail.com', 'googlemail.com', 'google.com'],
  microsoft: ['office365.com', 'office.com', 'outlook.com', 'hotmail.com', 'live.com', 'office365.us'],
  generic: null,
};

export const providersPath = (client: string): string => `/api/v1/clients/${client}/mail-providers`;
export const readProviders = (client: string): Promise<MailProviders> => api.get<MailProviders>(providersPath(client));
export const beginSignIn = (account: string, provider: MailProviderKind, enable: boolean): Promise<MailSignIn> => api.write<MailSignIn>('POST', `${PATH}/${account}/sign-in`, { provider, enable });

export function fits(kind: MailProviderKind, hosts: readonly string[]): boolean {
  const domains = DOMAINS[kind];
  return domains === null || hosts.every((host) => domains.some((domain) => host.toLowerCase() === domain || host.toLowerCase().endsWith(`.${domain}`)));
}

export const providerName = (kind: MailProviderKind, providers: readonly MailProvider[] = []): string => {
  const own = kind === 'generic' ? providers.find(({ provider }) => provider === kind)?.name : null;
  return own || tIn('mail_provider', kind);
};
