/** Administering campaigns, from the tree to the archive; every screen without barriers in light and dark, with a picture. */

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Customers } from './customer.ts';
import { looksRight, looksRightInOthers } from './looks.ts';
import { openBrowser, Person, SOON } from './people.ts';
import { Server } from './server.ts';
import { Visitor } from './visitor.ts';

let server: Server;
let browser: Browser;
let admin: Person;
let customers: Customers;
let passwords: Map<string, string>;
let chat: string;

beforeAll(async () => {
  const started = await Server.create();
  server = started.server;
  passwords = new Map(started.sample.users.map(({ login, password }) => [login, password]));
  chat = started.sample.chat_channel;
  customers = new Customers(server.origin, started.sample.api_channel);
  browser = await openBrowser();
  admin = await Person.at(browser, `${server.origin}/login`, { locale: 'es-AR' });
  await admin.signIn('admin', passwords.get('admin') ?? '');
});
afterAll(async () => {
  await browser?.close();
  await server?.remove();
});

const check = (name: string) => looksRight(admin, name);
const go = (path: string) => admin.page.goto(`${server.origin}/admin/${path}`);
const tab = (name: string) => admin.page.locator('.campaign-tabs').getByRole('link', { name }).click();
const member = (name: string) => admin.page.getByRole('row').filter({ hasText: name });

