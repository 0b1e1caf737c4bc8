/**
 * Writes two weeks into a journal file as a hub would have: reports through the journal's own door at their own time,
 * deliveries attempted by the engine's own step with its breaker and schedule, only that what answers is the scene.
 */
import type { Clock } from '../../hub/src/clock.ts';
import type { DestinationSender } from '../../hub/src/destinations/destination.ts';
import type { DestinationId, SourceId } from '../../hub/src/journal/ids.ts';
import type { ClaimedDelivery } from '../../hub/src/journal/deliveries.ts';
import type { Destination } from '../../hub/src/journal/destinations.ts';
import type { IncomingReport } from '../../hub/src/journal/reports.ts';
import type { Journal } from '../../hub/src/journal/journal.ts';
import type { Random } from '../../proofs/simulation/random.ts';
import type { Scene, SceneDestination, SceneReport } from './scene.ts';

import { deliver, type MadeAttempt } from '../../hub/src/delivery/deliver.ts';
import { Flow } from '../../hub/src/delivery/flow.ts';
import { createApiKeyText } from '../../hub/src/ingest/api-key.ts';
import { createSecretBox } from '../../hub/src/journal/secret-box.ts';
import { openSqliteJournal } from '../../hub/src/journal/sqlite/sqlite-journal.ts';
import { createRandom } from '../../proofs/simulation/random.ts';
import { NUMBERS } from './scene.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** What is far back is written a minute at a time; of what is looked at closely every report has its own moment. */
const CLOSE_MS = 2 * HOUR_MS;
const CLOSE_STEP_MS = 1_000;
const HUB = { kind: 'hub', id: 'hub' } as const;
const NODE_ID = 'past';
const LEASE_MS = 15_000;
const SOURCE_ID: SourceId = 'voicedock';

export interface PastOptions {
  readonly file: string;
  readonly masterKey: Uint8Array;
  readonly scene: Scene;
  readonly seed: number;
  readonly say: (what: string) => void;
}

export interface Past {
  readonly keys: PastKeys;
  /** Reports that are still to come. */
  readonly future: readonly SceneReport[];
}

export interface PastKeys {
  /** May only watch, for the wall screen. */
  readonly watch: string;
  readonly read: string;
  readonly write: string;
}

interface Lane {
  readonly scene: SceneDestination;
  readonly flow: Flow;
  destination: Destination;
}

export async function writePast({ file, masterKey, scene, seed, say }: PastOptions): Promise<Past> {
  const clock = createMovingClock(scene.beginsAtMs);
  const journal = await openSqliteJournal({ file, clock, secretBox: createSecretBox(masterKey) });
  const random = createRandom(seed + 1);
  const { reports } = scene;
  const lanes = new Map<DestinationId, Lane>();
  await registerNumbers(journal);
  const keys = await makeKeys(journal);

  let at = 0;
  let writtenDay = -1;
  let isPaused = false;
  let isMended = false;
  // The present moves on while this is written: it ends where it has caught up.
  while (at < reports.length && (reports[at]?.receivedAtMs ?? 0) <= Date.now()) {
    const first = reports[at] as SceneReport;
    const isClose = Date.now() - first.receivedAtMs < CLOSE_MS;
    const stepEndsMs = first.receivedAtMs + (isClose ? CLOSE_STEP_MS : MINUTE_MS);
    const step: SceneReport[] = [];
    for (; at < reports.length; at += 1) {
      const report = reports[at] as SceneReport;
      if (report.receivedAtMs >= stepEndsMs || report.receivedAtMs > Date.now()) break;
      step.push(report);
    }
    clock.moveTo((step.at(-1) ?? first).receivedAtMs);
    if (lanes.size === 0 && clock.nowMs() >= scene.destinationsSinceMs)
      for (const lane of await makeLanes(journal, scene, clock.nowMs())) lanes.set(lane.destination.id, lane);
    if (!isMended && clock.nowMs() >= scene.mendedAtMs) {
      isMended = true;
      await mend(journal, lanes);
    }
    if (!isPaused && clock.nowMs() >= scene.pausedAtMs) {
      isPaused = true;
      await pauseBilling(journal, lanes);
    }
    await journal.acceptReports(step.map(toIncoming));
    await attemptDue(journal, lanes, clock, random);
    const day = Math.floor((clock.nowMs() - scene.beginsAtMs) / (24 * HOUR_MS));
    if (day !== writtenDay) say(`day ${(writtenDay = day) + 1} of 14`);
  }
  await journal.close();
  return { keys, future: reports.slice(at) };
}

