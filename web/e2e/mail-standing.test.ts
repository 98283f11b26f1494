/** Mails beyond writing and reading: how sending stands, what stays of a draft and of a session, recordings, quarantine. */

import { readFileSync } from 'node:fs';

import type { Browser, Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';

import { failed, looksRight } from './looks.ts';
import { Mailbox } from './mailbox.ts';
import { openBrowser, Person, SOON } from './people.ts';
import { Server } from './server.ts';
import { Staff } from './staff.ts';

const US = { name: 'Soporte Andina', address: 'soporte@andina.example' };
const LUZ = { name: 'Luz Páez', address: 'luz@casa.example' };
const DOT = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
const LETTER = `From: ${LUZ.name} <${LUZ.address}>\r\nTo: ${US.address}\r\nSubject: Re: Factura de noviembre\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Hola, adjunto <b>el comprobante</b>.</p><img src="cid:one" width="24" height="24" alt="firma"><script>alert(1)</script><div class="gmail_quote">El lunes escribieron: ya lo vemos</div>\r\n--x\r\nContent-ID: <one>\r\nContent-Type: image/png; name=firma.png\r\nContent-Disposition: inline; filename=firma.png\r\nContent-Transfer-Encoding: base64\r\n\r\n${DOT.toString('base64')}\r\n--x--\r\n`;

let server: Server;
let mailbox: Mailbox;
let browser: Browser;
let sample: Awaited<ReturnType<typeof Server.create>>['sample'];
let ana: Person;
let second: Person;
let conversation: string;
const written: string[] = [];

const as = (login: string): Promise<Staff> => Staff.signIn(server.origin, sample, login);
async function inside(login: string, path = '/'): Promise<Person> {
  const person = await Person.at(browser, `${server.origin}${path}`, { locale: 'es-AR' });
  await person.signIn(login, sample.users.find((user) => user.login === login)?.password ?? '');
  return person;
}
const editor = (person: Person): Locator => person.page.getByRole('textbox', { name: 'Texto del correo' });
const mail = (person: Person, id: string): Locator => person.page.locator(`.mail[data-message="${id}"]`);

beforeAll(async () => {
  const started = await Server.create();
  [server, sample] = [started.server, started.sample];
  await server.kill();
  mailbox = new Mailbox(server.data);
  mailbox.create(US.address, US.name, started.sample.api_channel.id);
  await server.start();
  const admin = await as('admin');
  const users = await admin.all<{ id: string; login: string }>('users');
  const channel = (await admin.all<{ id: string; campaign: string; client: string }>('channels')).find(({ id }) => id === mailbox.account)!;
  const { campaign } = channel;
  const { client } = await admin.does<{ client: string }>('GET', `campaigns/${campaign}`);
  await admin.does('PUT', `campaigns/${campaign}/members/${users.find(({ login }) => login === 'ana')!.id}`, { initiate: ['email'] });
  const { id: signature } = await admin.does<{ id: string }>('POST', 'templates', { client, name: 'Firma', purpose: 'signature', subject: '', html: '<p>${agent} · Andina Telecom</p>' });
  await admin.does('PATCH', `campaigns/${campaign}`, { mail: { signature } });
  await admin.does('POST', 'canned-texts', { client, shortcut: 'caso', title: 'Su caso', text: 'Su caso sobre «${subject}» sigue en ${email}. ${nadie}' });
  browser = await openBrowser();
  ana = await inside('ana');
  await ana.startShift();
  const asked = await ana.page.evaluate(async (body) => {
    const answer = await fetch('/api/v1/conversations', { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() } });
    return (await answer.json()) as { conversation: string; message: string };
  }, { campaign, channel: mailbox.account, address: LUZ.address, name: LUZ.name, text: '', mail: { subject: 'Factura de noviembre', html: '<p>Recibimos su pago.</p>' } });
  conversation = asked.conversation;
  written.push(asked.message);
  const agent = await as('ana');
  for (const html of ['<p>Va una copia.</p>', '<p>Y otra.</p>']) {
    const to = [{ address: LUZ.address }, { address: 'nadie@casa.example' }];
    written.push((await agent.does<{ message: string }>('POST', `conversations/${conversation}/messages`, { mail: { to, subject: 'Factura de noviembre', html } })).message);
  }
});
afterAll(async () => {
  await browser?.close();
  await server?.remove();
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await failed(ana, 'correo-estado-falla');
});

it('the list is filtered by what a mail is about', async () => {
  await ana.page.goto(`${server.origin}/bandeja/mias/${conversation}`);
  await ana.row(LUZ.name).waitFor(SOON);
  await ana.button('Filtrar la lista').click();
  const box = ana.page.getByRole('textbox', { name: 'Filtrar la lista' });
  await box.fill('xilofón');
  await ana.sees('El filtro no deja ver nada');
  for (const typed of ['factura de nov', 'luz@casa', 'paez']) {
    await box.fill(typed);
    await ana.row(LUZ.name).waitFor(SOON);
  }
  await box.fill('');
});

