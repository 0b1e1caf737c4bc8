import { readFileSync } from 'node:fs';

/** The package's own file lies beside both src/ and the built dist/. */
export const version: string = (
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
).version;
