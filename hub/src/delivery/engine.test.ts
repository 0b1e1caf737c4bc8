/**
 * The engine's promises one by one: real journal, simulated time, receivers whose answers the test decides.
 * What they promise together, under every kind of fault at once, is proven by `npm run prove -- simulation`.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createSimClock, type SimClock } from '../../../test/support/sim-clock.ts';
import type { AttemptRequest, AttemptResult } from '../destinations/destination.ts';
import { createTestGround } from '../destinations/test-ground.ts';
import type { Actor } from '../journal/actor.ts';
import type { Destination, DestinationChange, NewDestination } from '../journal/destinations.ts';
import type { Journal } from '../journal/journal.ts';
import { toIncoming, toReport } from '../journal/conformance/harness.ts';
import { createSecretBox } from '../journal/secret-box.ts';
import { openSqliteJournal } from '../journal/sqlite/sqlite-journal.ts';
import { createDeliveryEngine, type DeliveryEngine } from './engine.ts';
import type { DeliveryLimits } from './limits.ts';

const HUB: Actor = { kind: 'hub', id: 'hub' };
const SECRET = 'whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=';
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const startMs = Date.UTC(2026, 0, 1);

interface Sent {
  readonly to: string;
  readonly callId: string;
  readonly sequence: number;
  readonly attempt: number;
  readonly atMs: number;
}

type Answer = (request: AttemptRequest, sent: Sent) => AttemptResult | Promise<AttemptResult>;

interface Hub {
  readonly clock: SimClock;
  readonly journal: Journal;
  readonly engine: DeliveryEngine;
  readonly sent: Sent[];
  /** What receivers answer, by name; 200 where nothing is said. */
  readonly answers: Map<string, Answer>;
  destination(name: string, change?: DestinationChange): Promise<Destination>;
  report(callId: string, ...statuses: string[]): Promise<void>;
  passMs(ms: number): Promise<void>;
  setState(destination: Destination, state: 'enabled' | 'paused'): Promise<void>;
  readState(destination: Destination): Promise<Destination['state']>;
  deliveryStates(callId: string): Promise<string[]>;
}

const opened: Hub[] = [];

afterEach(async () => {
  for (const hub of opened.splice(0)) {
    const stopped = hub.engine.stop(0);
    await hub.clock.runUntil(hub.clock.nowMs() + 1);
    await stopped;
    await hub.journal.close();
  }
});

function answer(status: number, more: { retryAfter?: string } = {}): AttemptResult {
  return {
    kind: 'answered',
    status,
    retryAfter: more.retryAfter ?? null,
    abort: false,
    responseBody: null,
    timing: { firstByteMs: 1, totalMs: 1 },
  };
}

async function openHub(limits: Partial<DeliveryLimits> = {}): Promise<Hub> {
  const clock = createSimClock(startMs);
  const journal = await openSqliteJournal({
    file: ':memory:',
    clock,
    secretBox: createSecretBox(new Uint8Array(32)),
  });
  const sent: Sent[] = [];
  const answers = new Map<string, Answer>();
  const engine = createDeliveryEngine({
    journal,
    kinds: new Map([
      [
        'webhook',
        {
          kind: 'webhook',
          settings: z.unknown(),
          title: 'Test',
          summary: '',
          setup: [],
          defaults: {},
          signs: true,
          isEager: false,
          toPublicSettings: () => ({}),
          keepMasked: (_stored, given) => given,
          describeTarget: () => '',
          open: (settings) => ({
            async attempt(request) {
              const { name } = settings as { name: string };
              const body = JSON.parse(Buffer.from(request.body).toString()) as {
                message: { call: { id: string } };
              };
              const one: Sent = {
                to: name,
                callId: body.message.call.id,
                sequence: request.sequence,
                attempt: request.attemptNumber,
                atMs: clock.nowMs(),
              };
              sent.push(one);
              return (answers.get(name) ?? (() => answer(200)))(request, one);
            },
            close: () => Promise.resolve(),
            abandon: () => {},
          }),
        },
      ],
    ]),
    grounds: ({ id }) => createTestGround({ clock, destinationId: id }),
    clock,
    random: () => 0.5,
    nodeId: 'node-1',
    observer: {
      attempted: () => {},
      postponed: () => {},
      laneChanged: () => {},
      healthChanged: () => {},
      troubled: (detail, error) => expect.fail(`${detail} ${String(error)}`),
    },
    limits: { sweepMs: HOUR_MS, replayPollMs: HOUR_MS, ...limits },
  });
  const hub: Hub = {
    clock,
    journal,
    engine,
    sent,
    answers,
    async destination(name, change = {}) {
      const wanted: NewDestination = {
        accountId: 'default',
        kind: 'webhook',
        name,
        settings: { name },
        filter: {},
        order: 'strict',
        concurrency: 32,
        ratePerSecond: null,
        retryScheduleS: null,
        timeoutMs: 15_000,
        secret: SECRET,
        ...change,
      };
      return settle(hub, journal.createDestination(wanted, HUB));
    },
    async report(callId, ...statuses) {
      const accepted = journal.acceptReports(statuses.map((status) => toIncoming(toReport(callId, status))));
      await settle(hub, accepted);
    },
    passMs: (ms) => clock.runUntil(clock.nowMs() + ms),
    async setState(destination, state) {
      await settle(hub, journal.setDestinationState('default', destination.id, state, null, HUB));
    },
    async readState(destination) {
      const now = await journal.getDestination('default', destination.id);
      return now?.state ?? 'disabled';
    },
    async deliveryStates(callId) {
      const { items } = await journal.listDeliveries('default', { callId }, { limit: 50, cursor: null });
      return items.toSorted((a, b) => a.sequence - b.sequence).map(({ state }) => state);
    },
  };
  opened.push(hub);
  await settle(hub, engine.start());
  return hub;
}

