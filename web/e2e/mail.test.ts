/** Mails on an agent's screen: written, shown, answered, passed on. */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import type { Browser, Request } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';

import { Customers } from './customer.ts';
import { failed, looksRight } from './looks.ts';
import { Mailbox } from './mailbox.ts';
import { openBrowser, Person, SOON } from './people.ts';
import { Server } from './server.ts';

const corpus = (name: string) => readFileSync(fileURLToPath(new URL(`../../tests/mail/${name}`, import.meta.url)), 'utf8');
const DOT = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
const LUZ = { name: 'Luz Páez', address: 'luz@casa.example' };
const US = { name: 'Soporte Andina', address: 'soporte@andina.example' };

let server: Server;
let mailbox: Mailbox;
let browser: Browser;
let ana: Person;
let conversation: string;
let adminPassword: string;
let customers: Customers;
/** What the browser asked for that is not this server's. */
const strangers: string[] = [];
const proxied: string[] = [];

const parts = (subject: string, html: string) => `From: ${LUZ.name} <${LUZ.address}>\r\nTo: soporte@andina.example\r\nSubject: ${subject}\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n${html}\r\n--x\r\nContent-ID: <one>\r\nContent-Type: image/png; name=firma.png\r\nContent-Disposition: inline; filename=firma.png\r\nContent-Transfer-Encoding: base64\r\n\r\n${DOT.toString('base64')}\r\n--x--\r\n`;
const LETTER = `<div style="font-family:Georgia;color:#333"><h2 style="color:#0a6">Factura de noviembre</h2><p>Hola, adjunto <b>el comprobante</b> de pago.</p><table border="1" cellpadding="6"><tr><td>Plan hogar 300</td><td>$ 18.500</td></tr><tr><td>Ajuste</td><td>-$ 1.200</td></tr></table><p>Gracias,<br>Luz</p><img src="cid:one" width="24" height="24" alt="firma"><img src="https://t.example/pixel.gif"><script>alert(1)</script></div><div class="gmail_quote">El lunes escribieron: ya lo vemos</div>`;

beforeAll(async () => {
  const started = await Server.create();
  server = started.server;
  const passwords = new Map(started.sample.users.map(({ login, password }) => [login, password]));
  await server.kill();
  customers = new Customers(server.origin, started.sample.api_channel);
  mailbox = new Mailbox(server.data);
  mailbox.create(US.address, US.name, started.sample.api_channel.id);
  await server.start();
  browser = await openBrowser();
  // Whoever administers lets her write first.
  const admin = started.sample.users.find(({ role }) => role === 'admin')!;
  adminPassword = admin.password;
  await lets(admin.login, admin.password, 'ana');
  ana = await Person.at(browser, `${server.origin}/`, { context: await browser.newContext({ locale: 'es-AR', timezoneId: 'Europe/Madrid', viewport: { width: 1440, height: 900 } }) });
  ana.page.on('request', (request: Request) => {
    const url = request.url();
    if (!url.startsWith(server.origin) && !/^(blob|about|data|ws):/.test(url)) strangers.push(url);
    if (url.includes('/mail/pictures/')) proxied.push(`${request.method()} ${new URL(url).pathname.split('/').pop()}`);
  });
  await ana.signIn('ana', passwords.get('ana') ?? '');
  await ana.startShift();
});

async function lets(login: string, password: string, agent: string): Promise<void> {
  const signed = await fetch(`${server.origin}/api/v1/session`, { method: 'POST', headers: { 'content-type': 'application/json', origin: server.origin }, body: JSON.stringify({ login, password }) });
  const headers = { cookie: signed.headers.get('set-cookie')!.split(';')[0]!, origin: server.origin, 'content-type': 'application/json' };
  const get = async <T>(path: string) => ((await (await fetch(server.origin + path, { headers })).json()) as { items: T[] }).items;
  const users = await get<{ id: string; login: string }>('/api/v1/users');
  const user = users.find((one) => one.login === agent)!.id;
  const channels = await get<{ id: string; campaign: string }>('/api/v1/channels');
  const campaign = channels.find(({ id }) => id === mailbox.account)!.campaign;
  const answer = await fetch(`${server.origin}/api/v1/campaigns/${campaign}/members/${user}`, { method: 'PUT', headers, body: JSON.stringify({ initiate: ['email'] }) });
  expect(answer.status, await answer.text()).toBe(200);
}

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await failed(ana, 'correo-falla');
});
afterAll(async () => {
  await browser?.close();
  await server?.remove();
});

