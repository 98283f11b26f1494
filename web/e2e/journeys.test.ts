/** Out of hours, a transfer that comes back, closing with something missing, what a campaign does not permit: set on its screens, met on theirs, in three languages. */

import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { Customers } from './customer.ts';
import { failed, looksRight, looksRightInOthers } from './looks.ts';
import { openBrowser, Person, SOON } from './people.ts';
import { Server } from './server.ts';

let server: Server;
let browser: Browser;
let customers: Customers;
let passwords: Map<string, string>;
let chat: string;
const people: Record<string, Person> = {};

beforeAll(async () => {
  const started = await Server.create();
  server = started.server;
  passwords = new Map(started.sample.users.map(({ login, password }) => [login, password]));
  customers = new Customers(server.origin, started.sample.api_channel);
  chat = `${server.origin}/chat?channel=${started.sample.chat_channel}`;
  browser = await openBrowser();
  await inside('admin');
  await people['admin']!.page.waitForURL('**/supervision');
  await inside('ana');
  await people['ana']!.startShift();
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') for (const [name, person] of Object.entries(people)) await failed(person, `fallo-${name}`);
  else for (const [name, person] of Object.entries(people)) expect(person.complaints, name).toEqual([]);
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
/** Somebody on the page of the chat, once it is live. */
async function customer(name: string): Promise<Person> {
  const person = (people[name] = await Person.at(browser, chat));
  await person.sees('En vivo');
  return person;
}

/** What somebody asks for by hand: the answer, and its code where it was refused. */
function asks<T = Record<string, unknown>>({ page }: Person, method: string, path: string, body?: object): Promise<{ status: number; code?: string; body: T }> {
  const ask = async (asked: { method: string; path: string; body: string | null }) => {
    const headers = { 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() };
    const answer = await fetch(`/api/v1/${asked.path}`, { method: asked.method, headers, body: asked.body });
    const body = await answer.json();
    return { status: answer.status, code: body.code, body };
  };
  return page.evaluate(ask, { method, path, body: body ? JSON.stringify(body) : null });
}

const CHANGED = /^Guardado/;
/** A tab of a campaign, in the language in force. */
async function tabOf(campaign: string, tab: string): Promise<Person> {
  const admin = people['admin']!;
  await admin.page.goto(`${server.origin}/admin/campanas`);
  await admin.page.getByRole('link', { name: campaign, exact: true }).click();
  await admin.page.locator('.campaign-tabs').waitFor(SOON);
  const address = new URL(admin.page.url());
  address.searchParams.set('pestana', tab);
  await admin.page.goto(address.href);
  await admin.page.locator('.ready').waitFor(SOON);
  return admin;
}
async function save(admin: Person): Promise<void> {
  await admin.button('Guardar').click();
  await admin.sees(CHANGED);
}
const shown = (person: Person) => () => person.page.locator('.ready').waitFor(SOON);

describe('out of hours', () => {
  const says = /^Ahora no hay nadie en Ventas\. Abrimos el lunes 5 de enero a las 12:30\./;

  it('what arrives is closed, with a message that says when it opens, and nobody gets it', async () => {
    const [admin, ana] = [people['admin']!, people['ana']!];
    const { page } = admin;
    await page.goto(`${server.origin}/admin/horarios/nuevo`);
    await page.getByLabel('Nombre').fill('Atención');
    await page.locator('.ui-segments').getByText('Cerrado', { exact: true }).click();
    await page.getByLabel('Motivo').fill('Inventario');
    await page.getByLabel(/^Hasta \(/).fill('2099-01-05T12:30');
    await save(admin);
    await tabOf('Ventas', 'horario');
    await page.getByLabel('Horario', { exact: true }).selectOption({ label: 'Atención' });
    await page.getByLabel('Fuera de horario', { exact: true }).selectOption({ label: 'Cerrar la conversación' });
    await page.getByLabel('Mensaje fuera de horario').fill('Ahora no hay nadie en ${campaign}. Abrimos el ${next_opening}. ${position}');
    await looksRight(admin, 'jornada-horario');
    await save(admin);
    await looksRightInOthers(admin, 'jornada-horario', shown(admin));

    const marta = await customer('marta');
    await marta.writes('¿Hay alguien?');
    await marta.sees(says);
    await marta.sees('La conversación terminó. Un mensaje nuevo empieza otra.');
    await looksRight(marta, 'jornada-chat-cerrado');
    await looksRightInOthers(marta, 'jornada-chat-cerrado', () => marta.sees(says), (language) => marta.page.getByRole('combobox').selectOption(language ?? 'es'));

    const { body } = await asks<{ items: { standing: object }[] }>(admin, 'GET', 'conversations?limit=10');
    const own = await asks<{ items: { id: string; system: string | null }[] }>(admin, 'GET', 'dispositions?limit=200');
    const disposition = own.body.items.find(({ system }) => system === 'out_of_hours')?.id;
    expect(body.items.map(({ standing }) => standing)).toEqual([{ is: 'ended', ending: 'out_of_hours', disposition }]);
    expect(await ana.page.locator('.inbox-row, .offer').count()).toBe(0);
    expect(await ana.sounds()).toEqual([]);
    await page.goto(`${server.origin}/contactos`);
    await page.locator('.admin-row').first().click();
    await admin.sees('Fuera de horario');
    await looksRight(admin, 'jornada-contacto');
  });

  it('what arrives waits, is told so, and goes to an agent when somebody opens by hand', async () => {
    const [admin, ana] = [people['admin']!, people['ana']!];
    await tabOf('Ventas', 'horario');
    await admin.page.getByLabel('Fuera de horario', { exact: true }).selectOption({ label: 'Dejarla en cola hasta abrir' });
    await save(admin);
    const luz = await customer('luz');
    await luz.writes('¿Atienden hoy?');
    await luz.sees(new RegExp(`${says.source} 1$`));
    expect(await luz.text('La conversación terminó.').count()).toBe(0);
    await looksRight(luz, 'jornada-chat-espera');
    await admin.page.goto(`${server.origin}/supervision`);
    await admin.page.locator('#waiting tr').filter({ hasText: 'Ventas' }).waitFor(SOON);
    await looksRight(admin, 'jornada-espera');
    await looksRightInOthers(admin, 'jornada-espera', () => admin.page.locator('#waiting tr').filter({ hasText: 'Ventas' }).waitFor(SOON));
    expect(await ana.page.locator('.inbox-row, .offer').count()).toBe(0);

    await admin.page.goto(`${server.origin}/admin/horarios`);
    await admin.page.getByRole('link', { name: /Atención/ }).click();
    const byHand = () => admin.page.getByText(/^(Lo puso|Set by|Definido por)/).scrollIntoViewIfNeeded();
    await byHand();
    await looksRightInOthers(admin, 'jornada-a-mano', byHand);
    await admin.page.locator('.ui-segments').getByText('Abierto', { exact: true }).click();
    await admin.page.getByLabel('Motivo').fill('Terminó antes');
    await save(admin);
    await ana.button(/^Aceptar/).click();
    await ana.message('¿Atienden hoy?').waitFor(SOON);
    await ana.writes('Sí, ya abrimos.');
    await luz.sees('Sí, ya abrimos.');
  });
});

describe('a transfer', () => {
  const back = 'Lucía Páez volvió: Bruno Benítez no la tomó.';

  /** Agents are asked, and have so long for it. */
  async function asked(seconds: string): Promise<void> {
    const admin = await tabOf('Soporte', 'datos');
    await admin.page.getByLabel('Asignar sin preguntar').setChecked(false);
    await admin.page.getByLabel('Segundos para aceptar una transferencia').fill(seconds);
    await save(admin);
  }
  async function toBruno(): Promise<void> {
    const ana = people['ana']!;
    await ana.seesNoMore(back);
    await ana.row('Lucía Páez').click();
    await ana.message('Hola, no tengo internet').waitFor(SOON);
    await ana.page.locator('.thread').focus();
    await ana.page.keyboard.press('t');
    await ana.page.getByRole('combobox').fill('brun');
    await ana.page.keyboard.press('Enter');
    await ana.page.getByRole('dialog').getByRole('button', { name: 'Transferir' }).click();
    await people['bruno']!.page.locator('.offer').getByText(/Ana Aguirre/).waitFor(SOON);
    await ana.row('Lucía Páez').click();
    await ana.sees('Transfiriendo a Bruno Benítez');
  }

  it('that is declined comes back, and the sender sees so', async () => {
    const ana = people['ana']!;
    await asked('120');
    await customers.write('c1', 'Lucía Páez', 'Hola, no tengo internet');
    await ana.button(/^Aceptar/).click();
    await ana.row('Lucía Páez').waitFor(SOON);
    const bruno = await inside('bruno');
    await bruno.startShift();
    await toBruno();
    await looksRight(bruno, 'jornada-transferida');
    await looksRight(ana, 'jornada-transfiriendo');
    await looksRightInOthers(ana, 'jornada-transfiriendo', () => ana.message('Hola, no tengo internet').waitFor(SOON));
    await bruno.button('Rechazar').click();
    await ana.sees(back);
    await ana.seesNoMore('Transfiriendo a Bruno Benítez');
    await looksRight(ana, 'jornada-volvio');
    await ana.writes('Sigo yo, Lucía.');
    await ana.message('Sigo yo, Lucía.').waitFor(SOON);
    expect(await bruno.row('Lucía Páez').count()).toBe(0);
  });

  it('that nobody answers comes back by itself, and is heard', async () => {
    const [ana, bruno] = [people['ana']!, people['bruno']!];
    await asked('5');
    await toBruno();
    await ana.row('Visitante').click();
    await ana.message('¿Atienden hoy?').waitFor(SOON);
    const heard = (await ana.sounds()).length;
    await ana.sees(back);
    expect((await ana.sounds()).slice(heard)).toEqual(['assigned']);
    await bruno.page.locator('.offer').waitFor({ ...SOON, state: 'hidden' });
    await ana.row('Lucía Páez').click();
    await ana.writes('¿Volvió la señal?');
    await ana.message('¿Volvió la señal?').waitFor(SOON);
    await bruno.button(/^Estado/).click();
    await bruno.page.getByRole('menuitem', { name: 'Almuerzo' }).first().click();
    await bruno.sees(/Almuerzo · 0:0/);
  });
});

it('closing says what is missing, where, and closes once it is there', async () => {
  const ana = people['ana']!;
  const admin = await tabOf('Soporte', 'campos');
  await admin.page.getByLabel('Obligatorio').check();
  await looksRight(admin, 'jornada-campos');
  await save(admin);
  await looksRightInOthers(admin, 'jornada-campos', shown(admin));
  await ana.page.reload();
  await ana.message('¿Volvió la señal?').waitFor(SOON);
  const dialog = ana.page.getByRole('dialog');
  const asksToClose = async () => {
    await ana.message('¿Volvió la señal?').waitFor(SOON);
    await ana.page.locator('.thread').focus();
    await ana.page.keyboard.press('e');
    await dialog.getByRole('combobox').waitFor(SOON);
  };
  await asksToClose();
  await dialog.getByText('Falta completar: Número de cliente.').waitFor(SOON);
  await ana.page.keyboard.type('resuelto');
  await ana.page.keyboard.press('Enter');
  await ana.page.keyboard.press('Enter');
  await dialog.getByText('Antes de cerrar hay que completar los campos obligatorios.').waitFor(SOON);
  await looksRight(ana, 'jornada-falta');
  await looksRightInOthers(ana, 'jornada-falta', asksToClose);
  await dialog.getByRole('button', { name: 'Completar' }).click();
  const field = ana.page.getByLabel('Número de cliente');
  await expect.poll(() => field.evaluate((element) => element === document.activeElement), SOON).toBe(true);
  await ana.sees('Hace falta para cerrar.');
  await looksRight(ana, 'jornada-completar');
  await field.fill('A-1234');
  await field.press('Tab');
  await ana.seesNoMore('Hace falta para cerrar.');
  await asksToClose();
  await expect.poll(() => dialog.getByText(/^Falta completar/).count(), SOON).toBe(0);
  await ana.page.keyboard.type('resuelto');
  await ana.page.keyboard.press('Enter');
  await ana.page.keyboard.press('Enter');
  await ana.row('Lucía Páez').waitFor({ ...SOON, state: 'detached' });
});

it('what is not permitted is neither there nor done; permitted again, it is both', async () => {
  const ana = people['ana']!;
  const number = '+5491143216543';
  await customers.write(number, number, 'Hola, ¿me ayudan?');
  await ana.button(/^Aceptar/).click();
  await ana.message('Hola, ¿me ayudan?').waitFor(SOON);
  const conversation = new URL(ana.page.url()).pathname.split('/').pop() ?? '';
  const path = `conversations/${conversation}`;
  const bruno = people['bruno']!;
  await bruno.button('Volver').last().click();
  await bruno.seesNoMore(/Almuerzo/);
  const colleagues = await asks<{ items: { id: string; login: string }[] }>(people['admin']!, 'GET', 'users?limit=200');
  const colleague = colleagues.body.items.find(({ login }) => login === 'bruno')?.id ?? '';
  const names = ['Mostrar el número', 'Emoticones', 'Adjuntos y recursos externos', 'Transferir a agentes'];
  const set = async (on: boolean) => {
    const admin = await tabOf('Soporte', 'permisos');
    for (const name of names) await admin.page.getByLabel(name).setChecked(on);
    if (!on) await looksRight(admin, 'jornada-permisos');
    await save(admin);
    if (!on) await looksRightInOthers(admin, 'jornada-permisos', shown(admin));
    await ana.page.reload();
    await ana.message('Hola, ¿me ayudan?').waitFor(SOON);
  };
  /** How many there are of what depends on it: emojis, files, colleagues, and asking one. */
  const controls = async () => {
    const there = [await ana.button('Emojis').count(), await ana.button('Adjuntar un archivo').count()];
    await ana.page.locator('.thread').focus();
    await ana.page.keyboard.press('t');
    await ana.page.getByRole('dialog').getByRole('tab', { name: 'Campañas' }).waitFor(SOON);
    there.push(await ana.page.getByRole('dialog').getByRole('tab', { name: 'Agentes' }).count());
    await ana.page.keyboard.press('Escape');
    await ana.button('Más acciones').click();
    await ana.page.getByRole('menu').waitFor(SOON);
    there.push(await ana.page.getByRole('menuitem', { name: /^Consultar/ }).count());
    await ana.page.keyboard.press('Escape');
    return there;
  };
  expect(await controls()).toEqual([1, 1, 1, 1]);

  await set(false);
  expect(await controls()).toEqual([0, 0, 0, 0]);
  await ana.sees('••• 6543');
  expect(await ana.page.content()).not.toContain('4321');
  await looksRight(ana, 'jornada-sin-permisos');
  await looksRightInOthers(ana, 'jornada-sin-permisos', () => ana.message('Hola, ¿me ayudan?').waitFor(SOON));
  expect(await asks(ana, 'POST', `${path}/messages`, { text: 'Hola 👋' })).toMatchObject({ status: 422, code: 'emoticons_not_allowed' });
  expect(await asks(ana, 'POST', `${path}/transfer`, { agent: colleague })).toMatchObject({ status: 403, code: 'not_allowed_in_campaign' });
  expect(await asks(ana, 'GET', `contacts?q=${encodeURIComponent(number)}`)).toMatchObject({ status: 403, code: 'forbidden' });
  expect(JSON.stringify(await asks(ana, 'GET', path))).not.toContain('4321');

  await set(true);
  await ana.row(number).waitFor(SOON);
  expect(await controls()).toEqual([1, 1, 1, 1]);
  expect(await asks(ana, 'POST', `${path}/messages`, { text: 'Hola 👋' })).toMatchObject({ status: 200 });
  expect(JSON.stringify(await asks(ana, 'GET', path))).toContain(number);
});
