/**
 * The viewers' process: plain sockets that ask for the stream as the dashboard does. Of most of them only the bytes
 * are counted; a few are read, and say when each call's message came.
 */
import { connect } from 'node:net';
import { setPriority } from 'node:os';

import { toSlot } from './ledger.ts';
import { CALL_ID_PREFIX } from './report-feed.ts';

export type ToViewers =
  | { readonly kind: 'open'; readonly port: number; readonly apiKey: string; readonly count: number }
  /** keeps: the next report tells it again. */
  | { readonly kind: 'report'; readonly keeps: boolean };

export type FromViewers =
  | { readonly kind: 'opened' }
  | { readonly kind: 'reported'; readonly report: ViewersReport }
  | { readonly kind: 'failed'; readonly detail: string };

export interface ViewersReport {
  readonly bytes: number;
  /** Streams that ended, or got nothing at all: there should be none. */
  readonly lost: number;
  /** Slot of the event and monotonic time, of every sampled viewer. */
  readonly arrivals: readonly (readonly [slot: number, atMs: number])[];
  readonly sampled: number;
}

const TOPICS = 'calls,deliveries,overview';
const SAMPLED_MAX = 10;
const VIEWERS_PRIORITY = 10;
/** As many connections as are made at a time. */
const OPENING_MAX = 50;
const CALL_MARK = `"call":{"id":"${CALL_ID_PREFIX}`;
const CALL_DIGITS = 12;
const STATE_MARK = '"state":"';

interface Viewer {
  readonly watching: Promise<void>;
  bytes: number;
  isLost: boolean;
}

const viewers: Viewer[] = [];
let arrivals: [number, number][] = [];

// People sit elsewhere: reading 500 streams must not take the cores from what is measured.
setPriority(VIEWERS_PRIORITY);
process.on('disconnect', () => process.exit(0));
process.on('message', (message: ToViewers) => {
  void answer(message);
});

async function answer(message: ToViewers): Promise<void> {
  try {
    if (message.kind === 'open') {
      await open(message);
      tell({ kind: 'opened' });
    } else tell({ kind: 'reported', report: message.keeps ? readReport() : takeReport() });
  } catch (error) {
    tell({ kind: 'failed', detail: (error as Error).message });
  }
}

function tell(message: FromViewers): void {
  process.send?.(message);
}

async function open({ port, apiKey, count }: Extract<ToViewers, { kind: 'open' }>): Promise<void> {
  while (viewers.length < count) {
    const size = Math.min(OPENING_MAX, count - viewers.length);
    const group = Array.from({ length: size }, (_, index) =>
      openViewer(port, apiKey, viewers.length + index < SAMPLED_MAX),
    );
    viewers.push(...group);
    await Promise.all(group.map(({ watching }) => watching));
  }
}

function openViewer(port: number, apiKey: string, isSampled: boolean): Viewer {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const viewer: Viewer = { watching: promise, bytes: 0, isLost: false };
  let head = '';
  let isWatching = false;
  let rest = '';
  socket.on('data', (chunk: Buffer) => {
    viewer.bytes += chunk.length;
    if (!isWatching) {
      head += chunk.toString('latin1');
      if (!head.startsWith('HTTP/1.1 200')) reject(new Error(`a viewer was refused: ${head.slice(0, 300)}`));
      isWatching = head.includes(': watching');
      if (isWatching) resolve();
    } else if (isSampled) rest = readCalls(rest + chunk.toString('latin1'));
  });
  socket.on('error', reject);
  socket.on('close', () => {
    viewer.isLost = true;
    reject(new Error('a stream ended before it began'));
  });
  promise.catch(() => undefined);
  socket.write(
    `GET /v1/stream?topics=${TOPICS} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${apiKey}\r\n\r\n`,
  );
  return viewer;
}

/** Notes each call that is told in the text; returns what may be the beginning of the next. */
function readCalls(text: string): string {
  const atMs = Number(process.hrtime.bigint()) / 1e6;
  let from = 0;
  for (;;) {
    const mark = text.indexOf(CALL_MARK, from);
    if (mark < 0) break;
    const state = text.indexOf(STATE_MARK, mark);
    if (state < 0 || state + STATE_MARK.length >= text.length) return text.slice(mark);
    const digits = mark + CALL_MARK.length;
    const call = Number(text.slice(digits, digits + CALL_DIGITS));
    arrivals.push([toSlot(call, text[state + STATE_MARK.length] === 'e'), atMs]);
    from = state;
  }
  return text.slice(Math.max(from, text.length - CALL_MARK.length + 1));
}

/** Of what came since the last one that was taken. */
function readReport(): ViewersReport {
  return {
    bytes: viewers.reduce((total, { bytes }) => total + bytes, 0),
    lost: viewers.filter(({ isLost, bytes }) => isLost || bytes === 0).length,
    arrivals,
    sampled: Math.min(viewers.length, SAMPLED_MAX),
  };
}

function takeReport(): ViewersReport {
  const report = readReport();
  arrivals = [];
  for (const viewer of viewers) viewer.bytes = 0;
  return report;
}
