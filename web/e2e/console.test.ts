/** One day at the desk, with the real server. Every step goes on where the one before ended. */

import { join } from 'node:path';

import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { Cable } from './cable.ts';
import { Customers } from './customer.ts';
import { openBrowser, Person, SOON } from './people.ts';
import { Server } from './server.ts';
import { Visitor } from './visitor.ts';

let server: Server;
let cable: Cable;
let browser: Browser;
let customers: Customers;
let chat: string;
let passwords: Map<string, string>;

let visitor: Visitor;
let ana: Person;
let bruno: Person;
let sofia: Person;

const CUT_MS = 20_000;
const eventually = (what: () => unknown, timeout = SOON.timeout) => expect.poll(what, { timeout, interval: 50 });
const enter = async (person: Person, login: string) => person.signIn(login, passwords.get(login) ?? '');

beforeAll(async () => {
  const started = await Server.create();
  server = started.server;
  cable = await Cable.to(server.origin);
  customers = new Customers(server.origin, started.sample.api_channel);
  chat = started.sample.chat_channel;
  passwords = new Map(started.sample.users.map(({ login, password }) => [login, password]));
  browser = await openBrowser();
});

// What everybody saw when a step failed.
afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  for (const [name, person] of Object.entries({ ana, bruno, sofia })) {
    await person?.page.screenshot({ path: join(import.meta.dirname, 'results', `${name}.png`) }).catch(() => {});
  }
});

afterAll(async () => {
  await browser?.close();
  cable?.close();
  await server?.remove();
});

describe('coming in', () => {
  it('a wrong password is refused in words', async () => {
    ana = await Person.at(browser, `${cable.origin}/`);
    await ana.page.waitForURL('**/login');
    await ana.page.getByLabel('Usuario').fill('ana');
    await ana.page.getByLabel('Contraseña', { exact: true }).fill('wrong password');
    await ana.page.keyboard.press('Enter');
    await ana.sees('El usuario o la contraseña no son correctos.');
    expect(await ana.barriersInBoth()).toEqual([]);
  });

  it('the shift starts with a test of the sound', async () => {
    await enter(ana, 'ana');
    await ana.page.waitForURL('**/turno');
    expect(await ana.barriersInBoth()).toEqual([]);
    await ana.button('Probar sonido').click();
    await eventually(() => ana.sounds()).toContain('assigned');
    await ana.page.keyboard.press('Control+Enter');
    await ana.page.waitForURL('**/bandeja');
    await ana.sees('Todavía no hay conversaciones');
  });
});

