/** Templates of mails: what the screens share. */

import { newKey } from '@centralita/lib/key';
import type { Attachment, Page, Template, TemplatePurpose, TemplateRow, TemplateVariable } from '@centralita/lib/wire';

import { api } from '../../app/session.ts';
import { tIn } from '../../app/texts.ts';
import type { Variable } from '../../editor/index.ts';
import { sendFile } from '../../inbox/uploads.ts';

export const PATH = '/api/v1/templates';
export const PURPOSES: readonly TemplatePurpose[] = ['message', 'signature', 'confirmation'];

export async function listed(archived: boolean): Promise<TemplateRow[]> {
  const rows: TemplateRow[] = [];
  let cursor: string | undefined;
  do {
    const page = await api.get<Page<TemplateRow>>(PATH, { cursor, limit: 200, archived: archived ? 'true' : undefined });
    rows.push(...page.items);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return rows;
}
export const found = (id: string): Promise<Template> => api.get(`${PATH}/${id}`);

/** Only who they are for has values that nobody knows before. */
const SAMPLED = new Set(['name', 'first_name', 'email', 'address', 'reference']);

export async function variablesOf(client: string, campaign: string | null): Promise<Variable[]> {
  const { items } = await api.get<Page<TemplateVariable>>(`${PATH}/variables`, { client, campaign: campaign ?? undefined });
  return items.map(({ name, field, same_as }) => ({ name, label: field ?? tIn('variable', name), sample: field ?? (SAMPLED.has(name) ? tIn('variable_sample', name) : ''), alias: same_as !== undefined }));
}
/** As if somebody had written. */
export const samples = (variables: readonly Variable[]): Record<string, string> => Object.fromEntries(variables.filter(({ sample }) => sample).map(({ name, sample }) => [name, sample ?? '']));

/** Pictures lie with the files of the client, for everybody who reads the template. */
export async function storePicture(client: string, file: File): Promise<{ src: string; alt: string }> {
  const query = new URLSearchParams({ name: file.name, client });
  const { id } = await sendFile<Attachment>('POST', `/api/v1/attachments?${query}`, file, newKey());
  return { src: `/api/v1/attachments/${id}`, alt: file.name.replace(/\.[^.]*$/, '') };
}
