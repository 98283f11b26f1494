/** Who is not written to by mail any more, and what stands at the mails that did not go there. */

import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type Browser, type Locator } from 'playwright-core';

import { failed, looksRight, looksRightInOthers } from './looks.ts';
import { Mailbox } from './mailbox.ts';
import { openBrowser, Person } from './people.ts';
import { Server } from './server.ts';
import { Staff } from './staff.ts';

const SOON = { timeout: 15_000 };
const LUZ = { name: 'Luz Páez', address: 'luz@casa.example' };

let server: Server;
let mailbox: Mailbox;
let browser: Browser;
let sample: Awaited<ReturnType<typeof Server.create>>['sample'];
let sofia: Person;
let conversation: string;
const written: string[] = [];

const as = (login: string): Promise<Staff> => Staff.signIn(server.origin, sample, login);
async function inside(login: string, path = ''): Promise<Person> {
  const person = await Person.at(browser, server.origin, { locale: 'es-AR' });
  await person.signIn(login, sample.users.find((user) => user.login === login)?.password ?? '');
  if (path) await person.page.goto(`${server.origin}${path}`);
  return person;
}
const row = (address: string): Locator => sofia.page.getByRole('row', { name: new RegExp(address) });
const search = (): Locator => sofia.page.getByRole('searchbox', { name: 'Buscar por dirección' });

beforeAll(async () => {
  const started = await Server.create();
  [server, sample] = [started.server, started.sample];
  await server.kill();
  mailbox = new Mailbox(server.data);
  mailbox.create('ayuda@andina.example', 'Andina Telecom', started.sample.api_channel.id);
  await server.start();
  const admin = await as('admin');
  const ana = (await admin.all<{ id: string; login: string }>('users')).find(({ login }) => login === 'ana')!;
  const { campaign } = (await admin.all<{ id: string; campaign: string }>('channels')).find(({ id }) => id === mailbox.account)!;
  await admin.does('PUT', `campaigns/${campaign}/members/${ana.id}`, { initiate: ['email'] });
  browser = await openBrowser();
  const agent = await inside('ana');
  await agent.startShift();
  const begun = await agent.page.evaluate(async (body) => {
    const answer = await fetch('/api/v1/conversations', { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() } });
    return (await answer.json()) as { conversation: string; message: string };
  }, { campaign, channel: mailbox.account, address: LUZ.address, name: LUZ.name, text: '', mail: { subject: 'Factura de noviembre', html: '<p>Recibimos su pago.</p>' } });
  conversation = begun.conversation;
  written.push(begun.message);
  const asks = await as('ana');
  for (const html of ['<p>Va una copia.</p>', '<p>Y otra.</p>']) {
    const to = [{ address: LUZ.address }];
    written.push((await asks.does<{ message: string }>('POST', `conversations/${conversation}/messages`, { mail: { to, subject: 'Factura de noviembre', html } })).message);
  }
  await agent.page.context().close();
  sofia = await inside('sofia', '/admin/exclusion');
});
afterAll(async () => {
  await browser?.close();
  await server?.remove();
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await failed(sofia, 'exclusion-falla');
});

it('an empty list explains itself; a supervisor adds who asks for it, by keyboard', async () => {
  const { page } = sofia;
  await sofia.sees('No hay direcciones excluidas');
  await looksRight(sofia, 'exclusion-vacia');
  await page.getByRole('button', { name: 'Agregar dirección' }).focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Agregar dirección' });
  const field = dialog.getByRole('textbox', { name: 'Dirección' });
  await field.fill('eva');
  await dialog.getByRole('textbox', { name: 'Motivo' }).fill('Lo pidió por teléfono');
  await page.keyboard.press('Enter');
  await dialog.getByText('No es una dirección de correo.').waitFor(SOON);
  await looksRight(sofia, 'exclusion-agregar');
  await field.fill('Eva@casa.example');
  await page.keyboard.press('Enter');
  await row('eva@casa.example').getByText('Agregada a mano').waitFor(SOON);
  await row('eva@casa.example').getByText('Lo pidió por teléfono').waitFor(SOON);
});

