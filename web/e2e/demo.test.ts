/** A demo says that it is one, lets people in with a click, lives, and is gone with a click. */

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { openBrowser, Person, setScheme } from './people.ts';
import { Server } from './server.ts';

let server: Server;
let browser: Browser;

beforeAll(async () => {
  server = await Server.demo(30);
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  await server?.remove();
});

function atTheDoor(): Promise<Person> {
  return Person.at(browser, `${server.origin}/login`, { locale: 'es-MX' });
}

async function inBothLights(person: Person): Promise<void> {
  for (const scheme of ['light', 'dark'] as const) {
    await setScheme(person.page, scheme);
    expect(await person.barriers(), scheme).toEqual([]);
  }
}

it('lets an agent in with a click, and a simulated customer soon writes to them', async () => {
  const ana = await atTheDoor();
  await ana.button(/Ana Aguirre/).waitFor();
  await inBothLights(ana);
  await ana.button(/Ana Aguirre/).click();
  await ana.startShift();
  await ana.sees('Demostración');
  const first = ana.page.locator('.inbox-row').or(ana.button(/^Aceptar/));
  await first.first().waitFor({ timeout: 50_000 });
  expect(ana.complaints).toEqual([]);
});

it('shows supervisors that it is a demo, and lets only an administrator change or erase it', async () => {
  const sofia = await atTheDoor();
  await sofia.button(/Sofía Suárez/).click();
  await sofia.button('Demostración').click();
  await sofia.sees('Esto es una demostración');
  await sofia.sees(/La administración puede/);
  expect(await sofia.button('Borrar la demostración').count()).toBe(0);
  await inBothLights(sofia);
});

it('is erased by an administrator who is told what that means', async () => {
  const alicia = await atTheDoor();
  await alicia.button(/Alicia Admin/).click();
  await alicia.button('Demostración').click();
  await alicia.page.getByText('Ninguna').click();
  await alicia.page.locator('.ui-segment-on', { hasText: 'Ninguna' }).waitFor();
  await alicia.button('Borrar la demostración').click();
  await alicia.sees(/No se puede deshacer/);
  await inBothLights(alicia);
  await alicia.button('Borrar la demostración').click();
  await alicia.sees('La demostración se borró');
  expect(await server.ends()).toBe(true);
  expect(alicia.complaints).toEqual([]);
});
