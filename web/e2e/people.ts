/** People in front of their browsers. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import { chromium, type Browser, type Locator, type Page } from 'playwright-core';

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

  static async at(browser: Browser, url: string, options: { locale?: string } = {}): Promise<Person> {
    const context = await browser.newContext({ locale: options.locale ?? 'es-AR', viewport: { width: 1280, height: 800 } });
    const page = await context.newPage();
    page.setDefaultTimeout(SOON.timeout);
    const person = new Person(page);
    await page.goto(url);
    // Gone as soon as the page is loaded again.
    await page.evaluate(() => Object.assign(window, { untouched: true }));
    return person;
  }

  async signIn(login: string, password: string): Promise<void> {
    await this.page.getByLabel('Usuario').fill(login);
    await this.page.getByLabel('Contraseña').fill(password);
    await this.page.keyboard.press('Enter');
    await this.sees('En vivo');
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

  /** Messages on the screen, from the top. */
  messages(): Promise<string[]> {
    return this.page.locator('.message .text').allTextContents();
  }

  message(text: string): Locator {
    return this.page.locator('.message').filter({ hasText: text });
  }

  async writes(text: string, keys: 'Enter' | 'Control+Enter'): Promise<void> {
    await this.page.locator('#composer-text').fill(text);
    await this.page.keyboard.press(keys);
  }

  wasNeverReloaded(): Promise<boolean> {
    return this.page.evaluate(() => 'untouched' in window);
  }

  barriers(): Promise<string[]> {
    return barriers(this.page);
  }
}

/** What is wrong for people who see, hear or move differently, in both colour schemes. */
export async function barriers(page: Page): Promise<string[]> {
  const found: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.evaluate(AXE);
    const violations = await page.evaluate(async () => {
      const { axe } = window as unknown as { axe: { run: (place: Document, options: object) => Promise<AxeResult> } };
      return (await axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })).violations;
    });
    for (const { id, nodes } of violations) found.push(`${colorScheme} ${id}: ${nodes.map(({ html }) => html).join(' ')}`);
  }
  return found;
}

interface AxeResult {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[];
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
