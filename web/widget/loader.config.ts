import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The script on the pages of others: one classic file under a name that stays. */
export default defineConfig({
  root: here('.'),
  publicDir: false,
  build: {
    outDir: here('../dist/widget'),
    emptyOutDir: false,
    target: 'es2022',
    lib: { entry: here('loader.ts'), formats: ['iife'], name: 'centralitaLoader', fileName: () => 'loader.js' },
  },
});
