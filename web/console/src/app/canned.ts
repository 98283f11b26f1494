/** Canned texts: plain substitution of known names, as on the server. */

import { asksForMore, fillIn } from '@centralita/lib/template';
import type { CannedText, TemplateFilled, TemplateTry } from '@centralita/lib/wire';

import { open } from './conversations.ts';
import { campaignName } from './people.ts';
import { api, profile, state } from './session.ts';
import { attempt } from './toasts.ts';

let insert: ((text: string) => void) | null = null;

/** The composer says that text can be put into it. */
export function takesText(into: ((text: string) => void) | null): void {
  insert = into;
}

export const canInsert = (): boolean => insert !== null;

/** With what this page knows; the rest stays as it is written. */
export function filled(canned: CannedText): string {
  const conversation = state.value.conversations.get(open.value ?? '');
  return fillIn(canned.text, {
    name: conversation?.contact_name ?? '',
    agent: profile.value?.user?.name ?? '',
    campaign: conversation ? campaignName(conversation.campaign) : '',
  });
}

const SUBJECT = /%subject%|\$\{subject(?:\|([^}]*))?\}/g;
/** Stand for the customer's subject, or for its gap, while the server fills in the rest: what a customer wrote is no template. */
const [HELD, OPEN] = ['\u{e000}', '\u{e001}'];

/** With everything that templates know. What nobody knows of this customer stays in its gap, for the agent to see. */
export async function completeFor(whom: Pick<TemplateTry, 'client' | 'campaign' | 'conversation' | 'contact' | 'values'>, template: string, subject: string): Promise<string> {
  const text = template.replace(SUBJECT, (_, fallback?: string) => (subject !== '' ? HELD : fallback || OPEN));
  const ask = (values: Record<string, string>) => api.write<TemplateFilled>('POST', '/api/v1/templates/preview', { ...whom, text, values: { ...whom.values, ...values } });
  let answer = await ask({});
  if (answer.missing.length > 0) answer = await ask(Object.fromEntries(answer.missing.map((name) => [name, `\${${name}}`])));
  return answer.text.replaceAll(HELD, () => subject).replaceAll(OPEN, () => '${subject}');
}

/** The same, of the conversation that is open. */
export async function complete(canned: CannedText): Promise<string> {
  const conversation = state.value.conversations.get(open.value ?? '');
  if (!conversation || !asksForMore(canned.text)) return filled(canned);
  return completeFor({ client: conversation.client, campaign: conversation.campaign, conversation: conversation.id }, canned.text, conversation.subject ?? '');
}

export async function insertCanned(canned: CannedText): Promise<void> {
  const into = insert;
  await attempt(async () => into?.(await complete(canned)));
}
