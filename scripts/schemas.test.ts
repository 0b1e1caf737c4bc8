import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { toSchemaFiles } from './schemas.ts';

describe('the JSON Schema files of the contract', () => {
  it.each(toSchemaFiles())('$path is what `npm run schemas` writes', ({ path, text }) => {
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  it('are of 2020-12, have an id, and show the three payloads of the source document', () => {
    for (const { text } of toSchemaFiles()) {
      const schema = JSON.parse(text);
      expect(schema).toMatchObject({
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        $id: expect.any(String),
      });
      expect(schema.examples).toHaveLength(3);
    }
  });

  it('ask for no pattern: ids are no UUIDs, and a pattern of 300 characters for a date helps nobody', () => {
    for (const { text } of toSchemaFiles()) expect(text).not.toMatch(/"pattern"|"format": "uuid"/);
  });
});
