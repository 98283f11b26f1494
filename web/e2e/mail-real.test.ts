/** A mail's whole way through a real Dovecot and a real Postfix: from a customer to an agent's screen, and back, and back again. */

import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { failed, looksRight } from './looks.ts';
import { openBrowser, Person, SOON } from './people.ts';
import { Customer, headerOf, realServers } from './postoffice.ts';
import { Server } from './server.ts';
import { Staff } from './staff.ts';

const real = realServers();
const US = 'ana@buzon.example';
/** Postfix and Dovecot take their time on a busy machine, and undoing has its own. */
const DELIVERED = { timeout: 40_000, interval: 200 };
const LONG = 180_000;
const PDF = Buffer.from('%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer<<>>\n%%EOF\n');

if (!real) console.warn('only root can start mail servers: a mail\'s way through real ones is left out (scripts/mail.sh)');

describe.runIf(real)('with the servers of scripts/mail.sh', () => {
  let server: Server;
  let browser: Browser;
  let ana: Person;
  let admin: Staff;
  let beto: Customer;
  let answered: string;

  beforeAll(async () => {
    beto = new Customer(real!, 'beto');
    const started = await Server.create({ CENTRALITA_MAIL__REACH: 'anywhere', CENTRALITA_MAIL__AUTHORITY: real!.authority });
    server = started.server;
    admin = await Staff.signIn(server.origin, started.sample, 'admin');
    const { client, campaign } = (await admin.all<{ id: string; client: string; campaign: string }>('channels')).find(({ id }) => id === started.sample.api_channel.id)!;
    const at = (port: number, security: string) => ({ host: 'localhost', port, security });
    await admin.does('POST', 'mail-accounts', { client, campaign, address: US, from_name: 'Soporte Andina', user: 'ana', password: real!.password, receives: true, imap: at(real!.imaps, 'tls'), smtp: at(real!.submission, 'starttls') });
    browser = await openBrowser();
    ana = await Person.at(browser, `${server.origin}/`);
    await ana.signIn('ana', started.sample.users.find(({ login }) => login === 'ana')!.password);
    await ana.startShift();
  }, LONG);
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await failed(ana, 'correo-real-falla');
  });
  afterAll(async () => {
    await browser?.close();
    await server?.remove();
  });

  it('what a customer sends is on the agent\'s screen by itself', async () => {
    await beto.sends(US, `From: Beto Ruiz <${beto.address}>\r\nTo: Soporte <${US}>\r\nSubject: =?utf-8?q?No_tengo_se=C3=B1al?=\r\nMessage-ID: <primero@casa.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nHola, desde ayer no tengo señal.\r\n.solo un punto\r\n`);
    await ana.row('Beto Ruiz').waitFor({ timeout: DELIVERED.timeout });
    expect(await ana.wasNeverReloaded()).toBe(true);
    await ana.row('Beto Ruiz').click();
    await ana.page.getByRole('heading', { name: 'No tengo señal' }).waitFor(SOON);
    await ana.page.locator('.mail').getByText('Hola, desde ayer no tengo señal.\n.solo un punto').waitFor(SOON);
  }, LONG);

  it('her formatted answer with a file waits until it can no longer be undone, and arrives once', async () => {
    await ana.page.locator('.thread').focus();
    await ana.page.keyboard.press('c');
    const text = ana.page.getByRole('textbox', { name: 'Texto del correo' });
    await text.waitFor(SOON);
    await text.click();
    await ana.page.keyboard.type('Hola, Beto: ');
    await ana.page.keyboard.press('Control+b');
    await ana.page.keyboard.type('reinicie el módem');
    await ana.page.keyboard.press('Control+b');
    await ana.page.keyboard.type(' y siga la guía.');
    await ana.page.locator('.composer-tools input[type=file]').setInputFiles({ name: 'guía rápida.pdf', mimeType: 'application/pdf', buffer: PDF });
    await ana.page.locator('.composer-files').getByText('guía rápida.pdf', { exact: true }).waitFor(SOON);
    await ana.page.getByRole('button', { name: /^Enviar correo/ }).click();
    await ana.page.getByRole('button', { name: 'Deshacer' }).waitFor(SOON);
    const sent = ana.page.locator('.mail-out').last();
    await sent.filter({ hasText: 'Programado' }).waitFor(SOON);
    expect(await beto.mails()).toEqual([]);
    await sent.filter({ hasText: 'Enviado' }).waitFor({ timeout: DELIVERED.timeout });
    await expect.poll(async () => (await beto.mails()).length, DELIVERED).toBe(1);
    const mail = (await beto.mails())[0]!;
    answered = headerOf(mail, 'Message-ID')!;
    expect(headerOf(mail, 'From')).toBe(`"Soporte Andina" <${US}>`);
    expect(headerOf(mail, 'To')).toContain(beto.address);
    expect(headerOf(mail, 'In-Reply-To')).toBe('<primero@casa.example>');
    expect(headerOf(mail, 'Subject')).toMatch(/^Re: /);
    expect(mail).toMatch(/multipart\/mixed[^]*multipart\/alternative[^]*text\/plain[^]*text\/html[^]*application\/pdf/);
    expect(mail.replace(/\r\n/g, '')).toContain(PDF.toString('base64'));
    expect(mail.replace(/=\r\n/g, '')).toMatch(/<strong>reinicie el m(?:=C3=B3|\u00c3\u00b3)dem<\/strong>/);
    await looksRight(ana, 'correo-real');
  }, LONG);

  it('the customer\'s answer is in the same conversation, by itself', async () => {
    const here = ana.page.url();
    await beto.sends(US, `From: Beto Ruiz <${beto.address}>\r\nTo: Soporte Andina <${US}>\r\nSubject: Re: No tengo senal\r\nMessage-ID: <segundo@casa.example>\r\nIn-Reply-To: ${answered}\r\nReferences: <primero@casa.example> ${answered}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nListo, ya funciona.\r\n`);
    await expect.poll(() => ana.page.locator('.mail').count(), DELIVERED).toBe(3);
    await ana.page.locator('.mail').last().getByText('Listo, ya funciona.').waitFor(SOON);
    expect(await ana.row('Beto Ruiz').count()).toBe(1);
    expect([ana.page.url(), await ana.wasNeverReloaded(), ana.complaints]).toEqual([here, true, []]);
    expect(await admin.all('conversations')).toHaveLength(1);
    expect(await beto.mails()).toHaveLength(1);
  }, LONG);
});
