/** Supervisors move what waits; agents write first; where it rings, whoever is first has it. */

import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';

import { Customers } from './customer.ts';
import { failed, looksRight } from './looks.ts';
import { openBrowser, Person, SOON } from './people.ts';
import { Server } from './server.ts';

let server: Server;
let browser: Browser;
let passwords: Map<string, string>;
let customers: Customers;
let [support, sales] = ['', ''];
const people: Record<string, Person> = {};

beforeAll(async () => {
  const started = await Server.create();
  server = started.server;
  passwords = new Map(started.sample.users.map(({ login, password }) => [login, password]));
  [support = '', sales = ''] = (started.sample as unknown as { campaigns: string[] }).campaigns;
  customers = new Customers(server.origin, started.sample.api_channel);
  browser = await openBrowser();
  people['admin'] = await inside('admin');
});
afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  for (const [name, person] of Object.entries(people)) await failed(person, `fallo-${name}`);
});
afterAll(async () => {
  await browser?.close();
  await server?.remove();
});

async function inside(login: string): Promise<Person> {
  const person = await Person.at(browser, `${server.origin}/login`);
  await person.signIn(login, passwords.get(login) ?? '');
  return (people[login] = person);
}
/** As somebody with a browser of their own who is an administrator. */
function admin<T>(method: string, path: string, body?: unknown): Promise<T> {
  const ask = async (asked: { method: string; path: string; body: string | null }) => {
    const answer = await fetch(asked.path, { method: asked.method, headers: { 'content-type': 'application/json' }, body: asked.body });
    if (!answer.ok) throw new Error(`${asked.method} ${asked.path}: ${answer.status} ${await answer.text()}`);
    return answer.json() as Promise<unknown>;
  };
  return people['admin']!.page.evaluate(ask, { method, path, body: body === undefined ? null : JSON.stringify(body) }) as Promise<T>;
}
async function capacity(login: string, units: number): Promise<void> {
  const { items } = await admin<{ items: { id: string; login: string }[] }>('GET', '/api/v1/users?limit=200');
  await admin('PATCH', `/api/v1/users/${items.find((user) => user.login === login)?.id ?? ''}`, { capacity: units });
}
const waitingRow = (person: Person, name: string) => person.page.locator('#waiting tr').filter({ hasText: name });

it('a supervisor chooses among those who wait and moves them; one refusal undoes nothing', async () => {
  await admin('PATCH', `/api/v1/campaigns/${sales}`, { limits: { max_waiting: 1 } });
  for (const [id, name] of [['c1', 'Camila Rojas'], ['c2', 'Mateo Núñez'], ['c3', 'Valentina Souza']] as const) {
    await customers.write(id, name, 'Hola, no tengo internet');
  }
  const sofia = await inside('sofia');
  await sofia.page.waitForURL('**/supervision');
  await waitingRow(sofia, 'Valentina Souza').waitFor(SOON);
  // By keys: down to the second, chosen; one more by mouse.
  await sofia.page.locator('#waiting').focus();
  for (const key of ['j', 'j', 'x']) await sofia.page.keyboard.press(key);
  await sofia.sees('1 elegida');
  await sofia.page.getByRole('checkbox', { name: 'Elegir Valentina Souza' }).click();
  await sofia.sees('2 elegidas');
  await looksRight(sofia, 'elegidas');
  await sofia.button('Mover…').click();
  const dialog = sofia.page.getByRole('dialog', { name: 'Mover 2 conversaciones a otra cola' });
  await dialog.getByRole('option', { name: /Ventas/ }).click();
  await looksRight(sofia, 'mover');
  await dialog.getByRole('button', { name: 'Mover', exact: true }).click();
  const told = sofia.page.getByRole('dialog', { name: 'No se pudo con todas' });
  await told.getByText('1 conversación movida a Ventas').waitFor(SOON);
  expect(await told.locator('.move-refused li').allTextContents()).toEqual(['Valentina SouzaEn esa cola no entra nadie más.']);
  await looksRight(sofia, 'movidas');
  await told.getByRole('button', { name: 'Cerrar' }).last().click();
  await waitingRow(sofia, 'Mateo Núñez').getByText('Ventas').waitFor(SOON);
});

it('urgent for several at once', async () => {
  const sofia = people['sofia']!;
  // What was refused is still chosen.
  await sofia.sees('1 elegida');
  await sofia.page.getByRole('checkbox', { name: 'Elegir todas las que esperan' }).click();
  await sofia.sees(/elegidas/);
  await sofia.button('Prioridad').click();
  await sofia.page.getByRole('menuitem', { name: 'Urgente' }).click();
  await sofia.sees('3 conversaciones con prioridad: Urgente');
  await expect.poll(() => sofia.page.locator('#waiting tbody tr').getByText('Urgente').count(), SOON).toBe(3);
});

