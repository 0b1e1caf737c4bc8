import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { statusUpdateSchema } from '../sources/voicedock-schema.ts';
import type { TestHub } from '../../../test/support/in-memory-hub.ts';

import { openTestHub } from '../../../test/support/in-memory-hub.ts';

type Json = Record<string, unknown>;

let hub: TestHub;
let document: Json & {
  paths: Record<string, Record<string, Json>>;
  components: { schemas: Record<string, Json> };
};

beforeAll(async () => {
  hub = await openTestHub();
  document = (await hub.call('GET', '/openapi.json')).json();
});
afterAll(() => hub.close());

function collect(value: unknown, key: string): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [
    ...(name === key ? [inner] : []),
    ...collect(inner, key),
  ]);
}

describe('the OpenAPI document', () => {
  it('resolves every reference it makes, and uses every component', () => {
    const references = collect(document, '$ref') as string[];
    for (const reference of references) {
      const found = reference
        .slice(2)
        .split('/')
        .reduce<unknown>((at, part) => (at as Json | undefined)?.[part], document);
      expect([reference, typeof found]).toEqual([reference, 'object']);
    }
    for (const name of Object.keys(document.components.schemas)) {
      if (name.startsWith('Settings_')) continue;
      expect(references).toContain(`#/components/schemas/${name}`);
    }
  });

  it('gives each operation an id of its own, its parameters, and an answer for problems', () => {
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.values(methods).map((operation) => [path, operation] as const),
    );
    const names = operations.map(([, operation]) => operation['operationId']);
    expect(new Set(names).size).toBe(operations.length);
    for (const [path, operation] of operations) {
      const inPath = [...path.matchAll(/\{([a-z_]+)\}/g)].map(([, name]) => name);
      const parameters = ((operation['parameters'] ?? []) as Json[]).filter(
        (parameter) => parameter['in'] === 'path',
      );
      expect(parameters.map((parameter) => parameter['name'])).toEqual(inPath);
      const responses = operation['responses'] as Json;
      expect(responses['default']).toEqual({ $ref: '#/components/responses/Problem' });
      expect(Object.keys(responses).some((status) => status.startsWith('2'))).toBe(true);
    }
  });

  it('names the message that is sent with the same component that the receiver takes, with the published examples', () => {
    const sent = collect(document['webhooks'], 'requestBody')[0];
    const taken = document.paths['/webhooks/status-update']?.['post']?.['requestBody'];
    expect(sent).toEqual(taken);
    const examples = collect(sent, 'examples')[0] as Record<string, { value: unknown }>;
    expect(Object.keys(examples)).toEqual(['in-progress', 'ended', 'ended-with-error']);
    for (const { value } of Object.values(examples))
      expect(statusUpdateSchema.safeParse(value).success).toBe(true);
  });

  it('has a strong ETag', async () => {
    const first = await hub.call('GET', '/openapi.json');
    const etag = String(first.headers['etag']);
    expect(etag).toMatch(/^"[\w-]{22}"$/);
    const second = await hub.call('GET', '/openapi.json', undefined, { 'if-none-match': etag });
    expect([second.statusCode, second.body]).toEqual([304, '']);
  });
});
