/** A mail that tries to have something fetched, on every screen that shows any of it: nobody is asked for anything (security.md, rows 2 and 3). */

import { createServer, type Server as Http } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';

import { fetches } from './fetches.ts';
import { failed } from './looks.ts';
import { Mailbox } from './mailbox.ts';
import { openBrowser, Person, SOON } from './people.ts';
import { Server } from './server.ts';
import { Staff } from './staff.ts';

const SUBJECT = 'Promoción';
const LONG = 180_000;
const LUZ = { name: 'Luz Páez', address: 'luz@casa.example' };

let server: Server;
let browser: Browser;
let sample: Awaited<ReturnType<typeof Server.create>>['sample'];
let admin: Staff;
let client: string;
let conversation: string;
let now: Person;
let tracker: Http;
/** Everything the tracker heard, and everything a browser asked that is not this server's. */
const heard: string[] = [];
const strangers: string[] = [];
const proxied: string[] = [];
let tricks: readonly string[];

async function inside(login: string): Promise<Person> {
  const context = await browser.newContext({ locale: 'es-AR', viewport: { width: 1440, height: 900 }, acceptDownloads: true });
  context.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(server.origin) && !url.startsWith(server.origin.replace('http', 'ws')) && !/^(?:blob|data|about):/.test(url)) strangers.push(`${request.method()} ${url}`);
    if (url.includes('/mail/pictures/')) proxied.push(`${request.method()} ${new URL(url).pathname.split('/').pop()}`);
  });
  await context.addInitScript(() => Object.assign(window, { print: () => Object.assign(window, { printed: true }) }));
  now = await Person.at(browser, `${server.origin}/login`, { context });
  await now.signIn(login, sample.users.find((user) => user.login === login)!.password);
  return now;
}
/** Whatever would be fetched has had its turn: pictures and styles begin with what is painted. */
async function nobodyWasAsked({ page }: Person): Promise<void> {
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve, 50)))));
  expect([heard, strangers, proxied]).toEqual([[], [], []]);
}

