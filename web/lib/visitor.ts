/** What a visitor's chat asks of the server. */

import type { Api } from './api.ts';

export class Visitor {
  constructor(readonly api: Api) {}

  /** A new visitor of this channel; the token stands for them from now on. */
  async session(channel: string): Promise<string> {
    const { token } = await this.api.write<{ token: string }>('POST', `/widget/v1/${encodeURIComponent(channel)}/session`);
    return token;
  }

  /** Resolves to where the message was recorded, if the server says so. */
  send(text: string, key: string): Promise<{ conversation?: string; seq?: number } | undefined> {
    return this.api.write('POST', '/widget/v1/messages', { text }, { key });
  }
}
