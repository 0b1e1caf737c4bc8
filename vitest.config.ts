import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// Inherited by every process that tests start: see test/support/code-cache.ts.
process.env['NODE_COMPILE_CACHE'] = fileURLToPath(new URL('build/code-cache', import.meta.url));

export default defineConfig({
  test: {
    include: ['{contract,hub,dashboard,bench,proofs,scripts,test,examples}/**/*.test.ts'],
    globalSetup: 'test/support/code-cache.ts',
    // Whole-hub stories start servers and wait for real retries; the longest one seen took 10 s.
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // A second is not long for a browser on a machine that does other things too; a fact that is there costs nothing.
    expect: { poll: { timeout: 10_000 } },
    // CI reads the file to make sure that nothing was skipped.
    reporters:
      process.env['CI'] === 'true'
        ? ['default', ['json', { outputFile: 'build/test-results.json' }]]
        : ['default'],
  },
});
