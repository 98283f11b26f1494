/** What is ready to be put into a mail: templates, signatures and canned texts, filled in for whom it is written to. */

import type { Campaign, MailSettings, Page, Template, TemplateFilled, TemplateRow, TemplateTry } from '@centralita/lib/wire';
import { type MenuItem } from '@centralita/ui';
import { FileText } from '@lucide/vue';
import { computed, ref, shallowRef, watch } from 'vue';

import { api } from '../app/session.ts';
import { t } from '../app/texts.ts';
import { attempt } from '../app/toasts.ts';

const PATH = '/api/v1/templates';
/** Where and to whom something is written. */
export type Whom = Pick<TemplateTry, 'client' | 'campaign' | 'conversation' | 'contact' | 'values'>;

/** The server fills a template in: it knows what may be told of a customer. */
async function filledFor(whom: Whom, id: string): Promise<TemplateFilled> {
  const { subject, html } = await api.get<Template>(`${PATH}/${id}`);
  return api.write<TemplateFilled>('POST', `${PATH}/preview`, { ...whom, subject, html });
}

/** The signature of the campaign; empty when it has none. */
export async function signatureFor(whom: Whom): Promise<string> {
  const { mail } = await api.get<Campaign & { mail?: MailSettings }>(`/api/v1/campaigns/${whom.campaign}`);
  return mail?.signature ? (await filledFor(whom, mail.signature)).html : '';
}

/** Templates of the campaign, asked for when somebody wants one. */
export function useTemplates(whom: () => Whom, put: (filled: TemplateFilled) => void) {
  const open = ref(false);
  const rows = shallowRef<readonly TemplateRow[] | null>(null);
  watch(() => whom().campaign, () => (rows.value = null));
  watch(open, async (now) => {
    const campaign = whom().campaign ?? undefined;
    if (!now || rows.value) return;
    await attempt(async () => {
      const { items } = await api.get<Page<TemplateRow>>(PATH, { campaign, purpose: 'message', limit: 200 });
      if (campaign === whom().campaign) rows.value = items;
    });
  });
  const use = (id: string) => attempt(async () => put(await filledFor(whom(), id)));
  const items = computed<MenuItem[]>(() => {
    if (rows.value === null) return [{ is: 'label', text: t('loading') }];
    if (rows.value.length === 0) return [{ is: 'label', text: t('mail.no_templates') }];
    return rows.value.map(({ id, name }) => ({ text: name, icon: FileText, run: () => void use(id) }));
  });
  return { open, rows, use, items };
}

/** Plain text as HTML: each line a paragraph. */
export const paragraphs = (text: string): string => text.split('\n').map((line) => {
  const place = document.createElement('p');
  place.textContent = line;
  return place.outerHTML;
}).join('');
