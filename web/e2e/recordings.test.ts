/** What was said is found again, read, printed and taken out. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { Customers } from './customer.ts';
import { looksRight } from './looks.ts';
import { openBrowser, Person, setScheme, SOON } from './people.ts';
import { Server } from './server.ts';

let server: Server;
let browser: Browser;
let passwords: Map<string, string>;
let customers: Customers;
let [ana, sofia]: Person[] = [];

beforeAll(async () => {
  const started = await Server.create();
  server = started.server;
  passwords = new Map(started.sample.users.map(({ login, password }) => [login, password]));
  customers = new Customers(server.origin, started.sample.api_channel);
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  await server?.remove();
});

async function inside(login: string): Promise<Person> {
  const person = await Person.at(browser, `${server.origin}/login`, { locale: 'es-AR' });
  await person.signIn(login, passwords.get(login) ?? '');
  return person;
}

/** As the page would ask: the status. */
const ask = (person: Person, path: string, body: object): Promise<number> =>
  person.page.evaluate(async ([path, body]) => (await fetch(`/api/v1/${path}`, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } })).status, [path, body] as const);

/** Names in the list of what was found, from the top. */
const found = (): Promise<string[]> => sofia!.page.locator('.recordings-row strong').allTextContents();
const marks = (): Promise<string[]> => sofia!.page.locator('.recording-thread mark').allTextContents();

it('days of work leave recordings', async () => {
  ana = await inside('ana');
  await ana.startShift();
  expect(await ana.page.getByRole('link', { name: 'Grabaciones' }).count()).toBe(0);
  const talks = [
    ['+54 9 11 5987-6543', 'Camila Rojas', ['Hola, no me llegó la factura de octubre', 'El número de cliente es 48-1120'], 'Se la reenvío ahora mismo. ¿Confirma el correo?'],
    ['luz@example.com', 'Luz Díaz', ['¿Hasta qué hora atienden hoy?'], 'Hasta las 20 h.'],
    ['+52 55 1234 5678', 'Ñandú & Cía', ['Necesito facturación electrónica para tres sucursales', '<b>urgente</b>'], 'Con gusto. Le paso los requisitos.'],
  ] as const;
  for (const [address, name, texts, answer] of talks) {
    for (const text of texts) await customers.write(address, name, text);
    await ana.row(name).waitFor(SOON);
    await ana.row(name).click();
    await ana.writes(answer);
    await ana.message(answer).waitFor(SOON);
  }
  const mine = await ana.page.evaluate(async () => ((await (await fetch('/api/v1/conversations')).json()) as { items: { id: string; contact_name: string }[] }).items);
  const [camila, luz] = ['Camila Rojas', 'Luz Díaz'].map((name) => mine.find(({ contact_name }) => contact_name === name)!.id);
  expect(await ask(ana, `conversations/${camila}/notes`, { text: 'La factura salió con el domicilio viejo' })).toBe(200);
  const dispositions = await ana.page.evaluate(async () => ((await (await fetch('/api/v1/dispositions')).json()) as { items: { id: string; system: string | null; name: string }[] }).items);
  for (const id of [camila, luz]) {
    const answers = await Promise.all(dispositions.filter(({ system }) => !system).map(({ id: disposition }) => ask(ana!, `conversations/${id}/close`, { disposition })));
    expect(answers.some((status) => status === 200 || status === 409)).toBe(true);
  }
});

it('a supervisor finds one by its words, reads it and passes it on', async () => {
  sofia = await inside('sofia');
  await sofia.page.waitForURL('**/supervision');
  await sofia.page.keyboard.press('g');
  await sofia.page.keyboard.press('h');
  await sofia.page.waitForURL('**/historial');
  await expect.poll(found, SOON).toEqual(['Ñandú & Cía', 'Luz Díaz', 'Camila Rojas']);
  await looksRight(sofia, 'grabaciones');
  await sofia.page.keyboard.press('/');
  await sofia.page.keyboard.type('FACTURA');
  await expect.poll(found, SOON).toEqual(['Ñandú & Cía', 'Camila Rojas']);
  await sofia.page.waitForURL('**/historial?q=FACTURA');
  await sofia.page.locator('h1').click();
  await sofia.page.keyboard.press('j');
  await sofia.page.keyboard.press('j');
  await expect.poll(marks, SOON).toEqual(['factura', 'factura']);
  await sofia.sees('Nota interna · Ana Aguirre');
  expect(await sofia.page.locator('.marked-at').count()).toBe(1);
  await looksRight(sofia, 'grabaciones-visor');
  const field = sofia.page.getByRole('searchbox', { name: 'Buscar en la conversación' });
  await field.fill('reenvío');
  await expect.poll(marks, SOON).toEqual(['reenvío']);
  await field.fill('xilofón');
  await expect.poll(marks, SOON).toEqual([]);
  await sofia.sees('No está');
  // Whoever opens the link sees the same.
  const other = await Person.at(browser, sofia.page.url(), { context: sofia.page.context() });
  await expect.poll(() => other.page.locator('.recordings-row strong').allTextContents(), SOON).toEqual(['Ñandú & Cía', 'Camila Rojas']);
  await expect.poll(() => other.page.locator('.recording-thread mark').allTextContents(), SOON).toEqual(['factura', 'factura']);
  await other.page.close();
});

