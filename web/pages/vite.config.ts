import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const server = process.env['CENTRALITA_URL'] ?? 'http://127.0.0.1:8080';

export default defineConfig({
  root: here('.'),
  // Served under `default-src 'self'`: nothing inline, nothing as a data URL.
  build: {
    outDir: here('../dist'),
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { chat: here('chat.html') },
    },
  },
  // `npm run dev`: the pages from here, everything else from a running server.
  server: {
    proxy: {
      '/api': server,
      '/widget/v1': server,
      '/widget/ws': { target: server, ws: true },
      '/ws': { target: server, ws: true },
    },
  },
});