describe('a conversation, from the first message to the end', () => {
  it('a customer writes: it sounds, it is in the title, it is announced and shown', async () => {
    await ana.page.evaluate(() => ((window as unknown as { heard: string[] }).heard.length = 0));
    await customers.write('c1', 'Camila Rojas', 'Hola, no tengo internet');
    await ana.row('Camila Rojas').waitFor(SOON);
    await eventually(() => ana.sounds()).toContain('assigned');
    await eventually(() => ana.page.title()).toMatch(/^\(1\) ● Camila Rojas/);
    await eventually(() => ana.page.locator('[aria-live=assertive]').textContent()).toBe('Nueva conversación: Camila Rojas');
    await ana.row('Camila Rojas').click();
    await ana.sees('Hola, no tengo internet');
    await eventually(() => ana.page.title()).toBe('Centralita');
  });

  it('the answer is on the screen at once', async () => {
    await ana.page.locator('#composer-text').fill('¡Hola! Reviso tu equipo.');
    const shown = await ana.page.evaluate(async () => {
      const area = document.querySelector<HTMLTextAreaElement>('#composer-text');
      const start = performance.now();
      area?.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }));
      while (![...document.querySelectorAll('.bubble-text')].some((bubble) => bubble.textContent === '¡Hola! Reviso tu equipo.')) {
        await new Promise(requestAnimationFrame);
      }
      return performance.now() - start;
    });
    expect(shown).toBeLessThan(50);
    await ana.seesNoMore('Enviando…');
    expect(await ana.messages()).toEqual(['Hola, no tengo internet', '¡Hola! Reviso tu equipo.']);
  });

  it('who waits for an agent of another campaign is offered, and accepted by key', async () => {
    visitor = await Visitor.at(browser, server.origin, chat);
    await visitor.writes('¿Tienen fibra en mi zona?');
    await ana.button(/^Aceptar/).waitFor(SOON);
    await eventually(() => ana.sounds()).toContain('offer');
    expect(await ana.barriersInBoth()).toEqual([]);
    await ana.page.locator('.inbox-list').focus();
    await ana.page.keyboard.press('y');
    await ana.sees('¿Tienen fibra en mi zona?');
    await ana.writes('Sí, tenemos.');
    await visitor.sees('Sí, tenemos.');
    await ana.message('Sí, tenemos.').getByText('Leído').waitFor(SOON);
  });

  it('typing @ # { } and accents fires nothing but text', async () => {
    const text = 'ana@x.ar #1 {llaves} [corchetes] ñandú ção';
    await ana.page.locator('#composer-text').pressSequentially(text);
    expect(await ana.page.locator('#composer-text').inputValue()).toBe(text);
    expect(await ana.page.locator('[role=dialog]').count()).toBe(0);
    await ana.page.locator('#composer-text').fill('');
  });

  it('a picture is attached, sent and shown', async () => {
    await ana.row('Camila Rojas').click();
    const buffer = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==', 'base64');
    await ana.page.locator('input[type=file]').setInputFiles({ name: 'comprobante.png', mimeType: 'image/png', buffer });
    await ana.button('Quitar comprobante.png').waitFor(SOON);
    await ana.button('Enviar').last().click();
    await ana.page.getByAltText('comprobante.png').waitFor(SOON);
    await ana.button('Ampliar comprobante.png').click();
    await ana.page.getByRole('dialog', { name: 'comprobante.png' }).waitFor(SOON);
    expect(await ana.barriersInBoth()).toEqual([]);
    await ana.page.keyboard.press('Escape');
  });

  it('a draft belongs to its conversation and survives loading the page again', async () => {
    await ana.row('Visitante').click();
    await ana.page.locator('#composer-text').fill('Borrador para el visitante');
    await ana.row('Camila Rojas').click();
    expect(await ana.page.locator('#composer-text').inputValue()).toBe('');
    await ana.page.reload();
    await ana.connection('live');
    await ana.row('Visitante').click();
    await eventually(() => ana.page.locator('#composer-text').inputValue()).toBe('Borrador para el visitante');
    await ana.page.locator('#composer-text').fill('');
    await ana.page.evaluate(() => Object.assign(window, { untouched: true }));
  });

  it('a second tab stays silent', async () => {
    const second = await Person.at(browser, `${cable.origin}/bandeja`, { context: ana.page.context() });
    await second.connection('live');
    await ana.page.evaluate(() => ((window as unknown as { heard: string[] }).heard.length = 0));
    await customers.write('c2', 'Mateo Núñez', '¿Cuándo viene el técnico?');
    await second.row('Mateo Núñez').waitFor(SOON);
    await eventually(async () => [...(await ana.sounds()), ...(await second.sounds())]).toHaveLength(1);
    await second.page.close();
  });

  it('the agent transfers; the colleague accepts and has the whole thread', async () => {
    bruno = await Person.at(browser, `${server.origin}/`);
    await enter(bruno, 'bruno');
    await bruno.startShift();
    await ana.row('Visitante').click();
    await ana.page.locator('.thread').focus();
    await ana.page.keyboard.press('t');
    await ana.page.getByRole('combobox').fill('brun');
    expect(await ana.barriersInBoth()).toEqual([]);
    await ana.page.keyboard.press('Enter');
    await ana.page.getByRole('dialog').getByRole('button', { name: 'Transferir' }).click();
    await bruno.sees('de Ana Aguirre');
    await bruno.button(/^Aceptar/).click();
    await bruno.sees('Sí, tenemos.');
    await bruno.writes('Soy Bruno, sigo yo.');
    await visitor.sees('Soy Bruno, sigo yo.');
    await visitor.writes('Gracias, Bruno');
    await bruno.sees('Gracias, Bruno');
  });

  it('closing asks for a disposition and goes on to the next', async () => {
    await ana.row('Camila Rojas').click();
    await ana.sees('¡Hola! Reviso tu equipo.');
    await ana.page.locator('.thread').focus();
    await ana.page.keyboard.press('e');
    await ana.page.getByRole('combobox').fill('resuelto');
    await ana.page.keyboard.press('Enter');
    expect(await ana.barriersInBoth()).toEqual([]);
    await ana.page.keyboard.press('Enter');
    await ana.row('Camila Rojas').waitFor({ ...SOON, state: 'hidden' });
    await ana.page.waitForURL(/bandeja\/mias\/.+/);
  });
});

