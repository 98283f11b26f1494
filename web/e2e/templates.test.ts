/** Templates of mails: written with the editor, seen as a customer would, chosen by a campaign. */

import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { Customers } from './customer.ts';
import { failed, looksRight } from './looks.ts';
import { mailServers, PASSWORD, type MailServers } from './mailservers.ts';
import { openBrowser, Person, SOON } from './people.ts';
import { Server } from './server.ts';

let server: Server;
let servers: MailServers;
let browser: Browser;
let admin: Person;

const PICTURE = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAIQAAAAoCAIAAACw+MVlAAAAVElEQVR42u3RMQ0AAAzDsELbN8qFNxo7LAVBnNnqSbEAhmDAEAwYggFDMGAIBgzBEAwYggFDMGAIBgzBgCEYMARDMGAIBgzBgCEYMAQDhmDAEAxtD7eEtNhLWoKeAAAAAElFTkSuQmCC', 'base64');

beforeAll(async () => {
  servers = await mailServers();
  const started = await Server.create({ CENTRALITA_MAIL__REACH: 'anywhere' });
  server = started.server;
  const password = started.sample.users.find(({ login }) => login === 'admin')?.password ?? '';
  // A customer to try it with.
  await new Customers(server.origin, started.sample.api_channel).write('luz@example.com', 'Luz <b>Díaz</b>', 'Hola');
  browser = await openBrowser();
  admin = await Person.at(browser, `${server.origin}/login`, { locale: 'es' });
  await admin.signIn('admin', password);
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await failed(admin, `plantillas-fallo-${task.name.slice(0, 20)}`);
});
afterAll(async () => {
  await browser?.close();
  servers?.close();
  await server?.remove();
});

const editor = () => admin.page.getByRole('textbox', { name: 'Contenido' });
const preview = () => admin.page.frameLocator('.mail-frame');
const pick = async (name: string, shown: string) => {
  await admin.button('Variables').click();
  await admin.page.getByRole('combobox', { name: 'Variables' }).fill(name);
  await admin.page.keyboard.press('Enter');
  await admin.page.locator('.rich-gap', { hasText: shown }).waitFor(SOON);
};

