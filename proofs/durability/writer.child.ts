/**
 * The process that is killed: the real journal, the real delivery engine and the real webhook destination,
 * accepting reports as fast as a few busy callers would send them. What it tells on its standard output
 * (tried, acknowledged) is in the pipe before anything else happens, so it outlives the kill.
 */
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';

import { systemClock } from '../../hub/src/clock.ts';
import { createDestinationGrounds } from '../../hub/src/destination-ground.ts';
import { createDeliveryEngine } from '../../hub/src/delivery/engine.ts';
import { createEgressGuard } from '../../hub/src/destinations/egress/address-rules.ts';
import { createResolver } from '../../hub/src/destinations/egress/resolver.ts';
import { createDestinationKinds } from '../../hub/src/destinations/registry.ts';
import type { IncomingReport } from '../../hub/src/journal/reports.ts';
import type { Journal } from '../../hub/src/journal/journal.ts';
import { createSecretBox } from '../../hub/src/journal/secret-box.ts';
import { openSqliteJournal } from '../../hub/src/journal/sqlite/sqlite-journal.ts';
import type { CrashPoint } from '../../hub/src/journal/sqlite/writer.ts';
import { createRandom } from './random.ts';

export interface WriterOrder {
  readonly file: string;
  /** First free report number; each report carries its own as its time, so that it can be found again. */
  readonly firstNumber: number;
  readonly seed: number;
  readonly synchronous: 'FULL' | 'NORMAL';
  /** The sinks of the two destinations. */
  readonly urls: readonly string[];
  /** Dies by itself at the nth time it gets there. */
  readonly crash: { readonly point: CrashPoint; readonly nth: number } | null;
  /** write: until killed. drain: takes nothing in, ends when everything is delivered. */
  readonly task: 'write' | 'drain';
}

const CALLERS = 12;
const CALLER_PAUSE_MS_MAX = 3;
/** Small, so that checkpoints happen within a cycle, as reliability-security.md 4.2 asks. */
const CHECKPOINT_PAGES = 60;
const DRAIN_MS_MAX = 20_000;
const DRAIN_POLL_MS = 20;
const STALE_AFTER_MS = 4 * 3_600_000;
/** Tries enough that a sink which fails one in ten never exhausts them. */
const RETRY_SCHEDULE_S = Array.from({ length: 40 }, () => 0.02);

for await (const line of createInterface({ input: process.stdin })) {
  await obey(JSON.parse(line) as WriterOrder);
  break;
}

async function obey(order: WriterOrder): Promise<void> {
  const journal = await openSqliteJournal({
    file: order.file,
    clock: systemClock,
    secretBox: createSecretBox(new Uint8Array(32)),
    synchronous: order.synchronous,
    checkpointPages: CHECKPOINT_PAGES,
    ...(order.crash !== null && { crashPoint: toCrash(order.crash) }),
  });
  await ensureDestinations(journal, order.urls);
  const engine = createDeliveryEngine({
    journal,
    kinds: new Map(
      createDestinationKinds({
        egress: createEgressGuard({ allow: [], allowLoopback: true }),
        resolver: createResolver({}),
        userAgent: 'Offhook/proof',
      }).all.map((kind) => [kind.kind, kind]),
    ),
    grounds: createDestinationGrounds({
      journal,
      clock: systemClock,
      random: Math.random,
      staleAfterMs: STALE_AFTER_MS,
      readBaseUrl: () => null,
      troubled: (_destination, detail, error) => tell(`trouble ${detail}: ${String(error)}`),
    }),
    clock: systemClock,
    random: Math.random,
    observer: {
      attempted() {},
      postponed() {},
      laneChanged() {},
      healthChanged() {},
      troubled: (detail, error) => tell(`trouble ${detail}: ${String(error)}`),
    },
    nodeId: `writer-${process.pid}`,
  });
  await engine.start();
  tell('ready');
  if (order.task === 'drain') {
    await drain(journal);
    await engine.stop(5_000);
    await journal.close();
    process.exit(0);
  }
  const random = createRandom(order.seed);
  const calls: string[] = [];
  let number = order.firstNumber;
  for (let caller = 0; caller < CALLERS; caller += 1) void write();

  async function write(): Promise<void> {
    for (;;) {
      const reports = Array.from({ length: 1 + Math.floor(random() * 3) }, () => {
        number += 1;
        return toReport(number, calls, random);
      });
      for (const { report } of reports) {
        tell(`try ${report.occurredAtMs} ${report.callId} ${report.status}`);
      }
      const accepted = await journal.acceptReports(reports);
      for (const [index, { event }] of accepted.entries()) {
        tell(`ack ${reports[index]?.report.occurredAtMs} ${event?.id ?? '-'}`);
      }
      await new Promise((resolve) => {
        setTimeout(resolve, random() * CALLER_PAUSE_MS_MAX);
      });
    }
  }
}

/** A pipe may be full for a moment; the line must be in it before we go on. */
function tell(line: string): void {
  for (let bytes = Buffer.from(`${line}\n`); bytes.length > 0;) {
    try {
      bytes = bytes.subarray(writeSync(1, bytes));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }
}

function toCrash({ point, nth }: NonNullable<WriterOrder['crash']>): (reached: CrashPoint) => void {
  let left = nth;
  return (reached) => {
    if (reached !== point) return;
    left -= 1;
    if (left === 0) process.kill(process.pid, 'SIGKILL');
  };
}

async function ensureDestinations(journal: Journal, urls: readonly string[]): Promise<void> {
  const known = await journal.listDestinations('default');
  for (const url of urls.slice(known.length)) {
    await journal.createDestination(
      {
        accountId: 'default',
        kind: 'webhook',
        name: null,
        settings: { url },
        filter: {},
        order: 'strict',
        concurrency: 32,
        ratePerSecond: null,
        retryScheduleS: RETRY_SCHEDULE_S,
        timeoutMs: 5_000,
        secret: `whsec_${Buffer.alloc(32, 1).toString('base64')}`,
      },
      { kind: 'hub', id: 'hub' },
    );
  }
}

/** New calls, ends of running ones, and now and then a repetition. */
function toReport(number: number, calls: string[], random: () => number): IncomingReport {
  const known = calls[Math.floor(random() * calls.length)];
  const dice = random();
  const isNew = known === undefined || dice < 0.5;
  const callId = isNew ? `call-${number}` : known;
  if (isNew) calls.push(callId);
  const status = isNew || dice < 0.6 ? 'in-progress' : dice < 0.95 ? 'ended' : 'ended-with-error';
  return {
    accountId: 'default',
    sourceId: 'api',
    traceparent: null,
    phoneNumberE164: '+31850000001',
    customerE164: null,
    report: {
      callId,
      status,
      occurredAtMs: number,
      type: 'inbound_phone_call',
      phoneNumber: { number: '+31850000001' },
      customer: { number: null },
      error: status === 'ended-with-error' ? 'STT failed' : null,
      endReason: null,
      assistant: null,
      unknownFields: null,
    },
  };
}

async function drain(journal: Journal): Promise<void> {
  const startedMs = performance.now();
  while ((await journal.readStats()).pendingDeliveries > 0) {
    if (performance.now() - startedMs > DRAIN_MS_MAX) break;
    await new Promise((resolve) => {
      setTimeout(resolve, DRAIN_POLL_MS);
    });
  }
}
