/** How well campaigns are served, live; other hours in the what-if; what the product closes with, in the reader's language. */

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { Customers } from './customer.ts';
import { looksRight } from './looks.ts';
import { openBrowser, Person, SOON } from './people.ts';
import { Server } from './server.ts';

let server: Server;
let browser: Browser;
let passwords: Map<string, string>;
let customers: Customers;
let [admin, sofia]: Person[] = [];

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

async function inside(login: string, locale = 'es-AR'): Promise<Person> {
  const person = await Person.at(browser, `${server.origin}/login`, { locale });
  await person.signIn(login, passwords.get(login) ?? '');
  return person;
}

/** Text and stand of the cells of the sample's campaign. */
const cells = (person: Person) =>
  person.page.getByRole('row').filter({ has: person.page.getByRole('rowheader', { name: 'Soporte', exact: true }) }).locator('td').evaluateAll((all) => all.map((cell) => [cell.textContent, cell.querySelector('[data-stand]')?.getAttribute('data-stand') ?? null]));

it('who waits too long is marked while nothing else happens, and an answer in time lifts the level', async () => {
  admin = await inside('admin');
  await admin.page.waitForURL('**/supervision');
  const status = await admin.page.evaluate(async () => {
    const { items } = await (await fetch('/api/v1/campaigns')).json();
    const { id } = items.find(({ name }: { name: string }) => name === 'Soporte');
    const body = JSON.stringify({ service: { level_seconds: 1, waiting: { warn: 1, act: 2 } } });
    return (await fetch(`/api/v1/campaigns/${id}`, { method: 'PATCH', body, headers: { 'content-type': 'application/json' } })).status;
  });
  expect(status).toBe(200);
  sofia = await inside('sofia');
  await sofia.page.waitForURL('**/supervision');
  await customers.write('c1', 'Camila Rojas', 'Hola, no tengo internet');
  await expect.poll(() => cells(sofia!), SOON).toContainEqual(['1 · 1 demorada', null]);
  await expect.poll(() => cells(sofia!), SOON).toContainEqual([expect.stringMatching(/^0:\d\d, espera demasiado larga$/), 'act']);
  await expect.poll(() => cells(sofia!), SOON).toContainEqual(['0 %, por debajo de la meta de 80 %', 'act']);
  await looksRight(sofia, 'nivel-demorada');
  const ana = await inside('ana');
  await ana.startShift();
  await ana.row('Camila Rojas').waitFor(SOON);
  for (const number of [2, 3, 4, 5]) await customers.write(`c${number}`, `Cliente ${number}`, 'Hola');
  // Below its goal, and nobody is late any more: worth a look. The fifth lifts it.
  await expect.poll(() => cells(sofia!), SOON).toContainEqual(['80 %, meta de 80 % alcanzada', 'good']);
  await sofia.sees('80 %');
  await sofia.sees('0 campañas bajo su meta');
  await looksRight(sofia, 'nivel-de-servicio');
  await admin.page.goto(`${server.origin}/admin/campanas`);
  await expect.poll(() => cells(admin!), SOON).toContainEqual(['80 %, meta de 80 % alcanzada', 'good']);
  await looksRight(admin, 'admin-campanas-nivel');
  expect(sofia.complaints).toEqual([]);
});

it('a day is seen again with other hours and limits', async () => {
  const { page } = sofia!;
  await page.getByRole('link', { name: '¿Y si…?' }).click();
  await page.getByText('Inventado').click();
  await page.getByLabel('Abre').fill('10:00');
  await page.getByLabel('Cierra').fill('13:00');
  await page.getByLabel('Máximo en espera').fill('3');
  await page.getByLabel('Asignar sin preguntar').selectOption('yes');
  const asked = page.waitForRequest('**/api/v1/simulations');
  await sofia!.button('Simular').click();
  expect((await asked).postDataJSON().changes).toMatchObject({ open: { from: '10:00', to: '13:00' }, max_waiting: 3, auto_accept: true });
  await page.getByRole('rowheader', { name: 'Nivel de servicio' }).waitFor(SOON);
  await looksRight(sofia!, 'y-si-horario');
});

it('what the product closes with is called as its reader says, until somebody renames it', async () => {
  const names = (person: Person) => person.page.locator('.tree-name').allTextContents();
  const john = await inside('admin', 'en');
  await john.page.goto(`${server.origin}/admin/tipificaciones`);
  await john.page.getByRole('button', { name: /^Out of hours/ }).waitFor(SOON);
  const before = await names(john);
  expect(before).toEqual(expect.arrayContaining(['Inactivity', 'Transfer', 'Out of hours', 'Ignored comment']));
  // Saved as it is shown, it is not renamed.
  for (const name of ['Inactivity', 'Silent customer']) {
    await john.page.getByRole('button', { name: /^Inactivity/ }).first().dblclick();
    await john.page.locator('.tree-naming input').fill(name);
    await john.page.keyboard.press('Enter');
    await john.page.locator('.tree-naming').waitFor({ state: 'detached', ...SOON });
  }
  await expect.poll(() => names(john), SOON).toContain('Silent customer');
  await admin!.page.goto(`${server.origin}/admin/tipificaciones`);
  await expect.poll(() => names(admin!), SOON).toEqual(expect.arrayContaining(['Silent customer', 'Transferencia', 'Fuera de horario', 'Comentario ignorado']));
  expect(john.complaints).toEqual([]);
});
