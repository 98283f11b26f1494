import { fileURLToPath } from 'node:url';
import preact from '@preact/preset-vite';
import { defineConfig } from 'vite';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The page in the frame. Served under `default-src 'none'`: nothing inline, nothing from elsewhere. */
export default defineConfig({
  root: here('.'),
  base: '/widget/',
  plugins: [preact({ devToolsEnabled: false, reactAliasesEnabled: false })],
  resolve: {
    // The same screens, drawn by a kilobyte (`tiny.ts` says why).
    alias: [{ find: /^preact(\/jsx-(dev-)?runtime)?$/, replacement: here('tiny.ts') }],
  },
  build: {
    outDir: here('../dist/widget'),
    emptyOutDir: true,
    target: 'es2022',
    // `light-dark()` stays as it is.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: { frame: here('frame.html') } },
  },
});
