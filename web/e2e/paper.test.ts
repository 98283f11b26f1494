/**
 * A mail's HTML in a real browser, without the server's cleaning: what the console does with it must hold by itself. Every way in which
 * a page can run something or fetch something is tried; a listener on everything the browser asks for hears nothing.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Browser, Page } from 'playwright-core';
import { build, type Rolldown } from 'vite';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { fetches } from './fetches.ts';
import { openBrowser, SOON } from './people.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
/** As the console's documents have it: `src/http/pages.rs`. */
const POLICY = readFileSync(here('../../src/http/pages.rs'), 'utf8').match(/const POLICY: &str = "([^;]*;(?:[^"\\]|\\\s+)*)";/)![1]!.replace(/\\\s+/g, '') + "'none'";

let browser: Browser;
let page: Page;
let server: Server;
let origin: string;
/** Everything that the browser asked for, whether or not it got it. */
const asked: string[] = [];
const complaints: string[] = [];

beforeAll(async () => {
  const built = (await build({
    configFile: false,
    logLevel: 'error',
    root: here('../console'),
    build: { write: false, minify: false, lib: { entry: here('../console/src/mail/paper.ts'), formats: ['es'], fileName: 'paper' } },
  })) as Rolldown.RolldownOutput[];
  const code = built.flatMap(({ output }) => output).find((file) => file.type === 'chunk')!.code;
  server = createServer((request, response) => {
    response.setHeader('content-security-policy', POLICY);
    if (request.url === '/paper.js') return void response.setHeader('content-type', 'text/javascript').end(code);
    if (request.url === '/') return void response.setHeader('content-type', 'text/html').end('<!doctype html><title>t</title><script type="module" src="/main.js"></script>');
    if (request.url === '/main.js') return void response.setHeader('content-type', 'text/javascript').end("import * as paper from '/paper.js'; window.paper = paper;");
    // The page's own icon.
    response.statusCode = request.url === '/favicon.ico' ? 204 : 404;
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  origin = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  browser = await openBrowser();
  const context = await browser.newContext();
  page = await context.newPage();
  page.on('request', (request) => asked.push(`${request.method()} ${request.url()}`));
  context.on('page', (popup) => popup !== page && complaints.push(`a tab opened: ${popup.url()}`));
  page.on('dialog', (dialog) => (complaints.push(`dialog: ${dialog.message()}`), void dialog.dismiss()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  await page.goto(origin);
  await page.waitForFunction(() => 'paper' in window, undefined, SOON);
});
afterAll(async () => {
  await browser?.close();
  server?.close();
});

interface Paper {
  readonly SANDBOX: string;
  readonly PAGE: string;
  show(paper: Document, html: string, sources: { part(n: number): Promise<string | null>; remote(n: number): Promise<string | null> }, more: string): { load(): Promise<void> };
}

/** Shows it as the console does and says what is in the frame then. */
function shown(html: string, load = false): Promise<string> {
  return page.evaluate(async ([html, load]) => {
    const { SANDBOX, PAGE, show } = (window as unknown as { paper: Paper }).paper;
    const frame = document.createElement('iframe');
    frame.setAttribute('sandbox', SANDBOX);
    frame.srcdoc = PAGE;
    const loaded = new Promise((resolve) => frame.addEventListener('load', resolve, { once: true }));
    document.body.replaceChildren(frame);
    await loaded;
    const asking: string[] = [];
    const dot = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
    const picture = () => Promise.resolve(URL.createObjectURL(new Blob([Uint8Array.from(atob(dot), (c) => c.charCodeAt(0))], { type: 'image/png' })));
    const sources = {
      part: (n: number) => (asking.push(`part ${n}`), picture()),
      remote: (n: number) => (asking.push(`remote ${n}`), picture()),
    };
    const done = show(frame.contentDocument!, html, sources, 'more');
    if (load) await done.load();
    // Whatever would run or fetch has had its turn.
    await new Promise((resolve) => setTimeout(resolve, 60));
    const all = [...frame.contentDocument!.images];
    await Promise.all(all.filter((image) => image.src).map((image) => image.decode().catch(() => asking.push('broken'))));
    return `${asking.join(', ')}|${frame.contentDocument!.body.innerHTML}`;
  }, [html, load] as const);
}

/** Hosts of everything that came but this page's own. */
const strangers = () => asked.filter((one) => !one.includes(`${origin}/`) && !one.includes('blob:') && !one.includes('about:'));

const X = 'https://t.example/x';
/** What the second cleaning meets it parses where nothing runs; that the policy would have stopped it as well is said aloud. */
const unstopped = () => complaints.splice(0).filter((one) => !/violates the following Content Security Policy directive/.test(one));
const HOSTILE = [
  // Runs.
  '<script>parent.pwned=1;alert(1)</script>', '<img src=x onerror="parent.pwned=1">', '<svg onload="parent.pwned=1">', '<body onload="parent.pwned=1">', '<details open ontoggle="parent.pwned=1">a</details>',
  '<a href="javascript:parent.pwned=1" id=go>a</a>', '<iframe srcdoc="<script>top.pwned=1</script>"></iframe>', '<object data="data:text/html,<script>top.pwned=1</script>"></object>', '<embed src="javascript:1">',
  '<form action="javascript:parent.pwned=1"><input type=submit id=go></form>', '<math><a xlink:href="javascript:parent.pwned=1">x</a></math>', '<template><img src=x onerror="parent.pwned=1"></template>',
  '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=parent.pwned=1&gt;"></table></math>', '<noscript><p title="</noscript><img src=x onerror=parent.pwned=1>"></noscript>',
  '<svg></p><style><a id="</style><img src=1 onerror=parent.pwned=1>">', '<form><math><mtext></form><form><mglyph><style></math><img src onerror=parent.pwned=1>', '<select><template><img src=x onerror=parent.pwned=1></template></select>',
  '<input autofocus onfocus="parent.pwned=1">', '<marquee onstart="parent.pwned=1">a</marquee>', '<video><source onerror="parent.pwned=1" src=x></video>', '<style>@keyframes x{}</style><p style="animation:x 1s" onanimationstart="parent.pwned=1">a</p>',
  // Fetches.
  ...fetches(X),
];

it('nothing of a hostile mail runs, nothing is fetched and nothing is complained about', async () => {
  for (const html of HOSTILE) {
    await shown(html);
    await page.evaluate(() => document.querySelector('iframe')!.contentDocument!.querySelector<HTMLElement>('#go')?.click());
    expect(strangers(), html).toEqual([]);
    expect(await page.evaluate(() => 'pwned' in window || location.pathname !== '/'), html).toBe(false);
    expect(unstopped(), html).toEqual([]);
  }
});

it('nor of the hostile mails of the corpus, as they came', async () => {
  const folder = here('../../tests/mail');
  const mails = readdirSync(folder).filter((name) => name.endsWith('.eml') && /<(html|p|div|img|table|br|a|style|svg)[ >]/i.test(readFileSync(join(folder, name), 'latin1')));
  expect(mails.length).toBeGreaterThan(10);
  for (const name of mails) {
    const text = readFileSync(join(folder, name), 'utf8');
    await shown(text.slice(text.indexOf('\n\n') + 1), true);
    expect(strangers(), name).toEqual([]);
    expect(unstopped(), name).toEqual([]);
  }
});

it('what is safe stays: colours, tables, links that lead away without a trace', async () => {
  const html = '<p style="color: red; text-align: center" align="center">a</p><table width="600" bgcolor="#eeeeee"><tbody><tr><td colspan="2">b</td></tr></tbody></table><a href="https://x.example/?a=1">c</a><a href="#m-top">d</a>';
  expect(await shown(html)).toBe('|<p align="center" style="color: red; text-align: center;">a</p><table width="600" bgcolor="#eeeeee"><tbody><tr><td colspan="2">b</td></tr></tbody></table><a href="https://x.example/?a=1" target="_blank" rel="noopener noreferrer nofollow">c</a><a>d</a>');
  expect(complaints).toEqual([]);
});

it('pictures of the mail are shown at once, those of the world outside when asked for, both from memory', async () => {
  const html = '<img data-part="1" alt="x"><img data-remote="0" alt="y"><p data-background="2">a</p>';
  expect(await shown(html)).toMatch(/^part 1\|<img data-part="1" alt="x" src="blob:[^"]+"><img data-remote="0" alt="y"><p data-background="2">a<\/p>$/);
  const loaded = await shown(html, true);
  expect(loaded).toMatch(/^part 1, remote 0, remote 2\|/);
  expect(loaded.match(/blob:/g)).toHaveLength(3);
  expect(strangers()).toEqual([]);
  expect(complaints).toEqual([]);
});

it('what was said before is closed and opens without any script; the rest of a mail goes with it', async () => {
  const html = '<div>hola</div><blockquote data-fold="quote">antes</blockquote><div><p data-fold="rest">de aquí</p><p>b</p></div><p>c</p>';
  await shown(html);
  const frame = page.frameLocator('iframe');
  expect(await frame.locator('details').count()).toBe(2);
  expect(await frame.getByText('antes').isVisible()).toBe(false);
  await frame.locator('summary').first().click();
  await frame.getByText('antes').waitFor(SOON);
  expect(await frame.locator('details').last().innerText()).not.toContain('c');
  await frame.locator('summary').last().click();
  await frame.getByText('c', { exact: true }).waitFor(SOON);
});

it('keys pressed on the paper are heard outside, and its height is known', async () => {
  await shown('<p style="height: 700px">a</p><a href="https://x.example/">b</a>');
  const heard = await page.evaluate(async () => {
    const paper = document.querySelector('iframe')!.contentDocument!;
    let keys = '';
    paper.addEventListener('keydown', ({ key }) => (keys += key));
    paper.querySelector('a')!.focus();
    const height = await new Promise<number>((resolve) => new ResizeObserver(() => resolve(paper.body.getBoundingClientRect().height)).observe(paper.body));
    (window as unknown as { keys: () => string }).keys = () => keys;
    return height;
  });
  expect(heard).toBeGreaterThan(700);
  await page.keyboard.press('j');
  expect(await page.evaluate(() => (window as unknown as { keys: () => string }).keys())).toBe('j');
});
