import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// Inherited by every process that tests start: see test/support/code-cache.ts.
process.env['NODE_COMPILE_CACHE'] = fileURLToPath(new URL('build/code-cache', import.meta.url));

export default defineConfig({
  test: {
    include: ['{contract,hub,dashboard,bench,proofs,scripts,test,examples}/**/*.test.ts'],
    globalSetup: 'test/support/code-cache.ts',
    // Whole-hub stories start servers and wait for real retries: 10 s, and 13.5 s on two cores at a load of 20. Longer than
    // a single wait may last, which says what was waited for.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // A second is not long for a browser on a machine that does other things too; a fact that is there costs nothing.
    expect: { poll: { timeout: 10_000 } },
    // CI reads the file to make sure that nothing was skipped.
    reporters:
      process.env['CI'] === 'true'
        ? ['default', ['json', { outputFile: 'build/test-results.json' }]]
        : ['default'],
  },
});