it('filters narrow, and say what is wrong', async () => {
  const { page } = sofia!;
  await page.goto(`${server.origin}/historial`);
  await expect.poll(found, SOON).toHaveLength(3);
  await page.getByLabel('Dirección o nombre').fill('5987 6543');
  await expect.poll(found, SOON).toEqual(['Camila Rojas']);
  await page.getByLabel('Dirección o nombre').fill('');
  await page.locator('summary').filter({ hasText: 'Atendida por' }).click();
  await page.getByRole('checkbox', { name: 'Ana Aguirre' }).check();
  await looksRight(sofia!, 'grabaciones-filtros');
  await page.keyboard.press('Escape');
  await page.waitForURL(/agente=/);
  await expect.poll(found, SOON).toHaveLength(3);
  await page.locator('summary').filter({ hasText: 'Canales' }).click();
  await page.getByRole('checkbox', { name: 'Chat web' }).check();
  await sofia!.sees('Ninguna conversación coincide');
  await page.locator('h1').click();
  await looksRight(sofia!, 'grabaciones-nada');
  await page.locator('.recordings-list').getByRole('button', { name: 'Limpiar el filtro' }).click();
  await expect.poll(found, SOON).toHaveLength(3);
  await page.getByLabel('Desde').fill('2026-02-02');
  await page.getByLabel('Hasta').fill('2026-02-01');
  await sofia!.sees('Es antes de «Desde».');
  await page.getByLabel('Desde').fill('2020-01-01');
  await page.getByLabel('Hasta').fill('2020-12-31');
  await sofia!.sees('Ninguna conversación coincide');
});

it('one is taken out as a file and printed', async () => {
  const { page } = sofia!;
  await page.goto(`${server.origin}/historial?q=factura`);
  await page.locator('.recordings-row').filter({ hasText: 'Camila Rojas' }).click();
  await page.getByText('Exportar', { exact: true }).click();
  const download = page.waitForEvent('download', SOON);
  await page.getByRole('link', { name: 'Página para leer e imprimir (HTML)' }).click();
  const file = await download;
  expect(file.suggestedFilename()).toMatch(/^conversacion-\d{4}-\d\d-\d\d-[0-9a-f]{8}\.html$/);
  const path = join(import.meta.dirname, 'results', 'conversacion.html');
  await file.saveAs(path);
  expect(readFileSync(path, 'utf8')).toContain('La factura salió con el domicilio viejo');
  const context = await browser.newContext({ viewport: { width: 820, height: 1000 } });
  const reader = await context.newPage();
  const asked: string[] = [];
  const complaints: string[] = [];
  reader.on('request', (request) => asked.push(request.url()));
  reader.on('console', (message) => complaints.push(message.text()));
  await reader.goto(`file://${path}`);
  await reader.screenshot({ path: join(import.meta.dirname, 'results', 'conversacion-exportada.png') });
  expect(asked.filter((url) => !url.startsWith('file://'))).toEqual([]);
  expect(complaints).toEqual([]);
  expect(await reader.evaluate(() => getComputedStyle(document.querySelector('article.note')!).borderLeftColor)).toBe('rgb(176, 120, 0)');
  await context.close();

  await page.evaluate(() => Object.assign(window, { print: () => Object.assign(window, { printed: true }) }));
  await page.getByRole('button', { name: 'Imprimir' }).click();
  await page.waitForFunction(() => 'printed' in window);
  for (const colorScheme of ['light', 'dark'] as const) {
    await setScheme(page, colorScheme);
    await page.emulateMedia({ media: 'print', colorScheme });
    expect(await page.locator('.recordings-list, .shell-top, .rail, .recordings-filters').evaluateAll((all) => all.filter((one) => one.getClientRects().length > 0).length)).toBe(0);
    const [ink, paper] = await page.evaluate(() => [getComputedStyle(document.querySelector('.bubble-text')!).color, getComputedStyle(document.body).backgroundColor]);
    expect([ink, paper], colorScheme).toEqual(['rgb(0, 0, 0)', 'rgb(255, 255, 255)']);
    await page.screenshot({ path: join(import.meta.dirname, 'results', `grabaciones-impresa-${colorScheme}.png`), fullPage: true });
  }
  await page.pdf({ path: join(import.meta.dirname, 'results', 'grabaciones-impresa.pdf'), preferCSSPageSize: true, printBackground: true });
  await page.emulateMedia({ media: 'screen', colorScheme: 'light' });
  expect(sofia!.complaints).toEqual([]);
});