it('an answer begins with the signature; a canned text knows what templates know, and what is open does not leave', async () => {
  await ana.page.locator('.mail').nth(2).waitFor(SOON);
  await ana.page.locator('.thread').focus();
  await ana.page.keyboard.press('c');
  await editor(ana).getByText('Ana Aguirre · Andina Telecom').waitFor(SOON);
  expect(await ana.button(/^Enviar correo/).isDisabled()).toBe(true);
  await editor(ana).press('Control+Home');
  await ana.button('Textos y archivos guardados').click();
  await ana.page.getByRole('option', { name: /Su caso/ }).click();
  await editor(ana).getByText(`Su caso sobre «Factura de noviembre» sigue en ${LUZ.address}.`).waitFor(SOON);
  await ana.sees('Falta completar: ${nadie}');
  expect(await ana.button(/^Enviar correo/).isDisabled()).toBe(true);
  await looksRight(ana, 'correo-completar');
  await ana.button('Dejarlo así').click();
  await ana.seesNoMore('Falta completar: ${nadie}');
  expect(await ana.button(/^Enviar correo/).isDisabled()).toBe(false);
});

it('on another computer the draft is there with its files', async () => {
  await ana.page.locator('.composer-tools input[type=file]').setInputFiles({ name: 'contrato.txt', mimeType: 'text/plain', buffer: Buffer.from('uno') });
  const chip = (person: Person) => person.page.locator('.composer-files').getByText('contrato.txt');
  await chip(ana).waitFor(SOON);
  const asks = await as('ana');
  await expect.poll(async () => ((await asks.does<{ items: { files: unknown[] }[] }>('GET', 'drafts')).items[0]?.files.length), SOON).toBe(1);
  second = await inside('ana');
  await second.page.goto(`${server.origin}/bandeja/mias/${conversation}`);
  await editor(second).getByText('Su caso sobre').waitFor(SOON);
  await chip(second).waitFor(SOON);
});

it('who signs out leaves nothing in the browser, and loses nothing', async () => {
  const { page } = second;
  await editor(second).press('Control+Home');
  await page.keyboard.type('Último momento. ');
  // At once, before it would be saved by itself.
  await page.locator('.shell-me').click();
  await page.getByRole('menuitem', { name: 'Salir' }).click();
  await page.waitForURL('**/login', SOON);
  const kept = await page.evaluate(async () => {
    const databases = await indexedDB.databases();
    const entries = await Promise.all(databases.map(({ name = '' }) => new Promise<number>((resolve, reject) => {
      const opening = indexedDB.open(name);
      opening.onerror = () => reject(opening.error);
      opening.onsuccess = () => {
        const stores = [...opening.result.objectStoreNames];
        if (stores.length === 0) return resolve(0);
        const counting = opening.result.transaction(stores).objectStore(stores[0]!).count();
        counting.onsuccess = () => resolve(counting.result);
      };
    })));
    return { local: Object.keys(localStorage), session: Object.keys(sessionStorage), entries: entries.filter((count) => count > 0), caches: await caches.keys() };
  });
  expect(kept).toEqual({ local: [], session: [], entries: [], caches: [] });
  const drafts = await (await as('ana')).does<{ items: { mail: { html: string } }[] }>('GET', 'drafts');
  expect(drafts.items[0]?.mail.html).toContain('Último momento.');
  await page.context().close();
});

it('what became of a mail stands at it, for who reads along as well', async () => {
  await server.kill();
  const [twice = '', some = '', waits = ''] = written;
  const at = Date.now() * 1000;
  mailbox.run(`DELETE FROM outbox WHERE message_id IN ('${twice}', '${some}');
    UPDATE messages SET delivery = 'sent', reason = 'sent_again' WHERE id = '${twice}';
    UPDATE messages SET delivery = 'sent', reason = 'some_refused' WHERE id = '${some}';
    INSERT INTO mail_refusals (message_id, address, reason, words, at) VALUES ('${some}', 'nadie@casa.example', 'unknown_address:5.1.1', '550 no such user here', ${at});
    INSERT INTO mail_send_troubles (account_id, code, words, since, next_at) VALUES ('${mailbox.account}', 'login_refused', '535 Usuario o clave incorrectos', ${at - 3_600_000_000}, ${at + 1_800_000_000});`);
  await server.start();
  const sofia = await inside('sofia', '/login');
  for (const [person, view] of [[ana, 'mias'], [sofia, 'equipo']] as const) {
    await person.page.goto(`${server.origin}/bandeja/${view}/${conversation}`);
    await mail(person, twice).getByText('Puede haber llegado dos veces').waitFor(SOON);
    await mail(person, some).getByText('Algunos destinatarios no lo recibieron.').waitFor(SOON);
    await mail(person, some).getByRole('button', { name: /^Desplegar/ }).click();
    await mail(person, some).getByText('La dirección no existe. (5.1.1)').waitFor(SOON);
    await mail(person, some).getByText('550 no such user here').waitFor(SOON);
    await mail(person, waits).getByText(/^La cuenta no puede enviar: El servidor no acepta el usuario/).waitFor(SOON);
  }
  expect(await sofia.button('Enviar de nuevo').count()).toBe(0);
  await looksRight(sofia, 'correo-marcas');
  expect(sofia.complaints).toEqual([]);
  await sofia.page.context().close();
});

