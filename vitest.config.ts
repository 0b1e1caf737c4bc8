import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: [
      '{contract,hub,bench,proofs,scripts}/**/*.test.ts',
      'test/**/*.test.ts',
      'examples/**/*.test.ts',
    ],
    // Whole-hub stories start servers and wait for real retries; the longest one seen took 9 s.
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
