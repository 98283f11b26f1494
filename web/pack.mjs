/** Compresses the console's assets once, so that the server need not for every browser. */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const assets = join(import.meta.dirname, 'dist/assets');
for (const name of readdirSync(assets).filter((one) => /\.(js|css|json|svg)$/.test(one))) {
  writeFileSync(join(assets, `${name}.gz`), gzipSync(readFileSync(join(assets, name)), { level: 9 }));
}
