/** Customers of a connected system: what they write is handed over as such a system does it. */

import { createHmac, randomUUID } from 'node:crypto';

export class Customers {
  constructor(
    readonly origin: string,
    readonly channel: { readonly id: string; readonly secret: string },
  ) {}

  /** `from` is who writes, the same person every time. */
  async write(from: string, name: string, text: string): Promise<void> {
    const id = `msg-${randomUUID()}`;
    const body = JSON.stringify({ type: 'message', message: { id, from: { id: from, name }, text } });
    const at = String(Math.floor(Date.now() / 1000));
    const key = Buffer.from(this.channel.secret.replace(/^whsec_/, ''), 'base64');
    const signature = createHmac('sha256', key).update(`${id}.${at}.${body}`).digest('base64');
    const answer = await fetch(`${this.origin}/hooks/${this.channel.id}`, {
      method: 'POST',
      body,
      headers: { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': `v1,${signature}` },
    });
    if (!answer.ok) throw new Error(`the message was refused: ${answer.status} ${await answer.text()}`);
  }
}
