import { join } from 'node:path';

import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { openBrowser, Person, SOON } from './people.ts';
import { Server } from './server.ts';

let server: Server;
let browser: Browser;
let chat: string;
let passwords: Map<string, string>;

let visitor: Person;
let ana: Person;
let bruno: Person;
let sofia: Person;

const eventually = (what: () => unknown) => expect.poll(what, { ...SOON, interval: 50 });
const signedIn = async (path: string, login: string) => {
  const person = await Person.at(browser, server.origin + path);
  await person.signIn(login, passwords.get(login) ?? '');
  return person;
};
const row = (person: Person, name: string) => person.page.getByRole('row').filter({ hasText: name });

beforeAll(async () => {
  const started = await Server.create();
  server = started.server;
  chat = `${server.origin}/chat.html?channel=${started.sample.chat_channel}`;
  passwords = new Map(started.sample.users.map(({ login, password }) => [login, password]));
  browser = await openBrowser();
});

// What everybody saw when a step failed.
afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  for (const [name, person] of Object.entries({ visitor, ana, bruno, sofia })) {
    await person?.page.screenshot({ path: join(import.meta.dirname, 'results', `${name}.png`) }).catch(() => {});
  }
});

afterAll(async () => {
  await browser?.close();
  await server?.remove();
});

// One story; every step goes on where the one before ended.
describe('a conversation, from the first message to the end', () => {
  it('a wrong password is refused in words', async () => {
    const stranger = await Person.at(browser, `${server.origin}/`);
    await stranger.page.getByLabel('Usuario').fill('ana');
    await stranger.page.getByLabel('Contraseña').fill('wrong password');
    await stranger.page.keyboard.press('Enter');
    await stranger.sees('El usuario o la contraseña no son correctos.');
    expect(await stranger.barriers()).toEqual([]);
    await stranger.page.context().close();
  });

  it('what a visitor writes appears at once on the page of an agent', async () => {
    ana = await signedIn('/', 'ana');
    visitor = await Person.at(browser, chat);
    await visitor.sees('Escribir un mensaje para empezar.');
    await visitor.writes('Hola, ¿tienen fibra en mi zona?', 'Enter');
    await ana.button(/^Aceptar/).click();
    await ana.sees('Hola, ¿tienen fibra en mi zona?');
    await visitor.writes('Es en Ushuaia', 'Enter');
    await ana.sees('Es en Ushuaia');
  });

  it('the agent answers and learns that it was read', async () => {
    await ana.writes('¡Hola! Sí, tenemos.', 'Control+Enter');
    await visitor.sees('¡Hola! Sí, tenemos.');
    await ana.message('¡Hola! Sí, tenemos.').getByText('Leído').waitFor(SOON);
    expect(await ana.messages()).toEqual(['Hola, ¿tienen fibra en mi zona?', 'Es en Ushuaia', '¡Hola! Sí, tenemos.']);
    expect(await visitor.messages()).toEqual(await ana.messages());
  });

  it('the server dies; both pages say so, and carry on by themselves when it is back', async () => {
    await server.kill();
    for (const person of [visitor, ana]) await person.sees(/Reconectando|Sin conexión/);
    await visitor.writes('¿Siguen ahí?', 'Enter');
    await ana.writes('Un momento, por favor.', 'Control+Enter');
    for (const person of [visitor, ana]) await person.sees('Sin conexión: se enviará al reconectar');

    await server.start();
    for (const person of [visitor, ana]) await person.sees('En vivo');
    await ana.sees('¿Siguen ahí?');
    await visitor.sees('Un momento, por favor.');
    await ana.writes('Sí, aquí seguimos.', 'Control+Enter');
    await visitor.sees('Sí, aquí seguimos.');
    for (const person of [visitor, ana]) await person.seesNoMore(/Enviando|se enviará al reconectar/);

    const said = await ana.messages();
    expect(said).toHaveLength(6);
    expect(new Set(said).size).toBe(6);
    expect(await visitor.messages()).toEqual(said);
    for (const person of [visitor, ana]) expect(await person.wasNeverReloaded()).toBe(true);
  });

  it('what was not sent is still in the box after signing in again', async () => {
    await ana.page.locator('#composer-text').fill('Borrador');
    await ana.page.reload();
    await ana.sees('En vivo');
    await ana.button(/Visitante/).click();
    await eventually(() => ana.page.locator('#composer-text').inputValue()).toBe('Borrador');
    await ana.page.locator('#composer-text').fill('');
    await eventually(() => ana.messages()).toHaveLength(6);
  });

  it('the agent transfers; the colleague accepts and has the whole thread', async () => {
    bruno = await signedIn('/', 'bruno');
    await ana.button('Transferir').click();
    const to = ana.page.getByLabel('Destino');
    await to.selectOption({ label: 'Bruno Benítez' });
    expect(await ana.barriers()).toEqual([]);
    await ana.page.locator('dialog').getByRole('button', { name: 'Transferir' }).click();
    await bruno.sees('de Ana Aguirre');
    expect(await bruno.barriers()).toEqual([]);
    await bruno.button(/^Aceptar/).click();
    await bruno.sees('Sí, aquí seguimos.');
    await ana.sees('La conversación ahora es de Bruno Benítez.');
    await bruno.writes('Soy Bruno, sigo yo.', 'Control+Enter');
    await visitor.sees('Soy Bruno, sigo yo.');
  });

  it('barriers: none on any page, light or dark', async () => {
    expect(await ana.barriers()).toEqual([]);
    expect(await bruno.barriers()).toEqual([]);
    expect(await visitor.barriers()).toEqual([]);
  });

  it('closing ends it for the visitor too', async () => {
    await bruno.button('Cerrar').click();
    await bruno.page.locator('dialog').getByRole('button', { name: 'Cerrar conversación' }).click();
    await visitor.sees('La conversación terminó. Un mensaje nuevo empieza otra.');
    await bruno.sees('No hay conversaciones. Las nuevas aparecen solas.');
  });
});

