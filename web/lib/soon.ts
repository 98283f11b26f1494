/**
 * What the server is about to send and take, until it stands in the exported types. Readers go through here, so this file is
 * all there is to delete.
 */

import type { Api } from './api.ts';
import type { AttachmentId, Author, CampaignId, ContactId, Conversation, ConversationId, Done, Frame, Message, Page, Presence, Profile, ProfileBreak, ProfileCampaign, Time, UserId, WaitingRow } from './wire/wire.ts';

export type Priority = 'low' | 'normal' | 'high' | 'urgent';
export const PRIORITIES: readonly Priority[] = ['urgent', 'high', 'normal', 'low'];

export interface Preview {
  readonly text: string;
  readonly from: Author;
  readonly note: boolean;
}

export type FieldValue = string | number | boolean | null;

interface MoreConversation {
  readonly tags?: readonly string[];
  readonly priority?: Priority;
  readonly snoozed_until?: Time | null;
  readonly preview?: Preview | null;
  readonly fields?: Readonly<Record<string, FieldValue>>;
}

const more = (conversation: Conversation): MoreConversation => conversation as Conversation & MoreConversation;

export const tagsOf = (conversation: Conversation): readonly string[] => more(conversation).tags ?? [];
export const priorityOf = (conversation: Conversation): Priority => more(conversation).priority ?? 'normal';
export const previewOf = (conversation: Conversation): Preview | null => more(conversation).preview ?? null;
export const fieldsOf = (conversation: Conversation): Readonly<Record<string, FieldValue>> => more(conversation).fields ?? {};
export const snoozedUntil = (conversation: Conversation): Time | null =>
  more(conversation).snoozed_until ?? (conversation.standing.is === 'parked' ? conversation.standing.until : null);
/** The same conversation as it will be when the server has done what was asked. */
export const withMore = (conversation: Conversation, change: Partial<MoreConversation>): Conversation => ({ ...conversation, ...change });

export const isNote = (message: Message): boolean => (message as Message & { note?: boolean }).note ?? false;

export interface Waiting extends WaitingRow {
  readonly contact_name?: string;
  readonly channel_kind?: string;
  readonly priority?: Priority;
  readonly preview?: Preview | null;
}

export interface Viewer {
  readonly user: UserId;
  readonly name: string;
  readonly typing: 'reply' | 'note' | null;
}

/** Frames that the exported types do not know yet. */
export type SoonFrame =
  | { readonly kind: 'waiting'; readonly data: readonly Waiting[] }
  | { readonly kind: 'waiting_delta'; readonly data: { readonly waiting: readonly Waiting[]; readonly waiting_gone: readonly ConversationId[] } }
  | { readonly kind: 'viewers'; readonly data: { readonly conversation: ConversationId; readonly viewers: readonly Viewer[] } };
export const soonFrame = (frame: Frame): SoonFrame => frame as unknown as SoonFrame;

export const pendingOf = (presence: Presence): { readonly break_id: string } | null => {
  const { pending } = presence as Presence & { pending?: { break_id: string } | string | null };
  return typeof pending === 'string' ? { break_id: pending } : (pending ?? null);
};

export interface Settings {
  readonly [name: string]: unknown;
}
export const settingsOf = (profile: Profile): Settings | null => (profile as Profile & { settings?: Settings | null }).settings ?? null;
export const languageOf = (profile: Profile): string | null => (profile as Profile & { language?: string | null }).language ?? null;
export const minutesOf = (kind: ProfileBreak): number | null => (kind as ProfileBreak & { minutes?: number | null }).minutes ?? null;

export type FieldKind = 'text' | 'number' | 'date' | 'list' | 'phone' | 'document' | 'yes_no';
export const FIELD_KINDS: readonly FieldKind[] = ['text', 'number', 'date', 'list', 'phone', 'document', 'yes_no'];
export interface CustomField {
  readonly id: string;
  readonly client: string;
  readonly name: string;
  readonly kind: FieldKind;
  readonly options?: readonly string[];
  readonly description?: string;
}
export interface FieldUse {
  readonly field: string;
  readonly mandatory: boolean;
}
export interface CampaignPermissions {
  readonly external_resources: boolean;
  readonly close_unanswered: boolean;
  readonly transfer_to_agents: boolean;
  readonly emoticons: boolean;
  readonly show_contact_number: boolean;
  readonly history: boolean;
  readonly history_hours: number | null;
}
interface MoreCampaign {
  readonly permissions?: CampaignPermissions;
  readonly fields?: readonly (Partial<FieldUse> & Partial<CustomField>)[];
}
const moreCampaign = (campaign: ProfileCampaign): MoreCampaign => campaign as ProfileCampaign & MoreCampaign;
export const permissionsOf = (campaign: ProfileCampaign | undefined): CampaignPermissions => ({
  external_resources: campaign?.attachments ?? false,
  close_unanswered: campaign?.close_without_reply ?? false,
  transfer_to_agents: campaign?.agent_transfer ?? true,
  emoticons: true,
  show_contact_number: true,
  history: true,
  history_hours: null,
  ...(campaign ? moreCampaign(campaign).permissions : {}),
});
export const fieldUsesOf = (campaign: ProfileCampaign | undefined): UsedField[] =>
  (campaign ? (moreCampaign(campaign).fields ?? []) : []).flatMap((use) => {
    const field = use.field ?? use.id;
    return field === undefined || use.kind === undefined || use.name === undefined ? [] : [{ field, name: use.name, kind: use.kind, options: use.options ?? [], description: use.description ?? '', mandatory: use.mandatory ?? false }];
  });
