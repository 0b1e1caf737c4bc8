/**
 * A CRM's API at the pace it allows. In: a request and what is left of the attempt. Out: its answer, or the end of the
 * attempt. A turn is waited for inside the attempt, which costs nothing; only where it would come too late is the
 * attempt given up, as the 429 that the CRM would have answered, so that the lane slows down and comes back in time.
 */
import { NO_TIME } from '../destination.ts';
import type { DestinationGround } from '../destination.ts';
import { type JsonAnswer, type JsonClient, type JsonRequest, toAttemptResult } from '../http/json-client.ts';
import { ok, stop, stopFailed } from './budget.ts';
import type { Budget, Step, StopResult } from './crm-port.ts';
import type { Entry, Pacer } from './pacer.ts';

export type Answer = Extract<JsonAnswer, { kind: 'answered' }>;

export interface PacedClient {
  /**
   * Any status comes back for the port to judge, but for a 429, which is asked again where the time allows and else
   * ends the attempt. pacers: further limits of this request, beside that of all requests.
   */
  request(
    request: Omit<JsonRequest, 'deadlineMs'>,
    budget: Budget,
    pacers?: readonly Pacer[],
  ): Promise<Step<Answer>>;
  close(): void;
  abandon(): void;
}

export interface PacedClientOptions {
  /** "HubSpot". */
  readonly title: string;
  readonly client: JsonClient;
  readonly pacer: Pacer;
  readonly ground: DestinationGround;
  /** How long nothing is to be sent after this 429. */
  toHoldMs?(answer: Answer): number;
  /**
   * What the timeline shows of an answer that ends an attempt: codes and names of fields, null (and without it) nothing.
   * CRMs repeat values in their words, and values are numbers and words of callers, so the body itself is never kept.
   */
  toKept?(answer: Answer): Readonly<Record<string, unknown>> | null;
}

/** With less than this left no request is begun: its answer would be lost, and with it what it did. */
export const REQUEST_MS_MIN = 500;
/** After a 429 that does not say how long to wait. */
export const HOLD_MS_DEFAULT = 1_000;
export const HOLD_MS_MAX = 3_600_000;

export function createPacedClient(options: PacedClientOptions): PacedClient {
  const { title, client, pacer, ground } = options;
  const toHoldMs = options.toHoldMs ?? ((answer: Answer) => toRetryAfterMs(answer, ground.nowMs()));
  return {
    async request(request, budget, pacers = []) {
      // That a connection was closed meanwhile is found out by using it. The HTTP client would repeat what may be repeated
      // at once and within the same turn, which is one request more than the limit knows of.
      let mayRepeat = request.isRepeatable ?? request.method !== 'POST';
      for (;;) {
        if (budget.remainingMs() < REQUEST_MS_MIN)
          return stopFailed('timeout', `${title} answered too slowly to finish within the deadline`);
        // The narrow limits first: who waits for the last one keeps a place at those before it from others.
        const turn = await takeTurn([...pacers, pacer], budget, ground);
        if (turn.kind === 'too_long') return tooLate(title, turn.waitMs);
        const received = await client
          .request({ ...request, isRepeatable: false, deadlineMs: Math.floor(budget.remainingMs()) })
          .finally(() => turn.leave());
        if (received.kind === 'failed') {
          if (!mayRepeat || received.cause !== 'reset') return stop(received);
          mayRepeat = false;
          continue;
        }
        const kept = options.toKept?.(received) ?? null;
        const answer = { ...received, body: kept === null ? null : Buffer.from(JSON.stringify(kept)) };
        if (answer.status !== 429) return ok(answer);
        const holdMs = Math.min(Math.max(toHoldMs(answer), HOLD_MS_DEFAULT), HOLD_MS_MAX);
        pacer.hold(ground.monotonicMs() + holdMs);
        if (holdMs > budget.remainingMs() - REQUEST_MS_MIN)
          return stop(toAttemptResult({ ...answer, retryAfter: toSeconds(holdMs) }));
      }
    },
    close: () => client.close(),
    abandon: () => client.abandon(),
  };
}

/** The answer is none that the port can use: as a result for the timeline. */
export function stopAt(answer: Answer): StopResult {
  return stop(toAttemptResult(answer));
}

export function toRetryAfterMs({ retryAfter }: Answer, nowMs: number): number {
  if (retryAfter === null) return HOLD_MS_DEFAULT;
  const text = retryAfter.trim();
  if (/^\d{1,9}(?:\.\d+)?$/.test(text)) return Math.ceil(Number(text) * 1_000);
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? HOLD_MS_DEFAULT : Math.max(0, atMs - nowMs);
}

async function takeTurn(pacers: readonly Pacer[], budget: Budget, ground: DestinationGround): Promise<Entry> {
  const entered: Extract<Entry, { kind: 'entered' }>[] = [];
  const leave = (): void => {
    for (const place of entered) place.leave();
  };
  for (const pacer of pacers) {
    const entry = await pacer.enter(ground, budget.remainingMs() - REQUEST_MS_MIN);
    if (entry.kind === 'too_long') {
      leave();
      return entry;
    }
    entered.push(entry);
  }
  return { kind: 'entered', leave };
}

function tooLate(title: string, waitMs: number): StopResult {
  return stop({
    kind: 'answered',
    status: 429,
    retryAfter: toSeconds(waitMs),
    abort: false,
    responseBody: Buffer.from(
      `Not sent: the limit of requests to ${title} leaves no turn for ${toSeconds(waitMs)} s`,
    ),
    timing: NO_TIME,
  });
}

function toSeconds(ms: number): string {
  return String(Math.max(1, Math.ceil(ms / 1_000)));
}
