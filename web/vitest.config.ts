import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { include: ['lib/**/*.test.ts', 'ui/**/*.test.ts', 'console/**/*.test.ts', 'pages/**/*.test.ts', 'locales/**/*.test.ts'], environment: 'node' },
});