export interface UsedField {
  readonly field: string;
  readonly name: string;
  readonly kind: FieldKind;
  readonly options: readonly string[];
  readonly description: string;
  readonly mandatory: boolean;
}

export interface Canned {
  readonly id: string;
  readonly client: string;
  readonly campaign: CampaignId | null;
  readonly shortcut: string;
  readonly title: string;
  readonly text: string;
}

export type DraftMode = 'reply' | 'note';
export interface ServerDraft {
  readonly conversation: ConversationId;
  readonly mode: DraftMode;
  readonly text: string;
  readonly attachments: readonly AttachmentId[];
  readonly rev: number;
  readonly updated_at: Time;
}

export interface ContactCard {
  readonly id: ContactId;
  readonly client: string;
  readonly name: string;
  readonly notes?: string;
  readonly addresses: readonly { readonly kind: string; readonly value: string }[];
  readonly created_at: Time;
}

export interface LiveSession {
  readonly id: string;
  readonly created_at: Time;
  readonly expires_at?: Time;
  readonly current?: boolean;
  readonly used_at?: Time;
  readonly browser?: string;
}

/** The routes that go with it. */
export class Soon {
  constructor(readonly api: Api) {}

  take(conversation: string): Promise<unknown> {
    return this.api.write('POST', `/api/v1/conversations/${conversation}/take`, {});
  }
  note(conversation: string, text: string, key: string): Promise<{ message?: string }> {
    return this.api.write('POST', `/api/v1/conversations/${conversation}/notes`, { text }, { key });
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
  setFields(conversation: string, values: Readonly<Record<string, FieldValue>>): Promise<unknown> {
    return this.api.write('PUT', `/api/v1/conversations/${conversation}/fields`, { values });
  }
  canned(): Promise<Canned[]> {
    return this.#all('/api/v1/canned-texts');
  }
  drafts(): Promise<ServerDraft[]> {
    return this.#all('/api/v1/drafts');
  }
  putDraft(conversation: string, mode: DraftMode, body: { text: string; attachments: readonly string[]; rev: number }): Promise<unknown> {
    return this.api.write('PUT', `/api/v1/drafts/${conversation}/${mode}`, body);
  }
  deleteDraft(conversation: string, mode: DraftMode): Promise<unknown> {
    return this.api.write('DELETE', `/api/v1/drafts/${conversation}/${mode}`);
  }
  contact(contact: string): Promise<ContactCard> {
    return this.api.get(`/api/v1/contacts/${contact}`);
  }
  changeContact(contact: string, patch: { name?: string; notes?: string }): Promise<ContactCard> {
    return this.api.write('PATCH', `/api/v1/contacts/${contact}`, patch);
  }
  history(contact: string, before?: string): Promise<Page<Conversation>> {
    return this.api.get(`/api/v1/contacts/${contact}/conversations`, { before });
  }
  takeBreakAfter(break_id: string): Promise<unknown> {
    return this.api.write('POST', '/api/v1/me/presence', { break_id, when: 'after_current' });
  }
  changeMe(patch: { name?: string; language?: string | null; region?: string | null; settings?: Settings }): Promise<Profile> {
    return this.api.write('PATCH', '/api/v1/me', patch);
  }
  changePassword(current: string, password: string): Promise<void> {
    return this.api.write('PUT', '/api/v1/me/password', { current, new: password });
  }
  sessions(): Promise<LiveSession[]> {
    return this.#all('/api/v1/me/sessions');
  }
  endSession(id: string): Promise<void> {
    return this.api.write('DELETE', `/api/v1/me/sessions/${id}`);
  }
  invite(user: string, kind: 'invitation' | 'reset'): Promise<{ url_path: string | null; expires_at: Time }> {
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
