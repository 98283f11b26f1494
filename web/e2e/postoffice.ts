/** The real Dovecot and Postfix of `scripts/mail.sh`, as a customer's mail program uses them. */

import { connect } from 'node:net';

export interface Real {
  readonly imap: number;
  readonly imaps: number;
  readonly smtp: number;
  readonly submission: number;
  readonly password: string;
  readonly authority: string;
}

/** None where they are not. */
export function realServers(): Real | null {
  const text = process.env['CENTRALITA_TEST_MAIL'];
  return text ? (JSON.parse(text) as Real) : null;
}

/** Says one line after the other, each when the answer to the one before is complete; gives the last answer. */
function talk(port: number, lines: readonly string[], isComplete: (answer: string, line: number) => boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let [answer, said] = ['', 0];
    socket.setTimeout(20_000, () => socket.destroy(new Error(`no answer to ${said}: ${answer}`)));
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`hung up: ${answer}`)));
    socket.on('data', (data) => {
      answer += data.toString('latin1');
      if (!isComplete(answer, said)) return;
      if (/^(?:[45]\d\d|\S+ (?:NO|BAD)) /m.test(answer.slice(0, 200))) return void socket.destroy(new Error(answer));
      if (said === lines.length) {
        resolve(answer);
        return void socket.destroy();
      }
      answer = '';
      socket.write(`${lines[said]}\r\n`);
      said += 1;
    });
  });
}

export class Customer {
  readonly address: string;

  constructor(
    readonly real: Real,
    readonly user: string,
  ) {
    this.address = `${user}@buzon.example`;
  }

  /** Hands a mail to Postfix. */
  async sends(to: string, mail: string): Promise<void> {
    const login = Buffer.from(`\0${this.user}\0${this.real.password}`).toString('base64');
    const lines = ['EHLO casa', `AUTH PLAIN ${login}`, `MAIL FROM:<${this.address}>`, `RCPT TO:<${to}>`, 'DATA', `${mail.replace(/^\./gm, '..')}\r\n.`];
    await talk(this.real.smtp, lines, (answer) => /^\d{3} .*\r\n$/m.test(answer));
  }

  /** Everything in the mailbox, as Dovecot has it. */
  async mails(): Promise<string[]> {
    const lines = [`a1 LOGIN ${this.user} ${this.real.password}`, 'a2 SELECT INBOX', 'a3 FETCH 1:* BODY.PEEK[]'];
    const isComplete = (answer: string, line: number) => (line === 0 ? answer.startsWith('* OK') && answer.endsWith('\r\n') : new RegExp(`^a${line} (?:OK|NO|BAD).*\\r\\n$`, 'm').test(answer));
    const exists = await talk(this.real.imap, lines.slice(0, 2), isComplete);
    // An empty one has no first mail.
    if (/^\* 0 EXISTS/m.test(exists)) return [];
    let rest = await talk(this.real.imap, lines, isComplete);
    const mails: string[] = [];
    for (let head = /\{(\d+)\}\r\n/.exec(rest); head; head = /\{(\d+)\}\r\n/.exec(rest)) {
      const [from, length] = [head.index + head[0].length, Number(head[1])];
      mails.push(rest.slice(from, from + length));
      rest = rest.slice(from + length);
    }
    return mails;
  }
}

/** A field of a mail's header, on one line. */
export function headerOf(mail: string, name: string): string | null {
  const header = mail.slice(0, mail.indexOf('\r\n\r\n')).replace(/\r\n[ \t]+/g, ' ');
  return new RegExp(`^${name}: (.*)$`, 'im').exec(header)?.[1]?.trim() ?? null;
}