/** Lets a journal call commit: a lazy one may need simulated milliseconds. */
async function settle<Value>(hub: Pick<Hub, 'clock'>, promise: Promise<Value>): Promise<Value> {
  await hub.clock.settle();
  await hub.clock.runUntil(hub.clock.nowMs() + 5);
  return promise;
}

describe('order', () => {
  it('holds the next event of a call back until the one before it is delivered', async () => {
    const hub = await openHub();
    await hub.destination('a');
    hub.answers.set('a', (_, { attempt }) => answer(attempt < 3 ? 500 : 200));
    await hub.report('call', 'in-progress', 'ended');
    await hub.passMs(34_000);
    expect(hub.sent.map(({ sequence, attempt }) => [sequence, attempt])).toEqual([
      [1, 1],
      [1, 2],
    ]);
    await hub.passMs(2_000);
    expect(hub.sent.slice(2).map(({ sequence, attempt }) => [sequence, attempt])).toEqual([
      [1, 3],
      [2, 1],
    ]);
  });

  it('lets other calls flow past a call that waits', async () => {
    const hub = await openHub();
    await hub.destination('a');
    hub.answers.set('a', (_, { callId }) => answer(callId === 'stuck' ? 500 : 200));
    await hub.report('stuck', 'in-progress', 'ended');
    await hub.report('free', 'in-progress', 'ended');
    expect(await hub.deliveryStates('free')).toEqual(['delivered', 'delivered']);
    expect(await hub.deliveryStates('stuck')).toEqual(['pending', 'pending']);
  });

  it('lets the next event go after five answered 4xx and supersedes the poison once it is delivered', async () => {
    const hub = await openHub();
    await hub.destination('a');
    hub.answers.set('a', (_, { sequence }) => answer(sequence === 1 ? 422 : 200));
    await hub.report('call', 'in-progress', 'ended');
    await hub.passMs(5_000 + 30_000 + 120_000 + 590_000);
    expect(await hub.deliveryStates('call')).toEqual(['pending', 'pending']);
    await hub.passMs(30_000);
    expect(hub.sent.map(({ sequence }) => sequence)).toEqual([1, 1, 1, 1, 1, 2]);
    expect(await hub.deliveryStates('call')).toEqual(['superseded', 'delivered']);
    await hub.passMs(3 * DAY_MS);
    expect(hub.sent).toHaveLength(6);
  });

  it('does not send the poison after a later event that may have arrived', async () => {
    const hub = await openHub();
    await hub.destination('a');
    let refuses = true;
    hub.answers.set('a', (_, { sequence }) => {
      if (sequence === 1) return answer(refuses ? 422 : 200);
      refuses = false;
      return {
        kind: 'failed',
        cause: 'timeout',
        detail: 'no answer',
        timing: { firstByteMs: null, totalMs: 1 },
      };
    });
    await hub.report('call', 'in-progress', 'ended');
    await hub.passMs(DAY_MS);
    expect(hub.sent.filter(({ sequence }) => sequence === 1)).toHaveLength(5);
    expect(await hub.deliveryStates('call')).toEqual(['superseded', 'pending']);
  });

  it('never has two events of one call under way together, though the first was let past', async () => {
    const hub = await openHub();
    await hub.destination('a');
    let underWay = 0;
    let most = 0;
    hub.answers.set('a', async (_, { sequence }) => {
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise<void>((resolve) => hub.clock.setTimer(resolve, 20_000));
      underWay -= 1;
      return answer(sequence === 1 ? 422 : 500);
    });
    await hub.report('call', 'in-progress', 'ended');
    await hub.passMs(DAY_MS);
    expect(new Set(hub.sent.map(({ sequence }) => sequence))).toEqual(new Set([1, 2]));
    expect(most).toBe(1);
  });

  it('sends only the newest event of a call where the destination wants the latest', async () => {
    const hub = await openHub();
    const destination = await hub.destination('a', { order: 'latest' });
    await hub.setState(destination, 'paused');
    await hub.report('call', 'in-progress', 'ended');
    await hub.setState(destination, 'enabled');
    await hub.passMs(10);
    expect(hub.sent.map(({ sequence }) => sequence)).toEqual([2]);
    expect(await hub.deliveryStates('call')).toEqual(['superseded', 'delivered']);
  });
});