describe('a supervisor', () => {
  it('sees who does what, live', async () => {
    sofia = await signedIn('/supervisor.html', 'sofia');
    await row(sofia, 'Ana Aguirre').getByText('Disponible').waitFor(SOON);
    await ana.page.getByLabel('Estado').selectOption({ label: 'Almuerzo' });
    await row(sofia, 'Ana Aguirre').getByText('Almuerzo').waitFor(SOON);
  });

  it('pauses an agent, who sees it and cannot end it', async () => {
    await sofia.button('Pausar Bruno Benítez').click();
    await row(sofia, 'Bruno Benítez').getByText('En pausa por supervisión').waitFor(SOON);
    const state = bruno.page.getByLabel('Estado');
    await eventually(() => state.isDisabled()).toBe(true);
    expect(await state.locator('option:checked').textContent()).toBe('En pausa por supervisión');
  });

  it('sees who waits, and reads along', async () => {
    await visitor.writes('¿Hay alguien?', 'Enter');
    const waiting = sofia.page.getByRole('table', { name: 'En espera' });
    await waiting.getByRole('button').click();
    await sofia.message('¿Hay alguien?').waitFor(SOON);
    await visitor.writes('Espero.', 'Enter');
    await sofia.message('Espero.').waitFor(SOON);
    expect(await sofia.barriers()).toEqual([]);
  });

  it('ends the pause: the one who waits is offered', async () => {
    await sofia.button('Reanudar Bruno Benítez').click();
    await bruno.button(/^Aceptar/).click();
    await bruno.sees('Espero.');
    await sofia.page.getByText('No espera nadie.').waitFor(SOON);
    await sofia.button(/^Bruno Benítez/).click();
    await sofia.page.getByRole('heading', { name: 'Conversaciones de Bruno Benítez' }).waitFor(SOON);
  });

  it('loses the server as well, and comes back to a true board', async () => {
    await server.kill();
    await sofia.sees(/Reconectando|Sin conexión/);
    await server.start();
    for (const person of [sofia, ana, bruno, visitor]) await person.sees('En vivo');
    await row(sofia, 'Ana Aguirre').getByText('Almuerzo').waitFor(SOON);
    const active = row(sofia, 'Bruno Benítez').getByRole('cell').nth(2);
    await eventually(() => active.textContent()).toBe('1');
    await visitor.writes('¿Me leen?', 'Enter');
    await bruno.sees('¿Me leen?');
    await sofia.message('¿Me leen?').waitFor(SOON);
    expect(await sofia.wasNeverReloaded()).toBe(true);
  });

  it('signs an agent out: the page says so and asks to sign in', async () => {
    await sofia.button('Desconectar Ana Aguirre').click();
    await sofia.page.locator('dialog').getByRole('button', { name: 'Desconectar' }).click();
    await ana.sees(/La sesión terminó/);
    await ana.signIn('ana', passwords.get('ana') ?? '');
  });
});

