/** Packs what visitors load and says no when it has grown too heavy: 15 kB in all, the largest language counted. */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';

const LIMIT = 15_000;
const root = join(import.meta.dirname, '../dist/widget');

const files = readdirSync(root, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && !entry.name.endsWith('.gz'))
  .map((entry) => join(entry.parentPath, entry.name));

let total = 0;
let language = 0;
for (const file of files.sort()) {
  if (file.endsWith('.json')) writeFileSync(file, JSON.stringify(JSON.parse(readFileSync(file, 'utf8'))));
  if (file.endsWith('.html')) writeFileSync(file, readFileSync(file, 'utf8').replace(/\s*\n\s*/g, ''));
  const packed = gzipSync(readFileSync(file), { level: 9 });
  writeFileSync(`${file}.gz`, packed);
  const isLanguage = /\/(es|en|pt-BR)-[^/]+\.json$/.test(file);
  if (isLanguage) language = Math.max(language, packed.length);
  else total += packed.length;
  console.log(`${String(packed.length).padStart(6)}  ${relative(root, file)}`);
}
total += language;
console.log(`${String(total).padStart(6)}  of ${LIMIT} bytes, with one language`);
if (total > LIMIT) {
  console.error('the widget is too heavy');
  process.exit(1);
}