describe('campaigns', () => {
  it('one is made step by step under a project, and started when nothing is missing', async () => {
    const { page } = admin;
    await go('arbol');
    await page.getByRole('link', { name: /^Nuevo proyecto de/ }).first().click();
    await page.getByLabel('Nombre').fill('Fibra');
    await admin.button('Guardar').click();
    await admin.sees('Guardado: Fibra');
    await go('arbol');
    await page.getByRole('link', { name: 'Nueva campaña de Fibra', exact: true }).click();
    await page.getByLabel('Nombre').fill('Cobranzas');
    await page.getByLabel('Nivel de servicio: atender en (s)').fill('0');
    await check('admin-campana-nueva');
    await admin.button('Crear y seguir').click();
    await page.locator('.ui-field-error').waitFor(SOON);
    await page.getByLabel('Nivel de servicio: atender en (s)').fill('30');
    await admin.button('Crear y seguir').click();
    await admin.sees('Ningún canal activo lleva acá');
    expect(new URL(page.url()).searchParams.get('pestana')).toBe('canales');
    await admin.button('Traer acá Sistema conectado').click();
    await admin.sees('1 canal');
    await check('admin-campana-canales');
    await admin.button('Siguiente').click();
    await page.getByLabel('Horario', { exact: true }).waitFor(SOON);
    // A schedule made on the way is there for others too, and chosen.
    await admin.button('Nuevo horario').click();
    const dialog = page.getByRole('dialog', { name: 'Nuevo horario' });
    await dialog.getByRole('button', { name: 'Crear y elegir' }).click();
    await dialog.locator('.ui-field-error').first().waitFor(SOON);
    await dialog.getByLabel('Nombre').fill('Cobranzas de lunes a viernes');
    await dialog.getByRole('application', { name: 'Semana para pintar' }).waitFor(SOON);
    await check('admin-campana-horario-nuevo');
    await dialog.getByRole('button', { name: 'Crear y elegir' }).click();
    await dialog.waitFor({ ...SOON, state: 'hidden' });
    expect(await page.getByLabel('Horario', { exact: true }).locator('option:checked').textContent()).toBe('Cobranzas de lunes a viernes');
    await page.getByLabel('Horario', { exact: true }).selectOption({ index: 0 });
    // What is typed stays while one wanders between the tabs.
    await tab('Permisos');
    await page.getByLabel('Emoticones').uncheck();
    await admin.sees('No envía emoticones.');
    await check('admin-campana-permisos');
    await tab('Estrategia y límites');
    await page.getByLabel('A quién le toca').selectOption('linear');
    await admin.sees('Primero se atiende a Camila; la recibe Ana.');
    await check('admin-campana-estrategia');
    await tab('Permisos');
    expect(await page.getByLabel('Emoticones').isChecked()).toBe(false);
    await page.getByRole('link', { name: 'Usuarios' }).click();
    await page.getByRole('dialog', { name: 'Hay cambios sin guardar' }).waitFor(SOON);
    await admin.button('Seguir editando').click();
    await admin.button('Guardar').click();
    await admin.sees('Guardado: Cobranzas');
    await tab('Galería');
    const picture = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
    await page.locator('.files-input').setInputFiles({ name: 'Lista de precios.png', mimeType: 'image/png', buffer: picture });
    expect(await page.getByLabel('Atajo', { exact: true }).inputValue()).toBe('lista-de-precios');
    await page.getByLabel('Para todas las campañas del cliente').check();
    await admin.button('Agregar archivo').click();
    await admin.sees('/lista-de-precios');
    // Into a folder by keyboard, into the same one by mouse.
    await admin.button('Mover Lista de precios').press('Enter');
    await page.getByRole('menuitem', { name: 'Carpeta nueva…' }).press('Enter');
    await page.getByLabel('Nombre de la carpeta').fill('Planes');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Planes (1)' }).waitFor(SOON);
    await page.waitForFunction(() => document.activeElement?.getAttribute('aria-label') === 'Mover Lista de precios', undefined, SOON);
    await page.locator('.files-input').setInputFiles({ name: 'Mapa.png', mimeType: 'image/png', buffer: picture });
    await admin.button('Agregar archivo').click();
    await page.getByRole('heading', { name: 'Sin carpeta (1)' }).waitFor(SOON);
    await check('admin-campana-galeria');
    await page.locator('.files-card', { hasText: 'Mapa' }).dragTo(page.getByRole('heading', { name: 'Planes (1)' }));
    await page.getByRole('heading', { name: 'Planes (2)' }).waitFor(SOON);
    await tab('Agentes');
    await page.getByLabel('Agregar agente').selectOption({ label: 'Ana Aguirre' });
    await admin.button('Agregar agente').click();
    await member('Ana Aguirre').waitFor(SOON);
    await admin.sees('Lista para activar');
    await admin.button('Activar').click();
    await admin.sees('Activa: Cobranzas');
    await admin.sees('Todo en orden');
    await check('admin-campana-miembros');
    await page.reload();
    await member('Ana Aguirre').waitFor(SOON);
    // Every step of it in the other languages.
    for (const step of ['datos', 'canales', 'horario', 'permisos', 'campos', 'estrategia', 'miembros']) {
      const address = new URL(page.url());
      address.searchParams.set('pestana', step);
      await page.goto(address.href);
      await looksRightInOthers(admin, `admin-campana-${step}`, () => page.locator('.ready').waitFor(SOON));
    }
  });

  it('many agents at once, and nothing before it is saved', async () => {
    const { page } = admin;
    await go('miembros');
    await page.getByLabel('Cobranzas', { exact: true }).check();
    await member('Ana Aguirre').waitFor(SOON);
    for (const box of await page.locator('[aria-labelledby=members-agents] input[type=checkbox]').all()) await box.check();
    await admin.button(/^Agregar \(/).click();
    await page.getByRole('checkbox', { name: 'Ana Aguirre', exact: true }).last().check();
    await admin.button('Quitar (1)').click();
    await admin.sees(/^\+\d+ −1$/);
    await check('admin-miembros');
    expect(new URL(page.url()).searchParams.get('campanas')).not.toBeNull();
    await page.getByRole('link', { name: 'Usuarios' }).click();
    await page.getByRole('dialog', { name: 'Hay cambios sin guardar' }).waitFor(SOON);
    await admin.button('Seguir editando').click();
    await admin.button('Guardar').click();
    await admin.sees(/^Guardado: \+\d+ −1$/);
    // Of several marked ones, one change is for all.
    const marks = page.locator('.members-table tbody input[type=checkbox][class~=ui-box]');
    for (const row of await page.locator('.members-table tbody th input').all()) await row.check();
    expect(await marks.count()).toBeGreaterThan(2);
    await page.getByLabel(/^Penalización de/).first().fill('4');
    await page.getByLabel(/^Penalización de/).first().press('Tab');
    await admin.sees(/^\+0 −0 · [2-9] cambian$/);
    await admin.button('Guardar').click();
    await admin.sees(/^Guardado: \+0 −0 · /);
    expect(await page.getByLabel(/^Penalización de/).last().inputValue()).toBe('4');
  });

  it('is switched off only when nobody is left in it, and put away', async () => {
    const { page } = admin;
    await customers.write('5491155551234', 'Marta', 'Hola');
    await go('campanas');
    await page.getByRole('link', { name: 'Cobranzas' }).click();
    await admin.button('Inactivar').click();
    await page.getByRole('dialog', { name: 'Antes de inactivar Cobranzas' }).waitFor(SOON);
    await page.getByRole('button', { name: /^Quitar a los/ }).waitFor(SOON);
    await check('admin-campana-en-uso');
    await page.getByRole('button', { name: /^Quitar a los/ }).click();
    await page.getByRole('heading', { name: /agentes/ }).waitFor({ ...SOON, state: 'hidden' });
    await page.getByRole('button', { name: 'Cerrar todas' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Inactivar', exact: true }).click();
    await admin.sees('Inactiva: Cobranzas');
    await admin.button('Archivar').click();
    await page.getByRole('button', { name: /^Inactivar canal/ }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Archivar', exact: true }).click();
    await admin.sees('Archivada: Cobranzas');
  });

  it('have a gallery from which agents send', async () => {
    const ana = await Person.at(browser, `${server.origin}/login`, { locale: 'es-AR' });
    await ana.signIn('ana', passwords.get('ana') ?? '');
    await ana.startShift();
    const visitor = await Visitor.at(browser, server.origin, chat);
    await visitor.writes('¿Cuánto sale?');
    await ana.button(/^Aceptar/).click();
    const box = ana.page.locator('#composer-text');
    await box.fill('/lista');
    await ana.page.getByRole('option', { name: /Lista de precios/ }).waitFor(SOON);
    expect(await ana.barriersInBoth()).toEqual([]);
    await ana.page.keyboard.press('Enter');
    await ana.page.locator('.composer-files').getByText('Lista de precios.png', { exact: true }).waitFor(SOON);
    await ana.page.keyboard.press('Enter');
    await ana.page.locator('.bubble').filter({ has: ana.page.locator('img, a') }).first().waitFor(SOON);
    expect(ana.complaints).toEqual([]);
  });

  it('ask for skills, less and less while somebody waits; agents have them', async () => {
    const { page } = admin;
    await go('habilidades/nuevo');
    await page.getByLabel('Nombre').fill('Fibra');
    await admin.button('Guardar').click();
    await admin.sees('Guardado: Fibra');
    await go('usuarios');
    await page.getByRole('link', { name: /Ana Aguirre/ }).click();
    await page.getByRole('checkbox', { name: 'Fibra' }).check();
    await page.getByLabel('Nivel de Fibra').fill('8');
    await page.getByLabel('Nivel de Fibra').press('Tab');
    await check('admin-usuario-habilidades');
    await admin.button('Guardar').click();
    await admin.sees('Guardado: Ana Aguirre');
    await go('campanas');
    await page.getByRole('link', { name: 'Ventas', exact: true }).click();
    await tab('Habilidades');
    await page.getByRole('checkbox', { name: 'Fibra' }).first().check();
    await admin.button('Agregar paso').click();
    await admin.button('Agregar paso').click();
    await page.getByLabel('Entonces').nth(1).selectOption('drop');
    await check('admin-campana-habilidades');
    await admin.button('Guardar').click();
    await admin.sees('Guardado: Ventas');
    // The same skills where the members are.
    await go('miembros');
    await page.getByLabel('Ventas', { exact: true }).check();
    await member('Ana Aguirre').getByText('Fibra 8').waitFor(SOON);
    await admin.button('Habilidades de Ana Aguirre').click();
    await page.getByLabel('Nivel de Fibra').fill('9');
    await page.getByLabel('Nivel de Fibra').press('Tab');
    await check('admin-miembros-habilidades');
    await page.getByRole('dialog').getByRole('button', { name: 'Guardar' }).click();
    await member('Ana Aguirre').getByText('Fibra 9').waitFor(SOON);
    await looksRightInOthers(admin, 'admin-miembros-habilidades', () => page.getByText('Fibra 9').waitFor(SOON));
    await go('campanas');
    await page.getByRole('link', { name: 'Ventas', exact: true }).click();
    await tab('Habilidades');
    await page.getByText('Desde 120 s de espera.').waitFor(SOON);
    await go('capacidad');
    await page.getByLabel('Unidades de Chat web').fill('50');
    await check('admin-capacidad');
    await admin.button('Guardar').click();
    await admin.sees('Guardado');
    await page.reload();
    await expect.poll(() => page.getByLabel('Unidades de Chat web').inputValue(), SOON).toBe('50');
    expect(admin.complaints).toEqual([]);
  });

  it('are found by what the address says', async () => {
    const { page } = admin;
    await go('campanas');
    await page.getByRole('link', { name: 'Soporte' }).waitFor(SOON);
    await check('admin-campanas');
    await page.getByLabel('Estado').selectOption('archived');
    await page.getByRole('rowheader', { name: 'Cobranzas' }).waitFor(SOON);
    expect(new URL(page.url()).searchParams.get('estado')).toBe('archived');
    await page.reload();
    await admin.button('Restaurar Cobranzas').click();
    await admin.sees('De vuelta, inactiva: Cobranzas');
    await page.getByRole('button', { name: 'Limpiar', exact: true }).click();
    await page.getByRole('link', { name: 'Cobranzas' }).waitFor(SOON);
    await page.getByLabel('Fecha inicial').fill('2999-01-01');
    await admin.sees('El filtro no deja ver nada');
    await go('arbol');
    await page.getByRole('link', { name: 'Fibra', exact: true }).waitFor(SOON);
    await check('admin-arbol');
    await page.setViewportSize({ width: 1024, height: 768 });
    await go('campanas');
    await page.getByRole('link', { name: 'Soporte' }).click();
    await page.locator('.ready').waitFor(SOON);
    await check('admin-campana-1024');
    expect(admin.complaints).toEqual([]);
  });
});
