/** A schedule is painted, by mouse and by keyboard alone; holidays, a calendar file, a switch by hand; no barriers in light and dark. */

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { looksRight } from './looks.ts';
import { openBrowser, Person, SOON } from './people.ts';
import { Server } from './server.ts';

let server: Server;
let browser: Browser;
let admin: Person;

beforeAll(async () => {
  const started = await Server.create();
  server = started.server;
  browser = await openBrowser();
  admin = await Person.at(browser, `${server.origin}/login`, { locale: 'es-AR' });
  await admin.signIn('admin', started.sample.users.find(({ login }) => login === 'admin')?.password ?? '');
  await admin.page.waitForURL('**/supervision');
  await admin.page.goto(`${server.origin}/admin/horarios/nuevo`);
  await admin.page.getByLabel('Nombre').fill('Soporte');
});
afterAll(async () => {
  await browser?.close();
  await server?.remove();
});

const times = async (day: string) => admin.page.locator('.week-day').filter({ hasText: new RegExp(day, 'i') }).locator('input').evaluateAll((fields) => fields.map((field) => (field as HTMLInputElement).value));

/** Pictures in both schemes of the part of the form that begins with this. */
async function check(name: string, at: string): Promise<void> {
  await admin.page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  await looksRight(admin, name, () => admin.page.locator(at).first().evaluate((element) => element.scrollIntoView({ block: 'start' })));
  // The form scrolls, not the page.
  expect(await admin.page.evaluate(() => document.documentElement.scrollHeight <= window.innerHeight), name).toBe(true);
}

