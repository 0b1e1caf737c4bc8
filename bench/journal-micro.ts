/**
 * What one event costs the journal: accepted, taken by a listener right after the commit, recorded as
 * delivered. Prints CPU (user + system of this process) and wall time per event for groups of 1, 10 and 100.
 *
 *   node bench/journal-micro.ts [events] [destinations] [checkpoint MiB]
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { systemClock } from '../hub/src/clock.ts';
import type { AttemptRecord, ClaimedDelivery } from '../hub/src/journal/deliveries.ts';
import type { IncomingReport } from '../hub/src/journal/reports.ts';
import { createSecretBox } from '../hub/src/journal/secret-box.ts';
import { openSqliteJournal } from '../hub/src/journal/sqlite/sqlite-journal.ts';

const events = Number(process.argv[2] ?? 40_000);
const destinations = Number(process.argv[3] ?? 1);
const checkpointMiB = Number(process.argv[4] ?? 16);

for (const group of [1, 10, 100]) {
  // One at a time every event waits for its own fsync, so fewer of them say as much.
  const figures = await measure(group, group === 1 ? Math.min(events, 5_000) : events);
  console.log(JSON.stringify({ group, destinations, checkpointMiB, ...figures }));
}

async function measure(group: number, count: number): Promise<Record<string, number>> {
  const folder = mkdtempSync(join(tmpdir(), 'offhook-micro-'));
  const journal = await openSqliteJournal({
    file: join(folder, 'journal.db'),
    clock: systemClock,
    secretBox: createSecretBox(new Uint8Array(32)),
    checkpointPages: checkpointMiB * 256,
  });
  for (let index = 0; index < destinations; index += 1) {
    await journal.createDestination(
      {
        accountId: 'default',
        kind: 'webhook',
        name: null,
        settings: { url: `http://127.0.0.1:9/${index}` },
        filter: {},
        order: 'strict',
        concurrency: 32,
        ratePerSecond: null,
        retryScheduleS: null,
        timeoutMs: 15_000,
        secret: 'whsec_bench',
      },
      { kind: 'hub', id: 'hub' },
    );
  }
  let taken: ClaimedDelivery[] = [];
  journal.listenDue({
    leaseMs: 15_000,
    nodeId: 'bench',
    take(delivery) {
      taken.push(delivery);
      return true;
    },
    hint() {},
  });
  const run = async (from: number, to: number): Promise<number> => {
    let longestMs = 0;
    let recording: Promise<unknown> = Promise.resolve();
    for (let event = from; event < to; event += group) {
      const startedMs = performance.now();
      const reports = Array.from({ length: group }, (_, index) => toReport(event + index, group));
      await Promise.all(reports.map((report) => journal.acceptReports([report])));
      await recording;
      const due = taken;
      taken = [];
      // Recorded while the next group is accepted, as the engine does: both share a commit.
      recording = Promise.all(due.map((delivery) => journal.recordAttempts([toRecord(delivery)])));
      longestMs = Math.max(longestMs, performance.now() - startedMs);
    }
    await recording;
    return longestMs;
  };
  // The hub's timers never keep a process alive; here nothing else would.
  const alive = setInterval(() => {}, 1_000);
  await run(0, Math.min(5_000, count));
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  const longestMs = await run(1_000_000, 1_000_000 + count);
  const wallUs = (performance.now() - startedMs) * 1_000;
  const { user, system } = process.cpuUsage(cpu);
  await journal.close();
  clearInterval(alive);
  rmSync(folder, { recursive: true });
  return {
    cpuUs: round((user + system) / count),
    userUs: round(user / count),
    wallUs: round(wallUs / count),
    longestMs: round(longestMs),
  };
}

/** Two events per call: it connects in one group and ends in the next. */
function toReport(event: number, group: number): IncomingReport {
  const pair = Math.floor(event / (2 * group));
  const callId = toCallId(pair * group + (event % group));
  const isStart = Math.floor(event / group) % 2 === 0;
  return {
    accountId: 'default',
    sourceId: 'api',
    traceparent: null,
    phoneNumberE164: '+31850000001',
    customerE164: '+31612345678',
    report: {
      callId,
      status: isStart ? 'in-progress' : 'ended',
      occurredAtMs: 1_795_000_000_000 + event,
      type: 'inbound_phone_call',
      phoneNumber: { number: '+31850000001', name: 'Front desk' },
      customer: { number: '+31612345678' },
      error: null,
      endReason: isStart ? null : 'customer-ended-call',
      assistant: null,
      unknownFields: null,
    },
  };
}

/** As random as real ones: the index of call ids is written all over. */
function toCallId(call: number): string {
  return `call_${createHash('sha256').update(String(call)).digest('hex').slice(0, 32)}`;
}

function toRecord({ row, token }: ClaimedDelivery): AttemptRecord {
  return {
    deliveryRow: row,
    token,
    number: 1,
    startedAtMs: Date.now(),
    durationMs: 2.4,
    firstByteMs: 1.9,
    status: 200,
    cause: null,
    detail: null,
    responseBody: null,
    outcome: 'delivered',
    nextDueAtMs: null,
    deadReason: null,
    rejected: false,
    releasesNext: false,
  };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