describe('a long thread', () => {
  it('shows the latest messages, and older ones without moving what is read', async () => {
    await bruno.page.evaluate(async () => {
      const page = (await (await fetch('/api/v1/conversations?phase=active')).json()) as { items: { id: string }[] };
      for (let index = 0; index < 70; index += 1) {
        const headers = { 'content-type': 'application/json', 'idempotency-key': `long-${index}` };
        const body = JSON.stringify({ text: `Línea ${index}.` });
        await fetch(`/api/v1/conversations/${page.items[0]?.id}/messages`, { method: 'POST', headers, body });
      }
    });
    await bruno.sees('Línea 69.');
    await bruno.page.reload();
    await bruno.sees('En vivo');
    await bruno.page.locator('.conversation').click();
    await bruno.sees('Línea 69.');
    await eventually(() => bruno.messages()).toHaveLength(50);

    const thread = bruno.page.locator('.thread');
    await thread.evaluate((box) => (box.scrollTop = 0));
    const first = bruno.page.locator('.message').first();
    const text = (await first.locator('.text').textContent()) ?? '';
    const above = (await bruno.message(text).first().boundingBox())?.y ?? 0;
    await bruno.button('Ver anteriores').click();
    await eventually(async () => (await bruno.messages()).length).toBeGreaterThan(70);
    const now = (await bruno.message(text).first().boundingBox())?.y ?? 0;
    // The button above is gone: what is read may move by that much, not by twenty messages.
    expect(Math.abs(now - above)).toBeLessThan(80);
    expect((await bruno.messages())[0]).toBe('¿Hay alguien?');
    await bruno.button('Ver anteriores').waitFor({ ...SOON, state: 'hidden' });
  });
});

describe('the pages', () => {
  it('hold still while they fill', async () => {
    for (const path of ['/', '/supervisor.html', chat.replace(server.origin, '')]) {
      const person = await Person.at(browser, server.origin + path);
      if (path === '/') await person.signIn('ana', passwords.get('ana') ?? '');
      else if (path.startsWith('/supervisor')) await person.signIn('sofia', passwords.get('sofia') ?? '');
      else await person.sees('En vivo');
      await person.page.reload();
      await person.sees('En vivo');
      const shift = await person.page.evaluate(
        () =>
          new Promise<number>((resolve) => {
            let sum = 0;
            new PerformanceObserver((list) => {
              for (const entry of list.getEntries()) sum += (entry as unknown as { value: number }).value;
            }).observe({ type: 'layout-shift', buffered: true });
            setTimeout(() => resolve(sum), 1_500);
          }),
      );
      expect(shift, path).toBeLessThan(0.02);
      await person.page.context().close();
    }
  });

  it('a visitor whose token no longer counts is a new visitor', async () => {
    const person = await Person.at(browser, chat);
    await person.sees('En vivo');
    await person.page.evaluate(() => {
      for (const name of Object.keys(localStorage)) if (name.startsWith('centralita.widget.')) localStorage.setItem(name, 'void');
    });
    await person.page.reload();
    await person.sees('En vivo');
    await person.sees('Escribir un mensaje para empezar.');
    await person.page.context().close();
  });

  it('speak the language of the browser, or the one chosen', async () => {
    const person = await Person.at(browser, chat, { locale: 'en-GB' });
    await person.sees('Write a message to start.');
    await person.page.getByLabel('Language').selectOption('pt-BR');
    await person.sees('Escreva uma mensagem para começar.');
    expect(await person.page.locator('html').getAttribute('lang')).toBe('pt-BR');
    await person.page.reload();
    await person.sees('Escreva uma mensagem para começar.');
    await person.page.context().close();
  });

  it('say that there is no such chat', async () => {
    const person = await Person.at(browser, `${server.origin}/chat.html?channel=none`);
    await person.sees('Este chat no existe.');
    await person.page.context().close();
  });

  it('show markup as text', async () => {
    await visitor.writes('<img src=x onerror="document.title=1"><b>negrita</b>', 'Enter');
    await bruno.sees('<img src=x onerror="document.title=1"><b>negrita</b>');
    expect(await bruno.page.locator('.message img, .message b').count()).toBe(0);
  });

  it('let the agent out', async () => {
    await bruno.button('Salir').click();
    await bruno.page.getByLabel('Usuario').waitFor(SOON);
    await bruno.page.reload();
    await bruno.page.getByLabel('Usuario').waitFor(SOON);
  });

  it('complained about nothing: no script error, nothing blocked by the content policy', () => {
    for (const person of [visitor, ana, bruno, sofia]) expect(person.complaints).toEqual([]);
  });
});