describe('holding', () => {
  it('keeps what a paused destination is owed and delivers it in order afterwards', async () => {
    const hub = await openHub();
    const destination = await hub.destination('a', { concurrency: 1 });
    await hub.setState(destination, 'paused');
    for (let call = 0; call < 20; call += 1) await hub.report(`call-${call}`, 'in-progress', 'ended');
    await hub.passMs(10 * DAY_MS);
    expect(hub.sent).toHaveLength(0);
    await hub.setState(destination, 'enabled');
    await hub.passMs(1_000);
    expect(hub.sent).toHaveLength(40);
    for (let call = 0; call < 20; call += 1) {
      expect(
        hub.sent.filter(({ callId }) => callId === `call-${call}`).map(({ sequence }) => sequence),
      ).toEqual([1, 2]);
    }
  });

  it('disables a destination that answers 410 and keeps everything for its return', async () => {
    const hub = await openHub();
    const destination = await hub.destination('a');
    hub.answers.set('a', () => answer(410));
    await hub.report('call', 'in-progress', 'ended');
    await hub.passMs(DAY_MS);
    expect(hub.sent).toHaveLength(1);
    expect(await hub.readState(destination)).toBe('disabled');
    expect(await hub.deliveryStates('call')).toEqual(['pending', 'pending']);
    hub.answers.delete('a');
    await hub.setState(destination, 'enabled');
    await hub.passMs(HOUR_MS);
    expect(await hub.deliveryStates('call')).toEqual(['delivered', 'delivered']);
  });

  it('disables a destination after five days of only failures, not earlier', async () => {
    const hub = await openHub();
    const destination = await hub.destination('a');
    hub.answers.set('a', () => answer(500));
    for (let call = 0; call < 12; call += 1) await hub.report(`call-${call}`, 'in-progress');
    const reportDaily = async (): Promise<void> => {
      await hub.passMs(DAY_MS - 10_000);
      await hub.report(`later-${hub.clock.nowMs()}`, 'in-progress');
      await hub.passMs(10_000);
    };
    for (let day = 0; day < 4; day += 1) await reportDaily();
    expect(await hub.readState(destination)).toBe('enabled');
    for (let day = 0; day < 2; day += 1) await reportDaily();
    expect(await hub.readState(destination)).toBe('disabled');
  });
});

