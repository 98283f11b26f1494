/** Whatever text is stored, wherever it is shown: it stays text (security.md, row 1). */

import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';

import { Customers } from './customer.ts';
import { failed } from './looks.ts';
import { Mailbox } from './mailbox.ts';
import { mailServers, PASSWORD, type MailServers } from './mailservers.ts';
import { openBrowser, Person, SOON } from './people.ts';
import { Server } from './server.ts';
import { Staff } from './staff.ts';
import { covers, PAYLOADS, placesOf, textFields, textsOf, withText, WRITES, type Call, type Description, type Ids } from './writes.ts';

const LONG = 900_000;
/** Screens of one kind that are opened: everything that holds one of the texts, and what was there before. */
const OF_A_KIND = PAYLOADS.length + 4;

/** Only what has ended is rated. */
const RATED = 'POST /widget/v1/rating';

let server: Server;
let servers: MailServers;
let browser: Browser;
let sample: Awaited<ReturnType<typeof Server.create>>['sample'];
let admin: Staff;
let ana: Staff;
let desk: Person;
let ids: Ids = {};
/** By turn. */
const made: Ids[] = [];
/** What a text did that is no text. */
const incidents: string[] = [];
const seen = new Set<string>();
let screens = 0;

async function watched(login: string | null): Promise<Person> {
  const context = await browser.newContext({ locale: 'es-AR', viewport: { width: 1440, height: 900 } });
  await watch(context);
  const person = await Person.at(browser, `${server.origin}/login`, { context });
  if (login !== null) await person.signIn(login, sample.users.find((user) => user.login === login)!.password);
  return person;
}

