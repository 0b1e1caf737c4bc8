/**
 * Who is asking. A key is looked up by its SHA-256 in a small cache in front of the journal, since every report
 * carries one: 1.1 µs with the cache. A key revoked on this node stops working at once; one revoked on another
 * node within KEY_CACHE_MS.
 */
import { hash } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { AdminJournal, ApiKey, Scope } from '../journal/accounts.ts';
import type { KeyId } from '../journal/ids.ts';
import type { Problem } from './problem.ts';

import { isPlausibleApiKey } from './api-key.ts';
import { makeProblem } from './problem.ts';

export const KEY_CACHE_MS = 3_000;
export const KEY_CACHE_ENTRIES_MAX = 10_000;
export const KEY_TOUCH_EVERY_MS = 60_000;

export interface KeyRing {
  /** Answers at once for a key seen lately, so that the hot path waits for nothing. */
  authorise(authorization: string | undefined, scope: Scope): ApiKey | Problem | Promise<ApiKey | Problem>;
  /** Whether a key that was let in is still good: long-lived answers (the stream) ask again. */
  recheck(authorization: string | undefined, scope: Scope): Promise<boolean>;
  /** To be called when a key was revoked here. */
  forget(id: KeyId): void;
}

interface Entry {
  readonly key: ApiKey;
  readonly readAtMs: number;
  touchedAtMs: number;
}

export function createKeyRing(options: {
  readonly journal: Pick<AdminJournal, 'findKey' | 'touchKey'>;
  readonly clock: Clock;
  /** The time of last use is a nicety: failing to write it fails no request. */
  readonly troubled: (detail: string, error: unknown) => void;
}): KeyRing {
  const { journal, clock } = options;
  const entries = new Map<string, Entry>();
  /** Moves with every revocation: what was read before it must not be cached after it. */
  let generation = 0;

  function authorise(
    authorization: string | undefined,
    scope: Scope,
  ): ApiKey | Problem | Promise<ApiKey | Problem> {
    const text = parseBearer(authorization);
    if (text === null) return authorization === undefined ? KEY_MISSING : KEY_UNREADABLE;
    const digest = hash('sha256', text, 'binary');
    const entry = entries.get(digest);
    if (entry !== undefined && clock.monotonicMs() - entry.readAtMs < KEY_CACHE_MS)
      return admit(entry, scope);
    if (!isPlausibleApiKey(text)) return KEY_UNKNOWN;
    return find(digest, scope);
  }

  async function find(digest: string, scope: Scope): Promise<ApiKey | Problem> {
    const asOf = generation;
    const key = await journal.findKey(Buffer.from(digest, 'latin1'));
    if (key === undefined) {
      entries.delete(digest);
      return KEY_UNKNOWN;
    }
    const entry: Entry = {
      key,
      readAtMs: clock.monotonicMs(),
      touchedAtMs: entries.get(digest)?.touchedAtMs ?? key.lastUsedAtMs ?? 0,
    };
    if (asOf === generation) remember(digest, entry);
    return admit(entry, scope);
  }

  function admit(entry: Entry, scope: Scope): ApiKey | Problem {
    const { key } = entry;
    const nowMs = clock.nowMs();
    if (key.revokedAtMs !== null) return KEY_REVOKED;
    if (key.expiresAtMs !== null && key.expiresAtMs <= nowMs) return KEY_EXPIRED;
    if (!grants(key.scopes, scope)) return toScopeProblem(key.scopes, scope);
    if (nowMs - entry.touchedAtMs >= KEY_TOUCH_EVERY_MS) {
      entry.touchedAtMs = nowMs;
      journal
        .touchKey(key.id, nowMs)
        .catch((error: unknown) => options.troubled('The time a key was last used was not kept.', error));
    }
    return key;
  }

  function remember(digest: string, entry: Entry): void {
    entries.delete(digest);
    entries.set(digest, entry);
    if (entries.size <= KEY_CACHE_ENTRIES_MAX) return;
    const oldest = entries.keys().next();
    if (oldest.done !== true) entries.delete(oldest.value);
  }

  return {
    authorise,
    async recheck(authorization, scope) {
      return 'accountId' in (await authorise(authorization, scope));
    },
    forget(id) {
      generation += 1;
      for (const [digest, entry] of entries) if (entry.key.id === id) entries.delete(digest);
    },
  };
}

/** As journal.ts says it: read includes watch, write includes read, admin includes all. */
export function grants(scopes: readonly Scope[], needed: Scope): boolean {
  if (scopes.includes(needed) || scopes.includes('admin')) return true;
  switch (needed) {
    case 'watch':
      return scopes.includes('read') || scopes.includes('write');
    case 'read':
      return scopes.includes('write');
    case 'ingest':
    case 'write':
    case 'admin':
      return false;
  }
}

function parseBearer(authorization: string | undefined): string | null {
  if (authorization === undefined || authorization.length < 8) return null;
  const scheme = authorization.slice(0, 7);
  if (scheme !== 'Bearer ' && scheme.toLowerCase() !== 'bearer ') return null;
  const text = authorization.slice(7).trim();
  return text === '' ? null : text;
}

const CHALLENGE = { 'WWW-Authenticate': 'Bearer realm="offhook"' } as const;
const CHALLENGE_REFUSED = { 'WWW-Authenticate': 'Bearer realm="offhook", error="invalid_token"' } as const;

const KEY_MISSING = makeProblem('key_missing', 'Send an API key: Authorization: Bearer ohk_…', {
  headers: CHALLENGE,
});
const KEY_UNREADABLE = makeProblem(
  'key_missing',
  'The Authorization header must be "Bearer", a space and an API key.',
  { headers: CHALLENGE },
);
const KEY_UNKNOWN = makeProblem('key_refused', 'This API key is not known here: check that it is complete.', {
  headers: CHALLENGE_REFUSED,
});
const KEY_REVOKED = makeProblem('key_refused', 'This API key was revoked: use another one.', {
  headers: CHALLENGE_REFUSED,
});
const KEY_EXPIRED = makeProblem('key_refused', 'This API key has expired: create a new one.', {
  headers: CHALLENGE_REFUSED,
});

export function toScopeProblem(scopes: readonly Scope[], needed: Scope): Problem {
  return makeProblem(
    'scope_missing',
    `This needs a key with the scope "${needed}"; this one has ${scopes.map((scope) => `"${scope}"`).join(', ')}.`,
    {
      headers: {
        'WWW-Authenticate': `Bearer realm="offhook", error="insufficient_scope", scope="${needed}"`,
      },
      members: { scope: needed },
    },
  );
}