describe('a schedule', () => {
  it('is painted by keyboard alone', async () => {
    const { page } = admin;
    const { keyboard } = page;
    await page.getByRole('application', { name: 'Semana para pintar' }).focus();
    // Saturday 9:00 to 13:00.
    for (let day = 0; day < 5; day += 1) await keyboard.press('ArrowDown');
    for (let hour = 0; hour < 3; hour += 1) await keyboard.press('Control+Shift+ArrowRight');
    for (let quarter = 0; quarter < 3; quarter += 1) await keyboard.press('Shift+ArrowRight');
    await keyboard.press(' ');
    expect(await times('sábado')).toEqual(['09:00', '13:00']);
    await page.getByText('sábado, 09:00 a 13:00: abierto').waitFor({ state: 'attached' });
    // Its last hour away again; exact times by Enter.
    await keyboard.press('Home');
    for (let hour = 0; hour < 12; hour += 1) await keyboard.press('Control+ArrowRight');
    for (let quarter = 0; quarter < 3; quarter += 1) await keyboard.press('Shift+ArrowRight');
    await keyboard.press(' ');
    expect(await times('sábado')).toEqual(['09:00', '12:00']);
    await keyboard.press('ArrowLeft');
    for (let quarter = 0; quarter < 4; quarter += 1) await keyboard.press('ArrowLeft');
    await keyboard.press('Enter');
    await keyboard.type('9:10');
    await keyboard.press('Tab');
    expect(await times('sábado')).toEqual(['09:10', '12:00']);
  });

  it('is painted by mouse: dragged open, closed, and by its edge', async () => {
    const { page } = admin;
    const grid = page.locator('.wg-grid');
    const box = (await grid.boundingBox())!;
    const at = (day: number, hour: number) => [box.x + (hour / 24) * box.width + 1, box.y + ((day + 0.5) / 7) * box.height] as const;
    const drag = async (from: readonly [number, number], to: readonly [number, number]) => {
      await page.mouse.move(...from);
      await page.mouse.down();
      await page.mouse.move(to[0], to[1], { steps: 4 });
      await page.mouse.up();
    };
    await drag(at(0, 13), at(4, 13.8));
    expect(await times('martes')).toEqual(['09:00', '13:00', '14:00', '18:00']);
    await drag(at(6, 10), at(6, 11.8));
    expect(await times('domingo')).toEqual(['10:00', '12:00']);
    await drag([at(6, 12)[0] - 1, at(6, 12)[1]], at(6, 14));
    expect(await times('domingo')).toEqual(['10:00', '14:00']);
    await page.mouse.dblclick(...at(6, 20.3));
    expect(await times('domingo')).toEqual(['10:00', '14:00', '20:00', '21:00']);
  });

  it('is copied to other days, and crosses midnight', async () => {
    const { page } = admin;
    await page.getByRole('button', { name: /Copiar a otros días: sábado/ }).click();
    await page.getByRole('menuitem', { name: 'domingo' }).click();
    expect(await times('domingo')).toEqual(['09:10', '12:00']);
    const friday = page.locator('.week-day').filter({ hasText: /viernes/i }).locator('input').last();
    await friday.fill('2');
    await friday.press('Tab');
    await page.getByText('del día siguiente').waitFor(SOON);
    await check('horario-semana', '.form-group');
  });

  it('keeps holidays, half days and the days of a calendar file', async () => {
    const { page } = admin;
    await page.getByLabel('Feriados de').selectOption('AR');
    await page.getByRole('button', { name: 'Año siguiente' }).click();
    const holiday = page.getByLabel(/Día de la Soberanía Nacional/);
    await holiday.waitFor(SOON);
    await holiday.uncheck();
    await expect.poll(() => page.locator('.hol-out').count()).toBeGreaterThan(1);
    await page.getByRole('button', { name: 'Agregar un día propio' }).click();
    await page.getByLabel(/^Nombre: /).fill('Nochebuena');
    await page.getByLabel(/^Nombre: /).press('Tab');
    await page.getByLabel('Todos los años').check();
    await page.locator('.hol-day').getByLabel('Cerrado todo el día').uncheck();
    const year = new Date().getFullYear() + 1;
    const event = (name: string, start: string) => `BEGIN:VEVENT\r\nSUMMARY:${name}\r\nDTSTART${start}\r\nEND:VEVENT\r\n`;
    const text = `BEGIN:VCALENDAR\r\n${event('Fiesta patronal', `;VALUE=DATE:${year}0930`)}${event('Reunión', `:${year}0405T120000Z`)}END:VCALENDAR\r\n`;
    await page.locator('.hol-file').setInputFiles({ name: 'dias.ics', mimeType: 'text/calendar', buffer: Buffer.from(text) });
    await page.getByText('Se agregó 1 día. 1 evento no se tomó:').waitFor(SOON);
    await page.getByText('Reunión: tiene hora: no es un día entero').waitFor(SOON);
    await page.locator('.hol-row').filter({ hasText: 'Fiesta patronal' }).waitFor(SOON);
    await check('horario-feriados', '.form-group:has(.hol-head)');
  });

  it('is closed by hand, saved, and says who did it', async () => {
    const { page } = admin;
    await page.getByText('Cerrado', { exact: true }).last().click();
    await page.getByLabel('Motivo').fill('Corte de luz');
    await page.getByLabel(/^Hasta \(/).fill('2099-01-05T12:30');
    await page.getByText(/Ahora \d\d:\d\d: cerrado, abre lunes, 5 de enero de 2099, 12:30/).waitFor(SOON);
    await page.getByLabel(/^Hasta \(/).fill('');
    await page.getByText(/Ahora \d\d:\d\d: cerrado, sin apertura prevista/).waitFor(SOON);
    await admin.button('Guardar').click();
    await admin.sees('Guardado: Soporte');
    await page.getByRole('link', { name: /Soporte/ }).first().click();
    await page.getByText(/Lo puso /).waitFor(SOON);
    expect(await times('sábado')).toEqual(['09:10', '12:00']);
    expect(await page.locator('.hol-day').count()).toBe(2);
    await check('horario-mano', '.form-group:has(.ui-segments)');
    expect(admin.complaints).toEqual([]);
  });
});
