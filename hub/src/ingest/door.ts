/** What every door for reports stands on, handed in by api/server.ts. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../clock.ts';
import type { AcceptJournal } from '../journal/reports.ts';
import type { AdminJournal, ApiKey } from '../journal/accounts.ts';
import type { RateLimiter, Taken } from './rate-limit.ts';
import type { ReportObserver } from './request-observer.ts';

export interface DoorGround {
  readonly journal: AcceptJournal & Pick<AdminJournal, 'findSource'>;
  readonly clock: Clock;
  readonly observer: ReportObserver;
  readonly sourceLimiter: RateLimiter;
  /** HOST is loopback: a source without a secret takes unsigned reports. */
  readonly localProfile: boolean;
  /** OFFHOOK_VOICEDOCK_SECRET: valid for the built-in source beside those in the journal. */
  readonly voicedockSecrets: readonly string[];
}

export type Door = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;

/** The key that the hook before the handler let in. */
export function requireKey(request: FastifyRequest): ApiKey {
  if (request.key === null) throw new Error(`No key was checked before ${request.routeOptions.url}.`);
  return request.key;
}

export function setRateHeaders(reply: FastifyReply, taken: Taken): void {
  if (taken.headers !== null) reply.headers(taken.headers);
}

export const JSON_MEDIA_TYPE = 'application/json; charset=utf-8';
