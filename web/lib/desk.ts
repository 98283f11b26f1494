/** What staff do with conversations, contacts and their own settings: the routes, and a few readings of what they answer. */

import type { Api } from './api.ts';
import type { Attachment, CannedText, Contact, Conversation, Done, Draft, FieldKind, FieldValue, Invitation, MailDraft, Page, Priority, Profile, ProfileCampaign, Resource, Session, Time, Why, WritingMode } from './wire/wire.ts';

export const PRIORITIES: readonly Priority[] = ['urgent', 'high', 'normal', 'low'];
export const FIELD_KINDS: readonly FieldKind[] = ['text', 'number', 'date', 'list', 'phone', 'document', 'yes_no'];

type Permissions = ProfileCampaign['permissions'];
/** What a campaign's agents may do; nothing that needs leave while the campaign is not known. */
export const permissionsOf = (campaign: ProfileCampaign | undefined): Permissions =>
  campaign?.permissions ?? { external_resources: false, close_unanswered: false, transfer_to_agents: true, transfer_to_campaigns: true, emoticons: true, show_contact_number: true, history: true, history_hours: null };

/** What staff do beyond reading and answering. */
export class Desk {
  constructor(readonly api: Api) {}

  take(conversation: string): Promise<unknown> {
    return this.api.write('POST', `/api/v1/conversations/${conversation}/take`, {});
  }
  /** Why somebody got it, why nobody does; the first 200 members. */
  why(conversation: string): Promise<Why> {
    return this.api.get(`/api/v1/conversations/${conversation}/why`, { limit: 200 });
  }
  note(conversation: string, text: string, key: string): Promise<{ message?: string }> {
    return this.api.write('POST', `/api/v1/conversations/${conversation}/notes`, { text }, { key });
  }
  /** A colleague reads along and writes notes. */
  consult(conversation: string, agent: string): Promise<Done> {
    return this.api.write('POST', `/api/v1/conversations/${conversation}/consult`, { agent });
  }
  endConsult(conversation: string): Promise<Done> {
    return this.api.write('DELETE', `/api/v1/conversations/${conversation}/consult`);
  }
  retry(conversation: string, message: string): Promise<unknown> {
    return this.api.write('POST', `/api/v1/conversations/${conversation}/messages/${message}/retry`, {});
  }
  setTags(conversation: string, tags: readonly string[]): Promise<Done> {
    return this.api.write('PUT', `/api/v1/conversations/${conversation}/tags`, { tags });
  }
  setPriority(conversation: string, priority: Priority): Promise<Done> {
    return this.api.write('PUT', `/api/v1/conversations/${conversation}/priority`, { priority });
  }
  snooze(conversation: string, until: Time): Promise<unknown> {
    return this.api.write('POST', `/api/v1/conversations/${conversation}/snooze`, { until });
  }
  wake(conversation: string): Promise<unknown> {
    return this.api.write('POST', `/api/v1/conversations/${conversation}/wake`, {});
  }
  setFields(conversation: string, values: Readonly<Record<string, FieldValue | null>>): Promise<unknown> {
    return this.api.write('PUT', `/api/v1/conversations/${conversation}/fields`, { values });
  }
  canned(): Promise<CannedText[]> {
    return this.#all('/api/v1/canned-texts');
  }
  gallery(): Promise<Resource[]> {
    return this.#all('/api/v1/resources');
  }
  /** A copy of a file of the gallery, to be sent there. */
  pick(conversation: string, resource: string, key: string): Promise<Attachment> {
    return this.api.write('POST', `/api/v1/conversations/${conversation}/resources/${resource}`, undefined, { key });
  }
  drafts(): Promise<Draft[]> {
    return this.#all('/api/v1/drafts');
  }
  putDraft(conversation: string, mode: WritingMode, body: { text: string; attachments: readonly string[]; mail?: MailDraft; rev: number }): Promise<unknown> {
    return this.api.write('PUT', `/api/v1/drafts/${conversation}/${mode}`, body);
  }
  deleteDraft(conversation: string, mode: WritingMode): Promise<unknown> {
    return this.api.write('DELETE', `/api/v1/drafts/${conversation}/${mode}`);
  }
  contact(contact: string): Promise<Contact> {
    return this.api.get(`/api/v1/contacts/${contact}`);
  }
  changeContact(contact: string, patch: { name?: string; notes?: string }): Promise<Contact> {
    return this.api.write('PATCH', `/api/v1/contacts/${contact}`, patch);
  }
  history(contact: string, before?: string): Promise<Page<Conversation>> {
    return this.api.get(`/api/v1/contacts/${contact}/conversations`, { before });
  }
  takeBreakAfter(break_id: string): Promise<unknown> {
    return this.api.write('POST', '/api/v1/me/presence', { break_id, when: 'after_current' });
  }
  changeMe(patch: { name?: string; language?: string | null; region?: string | null; settings?: Record<string, unknown> }): Promise<Profile> {
    return this.api.write('PATCH', '/api/v1/me', patch);
  }
  changePassword(current: string, password: string): Promise<void> {
    return this.api.write('PUT', '/api/v1/me/password', { current, new: password });
  }
  sessions(): Promise<Session[]> {
    return this.#all('/api/v1/me/sessions');
  }
  endSession(id: string): Promise<void> {
    return this.api.write('DELETE', `/api/v1/me/sessions/${id}`);
  }
  invite(user: string, kind: 'invitation' | 'reset'): Promise<Invitation> {
    return this.api.write('POST', `/api/v1/users/${user}/invitation`, kind === 'reset' ? { kind } : {});
  }
  checkInvitation(token: string): Promise<{ login: string; name: string }> {
    return this.api.write('POST', '/api/v1/invitations/check', { token });
  }
  acceptInvitation(token: string, password: string): Promise<void> {
    return this.api.write('POST', '/api/v1/invitations/accept', { token, password });
  }

  async #all<T>(path: string): Promise<T[]> {
    const items: T[] = [];
    let cursor: string | undefined;
    do {
      const page: Page<T> = await this.api.get(path, { cursor, limit: 200 });
      items.push(...page.items);
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
    return items;
  }
}
