import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { prepareKeys, readKeptApiKey } from './keys.ts';

const parent = mkdtempSync(join(tmpdir(), 'offhook-keys-'));
afterAll(() => rmSync(parent, { recursive: true }));

const makeApiKey = () => `ohk_${'a'.repeat(32)}`;

function rightsOf(path: string): number {
  return statSync(path).mode & 0o777;
}

describe('prepareKeys', () => {
  it('makes both keys once, readable by their owner only, and keeps them', () => {
    const dataDir = join(parent, 'fresh', 'data');
    expect(readKeptApiKey(dataDir)).toBeUndefined();
    const made = prepareKeys({ apiKey: null, masterKey: null, dataDir }, makeApiKey);
    expect(made.apiKeyOrigin).toBe('made');
    expect(made.apiKey).toBe(makeApiKey());
    expect(made.masterKey).toHaveLength(32);
    expect(rightsOf(dataDir)).toBe(0o700);
    chmodSync(join(dataDir, 'api-key'), 0o644);

    const kept = prepareKeys({ apiKey: null, masterKey: null, dataDir }, makeApiKey);
    expect(kept).toEqual({ ...made, apiKeyOrigin: 'kept' });
    expect(rightsOf(join(dataDir, 'api-key'))).toBe(0o600);
    expect(rightsOf(join(dataDir, 'master-key'))).toBe(0o600);
    expect(readKeptApiKey(dataDir)).toBe(made.apiKey);
  });

  it('takes given keys and writes none', () => {
    const dataDir = join(parent, 'given');
    const masterKey = Buffer.alloc(32, 7).toString('base64');
    const keys = prepareKeys({ apiKey: 'k'.repeat(24), masterKey, dataDir }, makeApiKey);
    expect(keys).toMatchObject({ apiKey: 'k'.repeat(24), apiKeyOrigin: 'given' });
    expect(readKeptApiKey(dataDir)).toBeUndefined();
  });

  it('refuses a damaged master key instead of making one that opens nothing', () => {
    const dataDir = join(parent, 'damaged');
    prepareKeys({ apiKey: null, masterKey: null, dataDir }, makeApiKey);
    writeFileSync(join(dataDir, 'master-key'), 'half');
    expect(() => prepareKeys({ apiKey: null, masterKey: null, dataDir }, makeApiKey)).toThrow(
      /restore it from a backup/,
    );
  });
});
