/** An agent asks a colleague about a conversation: both screens, live, to the end. */

import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';

import { Customers } from './customer.ts';
import { failed, looksRight } from './looks.ts';
import { openBrowser, Person, SOON } from './people.ts';
import { Server } from './server.ts';

let server: Server;
let browser: Browser;
let customers: Customers;
let ana: Person;
let bruno: Person;

async function atWork(login: string, password: string): Promise<Person> {
  const person = await Person.at(browser, `${server.origin}/`);
  await person.signIn(login, password);
  await person.startShift();
  return person;
}

beforeAll(async () => {
  const started = await Server.create();
  server = started.server;
  customers = new Customers(server.origin, started.sample.api_channel);
  const passwords = new Map(started.sample.users.map(({ login, password }) => [login, password]));
  browser = await openBrowser();
  ana = await atWork('ana', passwords.get('ana') ?? '');
  await customers.write('c1', 'Lucía Páez', 'Hola, no tengo internet');
  await ana.row('Lucía Páez').click();
  bruno = await atWork('bruno', passwords.get('bruno') ?? '');
});

afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  for (const [name, person] of Object.entries({ ana, bruno })) {
    await failed(person, `consult-${name}`);
  }
});

afterAll(async () => {
  await browser?.close();
  await server?.remove();
});

it('a key opens the list of colleagues, with a first note', async () => {
  await ana.sees('Hola, no tengo internet');
  await ana.page.locator('.thread').focus();
  await ana.page.keyboard.press('o');
  const dialog = ana.page.getByRole('dialog');
  await dialog.getByRole('combobox').fill('brun');
  expect(await ana.barriersInBoth()).toEqual([]);
  await ana.page.keyboard.press('Enter');
  await dialog.getByRole('textbox', { name: 'Nota interna' }).fill('¿Hay un corte en Palermo?');
  await looksRight(ana, 'consulta');
  await dialog.getByRole('button', { name: 'Consultar a un colega' }).click();
  await ana.sees('En consulta con Bruno Benítez');
});

it('the colleague has it as a marked row, sees everything and writes notes only', async () => {
  await bruno.row('Lucía Páez').getByText('Consulta').waitFor(SOON);
  await bruno.row('Lucía Páez').click();
  await bruno.sees('Hola, no tengo internet');
  await bruno.sees('¿Hay un corte en Palermo?');
  await bruno.sees('Ana Aguirre consulta. Acá solo se escriben notas internas.');
  await looksRight(bruno, 'consulta-colega');
  await bruno.writes('Sí, hasta las 18');
  await ana.message('Sí, hasta las 18').waitFor(SOON);
  await looksRight(ana, 'consulta-propia');
  await bruno.page.getByRole('tab', { name: /^Responder a/ }).click();
  await bruno.sees('Al cliente le responde Ana Aguirre.');
  await customers.write('c1', 'Lucía Páez', '¿Siguen ahí?');
  await bruno.message('¿Siguen ahí?').waitFor(SOON);
});

it('the colleague ends it and reads no more', async () => {
  await bruno.button('Terminar consulta').click();
  await bruno.sees('Terminó la consulta por Lucía Páez.');
  await bruno.row('Lucía Páez').waitFor({ ...SOON, state: 'detached' });
  await ana.seesNoMore('En consulta con Bruno Benítez');
});

it('by the palette once more; given to the colleague it is theirs', async () => {
  await ana.page.keyboard.press('Control+k');
  await ana.page.getByRole('combobox').fill('>consultar');
  await ana.page.keyboard.press('Enter');
  await ana.page.getByRole('dialog').getByRole('combobox').fill('brun');
  await ana.page.keyboard.press('Enter');
  await ana.page.getByRole('dialog').getByRole('button', { name: 'Consultar a un colega' }).click();
  await bruno.row('Lucía Páez').getByText('Consulta').waitFor(SOON);
  await bruno.row('Lucía Páez').click();
  await ana.page.locator('.thread').focus();
  await ana.page.keyboard.press('t');
  await ana.page.getByRole('combobox').fill('brun');
  await ana.page.keyboard.press('Enter');
  await ana.page.getByRole('dialog').getByRole('button', { name: 'Transferir' }).click();
  await ana.row('Lucía Páez').waitFor({ ...SOON, state: 'detached' });
  await bruno.seesNoMore('Ana Aguirre consulta.');
  await bruno.page.getByRole('tab', { name: /^Responder a/ }).click();
  await bruno.writes('Soy Bruno, sigo yo.');
  await customers.write('c1', 'Lucía Páez', 'Gracias, Bruno');
  await bruno.message('Gracias, Bruno').waitFor(SOON);
  for (const person of [ana, bruno]) expect(person.complaints).toEqual([]);
});