it('a mail is begun with a subject, a copy and formatted text', async () => {
  await ana.page.keyboard.press('g');
  await ana.page.keyboard.press('n');
  const dialog = ana.page.getByRole('dialog');
  await dialog.getByLabel('Canal').selectOption({ label: US.address });
  await dialog.getByLabel(/^Dirección/).fill(LUZ.address);
  await dialog.getByLabel('Nombre').fill(LUZ.name);
  await dialog.getByLabel('Asunto').fill('Factura de noviembre');
  const text = dialog.getByRole('textbox', { name: 'Texto del correo' });
  await text.waitFor(SOON);
  await text.click();
  await ana.page.keyboard.type('Hola Luz, ');
  await ana.page.keyboard.press('Control+b');
  await ana.page.keyboard.type('recibimos su pago.');
  await looksRight(ana, 'correo-nuevo');
  await ana.page.keyboard.press('Control+Enter');
  await ana.page.locator('.mail').waitFor(SOON);
  conversation = ana.page.url().split('/').pop()!;
  await ana.page.getByRole('heading', { name: 'Factura de noviembre' }).waitFor(SOON);
  const paper = ana.page.frameLocator('.mail iframe');
  await paper.getByText('recibimos su pago.').waitFor(SOON);
  expect(await paper.locator('strong').innerText()).toBe('recibimos su pago.');
});

it('mails that came in are shown: the last one open, its pictures in place, none from outside', async () => {
  // Events without a message leave numbers free.
  await ana.page.evaluate(async (path) => {
    for (const tags of [['a'], []]) await fetch(path, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ tags }) });
  }, `/api/v1/conversations/${conversation}/tags`);
  await server.kill();
  const written = mailbox.last(conversation);
  mailbox.comesIn(conversation, written + 1, corpus('html-scripts.eml'), { text: 'fin', mail: { subject: 'Consulta', from: { name: 'Ana Pérez', address: 'ana@cliente.example' }, to: [US], cc: [], doubts: ['replies_elsewhere', 'looks_like_another'], elsewhere: { name: '', address: 'otra@lejos.example' } } });
  mailbox.comesIn(conversation, written + 2, parts('Re: Factura de noviembre', LETTER), { text: 'Hola, adjunto el comprobante de pago.', files: [['firma.png', 'image/png', DOT], ['comprobante.pdf', 'application/pdf', Buffer.from('%PDF-1.4')]], mail: { subject: 'Re: Factura de noviembre', from: LUZ, to: [US], cc: [{ name: 'Eva', address: 'eva@casa.example' }], folds: [] } });
  await server.start();
  await ana.page.reload();
  await ana.connection('live');
  await ana.page.locator('.mail').nth(2).waitFor(SOON);
  const last = ana.page.locator('.mail').last();
  const paper = last.frameLocator('iframe');
  await paper.getByText('el comprobante').waitFor(SOON);
  expect(await paper.locator('img[src^="blob:"]').count()).toBe(1);
  expect(await paper.getByText('ya lo vemos').isVisible()).toBe(false);
  expect(await ana.page.locator('.mail-open').count()).toBe(1);
  await last.getByText('comprobante.pdf').waitFor(SOON);
  expect([strangers, proxied]).toEqual([[], []]);
  await looksRight(ana, 'correo-hilo');
});

it('pictures from outside come through the server, when asked for', async () => {
  const last = ana.page.locator('.mail').last();
  await last.getByRole('button', { name: 'Mostrar imágenes' }).click();
  await last.getByRole('button', { name: 'Mostrar imágenes' }).waitFor({ ...SOON, state: 'detached' });
  await expect.poll(() => proxied, SOON).toEqual(['POST 0']);
  expect(strangers).toEqual([]);
});