it('who complained is found and let off; who did it stays on record', async () => {
  await server.kill();
  const client = mailbox.run(`SELECT client_id FROM channels WHERE id = '${mailbox.account}';`);
  const [excluded = '', refused = '', putOff = ''] = written;
  const at = Date.now() * 1000;
  const report = mailbox.aside('Queja', 'Subject: Queja\r\n\r\nabuse\r\n');
  mailbox.run(`INSERT INTO mail_suppressions (id, client_id, address, reason, added_by, message_id, conversation_id, report_id, created_at)
      VALUES ('01900000-0000-7000-8000-000000000001', '${client}', '${LUZ.address}', 'complaint', 'system', '${excluded}', '${conversation}', '${report}', ${at});
    DELETE FROM outbox WHERE message_id IN ('${excluded}', '${refused}');
    UPDATE messages SET delivery = 'suppressed', reason = 'suppressed' WHERE id = '${excluded}';
    UPDATE messages SET delivery = 'rejected', reason = 'recipient_refused:5.7.1' WHERE id = '${refused}';
    INSERT INTO mail_refusals (message_id, address, reason, words, at) VALUES ('${refused}', '', 'recipient_refused:5.7.1', '550 5.7.1 <b>Unsolicited</b> mail. See https://support.google.com/mail/?p=UnsolicitedMessageError', ${at}),
      ('${putOff}', '', 'try_again:4.7.1', '451 4.7.1 <i>Greylisted</i>, come back later', ${at});
    UPDATE messages SET delivery = 'sending' WHERE id = '${putOff}';
    UPDATE outbox SET attempts = 2, next_at = ${at + 7_200_000_000} WHERE message_id = '${putOff}';`);
  await server.start();
  // From the mail that did not go out to the reason on the list.
  const { page } = sofia;
  await page.goto(`${server.origin}/bandeja/equipo/${conversation}`);
  const mail = (id: string) => page.locator(`.mail[data-message="${id}"]`);
  await mail(refused).getByRole('button', { name: /^Desplegar/ }).click();
  await mail(refused).getByText('El servidor dijo:').waitFor(SOON);
  await mail(refused).getByText('550 5.7.1 <b>Unsolicited</b> mail.').waitFor(SOON);
  await mail(putOff).getByText('451 4.7.1 <i>Greylisted</i>, come back later').waitFor(SOON);
  await looksRight(sofia, 'correo-excluido');
  await mail(excluded).getByRole('link', { name: `Ver ${LUZ.address} en la lista de exclusión` }).click();
  await row(LUZ.address).getByText('Marcó un correo como no deseado').waitFor(SOON);
  expect(await row('eva@casa.example').count()).toBe(0);
  await search().fill('');
  await row('eva@casa.example').waitFor(SOON);
  await looksRight(sofia, 'exclusion');
  await looksRightInOthers(sofia, 'exclusion', () => row('eva@casa.example').waitFor(SOON));
  const download = page.waitForEvent('download', SOON);
  await page.getByRole('link', { name: `Descargar el aviso sobre ${LUZ.address}` }).click();
  await download;
  await search().fill('xilofón');
  await sofia.sees('El filtro no deja ver nada');
  await sofia.button('Limpiar el filtro').click();
  await page.getByRole('button', { name: `Levantar la exclusión de ${LUZ.address}` }).click();
  const dialog = page.getByRole('dialog', { name: `¿Volver a escribir a ${LUZ.address}?` });
  await looksRight(sofia, 'exclusion-levantar');
  await dialog.getByRole('button', { name: 'Levantar', exact: true }).click();
  await row(LUZ.address).waitFor({ state: 'detached', ...SOON });
  await page.getByRole('combobox', { name: 'Mostrar' }).selectOption('lifted');
  await row(LUZ.address).getByText(/^Levantada: .*Sof/).waitFor(SOON);
  await looksRight(sofia, 'exclusion-levantadas');
  expect(sofia.complaints).toEqual([]);
});

it('an agent sees that it did not go out, and no way to the list', async () => {
  const ana = await inside('ana', `/bandeja/mias/${conversation}`);
  await ana.page.locator(`.mail[data-message="${written[0]}"]`).getByText('La dirección está en la lista de exclusión.').waitFor(SOON);
  expect(await ana.page.getByRole('link', { name: /lista de exclusión/ }).count()).toBe(0);
  await ana.page.context().close();
});
