/**
 * Token buckets, one per key or source, asked before anything expensive is done.
 *
 * No limit is set by default. A hub takes what its caller's own platform produces; a limit nobody chose would
 * refuse real calls on the busiest day, and what overload really needs is already bounded elsewhere (body size,
 * connections, the journal's queue, which answers 503). Who lets strangers hold keys sets one.
 */
import type { Clock } from '../clock.ts';
import type { Problem } from './problem.ts';

import { makeProblem } from './problem.ts';

export interface RateLimit {
  /** Sustained requests per second of one key (or source). */
  readonly perSecond: number;
  /** How many may come at once after a quiet time. */
  readonly burst: number;
}

export const BUCKETS_MAX = 50_000;

export interface RateLimiter {
  /** Null lets the request in. */
  take(name: string): Taken;
}

export interface Taken {
  readonly problem: Problem | null;
  /** RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers-09). */
  readonly headers: Readonly<Record<string, string>> | null;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

/** `policy` names the limit in the headers. */
export function createRateLimiter(
  limit: RateLimit | null,
  policy: string,
  clock: Pick<Clock, 'monotonicMs'>,
): RateLimiter {
  if (limit === null) return { take: () => UNLIMITED };
  const { perSecond, burst } = limit;
  const windowS = Math.max(1, Math.ceil(burst / perSecond));
  const policyHeader = `"${policy}";q=${burst};w=${windowS}`;
  const buckets = new Map<string, Bucket>();

  return {
    take(name) {
      const nowMs = clock.monotonicMs();
      let bucket = buckets.get(name);
      if (bucket === undefined) {
        bucket = { tokens: burst, atMs: nowMs };
        makeRoom(nowMs);
        buckets.set(name, bucket);
      } else {
        bucket.tokens = Math.min(burst, bucket.tokens + ((nowMs - bucket.atMs) * perSecond) / 1000);
        bucket.atMs = nowMs;
      }
      const isAdmitted = bucket.tokens >= 1;
      if (isAdmitted) bucket.tokens -= 1;
      const left = Math.floor(bucket.tokens);
      const waitS = Math.max(1, Math.ceil((1 - bucket.tokens) / perSecond));
      const headers = {
        'RateLimit-Policy': policyHeader,
        RateLimit: `"${policy}";r=${left};t=${left >= 1 ? Math.ceil((burst - bucket.tokens) / perSecond) : waitS}`,
      };
      if (isAdmitted) return { problem: null, headers };
      return {
        headers,
        problem: makeProblem(
          'rate_limited',
          `At most ${perSecond} ${perSecond === 1 ? 'request' : 'requests'} a second ${perSecond === 1 ? 'is' : 'are'} taken here: wait ${waitS} s, then go on more slowly.`,
          { headers: { ...headers, 'Retry-After': String(waitS) } },
        ),
      };
    },
  };

  /** A bucket that is full again says nothing; only if none is, the oldest goes (and starts full next time). */
  function makeRoom(nowMs: number): void {
    if (buckets.size < BUCKETS_MAX) return;
    for (const [name, bucket] of buckets) {
      if (nowMs - bucket.atMs >= windowS * 1000) buckets.delete(name);
    }
    if (buckets.size < BUCKETS_MAX) return;
    const oldest = buckets.keys().next();
    if (oldest.done !== true) buckets.delete(oldest.value);
  }
}

const UNLIMITED: Taken = { problem: null, headers: null };
