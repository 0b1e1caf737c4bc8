/**
 * Whose session a token is: the key ring's twin for people. A session is looked up by the SHA-256 of its token, with
 * the key it was opened with as that is now, so that a key which is revoked takes its sessions along: at once on this
 * node, within SESSION_CACHE_MS on others.
 */
import { hash } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { KeyId, SessionId } from '../journal/ids.ts';
import type { AdminJournal, ApiKey, Scope, Session } from '../journal/accounts.ts';
import type { Problem } from '../ingest/problem.ts';

import { grants, KEY_TOUCH_EVERY_MS, toScopeProblem } from '../ingest/key-ring.ts';
import { makeProblem } from '../ingest/problem.ts';

export const SESSION_CACHE_MS = 3_000;
export const SESSION_CACHE_ENTRIES_MAX = 10_000;

export interface KnownSession {
  readonly session: Session;
  readonly key: ApiKey;
}

export interface SessionRing {
  authorise(token: string, scope: Scope): Promise<KnownSession | Problem>;
  /** To be called when a session changed or ended here. */
  forget(id: SessionId): void;
  /** To be called when a key was revoked here. */
  forgetKey(id: KeyId): void;
}

interface Entry extends KnownSession {
  readonly readAtMs: number;
}

export function createSessionRing(options: {
  readonly journal: Pick<AdminJournal, 'findSession' | 'touchKey'>;
  readonly clock: Clock;
  readonly troubled: (detail: string, error: unknown) => void;
}): SessionRing {
  const { journal, clock } = options;
  const entries = new Map<string, Entry>();
  const touchedAtMs = new Map<KeyId, number>();
  /** Moves with every change here: what was read before it must not be cached after it. */
  let generation = 0;

  async function find(token: string): Promise<KnownSession | undefined> {
    const digest = hash('sha256', token, 'binary');
    const entry = entries.get(digest);
    if (entry !== undefined && clock.monotonicMs() - entry.readAtMs < SESSION_CACHE_MS) return entry;
    const asOf = generation;
    const found = await journal.findSession(Buffer.from(digest, 'latin1'));
    entries.delete(digest);
    if (found !== undefined && asOf === generation) {
      entries.set(digest, { ...found, readAtMs: clock.monotonicMs() });
      makeRoom(entries, SESSION_CACHE_ENTRIES_MAX);
    }
    return found;
  }

  function touch(key: ApiKey, nowMs: number): void {
    if (nowMs - (touchedAtMs.get(key.id) ?? key.lastUsedAtMs ?? 0) < KEY_TOUCH_EVERY_MS) return;
    touchedAtMs.delete(key.id);
    touchedAtMs.set(key.id, nowMs);
    makeRoom(touchedAtMs, SESSION_CACHE_ENTRIES_MAX);
    journal
      .touchKey(key.id, nowMs)
      .catch((error: unknown) => options.troubled('The time a key was last used was not kept.', error));
  }

  function drop(matches: (entry: Entry) => boolean): void {
    generation += 1;
    for (const [digest, entry] of entries) if (matches(entry)) entries.delete(digest);
  }

  return {
    async authorise(token, scope) {
      const found = await find(token);
      if (found === undefined) return ENDED;
      const { session, key } = found;
      const nowMs = clock.nowMs();
      if (session.expiresAtMs <= nowMs || key.revokedAtMs !== null) return ENDED;
      if (key.expiresAtMs !== null && key.expiresAtMs <= nowMs) return ENDED;
      if (!grants(key.scopes, scope)) return toScopeProblem(key.scopes, scope);
      touch(key, nowMs);
      return { session, key };
    },
    forget: (id) => drop((entry) => entry.session.id === id),
    forgetKey: (id) => drop((entry) => entry.key.id === id),
  };
}

function makeRoom(map: Map<unknown, unknown>, entriesMax: number): void {
  if (map.size <= entriesMax) return;
  const oldest = map.keys().next();
  if (oldest.done !== true) map.delete(oldest.value);
}

const ENDED = makeProblem('session_ended', 'Sign in again: the session is over, or its key was revoked.');