it('a hostile mail is shown as text and links, with what speaks against believing it', async () => {
  const hostile = ana.page.locator('.mail').nth(1);
  await hostile.getByRole('button', { name: /^Desplegar el correo de/ }).click();
  await hostile.frameLocator('iframe').getByText('fin').waitFor(SOON);
  await hostile.getByText('Pide que se responda a otra organización: otra@lejos.example').waitFor(SOON);
  await hostile.getByRole('button', { name: 'Ver todos los datos' }).click();
  await looksRight(ana, 'correo-dudoso');
  await hostile.getByRole('button', { name: 'Más acciones de este correo' }).click();
  await ana.page.getByRole('menuitem', { name: 'Ver encabezados' }).click();
  await ana.page.getByRole('dialog').getByText('Message-ID: <abc@cliente.example>').waitFor(SOON);
  await ana.page.keyboard.press('Escape');
  expect(strangers).toEqual([]);
  await hostile.getByRole('button', { name: /^Plegar el correo de/ }).click();
});

it('an answer to all is written, kept over a reload, sent and taken back', async () => {
  await ana.page.locator('.thread').focus();
  await ana.page.keyboard.press('Shift+C');
  const text = ana.page.getByRole('textbox', { name: 'Texto del correo' });
  await text.waitFor(SOON);
  await text.click();
  await ana.page.keyboard.type('Gracias, Luz. Ya está imputado.');
  await ana.page.getByLabel('Incluir el histórico debajo').check();
  await ana.page.getByRole('button', { name: 'Ver lo que va debajo' }).click();
  await ana.page.frameLocator('.mail-quote-paper iframe').getByText('escribió:').first().waitFor(SOON);
  await looksRight(ana, 'correo-responder');
  await ana.page.reload();
  await ana.connection('live');
  await ana.page.getByRole('textbox', { name: 'Texto del correo' }).getByText('Ya está imputado').waitFor(SOON);
  expect(await ana.page.locator('.mail-chips').first().innerText()).toContain('Luz Páez');
  await ana.page.getByRole('button', { name: /^Enviar correo/ }).click();
  await ana.page.getByRole('button', { name: 'Deshacer' }).click();
  await ana.page.getByRole('textbox', { name: 'Texto del correo' }).getByText('Ya está imputado').waitFor(SOON);
  await ana.page.locator('.mail').filter({ hasText: 'Cancelado' }).waitFor(SOON);
});

it('a wrong address and a customer left out are said before anything is sent', async () => {
  const to = ana.page.locator('.mail-chips-input').first();
  await ana.page.getByRole('button', { name: 'Quitar a Luz Páez' }).first().click();
  await to.fill('quien sea');
  await to.press('Enter');
  await ana.sees('«quien sea» no es una dirección de correo.');
  await ana.sees('Luz Páez no está entre los destinatarios.');
  expect(await ana.page.getByRole('button', { name: /^Enviar correo/ }).isDisabled()).toBe(true);
  await looksRight(ana, 'correo-destinatarios');
  await ana.page.getByRole('button', { name: 'Descartar borrador' }).click();
});

it('a mail is passed on with its files, later, and that can be cancelled', async () => {
  await ana.page.locator('.mail').nth(1).waitFor(SOON);
  await ana.page.locator('.thread').focus();
  await ana.page.keyboard.press('f');
  const to = ana.page.locator('.mail-chips-input').first();
  await to.fill('tecnica@andina.example');
  await to.press('Enter');
  await ana.page.locator('.composer-files').getByText('comprobante.pdf').waitFor(SOON);
  await ana.page.getByRole('button', { name: 'Enviar más tarde' }).click();
  // Whoever is elsewhere has another clock, and so has this browser.
  await ana.page.getByText(/\d\d:\d\d en Buenos Aires/).first().waitFor(SOON);
  await looksRight(ana, 'correo-mas-tarde');
  await ana.page.getByRole('button', { name: /^Mañana/ }).click();
  const waiting = ana.page.locator('.mail').filter({ hasText: 'Programado' }).last();
  await waiting.getByRole('button', { name: 'Cancelar el envío' }).click();
  await waiting.waitFor({ ...SOON, state: 'detached' });
  expect(ana.complaints).toEqual([]);
  expect(strangers).toEqual([]);
});

