/** What the screens of agents and supervisors ask of the API. */

import type { Api } from './api.ts';
import type { AnswerOffer, Close, Conversation, Done, Member, Message, Page, Profile, Reply, SetPresence, SignIn, Transfer } from './wire/wire.ts';

export const PAGE_LIMIT = 50;

export class Staff {
  constructor(readonly api: Api) {}

  signIn(body: SignIn): Promise<Profile> {
    return this.api.write('POST', '/api/v1/session', body);
  }

  signOut(): Promise<void> {
    return this.api.write('DELETE', '/api/v1/session');
  }

  profile(): Promise<Profile> {
    return this.api.get('/api/v1/me');
  }

  /** Available again, or on a break. */
  setPresence(body: SetPresence): Promise<unknown> {
    return this.api.write('POST', '/api/v1/me/presence', body);
  }

  /** Agents of a campaign. */
  async members(campaign: string): Promise<Member[]> {
    const members: Member[] = [];
    let cursor: string | undefined;
    do {
      const page: Page<Member> = await this.api.get(`/api/v1/campaigns/${campaign}/members`, { cursor, limit: 200 });
      members.push(...page.items);
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
    return members;
  }

  /** Conversations that this agent has or is offered. */
  async conversationsOf(agent: string): Promise<Conversation[]> {
    const page: Page<Conversation> = await this.api.get('/api/v1/conversations', { agent, phase: 'open', limit: PAGE_LIMIT });
    return page.items;
  }

  /** Messages before this `seq`, the newest first. */
  async messages(conversation: string, before: number): Promise<{ messages: Message[]; isFirst: boolean }> {
    const page: Page<Message> = await this.api.get(`/api/v1/conversations/${conversation}/messages`, { before, limit: PAGE_LIMIT });
    return { messages: page.items, isFirst: page.next === null };
  }

  reply(conversation: string, body: Reply, key: string): Promise<Done> {
    return this.#command(conversation, 'messages', body, key);
  }

  accept(conversation: string, body: AnswerOffer): Promise<Done> {
    return this.#command(conversation, 'accept', body);
  }

  decline(conversation: string, body: AnswerOffer): Promise<Done> {
    return this.#command(conversation, 'decline', body);
  }

  transfer(conversation: string, body: Transfer): Promise<Done> {
    return this.#command(conversation, 'transfer', body);
  }

  close(conversation: string, body: Close): Promise<Done> {
    return this.#command(conversation, 'close', body);
  }

  endWrapUp(conversation: string): Promise<Done> {
    return this.#command(conversation, 'wrap-up/end');
  }

  pauseAgent(agent: string): Promise<unknown> {
    return this.api.write('POST', `/api/v1/agents/${agent}/pause`);
  }

  resumeAgent(agent: string): Promise<unknown> {
    return this.api.write('POST', `/api/v1/agents/${agent}/resume`);
  }

  signOutAgent(agent: string): Promise<unknown> {
    return this.api.write('POST', `/api/v1/agents/${agent}/sign-out`);
  }

  #command(conversation: string, command: string, body?: unknown, key?: string): Promise<Done> {
    const path = `/api/v1/conversations/${conversation}/${command}`;
    return this.api.write('POST', path, body, key === undefined ? {} : { key });
  }
}