describe('without network', () => {
  it('for 20 seconds, in the middle of writing and sending: nothing is lost, nothing comes twice', async () => {
    await ana.row('Mateo Núñez').click();
    await ana.sees('¿Cuándo viene el técnico?');
    await ana.page.locator('#composer-text').pressSequentially('Hola Mateo, lo mi');
    cable.pull();
    await ana.connection('reconnecting');
    await ana.page.locator('#composer-text').pressSequentially('ro ahora.');
    await ana.page.keyboard.press('Enter');
    await ana.sees('Hola Mateo, lo miro ahora.');
    await ana.writes('Segundo mensaje.');
    const until = Date.now() + CUT_MS;
    await customers.write('c2', 'Mateo Núñez', 'Escribo mientras no hay red');
    await ana.connection('offline', 15_000);
    await ana.sees(/2 mensajes esperan para salir/);
    expect(await ana.barriersInBoth()).toEqual([]);
    await eventually(() => Date.now() > until, CUT_MS + 5_000).toBe(true);
    cable.plug();
    await ana.connection('live');
    await ana.sees('Escribo mientras no hay red');
    await ana.seesNoMore(/Enviando…|se enviará al reconectar/);
    const said = await ana.messages();
    expect([...said].sort()).toEqual(['Escribo mientras no hay red', 'Hola Mateo, lo miro ahora.', 'Segundo mensaje.', '¿Cuándo viene el técnico?'].sort());
    expect(said.indexOf('Hola Mateo, lo miro ahora.')).toBeLessThan(said.indexOf('Segundo mensaje.'));
    expect(await ana.wasNeverReloaded()).toBe(true);
  });

  it('what waits to be sent survives even the page', async () => {
    cable.pull();
    await ana.connection('reconnecting');
    await ana.writes('Sobrevive a todo.');
    await ana.sees(/se enviará al reconectar/);
    cable.plug();
    await ana.page.reload();
    await ana.connection('live');
    await ana.sees('Sobrevive a todo.');
    await ana.seesNoMore(/Enviando…|se enviará al reconectar/);
    expect((await ana.messages()).filter((text) => text === 'Sobrevive a todo.')).toHaveLength(1);
    await ana.page.evaluate(() => Object.assign(window, { untouched: true }));
  });

  it('the server dies and comes back: every page carries on by itself', async () => {
    await server.kill();
    await ana.connection('reconnecting');
    await server.start();
    for (const person of [ana, bruno]) await person.connection('live');
    await customers.write('c2', 'Mateo Núñez', '¿Siguen ahí?');
    await ana.sees('¿Siguen ahí?');
    expect(await ana.wasNeverReloaded()).toBe(true);
  });
});

describe('a supervisor', () => {
  it('sees who does what, live', async () => {
    sofia = await Person.at(browser, `${server.origin}/`);
    await enter(sofia, 'sofia');
    await sofia.page.waitForURL('**/supervision');
    await sofia.page.getByRole('row').filter({ hasText: 'Ana Aguirre' }).getByText('Ocupado').waitFor(SOON);
    await ana.button(/^Estado/).click();
    await ana.page.getByRole('menuitem', { name: 'Almuerzo' }).first().click();
    await sofia.page.getByRole('row').filter({ hasText: 'Ana Aguirre' }).getByText('Almuerzo').waitFor(SOON);
    await ana.sees(/Almuerzo · 0:0/);
    await ana.button('Volver').last().click();
  });

  it('reads along without being able to write', async () => {
    await sofia.button('Bruno Benítez').first().click();
    await sofia.page.locator('.watch-row').first().click();
    await sofia.sees('Gracias, Bruno');
    await visitor.writes('¿Precio?');
    await sofia.sees('¿Precio?');
    expect(await sofia.page.locator('#composer-text').count()).toBe(0);
    expect(await sofia.barriersInBoth()).toEqual([]);
  });

  it('pauses an agent, who sees it and cannot end it; then ends it', async () => {
    await sofia.button('Pausar').click();
    await bruno.sees('En pausa por supervisión: solo supervisión puede terminarla.');
    await sofia.button('Reanudar').click();
    await bruno.seesNoMore('En pausa por supervisión: solo supervisión puede terminarla.');
  });

  it('signs an agent out: the page says so, keeps the draft, and asks to sign in', async () => {
    await bruno.page.locator('#composer-text').fill('Sin terminar');
    await sofia.button('Desconectar').click();
    await sofia.page.getByRole('dialog').getByRole('button', { name: 'Desconectar' }).click();
    await bruno.sees(/La sesión terminó/);
    await bruno.sees(/1 borrador guardado/);
  });
});

