/**
 * Calls reported to a hub over kept-alive connections, in a process of its own, so that neither the hub nor the one
 * that measures stands in the way. Paced calls go out at their time whatever the hub does: a slow answer cannot hide
 * the wait behind it.
 */
import http from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';

export type ToTraffic =
  | { readonly kind: 'pace'; readonly pace: Pace }
  | { readonly kind: 'bulk'; readonly bulk: Bulk }
  | { readonly kind: 'end' };

/** Half of the events begin calls, half end them, each call `liveMs` after it began. */
export interface Pace {
  readonly prefix: string;
  readonly eventsPerSecond: number;
  readonly durationMs: number;
  readonly liveMs: number;
}

export interface Bulk {
  readonly prefix: string;
  readonly calls: number;
  readonly reportsPerRequest: number;
  readonly ends: boolean;
  /** So many calls begin before the first ends; each ends with its start where nothing is said. */
  readonly liveCalls?: number;
}

export interface SentReport {
  readonly callId: string;
  readonly status: 'in-progress' | 'ended';
  /** Unix ms. */
  readonly sentAtMs: number;
  readonly answeredAtMs: number;
}

export interface Paced {
  readonly reports: readonly SentReport[];
  /** Not accepted as a change of their call. */
  readonly refused: number;
  /** How far behind its plan this process ever was. */
  readonly behindMsMax: number;
}

export type FromTraffic =
  | { readonly kind: 'paced'; readonly paced: Paced }
  | { readonly kind: 'sent'; readonly events: number; readonly tookMs: number }
  | { readonly kind: 'failed'; readonly detail: string };

const [, , address = '', key = ''] = process.argv;
const { hostname, port } = new URL(address);
const agent = new http.Agent({ keepAlive: true, maxSockets: 32 });

const NUMBERS = [
  { number: '+442079460101', name: 'Support' },
  { number: '+442079460958', name: 'London desk' },
  { number: '+12025550142', name: 'Bookings' },
  { number: '+441614960733', name: 'Returns' },
] as const;
const ERRORS = [
  'STT connection failed',
  'LLM request timed out after 20000 ms',
  'TTS voice not available: quota is used up',
  'SIP 503 from trunk 2',
  'Tool update_crm failed: HTTP 502 after 3 tries',
] as const;
/** One call in so many fails. */
const FAILED_EVERY = 12;

process.on('message', (message: ToTraffic) => {
  if (message.kind === 'end') {
    agent.destroy();
    process.disconnect();
    return;
  }
  const done = message.kind === 'pace' ? pace(message.pace) : bulk(message.bulk);
  done
    .catch((error: unknown): FromTraffic => ({ kind: 'failed', detail: String(error) }))
    .then(
      (answer) => process.send?.(answer),
      () => process.exit(1),
    );
});

async function pace({ prefix, eventsPerSecond, durationMs, liveMs }: Pace): Promise<FromTraffic> {
  const betweenMs = 2_000 / eventsPerSecond;
  const calls = Math.round(durationMs / betweenMs);
  const plan = Array.from({ length: calls }, (_, nth) => ({
    callId: `${prefix}-${nth}`,
    beginsMs: nth * betweenMs,
  }))
    .flatMap(({ callId, beginsMs }) => [
      { callId, status: 'in-progress' as const, dueMs: beginsMs },
      // Between two starts, so that the events are evenly spaced.
      { callId, status: 'ended' as const, dueMs: beginsMs + liveMs + betweenMs / 2 },
    ])
    .toSorted((one, other) => one.dueMs - other.dueMs);
  const reports: SentReport[] = [];
  let refused = 0;
  let behindMsMax = 0;
  const beganAt = performance.now();
  const underWay: Promise<void>[] = [];
  for (const { callId, status, dueMs } of plan) {
    const earlyMs = beganAt + dueMs - performance.now();
    if (earlyMs > 1) await wait(earlyMs);
    behindMsMax = Math.max(behindMsMax, performance.now() - beganAt - dueMs);
    const sentAtMs = readClock();
    underWay.push(
      send('PUT', `/v1/calls/${callId}/status`, { status, ...toParties(callId) }).then((answered) =>
        answered === 202
          ? void reports.push({ callId, status, sentAtMs, answeredAtMs: readClock() })
          : void (refused += 1),
      ),
    );
  }
  await Promise.all(underWay);
  return { kind: 'paced', paced: { reports, refused, behindMsMax } };
}

/** Many at a time. Starts and ends lie a while apart by the source's clock, as those of a real day do. */
async function bulk(options: Bulk): Promise<FromTraffic> {
  const { prefix, calls, reportsPerRequest, ends, liveCalls = 0 } = options;
  const beganAt = performance.now();
  let waiting: unknown[] = [];
  let events = 0;
  const flush = async (): Promise<void> => {
    const reports = waiting;
    waiting = [];
    if (reports.length === 0) return;
    const answered = await send('POST', '/v1/reports', { reports });
    if (answered !== 200) throw new Error(`The hub refused a batch: ${answered}`);
    events += reports.length;
  };
  for (let nth = 0; nth < calls + (ends ? liveCalls : 0); nth += 1) {
    if (nth < calls) waiting.push(toStart(prefix, nth, ends));
    const over = nth - liveCalls;
    if (ends && over >= 0) waiting.push(toEnd(prefix, over));
    if (waiting.length >= reportsPerRequest) await flush();
  }
  await flush();
  return { kind: 'sent', events, tookMs: performance.now() - beganAt };
}

function toStart(prefix: string, nth: number, ends: boolean): unknown {
  const durationMs = 5_000 + ((nth * 7_919) % 600) * 1_000;
  const callId = `${prefix}-${nth}`;
  return {
    call_id: callId,
    status: 'in-progress',
    ...(ends && { timestamp: new Date(Date.now() - durationMs).toISOString() }),
    ...toParties(callId),
  };
}

function toEnd(prefix: string, nth: number): unknown {
  const isFailed = nth % FAILED_EVERY === 0;
  return {
    call_id: `${prefix}-${nth}`,
    status: isFailed ? 'ended-with-error' : 'ended',
    timestamp: new Date().toISOString(),
    ...(isFailed && { error: ERRORS[(nth / FAILED_EVERY) % ERRORS.length] }),
  };
}

function toParties(callId: string): Record<string, unknown> {
  const nth = Number(callId.slice(callId.lastIndexOf('-') + 1));
  return {
    type: nth % 3 === 0 ? 'outbound_phone_call' : 'inbound_phone_call',
    phone_number: NUMBERS[nth % NUMBERS.length],
    customer: { number: `+447700900${String(nth % 1_000).padStart(3, '0')}` },
  };
}

function send(method: string, path: string, body: unknown): Promise<number> {
  return new Promise((resolve, reject) => {
    const bytes = Buffer.from(JSON.stringify(body));
    const headers = {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      'content-length': bytes.length,
    };
    const request = http.request({ agent, host: hostname, port, method, path, headers }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode ?? 0));
    });
    request.once('error', reject);
    request.end(bytes);
  });
}

function readClock(): number {
  return performance.timeOrigin + performance.now();
}
