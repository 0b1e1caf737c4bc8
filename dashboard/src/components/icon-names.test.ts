import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

import { ICON_NAMES } from './icon-names.ts';

it('each icon that can be named is drawn, and the other way round', () => {
  const svg = readFileSync(join(import.meta.dirname, 'icons.svg'), 'utf8');
  expect([...svg.matchAll(/<symbol id="([^"]+)"/g)].map(([, id]) => id)).toEqual([...ICON_NAMES]);
});
