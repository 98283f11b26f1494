/** Mail servers that say just enough: one password opens them, nothing leaves them. Plain text: the network is this machine. */

import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export const PASSWORD = 'una-clave-larga';
/** Opens them, too, for `ayuda@ejemplo.com`. */
export const TOKEN = 'un-permiso-breve';
const signedIn = (answer = '') => Buffer.from(answer, 'base64').toString() === `user=ayuda@ejemplo.com\x01auth=Bearer ${TOKEN}\x01\x01`;

export interface MailServers {
  readonly imap: number;
  readonly smtp: number;
  /** Mails handed over, whole. */
  readonly sent: string[];
  /** Ends every connection, as servers do now and then. */
  hangUp: () => void;
  close: () => void;
}

const open = new Set<Socket>();

/** Greets, and answers each line; none = it hangs up. */
function talk(greeting: string, answer: () => (line: string) => string | null): Promise<Server> {
  const server = createServer((socket: Socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    const reply = answer();
    let rest = '';
    socket.on('error', () => socket.destroy());
    socket.write(greeting);
    socket.on('data', (data) => {
      const lines = (rest + data.toString()).split('\r\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const text = reply(line);
        if (text === null) socket.end();
        else socket.write(text);
      }
    });
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

export async function mailServers(): Promise<MailServers> {
  const sent: string[] = [];
  const imap = await talk('* OK [CAPABILITY IMAP4rev1] listo\r\n', () => {
    let idles = '*';
    return (line) => {
      const [tag = '*', command = ''] = line.split(' ');
      if (tag === 'DONE') return `${idles} OK\r\n`;
      switch (command.toUpperCase()) {
        case 'CAPABILITY':
          return `* CAPABILITY IMAP4rev1 IDLE SASL-IR AUTH=XOAUTH2\r\n${tag} OK\r\n`;
        case 'IDLE':
          idles = tag;
          return '+ espero\r\n';
        case 'AUTHENTICATE':
          return signedIn(line.split(' ')[3]) ? `${tag} OK\r\n` : `${tag} NO [AUTHENTICATIONFAILED] Permiso vencido\r\n`;
        case 'LOGIN':
          return line.includes(PASSWORD) ? `${tag} OK\r\n` : `${tag} NO [AUTHENTICATIONFAILED] Usuario o clave incorrectos\r\n`;
        case 'SELECT':
        case 'EXAMINE':
          return `* 3 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 4] x\r\n${tag} OK [READ-WRITE] x\r\n`;
        case 'LOGOUT':
          return null;
        default:
          return `${tag} OK\r\n`;
      }
    };
  });
  const smtp = await talk('220 correo.ejemplo ESMTP\r\n', () => {
    let mail: string[] | null = null;
    return (line) => {
      if (mail) {
        if (line !== '.') {
          mail.push(line);
          return '';
        }
        sent.push(mail.join('\n'));
        mail = null;
        return '250 2.0.0 en cola\r\n';
      }
      const [command = ''] = line.split(' ');
      switch (command.toUpperCase()) {
        case 'EHLO':
          return '250-correo.ejemplo\r\n250-8BITMIME\r\n250 AUTH PLAIN XOAUTH2\r\n';
        case 'AUTH':
          if (line.includes('XOAUTH2')) return signedIn(line.split(' ')[2]) ? '235 2.7.0 bien\r\n' : '535 5.7.8 Permiso vencido\r\n';
          return Buffer.from(line.split(' ')[2] ?? '', 'base64').toString().endsWith(PASSWORD) ? '235 2.7.0 bien\r\n' : '535 5.7.8 Usuario o clave incorrectos\r\n';
        case 'RCPT':
          return /<nadie@/.test(line) ? '550 5.1.1 no existe ese buzón\r\n' : '250 2.1.5 bien\r\n';
        case 'DATA':
          mail = [];
          return '354 adelante\r\n';
        case 'QUIT':
          return null;
        default:
          return '250 2.0.0 bien\r\n';
      }
    };
  });
  const port = (server: Server) => (server.address() as AddressInfo).port;
  return { imap: port(imap), smtp: port(smtp), sent, hangUp: () => open.forEach((socket) => socket.destroy()), close: () => [imap, smtp].forEach((server) => server.close()) };
}
