import { beforeEach, describe, expect, it } from 'vitest';
import type { ApiKey, Session } from '../journal/accounts.ts';
import type { SessionRing } from './session-ring.ts';
import type { SimClock } from '../../../test/support/sim-clock.ts';

import { createSimClock } from '../../../test/support/sim-clock.ts';
import { createSessionRing, SESSION_CACHE_MS } from './session-ring.ts';
import { createSessionToken } from './session-cookie.ts';

const START_MS = 1_795_000_000_000;
const LIFE_MS = 12 * 3_600_000;
const token = createSessionToken();

let clock: SimClock;
let ring: SessionRing;
/** What the journal would say. */
let session: Session | null;
let key: ApiKey;
let reads: number;
let touches: number;

beforeEach(() => {
  clock = createSimClock(START_MS);
  reads = 0;
  touches = 0;
  session = {
    id: 'ses_1',
    accountId: 'default',
    keyId: 'key_1',
    createdAtMs: START_MS,
    expiresAtMs: START_MS + LIFE_MS,
    revealedAtMs: null,
  };
  key = {
    id: 'key_1',
    accountId: 'default',
    name: 'somebody',
    scopes: ['read'],
    hint: 'ohk_',
    createdAtMs: START_MS,
    expiresAtMs: null,
    revokedAtMs: null,
    lastUsedAtMs: null,
  };
  ring = createSessionRing({
    journal: {
      async findSession(hash) {
        reads += 1;
        return session !== null && Buffer.from(hash).equals(token.hash) ? { session, key } : undefined;
      },
      async touchKey() {
        touches += 1;
      },
    },
    clock,
    troubled: () => undefined,
  });
});

async function ask(scope: 'watch' | 'read' | 'write' = 'read'): Promise<string> {
  const known = await ring.authorise(token.text, scope);
  return 'kind' in known ? known.code : known.session.id;
}

describe('a session', () => {
  it('is read once for all who ask within three seconds', async () => {
    for (let index = 0; index < 10; index += 1) expect(await ask()).toBe('ses_1');
    expect(reads).toBe(1);
    await clock.runUntil(START_MS + SESSION_CACHE_MS);
    expect(await ask()).toBe('ses_1');
    expect(reads).toBe(2);
  });

  it('may do what its key may', async () => {
    expect(await ask('watch')).toBe('ses_1');
    expect(await ask('write')).toBe('scope_missing');
  });

  it('ends with its time, to the millisecond, even while it is remembered', async () => {
    await clock.runUntil(START_MS + LIFE_MS - 1);
    expect(await ask()).toBe('ses_1');
    await clock.runUntil(START_MS + LIFE_MS);
    expect(await ask()).toBe('session_ended');
  });

  it('ends with its key: expired at once, revoked elsewhere within three seconds, revoked here at once', async () => {
    key = { ...key, expiresAtMs: START_MS + 1_000 };
    expect(await ask()).toBe('ses_1');
    await clock.runUntil(START_MS + 1_000);
    expect(await ask()).toBe('session_ended');

    key = { ...key, expiresAtMs: null };
    ring.forget('ses_1');
    expect(await ask()).toBe('ses_1');
    key = { ...key, revokedAtMs: clock.nowMs() };
    expect(await ask()).toBe('ses_1');
    ring.forgetKey('key_1');
    expect(await ask()).toBe('session_ended');
  });

  it('that ended while it was looked up is not remembered', async () => {
    const asked = ask();
    session = null;
    ring.forget('ses_1');
    await asked;
    expect(await ask()).toBe('session_ended');
  });

  it('keeps when its key was last used, once a minute', async () => {
    for (let second = 0; second < 60; second += 10) {
      await clock.runUntil(START_MS + second * 1_000);
      await ask();
    }
    expect(touches).toBe(1);
    await clock.runUntil(START_MS + 60_000);
    await ask();
    expect(touches).toBe(2);
  });
});
