/** Why me, why nobody: what an agent and a supervisor are told, in words, in light and dark. */

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
let [ana, bruno, sofia]: (Person | undefined)[] = [];

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

it('an agent is told why it is theirs, and nothing of who comes next', async () => {
  ana = await inside('ana');
  await ana.startShift();
  bruno = await inside('bruno');
  await bruno.startShift();
  await customers.write('c1', 'Camila Rojas', 'Hola, no tengo internet');
  const has = async (person: Person, other: string) => {
    await person.row('Camila Rojas').waitFor(SOON);
    return [person, other] as const;
  };
  const [first, other] = await Promise.any([has(ana, 'Bruno'), has(bruno, 'Ana')]);
  await first.row('Camila Rojas').click();
  await first.message('Hola, no tengo internet').waitFor(SOON);
  await first.button('Más acciones').click();
  await first.page.getByRole('menuitem', { name: '¿Por qué a mí?' }).click();
  const dialog = first.page.getByRole('dialog', { name: '¿Por qué a mí?' });
  await dialog.getByText(/^Vos: .*0 de \d+.* Siguiente: otra persona \(0 de \d+\)\.$/).waitFor(SOON);
  expect(await dialog.textContent()).not.toContain(other);
  await looksRight(first, 'por-que-a-mi');
  await first.page.keyboard.press('Escape');
  expect(first.complaints).toEqual([]);
});

it('a supervisor is told why nobody gets what waits, and it is asked again', async () => {
  sofia = await inside('sofia');
  await sofia.page.waitForURL('**/supervision');
  for (const person of [ana!, bruno!]) {
    await person.button(/^Estado/).click();
    await person.page.getByRole('menuitem', { name: 'Almuerzo' }).first().click();
    await person.sees(/Almuerzo · 0:0/);
  }
  await customers.write('c2', 'Mateo Núñez', '¿Cuándo viene el técnico?');
  await sofia.button('¿Por qué nadie? Mateo Núñez').waitFor(SOON);
  await looksRight(sofia, 'espera');
  await sofia.button('¿Por qué nadie? Mateo Núñez').click();
  const dialog = sofia.page.getByRole('dialog', { name: '¿Por qué nadie?' });
  await dialog.getByText(/lugar 1 de 1/).waitFor(SOON);
  await dialog.getByText('Ana Aguirre').waitFor(SOON);
  expect(await dialog.locator('.why-counts li').allTextContents()).toContain('2 En pausa, en break o sin conexión');
  await looksRight(sofia, 'por-que-nadie');
  await ana!.button('Volver').last().click();
  const now = sofia.page.getByRole('dialog', { name: '¿Por qué a Ana Aguirre?' });
  await now.getByText('Ana Aguirre: nadie más podía recibirla.').waitFor(SOON);
  await looksRight(sofia, 'por-que-ella');
  expect(sofia.complaints).toEqual([]);
});

it('it is told in every language', async () => {
  for (const [locale, words] of [['en-GB', /^You: /], ['pt-BR', /^Você: /], ['es-CL', /^Tú: /]] as const) {
    const person = await inside('ana', locale);
    await person.row('Mateo Núñez').click();
    await person.page.locator('.thread-head button[aria-haspopup=menu]').last().click();
    await person.page.getByRole('menuitem').filter({ hasText: /\?$/ }).click();
    await person.page.getByRole('dialog').getByText(words).waitFor(SOON);
    await person.page.context().close();
  }
});
