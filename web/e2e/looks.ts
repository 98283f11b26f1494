/** How a screen looks: a picture in each colour scheme, and what is wrong with it. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from 'vitest';

import { type Person, setScheme } from './people.ts';

/** Where pictures go: with `CENTRALITA_SCREENS=docs` into the manual. */
const folder = join(import.meta.dirname, process.env['CENTRALITA_SCREENS'] === 'docs' ? '../../docs/images' : 'results');
mkdirSync(folder, { recursive: true });

/** Takes both pictures; no barrier, and nothing wider than the window. `before` each, what has to be in view is brought there. */
export async function looksRight(person: Person, name: string, before?: () => Promise<void>): Promise<void> {
  const found: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await setScheme(person.page, colorScheme);
    await before?.();
    await person.page.screenshot({ path: join(folder, `${name}${colorScheme === 'dark' ? '-dark' : ''}.png`) });
    found.push(...(await person.barriers()).map((barrier) => `${colorScheme} ${barrier}`));
  }
  await setScheme(person.page, 'light');
  expect(found, name).toEqual([]);
  expect(await person.page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), name).toBe(true);
}

/** The same screen in the other languages, after `again` in each: no barrier, nothing wider than the window, a picture. */
export async function looksRightInOthers(person: Person, name: string, again: () => Promise<unknown>, speaks = (language: string | null): Promise<unknown> => person.speaks(language)): Promise<void> {
  for (const language of ['en', 'pt-BR']) {
    await speaks(language);
    await again();
    await person.page.screenshot({ path: join(folder, `${name}-${language}.png`) });
    expect(await person.barriers(), `${name} ${language}`).toEqual([]);
    expect(await person.page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), `${name} ${language}`).toBe(true);
  }
  await speaks(null);
  await again();
}

/** What somebody sees when a test fails. */
export async function failed(person: Person | undefined, name: string): Promise<void> {
  await person?.page.screenshot({ path: join(folder, `${name}.png`) }).catch(() => {});
}