beforeAll(async () => {
  tracker = createServer((request, response) => {
    heard.push(`${request.method} ${request.url} ${JSON.stringify(request.headers)}`);
    response.end();
  });
  await new Promise<void>((resolve) => tracker.listen(0, '127.0.0.1', resolve));
  const X = `http://127.0.0.1:${(tracker.address() as AddressInfo).port}/x`;
  tricks = [...fetches(X), ...fetches('https://t.example/x')];
  const started = await Server.create();
  [server, sample] = [started.server, started.sample];
  await server.kill();
  const mailbox = new Mailbox(server.data);
  mailbox.create('soporte@andina.example', 'Soporte', sample.api_channel.id);
  await server.start();
  admin = await Staff.signIn(server.origin, sample, 'admin');
  const channel = (await admin.all<{ id: string; client: string; campaign: string }>('channels')).find(({ id }) => id === mailbox.account)!;
  client = channel.client;
  const user = (await admin.all<{ id: string; login: string }>('users')).find(({ login }) => login === 'ana')!.id;
  await admin.does('PUT', `campaigns/${channel.campaign}/members/${user}`, { initiate: ['email'] });
  browser = await openBrowser();
  const ana = await inside('ana');
  await ana.startShift();
  const begun = await (await Staff.signIn(server.origin, sample, 'ana')).does<{ conversation: string }>('POST', 'conversations', { campaign: channel.campaign, channel: channel.id, address: LUZ.address, name: LUZ.name, text: '', mail: { subject: SUBJECT, html: '<p>Hola</p>' } });
  conversation = begun.conversation;
  for (const tags of [['a'], []]) await (await Staff.signIn(server.origin, sample, 'ana')).does('PUT', `conversations/${conversation}/tags`, { tags });
  await server.kill();
  const html = `<html><head>${tricks.filter((one) => /^<(?:link|meta|base|style)/.test(one)).join('')}</head><body><p>principio</p>${tricks.join('\n')}<p>fin</p></body></html>`;
  const raw = `From: ${LUZ.name} <${LUZ.address}>\r\nTo: soporte@andina.example\r\nSubject: ${SUBJECT}\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n${html}\r\n`;
  mailbox.comesIn(conversation, mailbox.last(conversation) + 1, raw, { text: 'principio fin', files: [['oferta.html', 'text/html', Buffer.from(html)], ['oferta.svg', 'image/svg+xml', Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg"><image href="${X}"/></svg>`)]], mail: { subject: SUBJECT, from: LUZ, to: [{ name: '', address: 'soporte@andina.example' }], cc: [] } });
  await server.start();
}, LONG);
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await failed(now, 'correo-pide-falla');
});
afterAll(async () => {
  await browser?.close();
  tracker?.close();
  await server?.remove();
});

it('an agent reads, prints, looks at where it came from and saves it', async () => {
  const { page } = now;
  await page.goto(`${server.origin}/bandeja`);
  await now.row(LUZ.name).click();
  const mail = page.locator('.mail').last();
  const paper = mail.frameLocator('iframe');
  await paper.getByText('fin').waitFor(SOON);
  await nobodyWasAsked(now);
  const menu = async (name: string) => {
    await mail.getByRole('button', { name: 'Más acciones de este correo' }).click();
    await page.getByRole('menuitem', { name }).click();
  };
  await menu('Imprimir');
  await page.waitForFunction(() => 'printed' in window, undefined, SOON);
  await page.emulateMedia({ media: 'print' });
  expect((await page.pdf()).length).toBeGreaterThan(1_000);
  await page.emulateMedia({ media: 'screen' });
  await nobodyWasAsked(now);
  await menu('Ver encabezados');
  await page.getByRole('dialog').getByText('Content-Type: text/html').waitFor(SOON);
  await page.keyboard.press('Escape');
  const [file] = await Promise.all([page.waitForEvent('download'), menu('Guardar')]);
  expect(file.suggestedFilename()).toMatch(/\.eml$/);
  for (const text of ['Ver como texto', 'Ver con formato']) {
    await mail.getByRole('button', { name: 'Más acciones de este correo' }).click();
    const item = page.getByRole('menuitem', { name: text });
    if (await item.isVisible()) await item.click();
    else await page.keyboard.press('Escape');
  }
  await nobodyWasAsked(now);
});

it('an answer and a forwarded mail hold what was said before', async () => {
  const { page } = now;
  for (const begin of [/^Responder con histórico/, /^Reenviar/]) {
    await page.locator('.mail-bar').getByRole('button', { name: begin }).click();
    await page.getByRole('textbox', { name: 'Texto del correo' }).waitFor(SOON);
    // Once opened it stays so.
    await page.getByRole('button', { name: /^(?:Ver|Ocultar) lo que va debajo/ }).waitFor(SOON);
    const closed = page.getByRole('button', { name: 'Ver lo que va debajo' });
    if (await closed.isVisible()) await closed.click();
    await page.frameLocator('.mail-quote-paper iframe').getByText('fin').waitFor(SOON);
    await nobodyWasAsked(now);
    await page.getByRole('button', { name: 'Descartar borrador' }).click();
  }
  await page.context().close();
});

it('whoever supervises reads it over a shoulder and in what was', async () => {
  const sofia = await inside('sofia');
  const { page } = sofia;
  await page.waitForURL('**/supervision', SOON);
  await page.goto(`${server.origin}/historial`);
  await page.locator('.recordings-row', { hasText: LUZ.name }).first().click();
  const mails = page.locator('.recording-thread .mail');
  await mails.last().waitFor(SOON);
  if ((await mails.last().locator('iframe').count()) === 0) await mails.last().getByRole('button', { name: /^Desplegar el correo de/ }).click();
  await mails.last().frameLocator('iframe').getByText('fin').waitFor(SOON);
  await page.emulateMedia({ media: 'print' });
  await page.pdf();
  await nobodyWasAsked(sofia);
  await page.context().close();
});

it('a template of it is seen before it is used', async () => {
  const { id } = await admin.does('POST', 'templates', { client, name: 'Oferta', purpose: 'message', subject: SUBJECT, html: `<p>principio</p>${tricks.filter((one) => !/127\.0\.0\.1/.test(one)).join('')}<p>fin</p>` });
  const boss = await inside('admin');
  await boss.page.goto(`${server.origin}/admin/plantillas/${id}`);
  await boss.page.frameLocator('.mail-frame').first().getByText('fin').waitFor(SOON);
  await nobodyWasAsked(boss);
  const { html } = await admin.does<{ html: string }>('POST', 'templates/preview', { client, html: tricks.join('') });
  expect(html).not.toMatch(/<(?:style|link|meta|base|iframe|svg|object|embed|video|audio|script)|url\(|srcset|ping=/i);
  await boss.page.context().close();
});

it('pictures come when asked for, and then from this server alone', async () => {
  const ana = await inside('ana');
  const { page } = ana;
  await page.waitForURL(/\/(turno|bandeja)/, SOON);
  if (page.url().endsWith('/turno')) await ana.startShift();
  await ana.row(LUZ.name).click();
  const mail = page.locator('.mail').last();
  await mail.frameLocator('iframe').getByText('fin').waitFor(SOON);
  await nobodyWasAsked(ana);
  await mail.getByRole('button', { name: 'Mostrar imágenes' }).click();
  await mail.getByRole('button', { name: 'Mostrar imágenes' }).waitFor({ ...SOON, state: 'detached' });
  await expect.poll(() => proxied.length, SOON).toBeGreaterThan(0);
  expect(proxied.every((one) => one.startsWith('POST '))).toBe(true);
  // This machine is none of the world outside: the server does not go there either. What it says elsewhere: `channels/guard.rs`.
  expect([heard, strangers]).toEqual([[], []]);
  expect(ana.complaints).toEqual([]);
});
