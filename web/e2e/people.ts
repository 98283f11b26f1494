/** People in front of their browsers. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import { chromium, type Browser, type BrowserContext, type Locator, type Page } from 'playwright-core';

const SWITCHES = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** "At once", for a machine that does much else at the same time. */
export const SOON = { timeout: 10_000 };

export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: process.env['CHROMIUM'] || '/usr/bin/chromium', args: SWITCHES });
}

interface At {
  readonly locale?: string;
  readonly colorScheme?: 'light' | 'dark';
  /** Another tab of the same browser. */
  readonly context?: BrowserContext;
}

/** A browser of its own, with everything it complained about. */
export class Person {
  readonly complaints: string[] = [];

  private constructor(readonly page: Page) {
    page.on('pageerror', (error) => this.complaints.push(error.message));
    page.on('console', (message) => {
      // A server that is away or says no is no fault of the page.
      const expected = /Failed to load resource|WebSocket connection to/.test(message.text());
      if (message.type() === 'error' && !expected) this.complaints.push(message.text());
    });
  }

  static async at(browser: Browser, url: string, { locale = 'es-AR', colorScheme = 'light', context }: At = {}): Promise<Person> {
    const own = context ?? (await browser.newContext({ locale, colorScheme, viewport: { width: 1440, height: 900 } }));
    const page = await own.newPage();
    page.setDefaultTimeout(SOON.timeout);
    const person = new Person(page);
    await page.addInitScript(() => {
      const heard: string[] = [];
      Object.assign(window, { heard });
      document.addEventListener('centralita:sound', (event) => heard.push((event as CustomEvent<string>).detail));
    });
    await page.goto(url);
    // Gone as soon as the page is loaded again.
    await page.evaluate(() => Object.assign(window, { untouched: true }));
    return person;
  }

  /** Whoever looks at this page. */
  static on(page: Page): Person {
    return new Person(page);
  }

  /** By keyboard, as everybody does. */
  async signIn(login: string, password: string): Promise<void> {
    await this.page.locator('input[autocomplete=username]').fill(login);
    await this.page.locator('input[autocomplete=current-password]').fill(password);
    await this.page.keyboard.press('Enter');
    await this.connection('live');
  }

  /** Chooses a language, or none: then it is the browser's. */
  async speaks(language: string | null): Promise<void> {
    await this.page.evaluate((chosen) => (chosen ? localStorage.setItem('centralita.language', chosen) : localStorage.removeItem('centralita.language')), language);
    await this.page.reload();
  }

  /** The start of the shift, when it is asked for. */
  async startShift(): Promise<void> {
    await this.page.waitForURL('**/turno', SOON);
    await this.page.keyboard.press('Control+Enter');
    await this.page.waitForURL('**/bandeja', SOON);
  }

  async connection(state: string, timeout = SOON.timeout): Promise<void> {
    await this.page.locator(`[data-connection=${state}]`).waitFor({ timeout });
  }

  async sees(text: string | RegExp): Promise<void> {
    await this.text(text).first().waitFor(SOON);
  }

  async seesNoMore(text: string | RegExp): Promise<void> {
    await this.text(text).first().waitFor({ ...SOON, state: 'hidden' });
  }

  /** Visible text only: not the one for screen readers. */
  text(text: string | RegExp): Locator {
    return this.page.getByText(text).and(this.page.locator(':not(.unseen, .unseen *):visible'));
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole('button', { name });
  }

  /** A conversation in the list. */
  row(name: string): Locator {
    return this.page.locator('.inbox-row').filter({ hasText: name });
  }

  /** Messages of the open conversation, from the top. */
  messages(): Promise<string[]> {
    return this.page.locator('.bubble-text').allTextContents();
  }

  message(text: string): Locator {
    return this.page.locator('.bubble').filter({ hasText: text });
  }

  async writes(text: string): Promise<void> {
    await this.page.locator('#composer-text').fill(text);
    await this.page.keyboard.press('Enter');
  }

  sounds(): Promise<string[]> {
    return this.page.evaluate(() => (window as unknown as { heard: string[] }).heard);
  }

  wasNeverReloaded(): Promise<boolean> {
    return this.page.evaluate(() => 'untouched' in window);
  }

  barriers(): Promise<string[]> {
    return barriersNow(this.page);
  }

  barriersInBoth(): Promise<string[]> {
    return barriers(this.page);
  }
}

/** What is wrong for people who see, hear or move differently. */
async function barriersNow(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const violations = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run: (place: Document, options: object) => Promise<AxeResult> } };
    return (await axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })).violations;
  });
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}

/** Light or dark, painted: what is asked of a browser takes a moment. */
export async function setScheme(page: Page, colorScheme: 'light' | 'dark'): Promise<void> {
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
  await page.waitForFunction((wanted) => matchMedia(`(prefers-color-scheme: ${wanted})`).matches, colorScheme);
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
}

/** The same in both colour schemes. */
export async function barriers(page: Page): Promise<string[]> {
  const found: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await setScheme(page, colorScheme);
    found.push(...(await barriersNow(page)).map((barrier) => `${colorScheme} ${barrier}`));
  }
  return found;
}

interface AxeResult {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[];
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