describe('by keyboard only', () => {
  it('from signing in to signing out', async () => {
    const carla = await Person.at(browser, `${server.origin}/`);
    const { keyboard } = carla.page;
    await carla.page.waitForURL('**/login');
    await keyboard.type('carla');
    await keyboard.press('Tab');
    await keyboard.type(passwords.get('carla') ?? '');
    await keyboard.press('Enter');
    await carla.startShift();
    // Nobody else is free.
    await ana.button(/^Estado/).click();
    await ana.page.getByRole('menuitem', { name: 'Almuerzo' }).first().click();
    await customers.write('c9', 'Valentina Souza', 'Não recebi a fatura');
    await carla.row('Valentina Souza').waitFor(SOON);
    await keyboard.press('j');
    await carla.message('Não recebi a fatura').waitFor(SOON);
    await keyboard.press('c');
    await keyboard.type('Te la reenvío.');
    await keyboard.press('Enter');
    await carla.message('Te la reenvío.').waitFor(SOON);
    await carla.seesNoMore('Enviando…');
    await keyboard.press('Escape');
    await keyboard.press('e');
    await keyboard.type('res');
    await keyboard.press('Enter');
    await keyboard.press('Enter');
    await carla.row('Valentina Souza').waitFor({ ...SOON, state: 'hidden' });
    await keyboard.press('?');
    await carla.page.getByRole('dialog', { name: 'Atajos de teclado' }).waitFor(SOON);
    await keyboard.press('Escape');
    await keyboard.press('Control+k');
    await keyboard.type('sali');
    await keyboard.press('Enter');
    await carla.page.waitForURL('**/login');
    expect(carla.complaints).toEqual([]);
  });
});

describe('the console', () => {
  it('speaks three languages, and Argentine', async () => {
    for (const [locale, title] of [['en-GB', 'Sign in'], ['pt-BR', 'Entrar'], ['es-CL', 'Ingresar']] as const) {
      const person = await Person.at(browser, `${server.origin}/login`, { locale });
      await person.page.getByRole('heading', { name: title }).waitFor(SOON);
      await person.page.context().close();
    }
    const person = await Person.at(browser, `${server.origin}/login`, { locale: 'en-GB' });
    await person.page.getByLabel('Language').selectOption('es-AR');
    await person.button('Olvidé mi contraseña').click();
    await person.sees('Pedile a la administración un enlace para elegir otra.');
    expect(await person.page.locator('html').getAttribute('lang')).toBe('es-AR');
    await person.page.context().close();
  });

  it('paints the chosen look first, before any script', async () => {
    await ana.page.goto(`${cable.origin}/perfil`);
    await ana.page.getByText('Alto contraste').click();
    await eventually(() => ana.page.evaluate(() => document.cookie)).toContain('centralita.look=contrast');
    const html = await (await ana.page.request.get(`${cable.origin}/bandeja`)).text();
    expect(html).toContain('<html lang="es" data-theme="contrast"');
  });

  it('shows markup as text', async () => {
    await customers.write('c2', 'Mateo Núñez', '<img src=x onerror="document.title=1"><b>negrita</b>');
    await ana.page.goto(`${cable.origin}/bandeja`);
    await ana.row('Mateo Núñez').click();
    await ana.sees('<img src=x onerror="document.title=1"><b>negrita</b>');
    expect(await ana.page.locator('.bubble img, .bubble b').count()).toBe(0);
  });

  it('complained about nothing: no script error, nothing blocked by the content policy', () => {
    for (const person of [ana, bruno, sofia]) expect(person.complaints).toEqual([]);
  });
});
