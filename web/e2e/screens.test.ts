/**
 * Every screen: no barriers in light and dark, and a picture of it for the manual, in Spanish. With CENTRALITA_SCREENS=docs the
 * pictures go to docs/images, else to where nothing keeps them.
 */

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Customers } from './customer.ts';
import { looksRight } from './looks.ts';
import { openBrowser, Person, SOON } from './people.ts';
import { Server } from './server.ts';
import { Visitor } from './visitor.ts';

let server: Server;
let browser: Browser;
let passwords: Map<string, string>;
let customers: Customers;
let chat: string;

beforeAll(async () => {
  const started = await Server.create();
  server = started.server;
  passwords = new Map(started.sample.users.map(({ login, password }) => [login, password]));
  customers = new Customers(server.origin, started.sample.api_channel);
  chat = started.sample.chat_channel;
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  await server?.remove();
});

/** How the sample's campaign closes. */
async function closingOf({ page }: Person): Promise<void> {
  await page.goto(`${server.origin}/admin/campanas`);
  await page.getByRole('link', { name: 'Soporte', exact: true }).click();
  await page.locator('.campaign-tabs').getByRole('link', { name: 'Cierre' }).click();
}

async function inside(login: string): Promise<Person> {
  const person = await Person.at(browser, `${server.origin}/login`, { locale: 'es-AR' });
  await person.signIn(login, passwords.get(login) ?? '');
  return person;
}

