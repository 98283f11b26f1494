/** What a visitor's chat asks of the server. */

import type { Api } from './api.ts';
import type { VisitorMessage, VisitorSession, VisitorStored } from './wire/wire.ts';

export class Visitor {
  constructor(readonly api: Api) {}

  /** A new visitor of this channel; the token stands for them from now on. */
  session(channel: string): Promise<VisitorSession> {
    return this.api.write('POST', `/widget/v1/${encodeURIComponent(channel)}/session`);
  }

  send(body: VisitorMessage, key: string): Promise<VisitorStored> {
    return this.api.write('POST', '/widget/v1/messages', body, { key });
  }
}