interface MovingClock extends Clock {
  moveTo(ms: number): void;
}

/** Timers end at once: the journal waits by them for company in a commit, and nobody else writes. */
function createMovingClock(startMs: number): MovingClock {
  let now = startMs;
  return {
    nowMs: () => now,
    monotonicMs: () => now - startMs,
    setTimer(callback) {
      const immediate = setImmediate(callback);
      return () => clearImmediate(immediate);
    },
    moveTo(ms) {
      now = Math.max(now, ms);
    },
  };
}

function toIncoming(report: SceneReport): IncomingReport {
  return {
    accountId: 'default',
    sourceId: SOURCE_ID,
    report: {
      callId: report.callId,
      status: report.status,
      occurredAtMs: report.happenedAtMs,
      type: report.type,
      phoneNumber: report.phoneNumber,
      customer: report.customer,
      error: report.error,
      endReason: report.endReason,
      assistant: null,
      unknownFields: null,
    },
    traceparent: null,
    phoneNumberE164: report.phoneNumber.number,
    customerE164: report.customer.number,
  };
}

async function registerNumbers(journal: Journal): Promise<void> {
  for (const { number, name } of NUMBERS) await journal.putPhoneNumber('default', number, name, HUB);
}

async function makeKeys(journal: Journal): Promise<PastKeys> {
  const make = async (name: string, scope: 'ingest' | 'watch' | 'read' | 'write'): Promise<string> => {
    const { text, hash, hint } = createApiKeyText();
    await journal.createKey(
      { accountId: 'default', name, scopes: [scope], hint, hash, expiresAtMs: null },
      HUB,
    );
    return text;
  };
  await make('Call platform', 'ingest');
  const watch = await make('Wall screen, lobby', 'watch');
  const read = await make('Support team', 'read');
  const write = await make('Operations', 'write');
  await make('Nightly export', 'read');
  const [, , , , exportKey] = await journal.listKeys('default');
  if (exportKey !== undefined) await journal.revokeKey('default', exportKey.id, HUB);
  return { watch, read, write };
}

async function makeLanes(journal: Journal, scene: Scene, nowMs: number): Promise<readonly Lane[]> {
  const lanes: Lane[] = [];
  for (const one of scene.destinations) {
    const destination = await journal.createDestination(
      {
        accountId: 'default',
        kind: 'webhook',
        name: one.name,
        settings: { url: one.url },
        filter: one.statuses.length === 0 ? {} : { statuses: one.statuses },
        order: 'strict',
        concurrency: 32,
        ratePerSecond: one.ratePerSecond,
        retryScheduleS: one.retryScheduleS,
        timeoutMs: 15_000,
        secret: `whsec_${Buffer.from(one.name.padEnd(32, '.')).toString('base64')}`,
      },
      HUB,
    );
    lanes.push({
      scene: one,
      destination,
      flow: new Flow({ concurrency: 32, ratePerSecond: one.ratePerSecond }, nowMs),
    });
  }
  return lanes;
}

/** Somebody gave the receiver its new secret: nothing changes here but what it answers, and what was noted. */
async function mend(journal: Journal, lanes: ReadonlyMap<DestinationId, Lane>): Promise<void> {
  for (const lane of lanes.values()) {
    if (lane.scene.name !== 'Northwind CRM') continue;
    const { id, concurrency } = lane.destination;
    const changed = await journal.updateDestination('default', id, { concurrency: concurrency / 2 }, HUB);
    if (changed !== undefined) lane.destination = changed;
  }
}

