/** A mail account signs in at its provider: set up, allowed, refused, over and mended; no barriers in light and dark. */

import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { failed, looksRight } from './looks.ts';
import { mailServers, TOKEN, type MailServers } from './mailservers.ts';
import { openBrowser, Person } from './people.ts';
import { provider, type Provider } from './provider.ts';
import { Server } from './server.ts';

let server: Server;
let servers: MailServers;
let there: Provider;
let browser: Browser;
let admin: Person;

beforeAll(async () => {
  servers = await mailServers();
  there = await provider(TOKEN);
  const started = await Server.create({ CENTRALITA_MAIL__REACH: 'anywhere' });
  server = started.server;
  browser = await openBrowser();
  admin = await Person.at(browser, `${server.origin}/login`, { locale: 'es-AR' });
  await admin.signIn('admin', started.sample.users.find(({ login }) => login === 'admin')?.password ?? '');
  await admin.page.waitForURL('**/supervision');
});
afterAll(async () => {
  await browser?.close();
  servers?.close();
  there?.close();
  await server?.remove();
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await failed(admin, 'failed-mail-sign-in');
  expect(admin.complaints).toEqual([]);
});

const field = (name: string | RegExp) => admin.page.getByLabel(name, { exact: typeof name === 'string' });
const part = (name: string) => admin.page.getByRole('group', { name });
const toTop = () => admin.page.locator('.editor-body').evaluate((element) => element.scrollTo(0, 0));
/** Goes on at the provider, and chooses there; the tab in which one comes back. */
async function choose(way: 'Permitir' | 'Cancelar'): Promise<Page> {
  const opening = admin.page.context().waitForEvent('page');
  await admin.page.getByRole('dialog').getByRole('link', { name: /Continuar en|Abrir de nuevo/ }).click();
  const tab = await opening;
  await tab.getByRole('link', { name: way }).click();
  await tab.getByRole('heading', { level: 1 }).waitFor();
  return tab;
}

describe('signing in at a provider', () => {
  it('is set up once', async () => {
    const { page } = admin;
    await page.goto(`${server.origin}/admin/correo`);
    await page.getByRole('link', { name: 'Acceso con Google o Microsoft' }).click();
    await page.getByText(`${server.origin}/oauth/mail`).waitFor();
    const form = page.getByRole('form', { name: 'Otro proveedor' });
    await form.getByLabel('Nombre').fill('Ejemplo');
    await form.getByLabel(/ID de cliente/).fill('nuestro-id');
    await form.getByLabel(/^Secreto de cliente/).fill('nuestro-secreto');
    await form.getByLabel(/Dirección de inicio de sesión/).fill('http://ejemplo.com/authorize');
    await form.getByLabel(/Dirección de los tokens/).fill(`${there.origin}/token`);
    await form.getByRole('button', { name: 'Guardar' }).click();
    await form.getByText(/no es posible/i).first().waitFor();
    await form.getByLabel(/Dirección de inicio de sesión/).fill(`${there.origin}/authorize`);
    await form.getByRole('button', { name: 'Guardar' }).click();
    await form.getByText('Configurado', { exact: true }).waitFor();
    await looksRight(admin, 'correo-accesos', () => page.locator('.mail-admin').evaluate((element) => element.scrollTo(0, 0)));
  });

  it('takes the place of the password', async () => {
    const { page } = admin;
    await page.goto(`${server.origin}/admin/correo/nueva`);
    await field(/Dirección de correo/).fill('ayuda@ejemplo.com');
    await field(/Nombre del remitente/).fill('Ayuda de Ejemplo');
    await field(/^Campaña/).selectOption({ index: 1 });
    await admin.button('Completar a mano').click();
    for (const [name, port] of [['Saliente (SMTP)', servers.smtp], ['Entrante (IMAP)', servers.imap]] as const) {
      await part(name).getByLabel(/Servidor/).fill('127.0.0.1');
      await part(name).getByLabel(/Cifrado/).selectOption('plain');
      await part(name).getByLabel(/Puerto/).fill(String(port));
    }
    await field(/Entiendo el riesgo/).check();
    await toTop();
    await looksRight(admin, 'correo-acceso-nueva', toTop);
    await admin.button('Iniciar sesión con Ejemplo').click();
    await page.waitForURL(/correo\/[0-9a-f-]{36}\?acceso=generic$/);
    await page.getByRole('dialog').getByText(/Se abre Ejemplo/).waitFor();
    await looksRight(admin, 'correo-acceso');
  });

  it('says what came of it, also when it is not allowed', async () => {
    const refused = await choose('Cancelar');
    await refused.getByText(/se canceló o no se permitió/).waitFor();
    await looksRight(Person.on(refused), 'correo-acceso-rechazado');
    await refused.close();
    await admin.page.getByRole('dialog').getByText('Esperando el permiso…').waitFor();
    const allowed = await choose('Permitir');
    await allowed.getByText('La cuenta de correo quedó activa: ya recibe y envía.').waitFor();
    await looksRight(Person.on(allowed), 'correo-acceso-hecho');
    await allowed.close();
    await admin.sees(/Sesión iniciada con Ejemplo por/);
    expect(await admin.page.getByRole('dialog').count()).toBe(0);
    expect(await field(/^Activo/).isChecked()).toBe(true);
    await toTop();
    await looksRight(admin, 'correo-acceso-cuenta', toTop);
    // Nobody is asked for a password.
    await admin.button('Probar').click();
    await admin.sees('Funciona.');
  });

  it('is seen to be over, and mended', async () => {
    const { page } = admin;
    there.revoke();
    // What it has lasts for two seconds; after them it must be asked for.
    await page.waitForTimeout(2_000);
    servers.hangUp();
    await page.goto(`${server.origin}/admin/correo`);
    const row = page.getByRole('row', { name: /ayuda@ejemplo.com/ }).first();
    await row.getByText('Iniciar sesión de nuevo', { exact: true }).waitFor({ timeout: 30_000 });
    await row.getByText('Token has been expired or revoked.').waitFor();
    await looksRight(admin, 'correo-acceso-terminado');
    await page.getByRole('link', { name: 'ayuda@ejemplo.com' }).click();
    await admin.button('Iniciar sesión de nuevo').click();
    await (await choose('Permitir')).close();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await admin.button('Atrás').click();
    await row.getByText('Al día').waitFor({ timeout: 30_000 });
    await page.getByRole('link', { name: 'ayuda@ejemplo.com' }).click();
    await admin.button('Cerrar sesión').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cerrar sesión' }).click();
    await admin.sees(/Falta iniciar sesión en el proveedor/);
  });
});
