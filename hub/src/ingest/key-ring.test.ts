import { describe, expect, it } from 'vitest';
import type { ApiKey } from '../journal/accounts.ts';
import type { Problem } from './problem.ts';

import { createApiKeyText } from './api-key.ts';
import { createKeyRing, KEY_CACHE_ENTRIES_MAX, KEY_CACHE_MS, KEY_TOUCH_EVERY_MS } from './key-ring.ts';

function makeKey(change: Partial<ApiKey> = {}): ApiKey {
  return {
    id: 'key_1',
    accountId: 'default',
    name: 'one',
    scopes: ['write'],
    hint: 'ohk_',
    createdAtMs: 0,
    expiresAtMs: null,
    revokedAtMs: null,
    lastUsedAtMs: null,
    ...change,
  };
}

/** The journal's side of it, as one row that the test changes. */
function openRing(first: ApiKey | undefined) {
  const state = {
    row: first,
    reads: 0,
    touches: [] as number[],
    nowMs: 1_000_000,
    held: null as null | Promise<void>,
  };
  const ring = createKeyRing({
    journal: {
      async findKey() {
        state.reads += 1;
        const { row } = state;
        if (state.held !== null) await state.held;
        return row;
      },
      async touchKey(_id, atMs) {
        state.touches.push(atMs);
      },
    },
    clock: { nowMs: () => state.nowMs, monotonicMs: () => state.nowMs, setTimer: () => () => {} },
    troubled: () => {},
  });
  return { ring, state };
}

const { text } = createApiKeyText();
const bearer = `Bearer ${text}`;

describe('the key ring', () => {
  it('reads a key once and then answers without waiting', async () => {
    const { ring, state } = openRing(makeKey());
    expect(await ring.authorise(bearer, 'read')).toMatchObject({ id: 'key_1' });
    const second = ring.authorise(bearer, 'write');
    expect(second).not.toBeInstanceOf(Promise);
    expect(second).toMatchObject({ id: 'key_1' });
    expect(state.reads).toBe(1);
  });

  it('tells missing, malformed, unknown, revoked and expired keys apart, all 401 with a challenge', async () => {
    const revoked = openRing(makeKey({ revokedAtMs: 1 })).ring;
    const expired = openRing(makeKey({ expiresAtMs: 1_000_000 })).ring;
    const unknown = openRing(undefined).ring;
    const problems = [
      await unknown.authorise(undefined, 'read'),
      await unknown.authorise('Basic eDp5', 'read'),
      await unknown.authorise(bearer, 'read'),
      await revoked.authorise(bearer, 'read'),
      await expired.authorise(bearer, 'read'),
    ];
    for (const problem of problems) {
      expect(problem).toMatchObject({ kind: 'problem', headers: { 'WWW-Authenticate': expect.any(String) } });
    }
    expect(problems.map((problem) => 'code' in problem && problem.code)).toEqual([
      'key_missing',
      'key_missing',
      'key_refused',
      'key_refused',
      'key_refused',
    ]);
    expect(new Set(problems.map((problem) => 'detail' in problem && problem.detail)).size).toBe(5);
  });

  it('never looks up a key whose checksum is wrong', () => {
    const { ring, state } = openRing(makeKey());
    expect(
      ring.authorise(`Bearer ${text.slice(0, -1)}${text.endsWith('a') ? 'b' : 'a'}`, 'read'),
    ).toMatchObject({
      code: 'key_refused',
    });
    expect(state.reads).toBe(0);
  });

  it('knows that write includes read and admin includes all, and names the scope that is missing', async () => {
    const scopes = ['ingest', 'read', 'write', 'admin'] as const;
    const granted = await Promise.all(
      scopes.map(async (held) => {
        const { ring } = openRing(makeKey({ scopes: [held] }));
        const verdicts: (ApiKey | Problem)[] = [];
        for (const needed of scopes) verdicts.push(await ring.authorise(bearer, needed));
        return verdicts
          .map((verdict) => ('kind' in verdict ? verdict.detail.includes('"') && '-' : 'x'))
          .join('');
      }),
    );
    expect(granted).toEqual(['x---', '-x--', '-xx-', 'xxxx']);
  });

  it('stops letting a key in at once when it was revoked here', async () => {
    const { ring, state } = openRing(makeKey());
    await ring.authorise(bearer, 'read');
    state.row = makeKey({ revokedAtMs: 1 });
    ring.forget('key_1');
    expect(await ring.authorise(bearer, 'read')).toMatchObject({ code: 'key_refused' });
  });

  it('does not keep what was read before a revocation and came after it', async () => {
    const { ring, state } = openRing(makeKey());
    const gate = Promise.withResolvers<void>();
    state.held = gate.promise;
    const slow = ring.authorise(bearer, 'read');
    state.row = makeKey({ revokedAtMs: 1 });
    ring.forget('key_1');
    gate.resolve();
    await slow;
    state.held = null;
    expect(await ring.authorise(bearer, 'read')).toMatchObject({ code: 'key_refused' });
  });

  it('asks the journal again after the cache time, for keys revoked on another node', async () => {
    const { ring, state } = openRing(makeKey());
    await ring.authorise(bearer, 'read');
    state.row = makeKey({ revokedAtMs: 1 });
    state.nowMs += KEY_CACHE_MS;
    expect(await ring.authorise(bearer, 'read')).toMatchObject({ code: 'key_refused' });
  });

  it('refuses a cached key once it expires', async () => {
    const { ring, state } = openRing(makeKey({ expiresAtMs: 1_000_500 }));
    expect(await ring.authorise(bearer, 'read')).toMatchObject({ id: 'key_1' });
    state.nowMs += 500;
    expect(await ring.authorise(bearer, 'read')).toMatchObject({ code: 'key_refused' });
  });

  it('writes the time of use at most once a minute', async () => {
    const { ring, state } = openRing(makeKey());
    for (let second = 0; second < 120; second += 1) {
      await ring.authorise(bearer, 'read');
      state.nowMs += 1000;
    }
    expect(state.touches).toEqual([1_000_000, 1_000_000 + KEY_TOUCH_EVERY_MS]);
  });

  it('holds a bounded number of keys', async () => {
    const { ring, state } = openRing(makeKey());
    for (let index = 0; index <= KEY_CACHE_ENTRIES_MAX; index += 1) {
      await ring.authorise(`Bearer chosen_by_hand_as_number_${index}`, 'read');
    }
    const before = state.reads;
    await ring.authorise('Bearer chosen_by_hand_as_number_0', 'read');
    expect(state.reads).toBe(before + 1);
  });
});
