/** Mail accounts: what their screens share. */

import { Api, ProblemError, Unreachable } from '@centralita/lib/api';
import type { MailAccount, MailAccountFields, MailFolders, MailLogin, MailProposal, MailQuota, MailServer, MailTest, MailTestLine, Problem } from '@centralita/lib/wire';

import { t, texts, tIn, type Key } from '../../app/texts.ts';

export const PATH = '/api/v1/mail-accounts';
export const AREAS = ['all', 'tickets', 'invoices', 'payments', 'customers'] as const;
export const SECURITIES = ['tls', 'starttls', 'plain'] as const;
/** Servers are asked before anything is saved: that takes longer than other requests. */
export const patient = new Api({ timeoutMs: 90_000 });

/** What is typed about an account. */
export interface Draft {
  client: string;
  campaign: string;
  address: string;
  from_name: string;
  receives: boolean;
  imap: MailServer;
  smtp: MailServer;
  user: string;
  login: MailLogin;
  sending: 'same' | 'own' | 'nobody';
  sending_user: string;
  folders: MailFolders;
  takes_existing: boolean;
  trusted_authserv: string;
  quota: MailQuota | null;
  enabled: boolean;
  accept_in_clear: boolean;
  password: string;
  sending_password: string;
}

export interface Preset {
  readonly name: string;
  readonly imap: MailServer;
  readonly smtp: MailServer;
  readonly hint: Key;
}
export const PRESETS: readonly Preset[] = [
  { name: 'Gmail', imap: { host: 'imap.gmail.com', port: 993, security: 'tls' }, smtp: { host: 'smtp.gmail.com', port: 465, security: 'tls' }, hint: 'mail.gmail_hint' },
  { name: 'Microsoft 365', imap: { host: 'outlook.office365.com', port: 993, security: 'tls' }, smtp: { host: 'smtp.office365.com', port: 587, security: 'starttls' }, hint: 'mail.microsoft_hint' },
];

export function draftOf(account: MailAccount | null, client: string, campaign = ''): Draft {
  return {
    client: account?.client ?? client,
    campaign: account?.campaign ?? campaign,
    address: account?.address ?? '',
    from_name: account?.from_name ?? '',
    receives: account?.receives ?? true,
    imap: { ...(account?.imap ?? { host: '', port: 993, security: 'tls' }) },
    smtp: { ...(account?.smtp ?? { host: '', port: 587, security: 'starttls' }) },
    user: account?.user ?? '',
    login: account?.login ?? 'password',
    sending: account?.sending?.login ?? 'same',
    sending_user: account?.sending?.user ?? '',
    folders: { ...(account?.folders ?? { inbox: 'INBOX', done: null, failed: null }) },
    takes_existing: account?.takes_existing ?? false,
    trusted_authserv: account?.trusted_authserv ?? '',
    quota: account?.quota ? { ...account.quota } : null,
    enabled: account?.enabled ?? true,
    accept_in_clear: account?.accept_in_clear ?? false,
    password: '',
    sending_password: '',
  };
}

/** As the server takes it. */
export function bodyOf(draft: Draft): MailAccountFields {
  const { sending, sending_user, password, sending_password, campaign, imap, user, trusted_authserv, ...rest } = draft;
  return {
    ...rest,
    campaign: campaign || null,
    imap: rest.receives ? imap : null,
    user: user.trim() || null,
    trusted_authserv: trusted_authserv.trim() || null,
    sending: { login: sending, user: sending === 'own' ? sending_user : null },
    ...(password !== '' && { password }),
    ...(sending_password !== '' && { sending_password }),
  };
}

export function take(draft: Draft, { imap, smtp }: Pick<MailProposal, 'imap' | 'smtp'>): void {
  if (imap) draft.imap = { ...imap };
  if (smtp) draft.smtp = { ...smtp };
}

export const inClear = (draft: Draft): boolean => draft.smtp.security === 'plain' || (draft.receives && draft.imap.security === 'plain');

/** What a server's failure means, and what to do about it. */
export function failureText(code: string): string {
  const key = `mail_code.${code}`;
  return key in texts().catalogue ? tIn('mail_code', code) : t('mail.code_other', { code });
}

/** Tries an account; every line as soon as it is there. */
export async function watchTest(test: MailTest, tell: (line: MailTestLine) => void, signal: AbortSignal): Promise<void> {
  let response: Response;
  try {
    const headers = { 'content-type': 'application/json' };
    response = await fetch(`${PATH}/test`, { method: 'POST', headers, body: JSON.stringify(test), credentials: 'same-origin', cache: 'no-store', signal });
  } catch (cause) {
    throw new Unreachable('no answer from the server', { cause });
  }
  if (!response.ok || !response.body) {
    const problem = await response.json().catch(() => null) as Problem | null;
    throw problem ? new ProblemError(problem) : new Unreachable(`HTTP ${response.status}`);
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  let ended = false;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    const lines = (rest + value).split('\n');
    rest = lines.pop() ?? '';
    for (const text of lines) {
      const line = JSON.parse(text) as MailTestLine;
      ended ||= line.line === 'end';
      tell(line);
    }
  }
  if (!ended) throw new Unreachable('the answer was cut short');
}
