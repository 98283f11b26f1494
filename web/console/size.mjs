// What the browser must load before the desk works, compressed, against what it may be. Run after a build.

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const LIMITS = { js: 140, css: 15, route: 45 };
const dist = join(import.meta.dirname, '../dist');
const size = (path) => gzipSync(readFileSync(join(dist, path)), { level: 9 }).length / 1000;

const html = readFileSync(join(dist, 'console.html'), 'utf8');
const initial = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+\.(js|css))"/g)].map(([, path, kind]) => ({ path, kind }));
// One language comes with it.
initial.push({ path: `assets/${readdirSync(join(dist, 'assets')).find((name) => /^es-[^A][^.]*\.js$/.test(name))}`, kind: 'js' });
const sum = (kind) => initial.filter((file) => file.kind === kind).reduce((total, { path }) => total + size(path), 0);

const loaded = new Set(initial.map(({ path }) => path));
const routes = readdirSync(join(dist, 'assets')).filter((name) => /Screen-.*\.js$/.test(name) && !loaded.has(`assets/${name}`)).map((name) => [name, size(`assets/${name}`)]);
const rows = [['initial JavaScript', sum('js'), LIMITS.js], ['initial CSS', sum('css'), LIMITS.css], ...routes.map(([name, kb]) => [name, kb, LIMITS.route])];
for (const [name, kb, limit] of rows) console.log(`${kb > limit ? 'TOO LARGE' : 'ok'.padEnd(9)} ${kb.toFixed(1).padStart(6)} of ${limit} kB  ${name}`);
process.exit(rows.some(([, kb, limit]) => kb > limit) ? 1 : 0);