/** Everything that a text must not do is written down. */
async function watch(context: BrowserContext): Promise<void> {
  const tell = (page: Page, what: string) => incidents.push(`${what} on ${page.url()}`);
  await context.exposeBinding('tellOf', ({ page }, what: string) => void tell(page, what));
  await context.addInitScript(() => {
    const tellOf = (what: string) => (window as unknown as { tellOf: (what: string) => void }).tellOf(what);
    Object.defineProperty(window, '__xss', { set: () => tellOf('a script ran') });
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sample: part }) => tellOf(`the policy stopped ${violatedDirective} ${blockedURI} ${part}`));
  });
  context.on('dialog', (dialog) => {
    tell(dialog.page()!, `a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  context.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(server.origin) && !url.startsWith(server.origin.replace('http', 'ws')) && !/^(?:blob|data|about):/.test(url)) incidents.push(`a request to ${url}`);
  });
  context.on('console', (message) => {
    if (/Content Security Policy|Refused to|Blocked script|sandboxed/i.test(message.text())) tell(message.page()!, message.text());
  });
  context.on('weberror', (error) => incidents.push(`an error: ${error.error().message}`));
}

/** Which of the texts stand there, as text or in a field. */
async function look(page: Page): Promise<void> {
  screens += 1;
  const shown = await page.evaluate(() => document.body.innerText + [...document.querySelectorAll<HTMLInputElement>('input, textarea, option')].map((one) => one.value + one.textContent).join('\n'));
  PAYLOADS.filter((payload) => shown.includes(payload)).forEach((payload) => seen.add(payload));
}
/** Nothing is being loaded any more. */
async function settled(page: Page): Promise<void> {
  await page.waitForFunction(() => document.querySelector('.ui-skeleton') === null, undefined, SOON).catch(() => {});
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
}

/** Opens every address that a screen leads to, once; of each kind not more than hold different texts. */
async function everyScreen({ page }: Person, from: readonly string[]): Promise<string[]> {
  const [open, known, kinds] = [[...from], new Set(from), new Map<string, number>()];
  for (let path = open.shift(); path !== undefined; path = open.shift()) {
    await page.evaluate((to) => {
      history.pushState(null, '', to);
      dispatchEvent(new PopStateEvent('popstate', { state: null }));
    }, path);
    await settled(page);
    await look(page);
    const links = await page.locator('a[href]').evaluateAll((all) => all.map((one) => one.getAttribute('href') ?? ''));
    for (const link of links) {
      const kind = link.replace(/[0-9a-f-]{36}/g, '*');
      // What ends the session, other documents, and what was opened already.
      if (!/^\/(?!\/|api\/|docs|login)/.test(link) || known.has(link)) continue;
      known.add(link);
      const most = /[?#]/.test(link) ? 3 : OF_A_KIND;
      if ((kinds.get(kind) ?? 0) < most) open.push(link);
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    }
  }
  return [...kinds.keys()];
}

beforeAll(async () => {
  servers = await mailServers();
  const started = await Server.create({ CENTRALITA_MAIL__REACH: 'anywhere' });
  [server, sample] = [started.server, started.sample];
  browser = await openBrowser();
  [admin, ana] = [await Staff.signIn(server.origin, sample, 'admin'), await Staff.signIn(server.origin, sample, 'ana')];
  const { client, campaign } = (await admin.all<{ id: string; client: string; campaign: string }>('channels')).find(({ id }) => id === sample.api_channel.id)!;
  const user = (await admin.all<{ id: string; login: string }>('users')).find(({ login }) => login === 'ana')!.id;
  await admin.does('PATCH', `users/${user}`, { capacity: 10_000 });
  await admin.does('PATCH', `campaigns/${campaign}`, { max_per_agent: 500, closing: { wrap_up: 'none' }, mail: { rating: { prompt: '¿Bien?', thanks: 'Gracias.' } } });
  await admin.does('PUT', `campaigns/${campaign}/members/${user}`, { initiate: ['email'] });
  const at = (port: number) => ({ host: '127.0.0.1', port, security: 'plain' });
  const account = await admin.does('POST', 'mail-accounts', { client, campaign, address: 'soporte@andina.example', from_name: 'Soporte', receives: false, smtp: at(servers.smtp), user: 'soporte', password: PASSWORD, accept_in_clear: true });
  ids = { client, campaign, account: account.id };
  desk = await watched('ana');
  await desk.startShift();
}, LONG);
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await failed(desk, 'textos-falla');
});
afterAll(async () => {
  await browser?.close();
  servers?.close();
  await server?.remove();
});

/** As whoever may. */
async function ask(as: 'agent' | 'visitor' | undefined, method: string, { path, body, file }: Call, token: string): Promise<{ status: number; text: string }> {
  if (as !== 'visitor') return (as === 'agent' ? ana : admin).ask(method, path, file ?? body);
  const answer = await fetch(server.origin + path, { method, headers: { authorization: `Bearer ${token}`, 'idempotency-key': crypto.randomUUID(), 'content-type': file ? 'application/octet-stream' : 'application/json' }, body: file ? Buffer.from(file) : JSON.stringify(body) });
  return { status: answer.status, text: await answer.text() };
}

interface Found {
  readonly id: string;
  readonly contact: string;
  readonly contact_name: string;
  readonly channel_kind: string;
}
/** The conversation of somebody, once it is there. */
async function found(name: string, kind: string): Promise<Found> {
  let one: Found | undefined;
  await expect.poll(async () => (one = (await admin.all<Found>('conversations?limit=200')).find(({ contact_name, channel_kind }) => contact_name === name && channel_kind === kind)), { ...SOON, interval: 50 }).toBeTruthy();
  return one!;
}

it('what a text must not do would be noticed', async () => {
  const stranger = await watched(null);
  await stranger.page.evaluate(() => {
    document.body.insertAdjacentHTML('beforeend', '<img src="//evil.example/i"><img src="/favicon.ico" onerror="alert(1)"><a href="javascript:alert(1)" id="odd">x</a>');
    document.querySelector<HTMLElement>('#odd')!.click();
    Object.assign(window, { __xss: 1 });
    setTimeout(() => alert('x'));
  });
  for (const what of ['a script ran', 'a dialog: x', 'the policy stopped img-src http://evil.example/i', 'the policy stopped script-src']) await expect.poll(() => incidents.join('\n'), SOON).toContain(what);
  await stranger.page.context().close();
  incidents.length = 0;
});

it('every text of every write is stored, refused, or said why not', async () => {
  const description = (await (await fetch(`${server.origin}/openapi.json`)).json()) as Description;
  const fields = textFields(description);
  const missing: string[] = [];
  for (const [route, places] of fields) {
    const write = WRITES[route];
    const calls = write?.keeps?.('¶', ids, '¶', 0) ?? [];
    const kept = new Set(calls.flatMap((call) => [...placesOf(call, '¶')]));
    const said = [...kept, ...(write?.refuses ?? []), ...Object.keys(write?.nowhere ?? {})];
    missing.push(...[...places].filter((place) => !said.some((one) => covers(one, place) || covers(place, one))).map((place) => `${route} ${place}`));
  }
  for (const [route, { refuses = [], nowhere = {} }] of Object.entries(WRITES)) {
    const places = [...(fields.get(route) ?? [])];
    missing.push(...[...refuses, ...Object.keys(nowhere)].filter((one) => !places.some((place) => covers(one, place) || covers(place, one))).map((one) => `there is no ${route} ${one}`));
  }
  expect(missing).toEqual([]);
  expect(fields.size).toBeGreaterThan(50);
});

interface Turn {
  readonly n: number;
  readonly ids: Ids;
  /** Of a visitor of this turn's own web chat. */
  token: string;
}
async function store(route: string, { n, ids, token }: Turn): Promise<void> {
  const { as, keeps, names } = WRITES[route]!;
  const [x, short] = textsOf(n);
  for (const [index, call] of (keeps?.(x, ids, short, n) ?? []).entries()) {
    const { status, text } = await ask(as, route.split(' ')[0]!, call, token);
    expect(status, `${route} ${JSON.stringify(call.body)}: ${text}`).toBeLessThan(300);
    const answer = JSON.parse(text || '{}') as { id?: string; conversation?: string };
    if (names !== undefined && index === 0) ids[names] = answer.id ?? answer.conversation ?? '';
  }
}

it('every text is stored everywhere', async () => {
  const customers = new Customers(server.origin, sample.api_channel);
  const turns = await Promise.all(PAYLOADS.map(async (x, n): Promise<Turn> => {
    const turn: Turn = { n, ids: { ...ids }, token: '' };
    await customers.write(`cliente-${n}`, x, x);
    const { id, contact } = await found(x, 'api');
    Object.assign(turn.ids, { conversation: id, contact });
    for (const route of Object.keys(WRITES)) {
      if (route === RATED) continue;
      if (WRITES[route]!.as === 'visitor' && turn.token === '') {
        const session = await fetch(`${server.origin}/widget/v1/${turn.ids['chat']}/session`, { method: 'POST', headers: { 'idempotency-key': crypto.randomUUID(), 'content-type': 'application/json' }, body: '{}' });
        turn.token = ((await session.json()) as { token: string }).token;
      }
      await store(route, turn);
    }
    return turn;
  }));
  // The agents' own campaign shows all of it.
  await admin.does('PATCH', `campaigns/${ids['campaign']}`, { dispositions: turns.map((turn) => turn.ids['disposition']), fields: turns.map((turn) => ({ field: turn.ids['field'], label: PAYLOADS[turn.n] })), mail: { from_name: PAYLOADS[0], rating: { prompt: PAYLOADS[1], thanks: PAYLOADS[3] } } });
  for (const turn of turns) {
    const talk = (await found(PAYLOADS[turn.n]!, 'webchat')).id;
    turn.ids['talk'] = talk;
    await expect.poll(async () => (await ana.ask('POST', `conversations/${talk}/messages`, { text: PAYLOADS[turn.n] })).status, SOON).toBe(200);
    await ana.does('POST', `conversations/${talk}/close`, { disposition: turn.ids['disposition'] });
    await store(RATED, turn);
  }
  made.push(...turns.map((turn) => turn.ids));
  ids = made.at(-1)!;
  // What she is called in the end.
  await ana.does('PATCH', 'me', { name: PAYLOADS.at(-1) });
}, LONG);

it('what takes no such text refuses it', async () => {
  const taken: string[] = [];
  for (const [route, { as, keeps, refuses = [] }] of Object.entries(WRITES)) {
    const calls = keeps?.('texto', ids, 'texto', 99) ?? [];
    for (const place of refuses) {
      const top = place.split(/[/[?]/)[1]!;
      const call = calls.find(({ body }) => body !== undefined && top in (body as object)) ?? calls[0]!;
      for (const payload of PAYLOADS) {
        const { status, text } = await ask(as, route.split(' ')[0]!, withText(call, place, payload), '');
        if (status < 400 || status >= 500) taken.push(`${route} ${place} ${payload}: ${status} ${text.slice(0, 200)}`);
      }
    }
  }
  expect(taken).toEqual([]);
}, LONG);

it('mails bring all of it, too', async () => {
  await server.kill();
  const mailbox = new Mailbox(server.data);
  for (const [n, { thread = '' }] of made.entries()) {
    const x = PAYLOADS[n]!;
    // A number that no message has: an event's.
    const free = Number(mailbox.run(`SELECT min(seq) + 1 FROM messages m WHERE conversation_id = '${thread}' AND NOT EXISTS (SELECT 1 FROM messages o WHERE o.conversation_id = m.conversation_id AND o.seq = m.seq + 1);`));
    const raw = `From: "x" <luz@casa.example>\r\nTo: soporte@andina.example\r\nSubject: =?utf-8?b?${Buffer.from(x).toString('base64')}?=\r\nX-Extra: ${x}\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p title='${x}'>${x}</p>\r\n`;
    mailbox.comesIn(thread, free, raw, { text: x, files: [[`${x}.html`, 'text/html', Buffer.from(x)]], mail: { subject: x, from: { name: x, address: 'luz@casa.example' }, to: [{ name: x, address: 'soporte@andina.example' }], cc: [], doubts: ['replies_elsewhere'], elsewhere: { name: x, address: 'otra@lejos.example' } } });
  }
  await server.start();
  await desk.page.reload();
  await desk.connection('live');
});

it('an agent sees text, on every screen and in every dialog', async () => {
  const { page } = desk;
  const { keyboard } = page;
  await settled(page);
  const rows = page.locator('.inbox-row');
  expect(await rows.count()).toBeGreaterThan(PAYLOADS.length);
  for (let row = 0; row < (await rows.count()); row += 1) {
    await rows.nth(row).click();
    await page.locator('.bubble, .mail').first().waitFor(SOON);
    const folded = page.getByRole('button', { name: /^Desplegar el correo de/ });
    for (let left = await folded.count(); left > 0; left -= 1) await folded.first().click();
    await settled(page);
    await look(page);
  }
  const dialog = async (keys: readonly string[], typed = '') => {
    await page.locator('.thread').first().focus();
    for (const key of keys) await keyboard.press(key);
    await page.getByRole('dialog').or(page.getByRole('menu')).first().waitFor(SOON);
    if (typed) await keyboard.type(typed);
    await settled(page);
    await look(page);
    await keyboard.press('Escape');
    await keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ ...SOON, state: 'hidden' });
  };
  await rows.first().click();
  for (const keys of [['e'], ['t'], ['l'], ['s'], ['?'], ['g', 'n']]) await dialog(keys);
  for (const typed of ['<', '"', 'javascript']) await dialog(['Control+k'], typed);
  const canned = page.getByRole('button', { name: 'Textos y archivos guardados' });
  if (await canned.isVisible()) {
    await canned.click();
    await settled(page);
    await look(page);
  }
  await everyScreen(desk, ['/bandeja', '/contactos', '/perfil', '/turno']);
  expect(incidents).toEqual([]);
}, LONG);

it('whoever supervises sees text, over a shoulder and in what was', async () => {
  const sofia = await watched('sofia');
  const { page } = sofia;
  await page.waitForURL('**/supervision', SOON);
  await settled(page);
  await page.locator('button', { hasText: PAYLOADS.at(-1)! }).first().click();
  for (let row = 0; row < Math.min(await page.locator('.watch-row').count(), 4); row += 1) {
    await page.locator('.watch-row').nth(row).click();
    await page.locator('.bubble, .mail').first().waitFor(SOON);
    await settled(page);
    await look(page);
  }
  await page.goto(`${server.origin}/historial`);
  await page.locator('.recordings-row').first().waitFor(SOON);
  for (let row = 0; row < (await page.locator('.recordings-row').count()); row += 1) {
    await page.locator('.recordings-row').nth(row).click();
    await settled(page);
    await look(page);
  }
  await page.emulateMedia({ media: 'print' });
  await look(page);
  await page.emulateMedia({ media: 'screen' });
  await everyScreen(sofia, ['/supervision', '/calificaciones', '/y-si', '/contactos']);
  await page.context().close();
  expect(incidents).toEqual([]);
}, LONG);

it('whoever administers sees text, in every list and every form', async () => {
  const boss = await watched('admin');
  await boss.page.waitForURL('**/supervision', SOON);
  const kinds = await everyScreen(boss, ['/admin']);
  expect(kinds.filter((kind) => /^\/admin\/[a-z]+\/\*/.test(kind)).length).toBeGreaterThan(10);
  await boss.page.context().close();
  expect(incidents).toEqual([]);
}, LONG);

it('visitors and whoever rates see text', async () => {
  const context = await browser.newContext({ locale: 'es-AR' });
  await watch(context);
  const page = await context.newPage();
  for (const [n, { chat }] of made.entries()) {
    await page.goto(`${server.origin}/widget/frame/${chat}`);
    await settled(page);
    await look(page);
    if (n > 0) continue;
    // Whatever the frame is told by its page, it shows what its company wrote.
    expect(await page.evaluate(() => document.body.innerText.length)).toBeGreaterThan(0);
  }
  await expect.poll(() => servers.sent.filter((mail) => mail.includes('/rate/')).length, SOON).toBeGreaterThanOrEqual(PAYLOADS.length);
  for (const [n, mail] of servers.sent.filter((one) => one.includes('/rate/')).slice(0, PAYLOADS.length).entries()) {
    const link = /(\/rate\/[\w-]+\/[\w.-]+)/.exec(mail.replace(/=\n/g, '').replace(/=3D/g, '='))![1]!;
    const rated = await fetch(server.origin + link, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams({ score: '2', comment: PAYLOADS[n]! }).toString() });
    expect(rated.status).toBe(200);
    await page.goto(server.origin + link);
    await look(page);
  }
  await context.close();
  const sofia = await watched('sofia');
  await everyScreen(sofia, ['/calificaciones']);
  await sofia.page.context().close();
  expect(incidents).toEqual([]);
  // Otherwise nothing of this says anything.
  expect([...seen].sort()).toEqual([...PAYLOADS].sort());
  console.log(`${screens} screens`);
}, LONG);