describe('the screens of an agent', () => {
  let ana: Person;

  it('sign-in and start of shift', async () => {
    const stranger = await Person.at(browser, `${server.origin}/login`);
    await stranger.page.getByRole('heading', { name: 'Ingresar' }).waitFor(SOON);
    await looksRight(stranger, 'ingresar');
    await stranger.page.goto(`${server.origin}/invitation#nothing`);
    await stranger.sees(/Este enlace ya se usó o venció/);
    await looksRight(stranger, 'invitacion');
    ana = await inside('ana');
    await ana.page.waitForURL('**/turno');
    await looksRight(ana, 'turno');
    await ana.page.keyboard.press('Control+Enter');
    await ana.page.waitForURL('**/bandeja');
    await looksRight(ana, 'bandeja-vacia');
  });

  it('the desk', async () => {
    const people = [
      ['c1', 'Camila Rojas', 'Hola, no tengo internet desde las 9 hs. ¿Me ayudan?'],
      ['c2', 'Mateo Núñez', '¿Cuándo viene el técnico? Lo espero desde el martes'],
      ['c3', 'Valentina Souza', 'Obrigada! Vou testar agora'],
      ['c5', 'María de los Ángeles Fernández Echeverría', 'Buenas tardes, quisiera saber si hay promociones para clientes antiguos'],
    ] as const;
    for (const [id, name, text] of people) {
      await customers.write(id, name, text);
      await ana.row(name).waitFor(SOON);
    }
    await ana.row('Camila Rojas').click();
    await ana.sees('Hola, no tengo internet desde las 9 hs. ¿Me ayudan?');
    await ana.writes('Hola Camila, soy Ana. Veo tu equipo sin señal: lo reinicio ahora.');
    await ana.seesNoMore('Enviando…');
    await customers.write('c1', 'Camila Rojas', 'Dale, gracias');
    await ana.message('Dale, gracias').waitFor(SOON);
    await customers.write('c2', 'Mateo Núñez', '¿Hola?');
    await ana.page.locator('#composer-text').fill('Te aviso apenas vuelva.');
    await ana.page.mouse.move(900, 450);
    await ana.page.waitForTimeout(600);
    await looksRight(ana, 'bandeja');
  });

  it('a note cannot be taken for an answer', async () => {
    await ana.page.getByRole('tab', { name: /Nota interna/ }).click();
    await ana.page.locator('#composer-text').fill('Nodo Norte con corte programado hasta las 15.');
    await looksRight(ana, 'nota');
    await ana.page.locator('#composer-text').fill('');
    await ana.page.getByRole('tab', { name: /Responder/ }).click();
  });

  it('dialogs, palette and menus', async () => {
    const { keyboard } = ana.page;
    await ana.page.locator('.thread').focus();
    await keyboard.press('e');
    await ana.page.getByRole('dialog').waitFor(SOON);
    await looksRight(ana, 'tipificar');
    await keyboard.press('Escape');
    await keyboard.press('t');
    await ana.page.getByRole('dialog').waitFor(SOON);
    await looksRight(ana, 'transferir');
    await keyboard.press('Escape');
    await keyboard.press('l');
    await ana.page.getByRole('dialog').waitFor(SOON);
    await looksRight(ana, 'etiquetas');
    await keyboard.press('Escape');
    await keyboard.press('Control+k');
    await ana.page.getByRole('dialog').waitFor(SOON);
    await looksRight(ana, 'paleta');
    await keyboard.press('Escape');
    await keyboard.press('?');
    await ana.page.getByRole('dialog').waitFor(SOON);
    await looksRight(ana, 'atajos');
    await keyboard.press('Escape');
    await keyboard.press('s');
    await ana.page.getByRole('menu').waitFor(SOON);
    await looksRight(ana, 'estado');
    await keyboard.press('Escape');
  });

  it('an offer', async () => {
    const bruno = await inside('bruno');
    await bruno.startShift();
    const visitor = await Visitor.at(browser, server.origin, chat);
    await visitor.writes('¿Tienen fibra en mi zona?');
    await bruno.button(/^Aceptar/).waitFor(SOON);
    await looksRight(bruno, 'oferta');
    await bruno.page.context().close();
  });

  it('narrow, large letters, high contrast, another language', async () => {
    await ana.page.setViewportSize({ width: 1024, height: 768 });
    await looksRight(ana, 'bandeja-1024');
    await ana.page.setViewportSize({ width: 700, height: 800 });
    await looksRight(ana, 'bandeja-700');
    await ana.page.setViewportSize({ width: 1440, height: 900 });
    await ana.page.goto(`${server.origin}/perfil`);
    await looksRight(ana, 'perfil');
    await ana.page.getByText('130 %').click();
    await ana.page.getByText('Cómoda').click();
    await ana.page.goto(`${server.origin}/bandeja`);
    await ana.row('Camila Rojas').click();
    await ana.sees('Dale, gracias');
    await looksRight(ana, 'bandeja-130');
    await ana.page.goto(`${server.origin}/perfil`);
    await ana.page.getByText('Alto contraste').click();
    await ana.page.getByText('100 %').click();
    await ana.page.getByText('Compacta').click();
    await ana.page.getByLabel('Idioma').selectOption('pt-BR');
    await ana.page.getByRole('heading', { name: 'Aparência' }).waitFor(SOON);
    await ana.page.goto(`${server.origin}/bandeja`);
    await ana.row('Camila Rojas').click();
    await ana.message('Dale, gracias').waitFor(SOON);
    await looksRight(ana, 'bandeja-contraste');
    expect(ana.complaints).toEqual([]);
  });
});