describe('lanes', () => {
  it('opens the breaker after ten failures in a row, probes once at a time, and ramps up when a probe gets through', async () => {
    const hub = await openHub();
    await hub.destination('a');
    hub.answers.set('a', () => answer(500));
    for (let call = 0; call < 100; call += 1) await hub.report(`call-${call}`, 'in-progress');
    expect(hub.engine.readLanes()[0]?.breaker).toBe('open');
    const before = hub.sent.length;
    expect(before).toBeLessThan(45);
    await hub.passMs(7_500);
    // Probes at 1, 2 and 4 s apart; waiting costs the other deliveries no attempts.
    expect(hub.sent.length - before).toBe(3);
    hub.answers.delete('a');
    await hub.passMs(60_000);
    expect(hub.engine.readLanes()[0]?.breaker).toBe('closed');
    for (let call = 0; call < 100; call += 1)
      expect(await hub.deliveryStates(`call-${call}`)).toEqual(['delivered']);
  });

  it('says that a destination fails at once where its settings are wrong, and until something is asked of it that works', async () => {
    const hub = await openHub();
    const { id } = await hub.destination('a');
    const readFailing = async () => (await hub.journal.getDestination('default', id))?.failingSinceMs ?? null;
    const timing = { firstByteMs: null, totalMs: 1 };
    hub.answers.set('a', (_request, { callId }) =>
      callId === 'idle'
        ? { kind: 'done', detail: 'Nothing to write', isIdle: true, timing }
        : { kind: 'failed', cause: 'settings', detail: 'the token is not taken', timing },
    );
    await hub.report('call-1', 'in-progress');
    await hub.passMs(100);
    const sinceMs = await readFailing();
    expect(sinceMs).not.toBeNull();
    await hub.report('idle', 'in-progress');
    await hub.passMs(100);
    expect(await readFailing(), 'what asks nobody proves nothing').toBe(sinceMs);
    hub.answers.set('a', () => answer(200));
    await hub.report('call-2', 'in-progress');
    await hub.passMs(100);
    expect(await readFailing()).toBeNull();
  });

  it('tries a failing destination at once when somebody has changed its settings', async () => {
    const hub = await openHub();
    const { id } = await hub.destination('a');
    hub.answers.set('a', () => answer(404));
    for (let call = 0; call < 30; call += 1) await hub.report(`call-${call}`, 'in-progress');
    await hub.passMs(200_000);
    expect(hub.engine.readLanes()[0]?.breaker).toBe('open');
    await hub.journal.updateDestination('default', id, { settings: { name: 'b' } }, HUB);
    await hub.passMs(1_000);
    expect(hub.engine.readLanes()[0]?.breaker).toBe('closed');
  });

  it('keeps a destination’s rate', async () => {
    const hub = await openHub();
    await hub.destination('a', { ratePerSecond: 10 });
    for (let call = 0; call < 100; call += 1) await hub.report(`call-${call}`, 'in-progress');
    await hub.passMs(60_000);
    expect(hub.sent).toHaveLength(100);
    for (const { atMs } of hub.sent) {
      const within = hub.sent.filter((other) => other.atMs >= atMs && other.atMs < atMs + 1_000);
      // A bucket may be full once: ten saved up and ten earned in that second.
      expect(within.length).toBeLessThanOrEqual(20);
    }
  });

  it('delivers to a healthy lane while another one hangs with a deep backlog', async () => {
    const hub = await openHub();
    await hub.destination('dead');
    hub.answers.set(
      'dead',
      () =>
        new Promise((resolve) => {
          hub.clock.setTimer(() => resolve(answer(500)), 15_000);
        }),
    );
    for (let call = 0; call < 300; call += 1) await hub.report(`old-${call}`, 'in-progress');
    await hub.destination('well');
    for (let call = 0; call < 50; call += 1) await hub.report(`new-${call}`, 'in-progress');
    expect(hub.sent.filter(({ to }) => to === 'well')).toHaveLength(50);
  });

  it('holds no more in memory than its limit, whatever the backlog', async () => {
    const hub = await openHub({ laneHeldMax: 16 });
    const destination = await hub.destination('a', { concurrency: 4 });
    await hub.setState(destination, 'paused');
    for (let call = 0; call < 200; call += 1) await hub.report(`call-${call}`, 'in-progress');
    let most = 0;
    hub.answers.set('a', () => {
      most = Math.max(most, hub.engine.readLanes()[0]?.held ?? 0);
      return answer(200);
    });
    await hub.setState(destination, 'enabled');
    await hub.passMs(10_000);
    expect(hub.sent).toHaveLength(200);
    expect(most).toBeLessThanOrEqual(16);
  });
});

describe('stopping', () => {
  it('waits for attempts under way, gives the rest back, and starts nothing more', async () => {
    const hub = await openHub();
    await hub.destination('a', { concurrency: 1 });
    hub.answers.set(
      'a',
      () =>
        new Promise((resolve) => {
          hub.clock.setTimer(() => resolve(answer(200)), 3_000);
        }),
    );
    for (let call = 0; call < 5; call += 1) await hub.report(`call-${call}`, 'in-progress');
    const stopped = hub.engine.stop(10_000);
    await hub.passMs(4_000);
    await stopped;
    expect(hub.sent).toHaveLength(1);
    expect(await hub.deliveryStates('call-0')).toEqual(['delivered']);
    expect(await hub.deliveryStates('call-4')).toEqual(['pending']);
  });

  it('does not wait for a hanging attempt beyond its grace', async () => {
    const hub = await openHub();
    await hub.destination('a');
    hub.answers.set('a', () => new Promise(() => {}));
    await hub.report('call', 'in-progress');
    const stopped = hub.engine.stop(2_000);
    await hub.passMs(2_000);
    await stopped;
    expect(await hub.deliveryStates('call')).toEqual(['pending']);
  });
});
