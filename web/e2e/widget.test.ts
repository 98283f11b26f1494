import { createHmac } from 'node:crypto';
import { createServer, type Server as Http } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import type { Browser, BrowserContext, FrameLocator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { barriers, openBrowser, SOON } from './people.ts';
import { Server } from './server.ts';

let server: Server;
let browser: Browser;
let channel: string;
let secret: string;
let admin: (method: string, path: string, body?: unknown) => Promise<Record<string, unknown>>;
let agent: Agent;
/** A page of the company, and one of somebody else. */
let company: Host;
let stranger: Host;
let visitors: Visitor[] = [];

const eventually = (what: () => unknown) => expect.poll(what, { ...SOON, interval: 50 });

/** A page that puts the launcher on itself, under the strictest policy, and is as hostile as a page can be. */
class Host {
  private constructor(
    readonly http: Http,
    readonly origin: string,
  ) {}

  static async open(): Promise<Host> {
    const http = createServer((request, response) => {
      const policy = [
        "default-src 'none'",
        `script-src 'self' ${server.origin}`,
        `frame-src 'self' ${server.origin}`,
        `connect-src ${server.origin}`,
        "style-src 'self'",
        "require-trusted-types-for 'script'",
      ].join('; ');
      const files: Record<string, [type: string, body: string]> = {
        '/': [
          'text/html',
          `<!doctype html><html lang="es"><meta name="viewport" content="width=device-width"><title>Tienda</title><link rel="stylesheet" href="/reset.css"><h1>Tienda</h1><input aria-label="Buscar">
           <iframe src="/sibling" title="x"></iframe><script src="/hostile.js"></script>
           <script async src="${server.origin}/widget/loader.js" data-channel="${channel}"></script>`,
        ],
        '/sibling': ['text/html', '<!doctype html><script src="/sibling.js"></script>'],
        '/reset.css': ['text/css', '* { all: unset } div, button { display: none !important; opacity: 0.1; font-size: 60px } iframe { width: 1px }'],
        '/hostile.js': ['text/javascript', HOSTILE],
        '/sibling.js': ['text/javascript', SIBLING],
      };
      const [type, body] = files[request.url?.split('?')[0] ?? ''] ?? ['text/plain', ''];
      response.writeHead(200, { 'content-type': `${type}; charset=utf-8`, 'content-security-policy': policy }).end(body);
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    return new Host(http, `http://127.0.0.1:${(http.address() as AddressInfo).port}`);
  }
}

/** Says everything wrong that a page can say, and writes down everything it hears. */
const HOSTILE = `
  window.heard = [];
  addEventListener('message', (event) => heard.push(JSON.stringify(event.data)));
  const wrong = [null, 7, 'x', [], {}, { centralita: 1 }, { centralita: 1, kind: '__proto__' }, { centralita: 1, kind: 'constructor' },
    { centralita: 2, kind: 'forget' }, { centralita: 1, kind: 'forget', more: 1 }, { centralita: 1, kind: 'identify' },
    { centralita: 1, kind: 'identify', token: 7 }, { centralita: 1, kind: 'identify', token: 'x'.repeat(6000) },
    { centralita: 1, kind: 'language', language: { toString: null } }, { centralita: 1, kind: 'shown', shown: 'no' },
    { centralita: 1, kind: 'open', url: 'javascript:alert(1)' }];
  setInterval(() => { for (let i = 0; i < frames.length; i++) for (const message of wrong) frames[i].postMessage(message, '*'); }, 100);
  for (const hook of ['alert', 'confirm', 'prompt']) window[hook] = () => { window.xss = true; };`;

/** A frame beside the chat that pretends: to the chat to be the page, to the page to be the chat. */
const SIBLING = `
  setInterval(() => {
    for (let i = 0; i < parent.frames.length; i++) parent.frames[i].postMessage({ centralita: 1, kind: 'forget' }, '*');
    parent.postMessage({ centralita: 1, kind: 'close' }, '*');
    parent.postMessage({ centralita: 1, kind: 'unread', count: 99 }, '*');
  }, 100);`;

/** Somebody on a page of the company. */
class Visitor {
  readonly complaints: string[] = [];

  private constructor(
    readonly page: Page,
    readonly context: BrowserContext,
  ) {
    page.on('pageerror', (error) => this.complaints.push(error.message));
    page.on('console', (message) => {
      const expected = /Failed to load resource|WebSocket connection|ERR_INTERNET_DISCONNECTED/.test(message.text());
      if (message.type() === 'error' && !expected) this.complaints.push(message.text());
    });
  }

  static async at(url: string, options: Parameters<Browser['newContext']>[0] = {}): Promise<Visitor> {
    const context = await browser.newContext({ locale: 'es-AR', viewport: { width: 1100, height: 760 }, ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(SOON.timeout);
    const visitor = new Visitor(page, context);
    visitors.push(visitor);
    await page.goto(url);
    return visitor;
  }

  get launcher() {
    return this.page.getByRole('button', { name: /^(Chat|Hablar con ventas)/ });
  }

  get chat(): FrameLocator {
    return this.page.frameLocator('iframe[src*="/widget/frame/"]');
  }

  async open(): Promise<void> {
    await this.launcher.click();
    await this.chat.locator('#composer-text, form.form').first().waitFor(SOON);
  }

  async writes(text: string): Promise<void> {
    await this.chat.locator('#composer-text').fill(text);
    await this.chat.locator('#composer-text').press('Enter');
  }

  async sees(text: string | RegExp): Promise<void> {
    await this.chat.locator(':not(.unseen)', { hasText: text }).last().waitFor(SOON);
  }

  said(): Promise<string[]> {
    return this.chat.locator('.message .text').allTextContents();
  }

  shot(name: string): Promise<unknown> {
    return this.page.screenshot({ path: join(import.meta.dirname, 'results', `widget-${name}.png`) });
  }
}

/** An agent at work, without screens: a socket to be there, REST to act. */
class Agent {
  private constructor(readonly page: Page) {}

  static async signIn(login: string, password: string): Promise<Agent> {
    const page = await (await browser.newContext()).newPage();
    await page.goto(`${server.origin}/chat`);
    await page.evaluate(
      async ([login, password]) => {
        const call = (window as unknown as { call: Call }).call = async (method, path, body) => {
          const headers = { 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() };
          const answer = await fetch(`/api/v1/${path}`, { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) });
          if (!answer.ok) throw new Error(await answer.text());
          return answer.status === 204 ? {} : answer.json();
        };
        await call('POST', 'session', { login, password });
        const socket = new WebSocket(`${location.origin.replace('http', 'ws')}/ws`);
        const take = ({ id, standing }: { id: string; standing: { is: string; offer?: string } }) => {
          if (standing.is === 'offered') void call('POST', `conversations/${id}/accept`, { offer: standing.offer });
        };
        socket.onmessage = ({ data }) => {
          const frame = JSON.parse(data as string);
          if (frame.kind === 'conversation') take(frame.data.conversation);
          if (frame.kind === 'me') frame.data.conversations.forEach(take);
        };
        await new Promise((resolve) => (socket.onopen = resolve));
        socket.send(JSON.stringify({ kind: 'subscribe', topic: 'me' }));
      },
      [login, password] as const,
    );
    return new Agent(page);
  }

  call(method: string, path: string, body?: unknown): Promise<Record<string, any>> {
    return this.page.evaluate(([method, path, body]) => (window as unknown as { call: Call }).call(method, path, body), [method, path, body] as const);
  }

  /** The open conversation in which this was said, once it is this agent's. */
  async with(text: string): Promise<string> {
    let found = '';
    await eventually(async () => {
      const { items } = await this.call('GET', 'conversations?phase=active');
      for (const { id } of items) if ((await this.texts(id)).includes(text)) found = id;
      return found;
    }).not.toBe('');
    return found;
  }

  async texts(id: string): Promise<string[]> {
    const { items } = await this.call('GET', `conversations/${id}/messages?limit=200`);
    return items.map(({ text }: { text: string }) => text).reverse();
  }

  async close(id: string): Promise<void> {
    const [{ campaigns, trees }, { campaign }] = [await this.call('GET', 'me'), await this.call('GET', `conversations/${id}`)];
    const disposition = trees[campaigns.find((one: { id: string }) => one.id === campaign)?.tree ?? -1]?.[0]?.id;
    await this.call('POST', `conversations/${id}/close`, { disposition });
  }

  /** Nobody is full when the next test begins. */
  async closeAll(): Promise<void> {
    const { items } = await this.call('GET', 'conversations?phase=active');
    for (const { id } of items) {
      await this.reply(id, 'Adiós');
      await this.close(id);
    }
  }

  reply(id: string, text: string, attachments: string[] = []): Promise<unknown> {
    return this.call('POST', `conversations/${id}/messages`, { text, attachments });
  }
}

type Call = (method: string, path: string, body?: unknown) => Promise<Record<string, any>>;

function identity(subject: string, more: object = {}): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { sub: subject, aud: channel, exp: Math.floor(Date.now() / 1000) + 600, ...more };
  const body = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
  return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`;
}

const say = (visitor: Visitor, ...call: unknown[]) =>
  visitor.page.evaluate((call) => (window as unknown as { centralita: (...call: unknown[]) => void }).centralita(...call), call);

const set = (webchat: object) => admin('PATCH', `channels/${channel}`, { webchat });

beforeAll(async () => {
  const started = await Server.create();
  server = started.server;
  channel = started.sample.chat_channel;
  const password = (login: string) => started.sample.users.find((user) => user.login === login)?.password ?? '';
  const boss = started.sample.users.find(({ role }) => role === 'admin')?.login ?? '';
  const headers: Record<string, string> = { 'content-type': 'application/json', origin: server.origin };
  admin = async (method, path, body) => {
    const answer = await fetch(`${server.origin}/api/v1/${path}`, { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) });
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
    const cookie = answer.headers.getSetCookie()[0];
    if (cookie) headers['cookie'] = cookie.split(';')[0] ?? '';
    return (await answer.json()) as Record<string, unknown>;
  };
  await admin('POST', 'session', { login: boss, password: password(boss) });
  secret = String((await admin('POST', `channels/${channel}/secrets`))['secret']);
  browser = await openBrowser();
  company = await Host.open();
  stranger = await Host.open();
  agent = await Agent.signIn('ana', password('ana'));
});

beforeEach(async () => {
  await set({ allowed_origins: [company.origin], theme: null, texts: null, pre_chat: null, languages: null, rating: true });
});

afterEach(async ({ task }) => {
  for (const [index, visitor] of visitors.entries()) {
    if (task.result?.state === 'fail') await visitor.shot(`failed-${index}`).catch(() => {});
    else expect(visitor.complaints).toEqual([]);
    await visitor.context.close();
  }
  visitors = [];
  await agent.closeAll();
});

afterAll(async () => {
  await browser?.close();
  company?.http.close();
  stranger?.http.close();
  await server?.remove();
});

describe('the widget on a hostile page', () => {
  it('works, and leaks nothing', async () => {
    const visitor = await Visitor.at(company.origin);
    await visitor.launcher.waitFor(SOON);
    const box = await visitor.launcher.boundingBox();
    expect([box?.height, (box?.x ?? 0) > 900, (box?.y ?? 0) > 600]).toEqual([56, true, true]);
    await visitor.open();
    await visitor.writes('¿Hacen envíos?');
    const conversation = await agent.with('¿Hacen envíos?');
    await agent.reply(conversation, 'Sí, a todo el país.\n<img src=x onerror=alert(1)> javascript:alert(1) https://example.com/envios?a=1&b=2.');
    await visitor.sees('Sí, a todo el país.');
    await visitor.sees('Leído');
    const links = await visitor.chat.locator('.message a').evaluateAll((found) => found.map((link) => (link as HTMLAnchorElement).href));
    expect(links).toEqual(['https://example.com/envios?a=1&b=2']);
    await visitor.shot('hostile');
    // Nothing of what was said, and no token, has reached the page.
    const { heard, xss, stored } = await visitor.page.evaluate(() => ({
      heard: (window as unknown as { heard: string[] }).heard,
      xss: 'xss' in window,
      stored: Object.entries(localStorage).map(([name, value]) => name + value),
    }));
    expect(xss).toBe(false);
    const fromChat = [...new Set(heard)].filter((message) => !/"count":99|"kind":"(close|forget)"/.test(message));
    expect(fromChat.every((message) => /^\{"centralita":1,"kind":"(ready|unread)"(,"count":\d+)?\}$/.test(message))).toBe(true);
    expect(stored).toEqual([`centralita.used.${channel}1`]);
    // Who was told by a sibling to close and to forget has done neither.
    expect(await visitor.said()).toHaveLength(2);
    expect(await visitor.launcher.getAttribute('aria-expanded')).toBe('true');
  });

  it('is shown by the pages of the company only', async () => {
    const visitor = await Visitor.at(stranger.origin);
    await visitor.launcher.click();
    await eventually(() => visitor.complaints.some((text) => text.includes('frame-ancestors'))).toBe(true);
    expect(await visitor.chat.locator('#composer-text').count()).toBe(0);
    visitor.complaints.length = 0;
  });
});

describe('a visitor', () => {
  it('loses nothing while the network is away, and sends in order', async () => {
    const visitor = await Visitor.at(company.origin);
    await visitor.open();
    await visitor.writes('uno');
    const conversation = await agent.with('uno');
    await visitor.sees('Enviado');
    await visitor.context.setOffline(true);
    for (const text of ['dos', 'tres', 'cuatro']) await visitor.writes(text);
    await visitor.chat.locator('.state', { hasText: /Reconectando|Sin conexión/ }).waitFor(SOON);
    await eventually(() => visitor.chat.getByText('Sin conexión: se enviará al reconectar').count()).toBe(3);
    await agent.reply(conversation, 'mientras tanto');
    await visitor.shot('offline');
    await visitor.context.setOffline(false);
    await visitor.sees('mientras tanto');
    await eventually(() => agent.texts(conversation)).toEqual(['uno', 'mientras tanto', 'dos', 'tres', 'cuatro']);
    await eventually(() => visitor.said()).toEqual(['uno', 'mientras tanto', 'dos', 'tres', 'cuatro']);
  });

  it('writes, dies, comes back: what was not sent is sent once', async () => {
    const visitor = await Visitor.at(company.origin);
    await visitor.open();
    await visitor.writes('antes');
    const conversation = await agent.with('antes');
    // The message arrives, its answer does not.
    await visitor.page.route('**/widget/v1/messages', async (route) => {
      await route.fetch().catch(() => null);
      await route.abort().catch(() => null);
    });
    await visitor.writes('una sola vez');
    await visitor.sees('una sola vez');
    await eventually(() => agent.texts(conversation)).toEqual(['antes', 'una sola vez']);
    // A try that is under way when the page goes has nobody left to tell.
    await visitor.page.unrouteAll({ behavior: 'ignoreErrors' });
    await visitor.page.reload();
    await visitor.open();
    await eventually(() => visitor.said()).toEqual(['antes', 'una sola vez']);
    await visitor.writes('después');
    await eventually(() => agent.texts(conversation)).toEqual(['antes', 'una sola vez', 'después']);
  });

  it('whom the company knows goes on elsewhere; whoever comes after finds nothing', async () => {
    const phone = await Visitor.at(company.origin, { viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true });
    await say(phone, 'identify', { token: identity('cliente 7', { name: 'Zoë Ñandú' }) });
    await phone.open();
    await phone.writes('desde el teléfono');
    const conversation = await agent.with('desde el teléfono');
    expect((await agent.call('GET', `conversations/${conversation}`))['contact_name']).toBe('Zoë Ñandú');
    await phone.shot('phone');
    const laptop = await Visitor.at(company.origin);
    await say(laptop, 'identify', { token: identity('cliente 7') });
    await laptop.open();
    await laptop.sees('desde el teléfono');
    await laptop.writes('desde la portátil');
    await phone.sees('desde la portátil');
    // A token that does not count makes nobody of anybody.
    await say(laptop, 'identify', { token: `${identity('cliente 8').slice(0, -2)}xx` });
    await laptop.sees('No se pudo comprobar la identidad');
    expect(await laptop.said()).toEqual([]);
    await say(laptop, 'forget');
    await laptop.sees('Escribir un mensaje para empezar.');
    const frame = laptop.page.frames().find((one) => one.url().includes('/widget/frame/'));
    const kept = await frame?.evaluate(() => Object.keys(localStorage).join());
    expect(kept).not.toContain('outbox');
  });

  it('fills in the form, waits for a place, attaches, rates; nothing of it needs a mouse', async () => {
    await set({
      theme: { colour: '#f2b233', position: 'left' },
      texts: { es: { title: 'Tienda Ñandú', launcher: 'Hablar con ventas', welcome: '¡Hola! ¿En qué podemos ayudar?' } },
      pre_chat: [
        { name: 'name', kind: 'name', required: true },
        { name: 'mail', kind: 'email' },
        { name: 'topic', kind: 'choice', labels: { es: 'Tema' }, options: ['Ventas', 'Soporte'], required: true },
      ],
    });
    const visitor = await Visitor.at(company.origin);
    const { page, chat } = visitor;
    const press = async (...keys: string[]) => {
      for (const key of keys) await page.keyboard.press(key);
    };
    const focused = () => chat.locator(':focus').evaluate((element) => element.id || element.getAttribute('aria-label') || element.textContent);
    await visitor.launcher.focus();
    await press('Enter');
    await chat.getByRole('heading', { name: 'Antes de empezar' }).waitFor(SOON);
    await eventually(focused).toBe('f-name');
    await visitor.shot('form');
    await press('Enter');
    await visitor.sees('Falta este dato.');
    await eventually(focused).toBe('f-name');
    await page.keyboard.type('Lucía');
    await press('Tab');
    await page.keyboard.type('no es un correo');
    await press('Tab');
    await page.keyboard.type('Sop');
    await press('Tab', 'Enter');
    await visitor.sees('No parece un dato válido.');
    await eventually(focused).toBe('f-mail');
    await press('Control+A');
    await page.keyboard.type('lucia@example.com');
    await press('Enter');
    await eventually(focused).toBe('composer-text');
    await page.keyboard.type('¿Tienen stock?');
    await press('Enter');
    const conversation = await agent.with('¿Tienen stock?');
    expect((await agent.call('GET', `conversations/${conversation}`))['contact_name']).toBe('Lucía');
    const said = await agent.call('GET', `conversations/${conversation}/visitor`);
    expect(said['answers'].map(({ value }: { value: string }) => value)).toEqual(['Lucía', 'lucia@example.com', 'Soporte']);

    // A picture from the clipboard, a file from the disk.
    await chat.locator('#composer-text').evaluate((box, base64) => {
      const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      const data = new DataTransfer();
      data.items.add(new File([bytes], 'captura.png', { type: 'image/png' }));
      box.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
    }, PIXELS);
    await chat.locator('input[type=file]').setInputFiles({ name: 'pedido.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.7') });
    await eventually(() => chat.locator('.uploads .ready').count()).toBe(2);
    await page.keyboard.type('Adjunto');
    await press('Enter');
    await chat.getByRole('img', { name: 'Imagen: captura.png' }).waitFor(SOON);
    const download = page.waitForEvent('download');
    await chat.getByRole('button', { name: 'Descargar pedido.pdf, 1 kB' }).press('Enter');
    expect((await download).suggestedFilename()).toBe('pedido.pdf');
    await agent.reply(conversation, 'Sí, quedan tres.');
    await visitor.sees('Sí, quedan tres.');
    // What is new is read out, once.
    await eventually(() => chat.locator('p.unseen[role=status]').textContent()).toMatch(/^Agente: Sí, quedan tres\. ?$/);
    await visitor.shot('thread');

    await press('Escape');
    await eventually(() => visitor.launcher.getAttribute('aria-expanded')).toBe('false');
    expect(await page.evaluate(() => document.activeElement?.shadowRoot?.activeElement?.tagName)).toBe('BUTTON');
    await agent.reply(conversation, '¿Algo más?');
    await eventually(() => visitor.launcher.getAttribute('aria-label')).toBe('Hablar con ventas (1)');
    await visitor.shot('badge');
    // Also on the next page, before the chat is opened there.
    await page.reload();
    await eventually(() => visitor.launcher.getAttribute('aria-label')).toBe('Hablar con ventas (1)');
    await visitor.launcher.focus();
    await press('Enter');
    await visitor.sees('¿Algo más?');
    await agent.close(conversation);
    await visitor.sees('¿Cómo fue la atención?');
    await chat.getByRole('radio').first().focus();
    await press('ArrowRight', 'ArrowRight', 'ArrowRight');
    await press('Tab');
    await page.keyboard.type('Muy amable');
    await visitor.shot('rating');
    await press('Tab', 'Enter');
    await visitor.sees('Gracias por la valoración.');
    await eventually(focused).toBe('composer-text');
    expect((await admin('GET', `conversations/${conversation}`))['rating']).toBe(4);
    await visitor.shot('rated');
  });

  it('is told the truth while nobody is there', async () => {
    const { breaks, campaigns } = await agent.call('GET', 'me');
    await agent.call('POST', 'me/presence', { break_id: breaks[0].id });
    const [first, second] = [await Visitor.at(company.origin), await Visitor.at(company.origin)];
    await first.open();
    await first.writes('primero');
    await first.sees('Es el próximo turno.');
    await second.open();
    await second.writes('segundo');
    await second.sees('Hay una persona antes.');
    await second.shot('queue');
    const third = await Visitor.at(company.origin);
    await third.open();
    await third.writes('tercero');
    await third.sees('Hay 2 personas antes.');
    await third.chat.getByRole('button', { name: 'No esperar más' }).click();
    await third.sees('La conversación terminó. Un mensaje nuevo empieza otra.');
    await agent.call('POST', 'me/presence', { available: true });
    await agent.with('segundo');
    await eventually(() => second.chat.getByText('Hay una persona antes.').count()).toBe(0);

    const campaign = (await agent.call('GET', `conversations/${await agent.with('primero')}`))['campaign'];
    const client = campaigns.find(({ id }: { id: string }) => id === campaign).client;
    const schedule = await admin('POST', 'schedules', { client, name: 'Nunca', zone: 'UTC', weekly: [] });
    const before = (await admin('GET', `campaigns/${campaign}`))['schedule'] ?? null;
    await admin('PATCH', `campaigns/${campaign}`, { schedule: schedule['id'] });
    const late = await Visitor.at(company.origin);
    await late.open();
    await late.sees('En este momento no hay nadie para responder.');
    await late.shot('closed');
    await admin('PATCH', `campaigns/${campaign}`, { schedule: before });
  });

  it('and the agent see each other type', async () => {
    const visitor = await Visitor.at(company.origin);
    const asked: string[] = [];
    let tell = (_: object) => {};
    await visitor.context.routeWebSocket(/\/widget\/ws/, (page) => {
      const server = page.connectToServer();
      page.onMessage((message) => {
        asked.push(String(message));
        server.send(message);
      });
      tell = (data) => page.send(JSON.stringify({ v: 1, topic: 'chat', epoch: 'x', pos: 0, kind: 'chat_typing', data }));
    });
    await visitor.open();
    await visitor.writes('hola');
    const conversation = await agent.with('hola');
    await visitor.sees('Enviado');
    tell({ conversation });
    await visitor.sees('Agente: Escribiendo…');
    await agent.reply(conversation, 'listo');
    await visitor.sees('listo');
    expect(await visitor.chat.getByText('Escribiendo…').count()).toBe(0);
    // Not once for every letter.
    await visitor.chat.locator('#composer-text').pressSequentially('una frase de muchas letras', { delay: 20 });
    const told = () => asked.filter((ask) => ask === '{"kind":"typing"}').length;
    await eventually(told).toBeGreaterThan(0);
    expect(told()).toBeLessThan(4);
  });

  it('in a hurry is slowed down and loses nothing', async () => {
    const visitor = await Visitor.at(company.origin);
    await visitor.open();
    const texts = Array.from({ length: 70 }, (_, index) => `m${index}`);
    for (const text of texts) await visitor.writes(text);
    const conversation = await agent.with('m0');
    await expect.poll(() => agent.texts(conversation), { timeout: 40_000, interval: 500 }).toEqual(texts);
    await eventually(() => visitor.said()).toEqual(texts);
  });

  it('meets no barrier in light or dark, at 320 px, in three languages', async () => {
    await set({ pre_chat: [{ name: 'name', kind: 'name', required: true }] });
    const visitor = await Visitor.at(`${server.origin}/chat?channel=${channel}`, { viewport: { width: 320, height: 568 } });
    await visitor.page.getByRole('button', { name: 'Empezar' }).click();
    await visitor.page.getByText('Falta este dato.').waitFor(SOON);
    expect(await barriers(visitor.page)).toEqual([]);
    await visitor.page.getByLabel('Nombre').fill('Ana');
    await visitor.page.getByRole('button', { name: 'Empezar' }).click();
    await visitor.page.locator('#composer-text').fill('Hola');
    await visitor.page.keyboard.press('Enter');
    const conversation = await agent.with('Hola');
    await agent.reply(conversation, `Una palabra ${'muy'.repeat(40)} larga`);
    await visitor.page.getByText('Una palabra').last().waitFor(SOON);
    for (const [language, send] of [['en', 'Send'], ['pt-BR', 'Enviar'], ['es', 'Enviar']] as const) {
      await visitor.page.getByRole('combobox').selectOption(language);
      await visitor.page.getByRole('button', { name: send, exact: true }).waitFor(SOON);
      expect(await barriers(visitor.page)).toEqual([]);
    }
    expect(await visitor.page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
    await visitor.page.emulateMedia({ colorScheme: 'dark' });
    await visitor.shot('dark-320');
    await visitor.page.emulateMedia({ colorScheme: 'light', forcedColors: 'active' });
    await visitor.shot('contrast-320');
    // The launcher too, on its page.
    const page = await Visitor.at(company.origin);
    await page.open();
    for (const violation of await barriers(page.page)) expect(violation).not.toMatch(/widget|button|iframe/);
  });
});

/** A red square of 64 by 64. */
const PIXELS =
  'iVBORw0KGgoAAAANSUhEUgAAAEAAAABACAIAAAAlC+aJAAAAUElEQVR42u3PQQkAAAgEsItkBPu/jGQE38JgBZapfi0CAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICApcFd+sBLY5FJE4AAAAASUVORK5CYII=';
