/** Faults of the catalogues: run by the tests and by every build. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

type Catalogue = Record<string, string>;

/** Folders whose code shows texts. */
const PLACES = ['lib', 'ui', 'console'];

export function sources(folder: string): string {
  let entries;
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch {
    return '';
  }
  return entries
    .filter(({ name }) => name !== 'node_modules' && name !== 'dist')
    .map((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return sources(path);
      return /\.(ts|tsx|vue)$/.test(entry.name) && !entry.name.endsWith('.test.ts') ? readFileSync(path, 'utf8') : '';
    })
    .join('\n');
}

/** Missing and unused keys, other keys in another language; `web` is the workspace. */
export function checkCatalogues(web: string): string[] {
  const file = (name: string) => JSON.parse(readFileSync(join(web, 'locales', `${name}.json`), 'utf8')) as Catalogue;
  const faults: string[] = [];
  /** With what comes with administration and with mails. */
  const read = (name: string): Catalogue => {
    const [common, admin, mail] = [file(name), file(`admin.${name}`), file(`mail.${name}`)];
    for (const key of [...Object.keys(admin), ...Object.keys(mail)]) if (key in common || (key in admin && key in mail)) faults.push(`${name}: ${key} is there twice`);
    return { ...common, ...admin, ...mail };
  };
  const es = read('es');
  for (const name of ['en', 'pt-BR']) {
    const other = read(name);
    for (const key of Object.keys(es)) if (!(key in other)) faults.push(`${name}: ${key} is missing`);
    for (const key of Object.keys(other)) if (!(key in es)) faults.push(`${name}: ${key} is not in es`);
  }
  for (const key of Object.keys(file('es-AR'))) if (!(key in es)) faults.push(`es-AR: ${key} is not in es`);

  const code = PLACES.map((place) => sources(join(web, place))).join('\n');
  // A key may be completed from a state: `delivery.${…}` and tIn('delivery', …) use all that begin with `delivery.`.
  const families = [...code.matchAll(/[`']([a-z_]+\.)\$\{/g), ...code.matchAll(/\btIn\('([a-z_.]+)'/g)].map(([, prefix = '']) => (prefix.endsWith('.') ? prefix : `${prefix}.`));
  for (const key of Object.keys(es)) {
    if (!code.includes(`'${key}'`) && !families.some((prefix) => key.startsWith(prefix))) faults.push(`es: ${key} is used nowhere`);
  }
  for (const [, key = ''] of code.matchAll(/\bt\('([a-z0-9_.]+)'/g)) if (!(key in es)) faults.push(`${key} is in no catalogue`);
  return [...new Set(faults)];
}