async function pauseBilling(journal: Journal, lanes: ReadonlyMap<DestinationId, Lane>): Promise<void> {
  for (const lane of lanes.values()) {
    if (lane.scene.name !== 'Billing') continue;
    const { id } = lane.destination;
    const changed = await journal.setDestinationState('default', id, 'paused', 'Month-end run', HUB);
    if (changed !== undefined) lane.destination = changed;
  }
}

/** As the engine does, one after the other: what is due, as far as the breaker lets it, until nothing is. */
async function attemptDue(
  journal: Journal,
  lanes: ReadonlyMap<DestinationId, Lane>,
  clock: MovingClock,
  random: Random,
): Promise<void> {
  for (;;) {
    const nowMs = clock.nowMs();
    const due = await journal.listDueLanes();
    const wanted = due.flatMap(({ destinationId, dueAtMs }) => {
      const lane = lanes.get(destinationId);
      if (lane === undefined || dueAtMs > nowMs || lane.destination.state !== 'enabled') return [];
      // A rate would only spread what one step holds together.
      const limit = lane.flow.isOpen ? lane.flow.countStartable(0, nowMs) : 200;
      return limit === 0 ? [] : [{ destinationId, limit }];
    });
    if (wanted.length === 0) return;
    const claims = await journal.claimDeliveries({
      nodeId: NODE_ID,
      leaseMs: LEASE_MS,
      nowMs,
      lanes: wanted,
    });
    if (claims.length === 0) return;
    const finished = await Promise.all(
      claims.map(async (claim) => {
        const lane = lanes.get(claim.destinationId) as Lane;
        const done = await deliver([claim], lane.destination, toSender(lane, claim, clock, random), {
          clock,
          random: random.next,
        });
        if (done.kind === 'put-off') throw new Error('Nothing of the scene asks to wait.');
        return { lane, done };
      }),
    );
    await journal.recordAttempts(finished.flatMap(({ done }) => done.records));
    for (const { lane, done } of finished) await learn(journal, lane, done, nowMs);
  }
}

function toSender(lane: Lane, claim: ClaimedDelivery, clock: Clock, random: Random): DestinationSender {
  return {
    async attempt({ attemptNumber }) {
      const { message } = JSON.parse(Buffer.from(claim.body).toString()) as {
        message: { call: { id: string } };
      };
      const {
        status,
        body,
        tookMs,
        isFinal = false,
      } = lane.scene.answer({
        nowMs: clock.nowMs(),
        callId: message.call.id,
        attemptNumber,
        random,
      });
      return {
        kind: 'answered',
        status,
        retryAfter: null,
        abort: isFinal,
        responseBody: body === '' ? null : Buffer.from(body),
        timing: { firstByteMs: Math.round(tookMs * 9) / 10, totalMs: tookMs },
      };
    },
    close: async () => {},
    abandon: () => {},
  };
}

async function learn(
  journal: Journal,
  lane: Lane,
  { lane: signal }: MadeAttempt,
  nowMs: number,
): Promise<void> {
  const { id } = lane.destination;
  const change = lane.flow.learn(signal, nowMs, nowMs);
  if (signal.kind === 'gone' && lane.destination.state === 'enabled') {
    await journal.setDestinationHealth({
      kind: 'disabled',
      destinationId: id,
      reason: 'it answered 410 Gone',
    });
    lane.destination = { ...lane.destination, state: 'disabled' };
  } else if (change === 'opened') {
    const sinceMs = lane.flow.failingSinceMs ?? nowMs;
    await journal.setDestinationHealth({ kind: 'failing', destinationId: id, sinceMs });
  } else if (change === 'closed') {
    await journal.setDestinationHealth({ kind: 'recovered', destinationId: id });
  }
}
