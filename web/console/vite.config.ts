import { fileURLToPath } from 'node:url';

import vue from '@vitejs/plugin-vue';
import { defineConfig, type Rolldown } from 'vite';

import { checkCatalogues } from '../locales/check.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const server = process.env['CENTRALITA_URL'] ?? 'http://127.0.0.1:8080';

/**
 * What the first screen needs is one file: cut into the dozens that other screens share it would be a tenth larger, compressed, and take as
 * many requests.
 */
let first: Set<string> | null = null;
function isFirst(id: string, modules: Rolldown.ChunkingContext): boolean {
  if (!first) {
    first = new Set();
    const left = [here('src/main.ts')];
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      if (first.has(next)) continue;
      first.add(next);
      left.push(...(modules.getModuleInfo(next)?.importedIds ?? []));
    }
  }
  return first.has(id);
}

export default defineConfig({
  root: here('.'),
  publicDir: here('public'),
  define: { __VUE_OPTIONS_API__: 'false', __VUE_PROD_DEVTOOLS__: 'false', __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false' },
  plugins: [
    vue(),
    {
      // `npm run dev`: every address of the console is the same document, as on the server.
      name: 'addresses',
      configureServer(dev) {
        dev.middlewares.use((request, _, next) => {
          if (request.headers.accept?.includes('text/html') && !request.url?.startsWith('/api')) request.url = '/console.html';
          next();
        });
      },
    },
    {
      name: 'catalogues',
      apply: 'build',
      buildStart() {
        const faults = checkCatalogues(here('..'));
        if (faults.length > 0) this.error(`catalogues:\n${faults.join('\n')}`);
      },
    },
  ],
  // Served under a policy that allows nothing inline and no data URL for scripts and styles.
  build: {
    outDir: here('../dist'),
    emptyOutDir: false,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { console: here('console.html') },
      // Beside it the primitives and what they stand on come as one, so that not each set of screens that shares some gets a piece of its own.
      output: {
        codeSplitting: {
          groups: [
            { name: (id, modules) => (isFirst(id, modules) ? 'first' : null) },
            { name: 'ui', test: /node_modules\/(?:reka-ui|@floating-ui|@vueuse|aria-hidden)\/|\/web\/ui\/src\// },
          ],
        },
      },
    },
  },
  server: {
    proxy: { '/api': { target: server }, '/ws': { target: server, ws: true } },
  },
});
