/** A mail account is found, tried before the eyes and saved only when it works; no barriers in light and dark. */

import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { failed, looksRight } from './looks.ts';
import { mailServers, PASSWORD, type MailServers } from './mailservers.ts';
import { openBrowser, Person } from './people.ts';
import { Server } from './server.ts';

let server: Server;
let servers: MailServers;
let browser: Browser;
let admin: Person;

beforeAll(async () => {
  servers = await mailServers();
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
  await server?.remove();
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await failed(admin, 'failed-mail');
  expect(admin.complaints).toEqual([]);
});

const field = (name: string | RegExp) => admin.page.getByLabel(name, { exact: typeof name === 'string' });
const part = (name: string) => admin.page.getByRole('group', { name });
const toTop = () => admin.page.locator('.editor-body').evaluate((element) => element.scrollTo(0, 0));
const toTest = () => admin.page.locator('.mail-test').evaluate((element) => element.scrollIntoView({ block: 'end' }));

describe('mail accounts', () => {
  it('are found by their address', async () => {
    await admin.page.goto(`${server.origin}/admin/correo`);
    await admin.sees('Todavía no hay cuentas de correo');
    await admin.button('Nueva cuenta de correo').first().click();
    await field(/Dirección de correo/).fill('ayuda@gmail.com');
    await admin.page.keyboard.press('Enter');
    await admin.sees(/Es una cuenta de Gmail/);
    await admin.sees(/contraseña de aplicación/);
    expect(await part('Saliente (SMTP)').getByLabel(/Servidor/).inputValue()).toBe('smtp.gmail.com');
    await toTop();
    await looksRight(admin, 'correo-nueva');
  });

  it('say what does not work, in words and step by step, and are not saved then', async () => {
    const { page } = admin;
    await page.goto(`${server.origin}/admin/correo/nueva`);
    await field(/Dirección de correo/).fill('ayuda@ejemplo.com');
    await field(/^Contraseña/).fill('otra-clave');
    await field(/Nombre del remitente/).fill('Ayuda de Ejemplo');
    await field(/^Campaña/).selectOption({ index: 1 });
    await admin.button('Completar a mano').click();
    for (const [name, port] of [['Saliente (SMTP)', servers.smtp], ['Entrante (IMAP)', servers.imap]] as const) {
      await part(name).getByLabel(/Servidor/).fill('127.0.0.1');
      await part(name).getByLabel(/Cifrado/).selectOption('plain');
      await part(name).getByLabel(/Puerto/).fill(String(port));
    }
    await admin.sees(/cualquiera en el camino puede leer/);
    await admin.button('Crear cuenta').click();
    await admin.sees('Hay que aceptar el riesgo, o elegir otro cifrado.');
    await field(/Entiendo el riesgo/).check();
    await admin.button('Probar').click();
    await admin.sees('No funciona todavía.');
    await admin.sees(/Usuario o clave incorrectos/);
    await toTest();
    await looksRight(admin, 'correo-prueba-falla', toTest);
    await admin.button('Crear cuenta').click();
    await admin.sees(/^(Recibir|Enviar): El servidor no acepta este usuario y contraseña/);
    await toTop();
    await looksRight(admin, 'correo-rechazada');
  });

  it('are tried with a mail that arrives, and saved', async () => {
    const { page } = admin;
    await field(/^Contraseña/).fill(PASSWORD);
    await field(/Enviar un correo de prueba a/).fill('ana@ejemplo.com');
    await admin.button('Probar y enviar').click();
    await admin.sees('Funciona.');
    expect(servers.sent.at(-1)).toContain('To: <ana@ejemplo.com>');
    await toTest();
    await looksRight(admin, 'correo-prueba', toTest);
    await admin.button('Crear cuenta').click();
    await page.waitForURL(/correo\/[0-9a-f-]{36}$/);
    // A password goes in and never comes out.
    expect(await page.getByLabel(/^Contraseña/).count()).toBe(0);
    await admin.button('Contraseña').click();
    await page.getByRole('dialog').getByLabel(/^Contraseña/).fill('otra-clave');
    await page.getByRole('dialog').getByRole('button', { name: 'Guardar' }).click();
    await page.getByRole('dialog').getByText(/no acepta este usuario/).first().waitFor();
    await looksRight(admin, 'correo-contrasena');
    await page.keyboard.press('Escape');
  });

  it('are seen at a glance, and chosen for areas', async () => {
    const { page } = admin;
    await admin.button('Atrás').click();
    await page.getByRole('row', { name: /ayuda@ejemplo.com/ }).first().waitFor();
    await field('Cuenta de Todo').selectOption({ label: 'ayuda@ejemplo.com' });
    await page.getByRole('row', { name: /Facturas.*Ayuda de Ejemplo/ }).waitFor();
    await looksRight(admin, 'correo');
    await page.getByRole('link', { name: 'Correos apartados' }).click();
    await admin.sees('No hay correos apartados así');
    await looksRight(admin, 'correo-apartados');
    await admin.button('Atrás').click();
    await page.getByRole('link', { name: 'ayuda@ejemplo.com' }).click();
    await admin.button('Archivar').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Archivar' }).click();
    await admin.sees('Todavía está en uso.');
  });
});