describe('templates', () => {
  it('one is written with variables and a picture, and seen with the data of a customer', async () => {
    const { page } = admin;
    await page.goto(`${server.origin}/admin/plantillas`);
    await admin.sees('Todavía no hay plantillas');
    await page.getByRole('link', { name: 'Nuevo' }).click();
    await page.getByRole('textbox', { name: 'Nombre', exact: true }).fill('Bienvenida');
    await page.getByLabel('Asunto', { exact: true }).fill('Hola, ${name}');
    await editor().click();
    await page.keyboard.type('Hola ');
    await pick('primer', 'Primer nombre');
    await page.keyboard.type(', ${factura} ');
    await admin.button('Negrita').click();
    await page.keyboard.type('gracias');
    await admin.button('Negrita').click();
    await page.keyboard.press('Enter');
    // Typed as it is written, it is a variable too.
    await page.keyboard.type('Le escribe ${agent|el equipo}.');
    await page.locator('.rich-gap').nth(2).waitFor(SOON);
    await page.keyboard.press('Enter');
    await admin.button('Lista').first().click();
    await page.keyboard.type('Uno');
    await page.keyboard.press('Enter');
    await page.keyboard.type('Dos');
    await page.locator('.rich input[type=file]').setInputFiles({ name: 'Logo.png', mimeType: 'image/png', buffer: PICTURE });
    await page.locator('.rich-text img[src]').waitFor(SOON);
    await preview().locator('img[src^="data:"]').waitFor(SOON);
    expect(await preview().locator('strong').textContent()).toBe('gracias');
    await admin.sees('Variables desconocidas:');
    await looksRight(admin, 'admin-plantilla');
    await admin.button('Probar con un contacto').click();
    await page.getByRole('combobox', { name: 'Probar con un contacto' }).fill('luz');
    await page.locator('.ui-pick-item').first().click();
    await admin.sees('Con los datos de Luz <b>Díaz</b>');
    await admin.sees('Hola, Luz <b>Díaz</b>');
    await preview().getByText('Hola Luz, ').waitFor(SOON);
    expect(await preview().locator('b').count()).toBe(0);
    await page.getByText('Móvil', { exact: true }).click();
    await page.getByText('Oscuro', { exact: true }).click();
    await preview().getByText('Hola Luz').waitFor(SOON);
    await looksRight(admin, 'admin-plantilla-movil');
    await admin.button('Guardar').click();
    await admin.sees('Guardado: Bienvenida');
    await page.reload();
    await page.locator('.rich-gap', { hasText: 'Agente | el equipo' }).waitFor(SOON);
    await page.locator('.rich-text img[src]').waitFor(SOON);
    expect(await admin.button('Guardar').isDisabled()).toBe(true);
  });

  it('it is sent once as a test, and one reads what the server said', async () => {
    const { page } = admin;
    const smtp = { host: '127.0.0.1', port: servers.smtp, security: 'plain' };
    await admin.button('Enviar prueba').click();
    await admin.sees('Este cliente no tiene una cuenta de correo encendida.');
    await page.keyboard.press('Escape');
    await page.evaluate(async ([smtp, password]) => {
      const [client] = ((await (await fetch('/api/v1/clients')).json()) as { items: { id: string }[] }).items;
      const body = { client: client!.id, address: 'ayuda@ejemplo.com', from_name: 'Ayuda', receives: false, smtp, user: 'ayuda', password, accept_in_clear: true };
      const answer = await fetch('/api/v1/mail-accounts', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
      if (!answer.ok) throw new Error(await answer.text());
    }, [smtp, PASSWORD] as const);
    await admin.button('Probar con un contacto').click();
    await page.locator('.ui-pick-item').first().click();
    await admin.sees('Con los datos de Luz <b>Díaz</b>');
    await admin.button('Enviar prueba').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Dirección de correo').fill('nadie@ejemplo.com');
    await dialog.getByRole('button', { name: 'Enviar prueba' }).click();
    await admin.sees(/El servidor no acepta ese destinatario\./);
    await admin.sees(/no existe ese buzón/);
    await looksRight(admin, 'admin-plantilla-prueba-rechazada');
    await dialog.getByLabel('Dirección de correo').fill('jefa@ejemplo.com');
    await page.keyboard.press('Enter');
    await admin.sees('El servidor aceptó el correo para jefa@ejemplo.com, con el asunto «[Prueba] Hola, Luz <b>Díaz</b>».');
    await looksRight(admin, 'admin-plantilla-prueba');
    expect(servers.sent).toHaveLength(1);
    expect(servers.sent[0]).toContain('cid:');
    await page.keyboard.press('Escape');
    await admin.button('Usar datos de ejemplo').click();
  });

  it('the toolbar is one stop of the keyboard, links go only where links may', async () => {
    const { page } = admin;
    await admin.button('Negrita').focus();
    await page.keyboard.press('ArrowRight');
    expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe('Cursiva');
    await page.keyboard.press('Home');
    expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe('Deshacer');
    expect(await page.locator('.rich-bar button[tabindex="0"]').count()).toBe(1);
    await editor().press('Control+a');
    await admin.button('Enlace').click();
    await page.getByLabel('Dirección', { exact: true }).fill('javascript:alert(1)');
    await page.keyboard.press('Enter');
    await admin.sees('Una dirección web, un correo o un teléfono');
    await page.getByLabel('Dirección', { exact: true }).fill('example.com/ayuda');
    await looksRight(admin, 'admin-plantilla-enlace');
    await page.keyboard.press('Enter');
    await page.locator('.rich-text a[href="https://example.com/ayuda"]').first().waitFor(SOON);
    await admin.button('Deshacer cambios').click();
    await page.locator('.rich-text a').first().waitFor({ ...SOON, state: 'detached' });
  });

  it('what somebody else changed meanwhile is not overwritten', async () => {
    const { page } = admin;
    const path = `/api/v1/templates/${page.url().split('/').pop()?.split('?')[0]}`;
    // Another administrator.
    await page.evaluate(async (address) => {
      const answer = await fetch(address, { method: 'PATCH', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ subject: 'Otro asunto' }) });
      if (!answer.ok) throw new Error(await answer.text());
    }, path);
    await page.getByLabel('Asunto', { exact: true }).fill('Mi asunto');
    await admin.button('Guardar').click();
    await admin.sees('Alguien más cambió esta plantilla');
    await admin.button('Descartar lo mío y ver cómo quedó').click();
    await page.waitForFunction(() => [...document.querySelectorAll('input')].some(({ value }) => value === 'Otro asunto'), undefined, SOON);
    expect(await admin.button('Guardar').isDisabled()).toBe(true);
  });

  it('what the editor would lose is written as HTML', async () => {
    const { page } = admin;
    await page.getByText('HTML', { exact: true }).click();
    await page.getByLabel('Código HTML').fill('<table><tbody><tr><td onclick="x" style="color:#b3261e">Hola ${name}</td></tr></tbody></table><script>x</script>');
    await admin.sees('se edita como HTML');
    await preview().locator('td', { hasText: 'Hola Camila Rojas' }).waitFor(SOON);
    expect(await preview().locator('td').evaluate((cell) => getComputedStyle(cell).color)).toBe('rgb(179, 38, 30)');
    expect(await preview().locator('td').getAttribute('onclick')).toBeNull();
    await admin.button('Deshacer cambios').click();
  });

  it('a signature is made for a campaign and chosen there', async () => {
    const { page } = admin;
    await page.goto(`${server.origin}/admin/campanas`);
    await page.getByRole('link', { name: 'Soporte', exact: true }).first().click();
    await page.locator('.campaign-tabs').getByRole('link', { name: 'Correo' }).click();
    await page.getByRole('link', { name: 'Nueva firma' }).click();
    await page.getByRole('textbox', { name: 'Nombre', exact: true }).fill('Firma de Soporte');
    await editor().click();
    await pick('agente', 'Agente');
    await admin.button('Guardar').click();
    await admin.sees('Guardado: Firma de Soporte');
    await page.goto(`${server.origin}/admin/campanas`);
    await page.getByRole('link', { name: 'Soporte', exact: true }).first().click();
    await page.locator('.campaign-tabs').getByRole('link', { name: 'Correo' }).click();
    await page.getByLabel('Firma', { exact: true }).selectOption({ label: 'Firma de Soporte' });
    await page.getByLabel('Habilitar calificación').check();
    await looksRight(admin, 'admin-campana-correo');
    await admin.button('Guardar').click();
    await admin.sees('Guardado: Soporte');
    await page.goto(`${server.origin}/admin/plantillas`);
    await page.getByRole('link', { name: /^Firma de Soporte/ }).click();
    await admin.button('Archivar').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Archivar' }).click();
    await admin.sees('Una campaña usa esta plantilla');
    await looksRight(admin, 'admin-plantillas');
    expect(admin.complaints).toEqual([]);
  });
});
