/** Whoever got a mail rates it on a page without script; supervisors see what was thought of whom. */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';

import { failed, looksRight, looksRightInOthers } from './looks.ts';
import { mailServers, PASSWORD, type MailServers } from './mailservers.ts';
import { openBrowser, Person, SOON } from './people.ts';
import { Server } from './server.ts';

let server: Server;
let servers: MailServers;
let browser: Browser;
let passwords: Map<string, string>;
let admin: Person;
let sofia: Person;
let customer: Page;
let campaign: string;
let account: string;

beforeAll(async () => {
  servers = await mailServers();
  const started = await Server.create({ CENTRALITA_MAIL__REACH: 'anywhere' });
  server = started.server;
  passwords = new Map(started.sample.users.map(({ login, password }) => [login, password]));
  browser = await openBrowser();
  admin = await inside('admin');
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await failed(sofia ?? admin, `calificaciones-falla-${task.name.slice(0, 12)}`);
});
afterAll(async () => {
  await browser?.close();
  servers?.close();
  await server?.remove();
});

async function inside(login: string): Promise<Person> {
  const person = await Person.at(browser, `${server.origin}/login`, { locale: 'es-AR' });
  await person.signIn(login, passwords.get(login) ?? '');
  return person;
}
/** As the page would ask. */
const ask = <T>(person: Person, method: string, path: string, body?: object): Promise<T> =>
  person.page.evaluate(async ([method, path, body]) => {
    const answer = await fetch(`/api/v1/${path}`, { method, headers: { 'content-type': 'application/json' }, ...(body ? { body: JSON.stringify(body) } : {}) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path}: ${text}`);
    return JSON.parse(text) as unknown;
  }, [method, path, body] as const) as Promise<T>;
/** The address below the mail to somebody: as their program would show it. */
async function linkTo(address: string): Promise<string> {
  let mail = '';
  await expect.poll(() => (mail = servers.sent.find((sent) => sent.includes(`To: ${address}`) || sent.includes(`<${address}>`)) ?? ''), SOON).toContain('/rate/');
  const plain = mail.replace(/=\n/g, '').replace(/=3D/g, '=');
  return `${server.origin}${/(\/rate\/[\w-]+\/[\w.-]+)/.exec(plain)![1]!}`;
}
/** Somebody with a browser of their own, in which nothing runs. */
async function withoutScript(): Promise<Page> {
  const context = await browser.newContext({ javaScriptEnabled: false, locale: 'es', viewport: { width: 390, height: 844 } });
  const page = await context.newPage();
  page.setDefaultTimeout(SOON.timeout);
  return page;
}
/** The label is what one presses: the choice itself cannot be seen. */
const mark = (page: Page, name: string) => page.locator('fieldset label').filter({ has: page.getByRole('radio', { name, exact: true }) });
async function rates(address: string, score: string, comment: string): Promise<void> {
  await customer.goto(await linkTo(address));
  await mark(customer, score).click();
  if (comment) await customer.getByLabel('Comentario (opcional)').fill(comment);
  await customer.getByRole('button', { name: 'Enviar calificación' }).click();
  await customer.getByText('Gracias por su tiempo.').waitFor(SOON);
}

it('agents of a campaign that asks write to customers', async () => {
  const channels = (await ask<{ items: { client: string; campaign: string; kind: string }[] }>(admin, 'GET', 'channels')).items;
  const { client, campaign: support } = channels.find(({ kind }) => kind === 'api')!;
  campaign = support;
  const at = (port: number) => ({ host: '127.0.0.1', port, security: 'plain' });
  const made = { client, campaign, address: 'soporte@ejemplo.com', from_name: 'Soporte', receives: true, imap: at(servers.imap), smtp: at(servers.smtp), user: 'soporte', password: PASSWORD, accept_in_clear: true };
  account = (await ask<{ id: string }>(admin, 'POST', 'mail-accounts', made)).id;
  await ask(admin, 'PATCH', `campaigns/${campaign}`, { mail: { rating: { prompt: '¿Cómo fue la atención de Soporte?', thanks: 'Gracias por su tiempo.' } } });
  const users = (await ask<{ items: { id: string; login: string }[] }>(admin, 'GET', 'users')).items;
  for (const [login, customers] of [['ana', ['luz@casa.example', 'eva@casa.example']], ['bruno', ['leo@casa.example']]] as const) {
    await ask(admin, 'PUT', `campaigns/${campaign}/members/${users.find((user) => user.login === login)!.id}`, { initiate: ['email'] });
    const agent = await inside(login);
    await agent.startShift();
    for (const address of customers) await ask(agent, 'POST', 'conversations', { campaign, channel: account, address, name: address.split('@')[0], text: '', mail: { subject: 'Su consulta', html: '<p>Hola, quedó resuelto.</p>' } });
    await agent.page.close();
  }
  await expect.poll(() => servers.sent.length, { timeout: 20_000 }).toBe(3);
});

it('a customer follows a mark, comments and is thanked; nothing runs on the page', async () => {
  customer = await withoutScript();
  const link = await linkTo('luz@casa.example');
  await customer.goto(`${link}?s=4`);
  await customer.getByRole('heading', { name: '¿Cómo fue la atención de Soporte?' }).waitFor(SOON);
  expect(await customer.getByRole('radio', { name: 'Buena', exact: true }).isChecked()).toBe(true);
  // Following a link rates nothing.
  expect((await ask<{ totals: unknown[] }>(admin, 'GET', 'mail-ratings')).totals).toEqual([]);
  await mark(customer, 'Muy buena').click();
  await customer.getByLabel('Comentario (opcional)').fill('Rápida y amable.\n<b>¡Gracias!</b>');
  await customer.getByRole('button', { name: 'Enviar calificación' }).click();
  await customer.getByText('Gracias por su tiempo.').waitFor(SOON);
  // Within the day it can be changed, and what was said stands there.
  await customer.getByRole('link', { name: 'Cambiar la calificación' }).click();
  expect(await customer.getByLabel('Comentario (opcional)').inputValue()).toBe('Rápida y amable.\n<b>¡Gracias!</b>');
  expect(await customer.getByRole('radio', { name: 'Muy buena', exact: true }).isChecked()).toBe(true);
  await rates('eva@casa.example', 'Mala', 'Tuve que llamar dos veces para que me dieran una respuesta y la factura sigue con el domicilio viejo.');
  await rates('leo@casa.example', 'Regular', '');
});

it('the page has no barriers, by day and by night, wide and narrow', async () => {
  const link = await linkTo('luz@casa.example');
  const context = await browser.newContext({ locale: 'es', viewport: { width: 390, height: 844 } });
  const person = await Person.at(browser, `${link}?s=4`, { context });
  await looksRight(person, 'calificar');
  await person.page.keyboard.press('Tab');
  await person.page.keyboard.press('ArrowRight');
  expect(await person.page.getByRole('radio', { name: 'Muy buena', exact: true }).isChecked()).toBe(true);
  await looksRight(person, 'calificar-teclado');
  await person.page.getByRole('button', { name: 'Enviar calificación' }).click();
  await person.sees('Gracias por su tiempo.');
  await looksRight(person, 'calificar-gracias');
  // A program that leaves the choice out is told.
  await person.page.goto(link.replace(/[\w-]$/, (last) => (last === 'a' ? 'b' : 'a')));
  await person.sees('Este enlace ya no sirve');
  await looksRight(person, 'calificar-enlace');
  await person.page.goto(`${server.origin}/rate/${account}/cualquiera`);
  await person.sees('Este enlace ya no sirve');
  await person.page.setViewportSize({ width: 1440, height: 900 });
  await person.page.goto(link);
  await looksRight(person, 'calificar-ancho');
  expect(person.complaints).toEqual([]);
});

it('a supervisor sees who was rated how, by campaign, agent and day, in the customers’ words', async () => {
  sofia = await inside('sofia');
  await sofia.page.goto(`${server.origin}/historial`);
  await sofia.page.getByRole('link', { name: 'Calificaciones de correos' }).click();
  await sofia.page.waitForURL('**/calificaciones');
  const rows = () => sofia.page.locator('.ratings-table tbody tr').allInnerTexts();
  await expect.poll(rows, SOON).toHaveLength(2);
  const all = (await rows()).map((row) => row.split(/\s*\t\s*|\n/).filter(Boolean));
  expect(all.map(([name, where, count, mean]) => [name, where, count, mean])).toEqual([['Ana Aguirre', 'Soporte', '2', '3,5'], ['Bruno Benítez', 'Soporte', '1', '3,0']]);
  expect((await sofia.page.locator('.ratings-table tfoot').innerText()).replace(/\s+/g, ' ')).toContain('3 3,3');
  await sofia.sees('<b>¡Gracias!</b>');
  expect(await sofia.page.locator('.ratings-latest b').count()).toBe(0);
  await looksRight(sofia, 'calificaciones');
  await looksRightInOthers(sofia, 'calificaciones', () => sofia.page.locator('.ratings-table tbody tr').nth(1).waitFor(SOON));
  await sofia.page.getByLabel('Agente').selectOption({ label: 'Bruno Benítez' });
  await expect.poll(rows, SOON).toHaveLength(1);
  await sofia.page.waitForURL(/agente=/);
  await sofia.page.getByLabel('Campaña').selectOption({ label: 'Ventas' });
  await sofia.sees('Ninguna calificación');
  await looksRight(sofia, 'calificaciones-ninguna');
  await sofia.page.goto(`${server.origin}/calificaciones?desde=2020-01-01&hasta=2020-01-02`);
  await sofia.sees('Ninguna calificación');
  await sofia.page.goto(`${server.origin}/calificaciones`);
  await sofia.page.getByRole('link', { name: /^Leer la conversación/ }).first().click();
  await sofia.page.waitForURL(/historial\?id=/);
  await sofia.page.locator('.recording').frameLocator('iframe').first().getByText('quedó resuelto').waitFor(SOON);
  await sofia.page.locator('summary').filter({ hasText: 'Exportar' }).click();
  const download = sofia.page.waitForEvent('download');
  await sofia.page.getByRole('link', { name: 'Correos originales (ZIP de .eml)' }).click();
  const file = await (await download).path();
  const names = new Set(readFileSync(file, 'latin1').match(/\d{4}_[\w-]+\.(?:eml|txt)/g));
  expect([...names].sort().map((name) => name.replace(/[\d-]{10}_[\d-]{8}/, 'D'))).toEqual(['0000_lista.txt', '0001_D_enviado_Su-consulta.eml']);
  expect(sofia.complaints).toEqual([]);
});

it('a rating of another day stays as it is, and whoever asks no more takes none', async () => {
  await server.kill();
  execFileSync('sqlite3', [join(server.data, 'centralita.sqlite')], { input: `UPDATE mail_ratings SET first_at = first_at - ${25 * 3_600_000_000};` });
  await server.start();
  const link = await linkTo('luz@casa.example');
  const late = await Person.at(browser, link, { context: await browser.newContext({ locale: 'es', viewport: { width: 390, height: 844 } }) });
  await late.sees('La calificación ya no se puede cambiar');
  await looksRight(late, 'calificar-tarde');
  await admin.page.reload();
  await admin.connection('live');
  await ask(admin, 'PATCH', `campaigns/${campaign}`, { mail: { rating: null } });
  await late.page.reload();
  await late.sees('Este enlace ya no sirve');
});