describe('the screens of supervision and administration', () => {
  it('the board, and a look over a shoulder', async () => {
    const sofia = await inside('sofia');
    await sofia.page.waitForURL('**/supervision');
    await sofia.sees('Ana Aguirre');
    await looksRight(sofia, 'supervision');
    await sofia.button('Ana Aguirre').first().click();
    await sofia.page.locator('.watch-row').first().click();
    await sofia.page.locator('.bubble').first().waitFor(SOON);
    await looksRight(sofia, 'espia');
    await sofia.page.goto(`${server.origin}/contactos`);
    await sofia.page.locator('.admin-row').first().click();
    await sofia.page.locator('.contacts-card').waitFor(SOON);
    await looksRight(sofia, 'contactos');
    expect(sofia.complaints).toEqual([]);
  });

  it('what if', async () => {
    const sofia = await inside('sofia');
    await sofia.page.waitForURL('**/supervision');
    await sofia.page.getByRole('link', { name: '¿Y si…?' }).click();
    await sofia.sees('Todavía no hay nada simulado');
    await sofia.page.getByText('Inventado').click();
    await sofia.page.getByLabel('Conversaciones', { exact: true }).fill('2600');
    await sofia.page.getByLabel('Agentes de más o de menos').fill('3');
    await sofia.page.getByLabel('Quién puede recibir').selectOption('omni');
    await sofia.button('Simular').click();
    await sofia.page.getByRole('rowheader', { name: 'Nivel de servicio' }).waitFor(SOON);
    await looksRight(sofia, 'y-si');
    await sofia.page.getByText('Registrado').click();
    await sofia.page.getByLabel('Fecha').fill('2020-01-01');
    await sofia.button('Simular').click();
    await sofia.page.getByRole('alert').waitFor(SOON);
    await sofia.page.context().close();
  });

  it('what is configured', async () => {
    const admin = await inside('admin');
    await admin.page.waitForURL('**/supervision');
    for (const kind of ['clientes', 'canales', 'descansos', 'usuarios']) {
      await admin.page.goto(`${server.origin}/admin/${kind}`);
      await admin.page.locator('.admin-row').first().click();
      await admin.page.locator('.editor-form').waitFor(SOON);
      await looksRight(admin, `admin-${kind}`);
    }
    for (const kind of ['proyectos', 'horarios', 'tokens']) {
      await admin.page.goto(`${server.origin}/admin/${kind}/nuevo`);
      await admin.page.locator('.editor-form').waitFor(SOON);
      await looksRight(admin, `admin-${kind}`);
    }
    expect(admin.complaints).toEqual([]);
  });

  it('the tree of dispositions is changed with the keyboard alone', async () => {
    const admin = await inside('admin');
    const { page } = admin;
    await page.goto(`${server.origin}/admin/tipificaciones`);
    await page.locator('.tree-row').first().waitFor(SOON);
    const add = async (name: string) => {
      await admin.button('Nueva tipificación').press('Enter');
      await page.keyboard.type(name);
      await page.keyboard.press('Enter');
      await page.waitForFunction((name) => document.activeElement?.textContent === name, name, SOON);
    };
    const names = () => page.locator('.tree-name').allTextContents();
    const places = async () => Object.fromEntries(await page.locator('.tree-row').evaluateAll((rows) => rows.map((row) => [row.querySelector('.tree-name')?.textContent ?? '', row.getAttribute('data-depth')])));
    const [first = '', second = ''] = await names();
    await page.locator('.tree-name').nth(1).press('Alt+ArrowUp');
    await expect.poll(async () => (await names()).slice(0, 2), SOON).toEqual([second, first]);
    await add('Primera');
    await add('Segunda');
    const before = await names();
    await page.keyboard.press('Alt+ArrowUp');
    await expect.poll(async () => (await names()).indexOf('Segunda'), SOON).toBe(before.indexOf('Primera'));
    await page.waitForFunction(() => document.activeElement?.textContent === 'Segunda', undefined, SOON);
    await page.keyboard.press('Alt+ArrowDown');
    await expect.poll(names, SOON).toEqual(before);
    await page.waitForFunction(() => document.activeElement?.textContent === 'Segunda', undefined, SOON);
    await page.keyboard.press('Alt+ArrowRight');
    await expect.poll(async () => (await places())['Segunda'], SOON).toBe('1');
    await page.waitForFunction(() => document.activeElement?.textContent === 'Segunda', undefined, SOON);
    await page.keyboard.press('F2');
    await page.keyboard.type('Tercera');
    await page.keyboard.press('Enter');
    await expect.poll(async () => (await places())['Tercera'], SOON).toBe('1');
    await looksRight(admin, 'admin-tipificaciones');
    // Never offered: deleted. Offered by the sample's campaign: switched off.
    const remove = async (name: string) => {
      await page.getByRole('button', { name: `Más acciones de ${name}` }).press('Enter');
      await page.getByRole('menuitem', { name: 'Eliminar' }).click();
    };
    await remove('Tercera');
    await expect.poll(names, SOON).not.toContain('Tercera');
    const offered = before[0] ?? '';
    await remove(offered);
    await admin.sees('puede estar en el historial');
    expect(await names()).toContain(offered);
    expect(admin.complaints).toEqual([]);
  });

  it('a campaign closes what its customers leave', async () => {
    const admin = await inside('admin');
    const { page } = admin;
    await closingOf(admin);
    await page.getByLabel('Segundos de inactividad').fill('600');
    await admin.button('Agregar recordatorio').click();
    await page.getByRole('textbox', { name: /^Recordatorio 1/ }).fill('¿Sigue ahí?');
    await page.getByLabel('Post-gestión', { exact: true }).selectOption({ label: 'Con tiempo fijo' });
    await looksRight(admin, 'admin-campana-cierre');
    await admin.button('Guardar').click();
    await admin.sees('Guardado');
    await page.reload();
    expect(await page.getByRole('textbox', { name: /^Recordatorio 1/ }).inputValue()).toBe('¿Sigue ahí?');
    expect(admin.complaints).toEqual([]);
  });

  it('agents finish as their campaign says', async () => {
    const [admin, ana] = [await inside('admin'), await inside('ana')];
    await ana.page.waitForURL(/\/(turno|bandeja)/, SOON);
    if (ana.page.url().endsWith('/turno')) await ana.startShift();
    // In whichever language she works by now.
    const end = /Terminar post-gestión|Encerrar pós-atendimento/;
    const finish = async (mode: string) => {
      await closingOf(admin);
      await admin.page.getByLabel('Post-gestión', { exact: true }).selectOption({ label: mode });
      await admin.page.getByLabel('Segundos de post-gestión').fill('600');
      await admin.button('Guardar').click();
      await admin.sees('Guardado');
    };
    const closes = async (name: string, asks: boolean) => {
      await customers.write(name, name, 'Hola');
      await ana.row(name).click();
      await ana.page.locator('#composer-text').waitFor(SOON);
      await ana.writes('Listo.');
      await ana.page.locator('.thread').focus();
      await ana.page.keyboard.press('e');
      if (asks) await ana.page.locator('.close-finish input').check();
      await ana.page.getByRole('combobox').fill('resuelto');
      await ana.page.keyboard.press('Enter');
      await ana.page.keyboard.press('Enter');
      await ana.row(name).click();
      await ana.page.locator('.thread-head [role=timer]').waitFor(SOON);
      expect(await ana.page.locator('.thread-head [role=timer]').textContent()).toMatch(/^(9:\d\d|10:00)$/);
    };
    await finish('Opcional');
    await ana.page.reload();
    await closes('Olga Opcional', true);
    await ana.button(end).click();
    await ana.row('Olga Opcional').waitFor({ ...SOON, state: 'hidden' });
    await finish('Con tiempo fijo');
    await ana.page.reload();
    await closes('Nadia Fija', false);
    await looksRight(ana, 'post-gestion');
    expect(await ana.button(end).count()).toBe(0);
    expect([...admin.complaints, ...ana.complaints]).toEqual([]);
  });

  it('a secret is shown this once', async () => {
    const admin = await inside('admin');
    await admin.page.goto(`${server.origin}/admin/tokens/nuevo`);
    await admin.page.getByLabel('Nombre').fill('Integración');
    await admin.page.getByLabel('Rol').selectOption('supervisor');
    await admin.page.getByLabel('Todo').check();
    await admin.button('Guardar').click();
    await admin.page.getByRole('dialog').waitFor(SOON);
    expect(await admin.page.locator('input.secret').inputValue()).toMatch(/^ctl_/);
    expect(await admin.barriersInBoth()).toEqual([]);
    await admin.button('Ya lo guardé').click();
    await admin.page.getByRole('link', { name: /Integración/ }).waitFor(SOON);
  });
});