it('a mail is begun with the signature, a template and a canned text of its campaign', async () => {
  const admin = await Person.at(browser, `${server.origin}/login`);
  await admin.signIn('admin', adminPassword);
  const made = await admin.page.evaluate(async (account) => {
    const send = async (method: string, path: string, body: object) => {
      const answer = await fetch(`/api/v1/${path}`, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
      if (!answer.ok) throw new Error(await answer.text());
      return (await answer.json()) as { id: string };
    };
    const channels = ((await (await fetch('/api/v1/channels')).json()) as { items: { id: string; client: string; campaign: string }[] }).items;
    const { client, campaign } = channels.find(({ id }) => id === account)!;
    const signature = await send('POST', 'templates', { client, name: 'Firma de Soporte', purpose: 'signature', html: '<p>Saludos,<br>${agent} · ${campaign}</p>' });
    await send('PATCH', `campaigns/${campaign}`, { mail: { signature: signature.id } });
    await send('POST', 'templates', { client, name: 'Bienvenida', purpose: 'message', subject: 'Bienvenida, ${name}', html: '<p>Estimada ${name}:</p><p>gracias por <strong>elegirnos</strong>.</p>' });
    await send('POST', 'canned-texts', { client, shortcut: 'horario', title: 'Horario', text: '${name}, atendemos de 9 a 18.' });
    return campaign;
  }, mailbox.account);
  expect(made).toBeTruthy();
  await admin.page.close();
  await ana.page.reload();
  await ana.connection('live');
  await ana.page.locator('.thread').focus();
  await ana.page.keyboard.press('g');
  await ana.page.keyboard.press('n');
  const dialog = ana.page.getByRole('dialog');
  await dialog.getByLabel('Canal').selectOption({ label: US.address });
  const text = dialog.getByRole('textbox', { name: 'Texto del correo' });
  await text.getByText('Saludos,').waitFor(SOON);
  await text.getByText('Ana Aguirre · Soporte').waitFor(SOON);
  await dialog.getByLabel(/^Dirección/).fill('eva@casa.example');
  await dialog.getByLabel('Nombre').fill('Eva Ríos');
  // A signature alone says nothing.
  await dialog.getByLabel('Asunto').fill('x');
  expect(await dialog.getByRole('button', { name: /^Enviar/ }).isDisabled()).toBe(true);
  await dialog.getByLabel('Asunto').fill('');
  await dialog.getByRole('button', { name: 'Plantillas' }).click();
  await dialog.getByRole('option', { name: /Bienvenida/ }).waitFor(SOON);
  await looksRight(ana, 'correo-nuevo-plantillas');
  await dialog.getByRole('option', { name: /Bienvenida/ }).click();
  await text.getByText('Estimada Eva Ríos:').waitFor(SOON);
  expect(await dialog.getByLabel('Asunto').inputValue()).toBe('Bienvenida, Eva Ríos');
  await dialog.getByRole('button', { name: 'Textos y archivos guardados' }).click();
  await dialog.getByRole('option', { name: /Horario/ }).waitFor(SOON);
  await looksRight(ana, 'correo-nuevo-textos');
  await dialog.getByRole('option', { name: /Horario/ }).click();
  await text.getByText('Eva Ríos, atendemos de 9 a 18.').waitFor(SOON);
  const said = await text.innerText();
  expect(said.indexOf('atendemos')).toBeGreaterThan(said.indexOf('Estimada'));
  expect(said.indexOf('Saludos')).toBeGreaterThan(said.indexOf('atendemos'));
  await looksRight(ana, 'correo-nuevo-listo');
  await ana.page.keyboard.press('Control+Enter');
  const paper = ana.page.frameLocator('.mail iframe');
  await paper.getByText('Estimada Eva Ríos:').waitFor(SOON);
  await paper.getByText('Ana Aguirre · Soporte').waitFor(SOON);
  await ana.page.getByRole('heading', { name: 'Bienvenida, Eva Ríos' }).waitFor(SOON);
  expect(ana.complaints).toEqual([]);
});

it('a text with an open gap leaves neither as a chat nor as a mail unless somebody means it so', async () => {
  const admin = await Person.at(browser, `${server.origin}/login`);
  await admin.signIn('admin', adminPassword);
  await admin.page.evaluate(async (account) => {
    const channels = ((await (await fetch('/api/v1/channels')).json()) as { items: { id: string; client: string }[] }).items;
    const { client } = channels.find(({ id }) => id === account)!;
    const body = JSON.stringify({ client, shortcut: 'expediente', title: 'Expediente', text: 'Su expediente es ${expediente}, ${name}.' });
    const answer = await fetch('/api/v1/canned-texts', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    if (!answer.ok) throw new Error(await answer.text());
  }, mailbox.account);
  await admin.page.close();
  const { page } = ana;
  await page.reload();
  await ana.connection('live');
  const said = 'Su expediente es ${expediente}, Omar Gil.';
  const warning = 'Falta completar: ${expediente}';

  await customers.write('omar', 'Omar Gil', 'Hola');
  await ana.row('Omar Gil').click();
  const composer = page.locator('#composer-text');
  await composer.fill('/expediente');
  await page.getByRole('option', { name: /Expediente/ }).waitFor(SOON);
  await page.keyboard.press('Enter');
  await expect.poll(() => composer.inputValue(), SOON).toBe(said);
  await ana.sees(warning);
  for (const keys of ['Enter', 'Control+Enter', 'Control+Shift+Enter']) await composer.press(keys);
  expect(await page.getByRole('button', { name: /^Enviar(?! así)/ }).evaluateAll((all) => all.every((one) => (one as HTMLButtonElement).disabled))).toBe(true);
  expect([await ana.messages(), await composer.inputValue()]).toEqual([['Hola'], said]);
  await ana.button('Enviar así').click();
  await ana.message(said).waitFor(SOON);
  // What was meant once is asked again of the next.
  await composer.fill('${expediente}');
  await composer.press('Enter');
  await ana.sees(warning);
  await composer.fill('');

  await page.locator('.thread').focus();
  await page.keyboard.press('g');
  await page.keyboard.press('n');
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Canal').selectOption({ label: US.address });
  await dialog.getByLabel(/^Dirección/).fill('omar@casa.example');
  await dialog.getByLabel('Nombre').fill('Omar Gil');
  await dialog.getByLabel('Asunto').fill('Su expediente');
  await dialog.getByRole('button', { name: 'Textos y archivos guardados' }).click();
  await dialog.getByRole('option', { name: /Expediente/ }).click();
  await dialog.locator('.rich-gap', { hasText: 'expediente' }).waitFor(SOON);
  await dialog.getByText(warning).waitFor(SOON);
  const send = dialog.getByRole('button', { name: /^Enviar/ });
  expect(await send.isDisabled()).toBe(true);
  await dialog.getByRole('textbox', { name: 'Texto del correo' }).press('Control+Enter');
  await dialog.getByText(warning).waitFor(SOON);
  expect(await page.evaluate(async () => ((await (await fetch('/api/v1/conversations?limit=200')).json()) as { items: { subject?: string }[] }).items.filter(({ subject }) => subject === 'Su expediente').length)).toBe(0);
  await looksRight(ana, 'correo-nuevo-hueco');
  await dialog.getByRole('button', { name: 'Dejarlo así' }).click();
  await expect.poll(() => send.isEnabled(), SOON).toBe(true);
  await send.click();
  await page.getByRole('heading', { name: 'Su expediente' }).waitFor(SOON);
  await page.frameLocator('.mail iframe').getByText(said).waitFor(SOON);
  expect(ana.complaints).toEqual([]);
});
