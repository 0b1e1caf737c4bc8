import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { OPERATIONAL_EVENT_TYPES } from '../contract/src/operational-event.ts';
import { toSchemaFiles } from './schemas.ts';

describe('the JSON Schema files of the contract', () => {
  it.each(toSchemaFiles())('$path is what `npm run schemas` writes', ({ path, text }) => {
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  it('are of 2020-12, have an id, and show the three payloads of the source document', () => {
    for (const { path, text } of toSchemaFiles()) {
      const schema = JSON.parse(text);
      const name = /([^/]+)\.schema\.json$/.exec(path)?.[1];
      expect(schema).toMatchObject({
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        $id: `urn:offhook:schema:${name}`,
      });
      expect(schema.examples).toHaveLength(name === 'status-update' ? 3 : 1);
    }
  });

  it('describe every operational event', () => {
    const ids = toSchemaFiles().map(({ text }) => JSON.parse(text).$id as string);
    for (const type of OPERATIONAL_EVENT_TYPES) expect(ids).toContain(`urn:offhook:schema:${type}`);
  });

  it('ask for no pattern: ids are no UUIDs, and a pattern of 300 characters for a date helps nobody', () => {
    for (const { text } of toSchemaFiles()) expect(text).not.toMatch(/"pattern"|"format": "uuid"/);
  });
});