it('an account that cannot send says so beside what it receives', async () => {
  const admin = await inside('admin', '/login');
  await admin.page.goto(`${server.origin}/admin/correo`);
  const row = admin.page.getByRole('row', { name: new RegExp(US.address) });
  await row.getByText('No puede enviar').waitFor(SOON);
  await row.getByText('535 Usuario o clave incorrectos').waitFor(SOON);
  await row.getByText(/no acepta este usuario.*próximo intento/s).waitFor(SOON);
  await looksRight(admin, 'correo-no-envia');
  await admin.page.context().close();
});

it('what lies in quarantine is downloaded, taken in and dismissed', async () => {
  await server.kill();
  mailbox.aside('Pedido 7', `From: ${LUZ.name} <otra@casa.example>\r\nTo: ${US.address}\r\nSubject: Pedido 7\r\nMessage-ID: <pedido7@casa.example>\r\n\r\nQuiero siete.\r\n`);
  mailbox.aside('Basura', 'Subject: Basura\r\n\r\nnada\r\n');
  await server.start();
  const admin = await inside('admin', '/login');
  const { page } = admin;
  await page.goto(`${server.origin}/admin/correo/apartados`);
  const row = (subject: string) => page.getByRole('row', { name: new RegExp(subject) });
  await row('Pedido 7').waitFor(SOON);
  const download = page.waitForEvent('download', SOON);
  await row('Pedido 7').getByRole('link', { name: 'Descargar' }).click();
  expect(readFileSync(await (await download).path(), 'utf8')).toContain('Quiero siete.');
  await row('Basura').getByRole('button', { name: 'Descartar: Basura' }).click();
  await row('Basura').getByText('Descartado').waitFor(SOON);
  await row('Pedido 7').getByRole('button', { name: 'Recibir como mensaje: Pedido 7' }).click();
  await row('Pedido 7').getByText(/^Recibido/).waitFor(SOON);
  await looksRight(admin, 'correo-cuarentena');
  const taken = await (await as('admin')).does<{ items: { subject?: string }[] }>('GET', 'conversations?limit=50');
  expect(taken.items.some(({ subject }) => subject === 'Pedido 7')).toBe(true);
  expect(admin.complaints).toEqual([]);
  await page.context().close();
});

it('a recording of mails shows them as the thread does, finds words in them and prints them', async () => {
  // Events without a message leave numbers free.
  const agent = await as('ana');
  for (const tags of [['a'], []]) await agent.does('PUT', `conversations/${conversation}/tags`, { tags });
  await server.kill();
  const came = mailbox.comesIn(conversation, mailbox.last(conversation) + 1, LETTER, { text: 'Hola, adjunto el comprobante.', files: [['firma.png', 'image/png', DOT]], mail: { subject: 'Re: Factura de noviembre', from: LUZ, to: [US], cc: [{ name: 'Eva', address: 'eva@casa.example' }], folds: [] } });
  await server.start();
  const sofia = await inside('sofia', '/login');
  const { page } = sofia;
  await page.goto(`${server.origin}/historial?id=${conversation}`);
  const paper = mail(sofia, came).frameLocator('iframe');
  await paper.getByText('el comprobante').waitFor(SOON);
  expect(await paper.locator('img[src^="blob:"]').count()).toBe(1);
  expect(await paper.getByText('ya lo vemos').isVisible()).toBe(false);
  expect([await page.locator('.recording .mail').count(), await page.locator('.recording .mail-open').count()]).toEqual([4, 1]);
  for (const name of ['Responder', 'Reenviar', 'Enviar de nuevo', 'Cancelar el envío']) expect(await page.getByRole('button', { name, exact: true }).count(), name).toBe(0);
  await mail(sofia, came).getByRole('button', { name: 'Más acciones de este correo' }).click();
  await page.getByRole('menuitem', { name: 'Ver encabezados' }).click();
  await page.getByRole('dialog').getByText('boundary=x').waitFor(SOON);
  await page.keyboard.press('Escape');
  await looksRight(sofia, 'grabaciones-correo');
  const field = page.getByRole('searchbox', { name: 'Buscar en la conversación' });
  await field.fill('comprobante');
  await expect.poll(() => page.locator('.recording-thread mark').allTextContents(), SOON).toEqual(['comprobante']);
  await field.fill('');
  await paper.getByText('el comprobante').waitFor(SOON);
  await page.evaluate(() => Object.assign(window, { print: () => Object.assign(window, { printed: document.querySelectorAll('.recording .mail-open iframe').length }) }));
  await page.getByRole('button', { name: 'Imprimir', exact: true }).click();
  await page.waitForFunction(() => 'printed' in window);
  expect(await page.evaluate(() => (window as unknown as { printed: number }).printed)).toBe(4);
  await page.emulateMedia({ media: 'print' });
  expect(await mail(sofia, came).getByText('Eva <eva@casa.example>').isVisible()).toBe(true);
  await page.screenshot({ path: 'e2e/results/grabaciones-correo-impresa.png', fullPage: true });
  expect(sofia.complaints).toEqual([]);
});