it('what waits is given to an agent who has no room, and why says who did it', async () => {
  const sofia = people['sofia']!;
  await capacity('ana', 1);
  const ana = await inside('ana');
  await ana.startShift();
  await waitingRow(sofia, 'Camila Rojas').getByRole('checkbox').click();
  await sofia.button('Asignar…').click();
  const dialog = sofia.page.getByRole('dialog', { name: 'Asignar 1 conversación' });
  await dialog.getByRole('option', { name: /Ana Aguirre/ }).click();
  await looksRight(sofia, 'asignar');
  await dialog.getByRole('button', { name: 'Asignar', exact: true }).click();
  await sofia.sees('1 conversación asignada a Ana Aguirre');
  await ana.row('Camila Rojas').waitFor(SOON);
  await ana.row('Camila Rojas').click();
  await ana.button('Más acciones').click();
  await ana.page.getByRole('menuitem', { name: '¿Por qué a mí?' }).click();
  await ana.sees('Te la asignó Supervisión.');
  await ana.sees('Sin lugar para ella: por encima del límite.');
  await looksRight(ana, 'asignada');
  await ana.page.keyboard.press('Escape');
  expect([...ana.complaints, ...sofia.complaints]).toEqual([]);
});

it('an agent writes first, and is led to what is open already', async () => {
  const ana = people['ana']!;
  await ana.page.locator('.inbox-list').focus();
  for (const key of ['g', 'n']) await ana.page.keyboard.press(key);
  const dialog = ana.page.getByRole('dialog', { name: 'Nueva conversación' });
  await dialog.getByLabel('Dirección').fill('cliente-77');
  await dialog.getByLabel('Nombre (opcional)').fill('Luz Díaz');
  await dialog.getByLabel('Mensaje').fill('Buen día, Luz: ya está tu instalación.');
  await looksRight(ana, 'nueva');
  await ana.page.keyboard.press('Control+Enter');
  await ana.message('Buen día, Luz: ya está tu instalación.').waitFor(SOON);
  await ana.row('Luz Díaz').waitFor(SOON);
  await customers.write('cliente-77', 'Luz', '¡Gracias!');
  await ana.message('¡Gracias!').waitFor(SOON);
  await ana.button('Nueva conversación').click();
  await dialog.getByLabel('Dirección').fill('cliente-77');
  await dialog.getByLabel('Mensaje').fill('Otra vez');
  await dialog.getByRole('button', { name: /^Enviar/ }).click();
  await ana.sees('Ya hay una conversación abierta con este contacto.');
  await looksRight(ana, 'ya-abierta');
  await ana.button('Ir a la conversación abierta').click();
  await ana.message('¡Gracias!').waitFor(SOON);
  expect(ana.complaints).toEqual([]);
});

it('a supervisor writes from the card of a contact, for an agent', async () => {
  const sofia = people['sofia']!;
  await sofia.page.goto(`${server.origin}/contactos`);
  await sofia.page.getByRole('link', { name: /Valentina Souza/ }).click();
  await sofia.page.locator('.contacts-card').getByRole('button', { name: 'Nueva conversación' }).click();
  const dialog = sofia.page.getByRole('dialog', { name: 'Nueva conversación' });
  await dialog.getByLabel('Agente a cargo').selectOption({ label: 'Ana Aguirre' });
  await dialog.getByLabel('Mensaje').fill('Hola, Valentina');
  await looksRight(sofia, 'nueva-supervision');
  await dialog.getByRole('button', { name: /^Enviar/ }).click();
  await sofia.sees('Ya hay una conversación abierta con este contacto.');
  expect(sofia.complaints).toEqual([]);
});

it('where it rings both see it, the first to take it has it, and the other is told so', async () => {
  await capacity('ana', 1000);
  await admin('PATCH', `/api/v1/campaigns/${support}`, { strategy: { mode: 'ringallmultiple' }, max_per_agent: 50 });
  const ana = people['ana']!;
  await ana.page.reload();
  const bruno = await inside('bruno');
  await bruno.startShift();
  await customers.write('c9', 'Joaquín Paz', '¿Hay corte en mi zona?');
  const card = (person: Person) => person.page.locator('.ring').filter({ hasText: 'Joaquín Paz' });
  await Promise.all([card(ana).waitFor(SOON), card(bruno).waitFor(SOON)]);
  await expect.poll(() => bruno.sounds(), SOON).toContain('offer');
  await looksRight(bruno, 'suena');
  // His answer is on its way while she takes it.
  let hers = () => {};
  const taken = new Promise<void>((resolve) => (hers = resolve));
  await bruno.page.route('**/take', async (route) => {
    await taken;
    await route.continue();
  });
  await card(bruno).getByRole('button', { name: /^Tomar/ }).click();
  await card(ana).getByRole('button', { name: /^Tomar/ }).click();
  await ana.row('Joaquín Paz').waitFor(SOON);
  await card(bruno).waitFor({ ...SOON, state: 'hidden' });
  hers();
  await bruno.sees('Joaquín Paz: la tomó antes otra persona.');
  expect(await bruno.row('Joaquín Paz').count()).toBe(0);
  // By key, without a rival.
  await bruno.page.unroute('**/take');
  await customers.write('c10', 'Mía Luna', 'Hola');
  await bruno.page.locator('.ring').filter({ hasText: 'Mía Luna' }).waitFor(SOON);
  await bruno.page.locator('.inbox-list').focus();
  await bruno.page.keyboard.press('y');
  await bruno.row('Mía Luna').waitFor(SOON);
  await ana.page.locator('.ring').waitFor({ ...SOON, state: 'hidden' });
  expect([...ana.complaints, ...bruno.complaints]).toEqual([]);
});
