/** A mail account and mails in a server's database, as its mailbox would have put them there. The server does not run meanwhile. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';

const quoted = (text: string | number | null): string => (text === null ? 'NULL' : typeof text === 'number' ? String(text) : `'${text.replaceAll("'", "''")}'`);

export class Mailbox {
  readonly account = uuid();

  constructor(readonly data: string) {}

  #sql(text: string): string {
    return execFileSync('sqlite3', [join(this.data, 'centralita.sqlite')], { input: text, encoding: 'utf8' }).trim();
  }
  #insert(table: string, row: Record<string, string | number | null>): void {
    this.#sql(`INSERT INTO ${table} (${Object.keys(row).join(', ')}) VALUES (${Object.values(row).map(quoted).join(', ')});`);
  }

  /** Of the campaign that another channel account belongs to. */
  create(address: string, name: string, channel: string): void {
    const [client = '', campaign = ''] = this.#sql(`SELECT client_id, campaign_id FROM channels WHERE id = ${quoted(channel)};`).split('|');
    const at = Date.now() * 1000;
    const config = JSON.stringify({ from_name: name, smtp: { host: 'smtp.invalid', port: 587, security: 'starttls' }, user: address });
    this.#insert('mail_accounts', { id: this.account, client_id: client, campaign_id: campaign, address, config, enabled: 1, created_at: at, updated_at: at });
    this.#insert('channels', { id: this.account, client_id: client, campaign_id: campaign, kind: 'email', name: address, enabled: 1, created_at: at });
  }

  #file(name: string, type: string, bytes: Buffer, conversation: string): { id: string; name: string; media_type: string; size: number } {
    const id = uuid();
    const client = this.#sql(`SELECT client_id FROM conversations WHERE id = ${quoted(conversation)};`);
    this.#insert('attachments', { id, client_id: client, name, media_type: type, size: bytes.length, created_at: Date.now() * 1000, uploaded_by: 'system', conversation_id: conversation });
    const folder = join(this.data, 'attachments', id.slice(-2));
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, id), bytes);
    return { id, name, media_type: type, size: bytes.length };
  }

  /** A mail of the customer, at a number of the thread that no message has. */
  comesIn(conversation: string, seq: number, raw: string, mail: { text: string; mail: Record<string, unknown>; files?: readonly [string, string, Buffer][] }): string {
    const id = uuid();
    const files = (mail.files ?? []).map(([name, type, bytes]) => this.#file(name, type, bytes, conversation));
    const source = this.#file('mail.eml', 'message/rfc822', Buffer.from(raw), conversation);
    const envelope = { ...mail.mail, source: source.id, has_html: /text\/html/.test(raw) };
    const at = Date.now() * 1000;
    this.#insert('messages', { conversation_id: conversation, seq, id, author: 'contact', text: mail.text, attachments: files.length > 0 ? JSON.stringify(files) : null, at, delivery: null, reason: null, mail: JSON.stringify(envelope), mail_id: null });
    return id;
  }

  /** Whatever else has to be as if it had happened. */
  run(sql: string): string {
    return this.#sql(sql);
  }

  /** A mail that is nobody's message, in quarantine. */
  aside(subject: string, raw: string): string {
    const [id, source] = [uuid(), uuid()];
    const [client = ''] = this.#sql(`SELECT client_id FROM channels WHERE id = ${quoted(this.account)};`).split('|');
    const [at, bytes] = [Date.now() * 1000, Buffer.from(raw)];
    this.#insert('attachments', { id: source, client_id: client, name: 'mail.eml', media_type: 'message/rfc822', size: bytes.length, created_at: at, uploaded_by: 'system', conversation_id: null });
    const folder = join(this.data, 'attachments', source.slice(-2));
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, source), bytes);
    this.#insert('mail_asides', { id, client_id: client, account_id: this.account, kind: 'quarantined', reason: 'no_author', author: '', subject, message_id: null, source, size: bytes.length, conversation_id: null, state: 'open', received_at: at, created_at: at });
    return id;
  }

  /** Of its last message. */
  last(conversation: string): number {
    return Number(this.#sql(`SELECT max(seq) FROM messages WHERE conversation_id = ${quoted(conversation)};`));
  }
}

/** Of version 7, as the server's are. */
function uuid(): string {
  const time = Date.now().toString(16).padStart(12, '0');
  const random = randomUUID();
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(15, 18)}-${random.slice(19)}`;
}
