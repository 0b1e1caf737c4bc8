/**
 * One seed's whole life: a journal, some receivers, and engines that crash, freeze and come back while calls
 * are reported, destinations are paused and people press buttons. The engine and the journal are the real
 * ones; time and network are simulated. In the end everything heals, and the checker looks at what was left.
 */
import { createHash } from 'node:crypto';
import type { Clock } from '../../hub/src/clock.ts';
import type { StatusUpdateMessage } from '@offhook/contract/message';
import type {
  AttemptRequest,
  AttemptResult,
  DestinationGround,
  DestinationKind,
} from '../../hub/src/destinations/destination.ts';
import { createDeliveryEngine, type DeliveryEngine } from '../../hub/src/delivery/engine.ts';
import type { DeliveryObserver } from '../../hub/src/delivery/observer.ts';
import { createTestGround } from '../../hub/src/destinations/test-ground.ts';
import type { DestinationId, EventId } from '../../hub/src/journal/ids.ts';
import type { Actor } from '../../hub/src/journal/actor.ts';
import type { AttemptRecord, ClaimedDelivery, RecordedAttempt } from '../../hub/src/journal/deliveries.ts';
import type { Destination } from '../../hub/src/journal/destinations.ts';
import type { Journal } from '../../hub/src/journal/journal.ts';
import { createSecretBox } from '../../hub/src/journal/secret-box.ts';
import { openSqliteJournal } from '../../hub/src/journal/sqlite/sqlite-journal.ts';
import { createRandom, type Random } from './random.ts';
import { createSimClock, type SimClock } from '../../test/support/sim-clock.ts';
import { createSimNetwork, type SimNetwork } from './sim-network.ts';

export const START_MS = Date.UTC(2026, 0, 1);
const HUB: Actor = { kind: 'hub', id: 'hub' };
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** After the healing: twelve attempts of the longest schedule, and the longest Retry-After, fit in easily. */
const DRAIN_MS_MAX = 40 * 24 * HOUR_MS;

export interface SeenAttempt {
  readonly delivery: ClaimedDelivery;
  readonly destination: Destination;
  readonly record: AttemptRecord;
  readonly recorded: RecordedAttempt;
}

export interface World {
  readonly clock: SimClock;
  readonly journal: Journal;
  readonly network: SimNetwork;
  readonly destinations: readonly Destination[];
  /** Every event the journal accepted. */
  readonly events: readonly { readonly id: EventId; readonly callId: string; readonly sequence: number }[];
  readonly attempts: readonly SeenAttempt[];
  /** `destination/event` that a person asked to be sent again: the order promise does not speak of these. */
  readonly resent: ReadonlySet<string>;
  readonly troubles: readonly string[];
  /** Two attempts of one call under way at one receiver, from one node. */
  readonly overlaps: readonly string[];
  /** When some node stood still: what it timed meanwhile says nothing. */
  readonly freezes: readonly { readonly fromMs: number; readonly untilMs: number }[];
  readonly counts: Readonly<Record<string, number>>;
  /** The same for the same seed, or the run is not reproducible. */
  readonly traceHash: string;
}

export async function runWorld(seed: number): Promise<World> {
  const random = createRandom(seed);
  const clock = createSimClock(START_MS);
  const journal = await openSqliteJournal({
    file: ':memory:',
    clock,
    secretBox: createSecretBox(new Uint8Array(32)),
  });
  const network = createSimNetwork(clock, random, 1 + random.below(4));
  const trace = createHash('sha256');
  const counts: Record<string, number> = {};
  const count = (name: string): void => {
    counts[name] = (counts[name] ?? 0) + 1;
  };
  const destinations = await settled(clock, makeDestinations(journal, network, random));
  const attempts: SeenAttempt[] = [];
  const troubles: string[] = [];
  const overlaps: string[] = [];
  const freezes: { fromMs: number; untilMs: number }[] = [];
  const events: { id: EventId; callId: string; sequence: number }[] = [];
  const resent = new Set<string>();

  // ── engines ──
  let nodes = 0;
  let node = startNode();

  function startNode(): Node {
    nodes += 1;
    return new Node({
      journal,
      kind: network.kind,
      clock,
      random,
      nodeId: `node-${nodes}`,
      attempted: (attempt) => {
        attempts.push(attempt);
        count(`attempt ${attempt.recorded.kind} ${attempt.recorded.state}`);
        trace.update(
          `${clock.nowMs()} ${attempt.delivery.row} ${attempt.record.number} ${attempt.record.outcome} ${attempt.recorded.state}\n`,
        );
      },
      postponed: ({ delivery, dueAtMs }) => {
        count('put off');
        trace.update(`${clock.nowMs()} ${delivery.row} put off until ${dueAtMs}\n`);
      },
      troubled: (detail, error) => troubles.push(`${detail}: ${String(error)}`),
      overlapped: (detail) => overlaps.push(detail),
    });
  }

  async function report(callId: string, status: string): Promise<void> {
    const accepted = await journal.acceptReports([
      {
        accountId: 'default',
        sourceId: 'api',
        traceparent: null,
        phoneNumberE164: null,
        customerE164: null,
        report: {
          callId,
          status,
          occurredAtMs: clock.nowMs(),
          type: 'inbound_phone_call',
          phoneNumber: { number: '+31850835037' },
          customer: { number: '+31612345678' },
          error: status === 'ended-with-error' ? 'STT connection failed' : null,
          endReason: null,
          assistant: null,
          unknownFields: null,
        },
      },
    ]);
    for (const { event } of accepted) if (event !== null) events.push({ ...event, callId });
  }

  const disturbances: readonly (() => Promise<unknown> | void)[] = [
    () => {
      count('crash');
      node.kill();
      node = startNode();
    },
    () => {
      count('freeze');
      const frozen = node;
      frozen.freeze();
      node = startNode();
      const freezeMs = 1_000 + random.below(60_000);
      freezes.push({ fromMs: clock.nowMs(), untilMs: clock.nowMs() + freezeMs });
      clock.setTimer(() => frozen.thaw(), freezeMs);
    },
    () => {
      const receiver = random.pick(network.receivers);
      receiver.down = !receiver.down;
    },
    () => {
      random.pick(network.receivers).poisonCalls.add(`call-${random.below(20)}`);
    },
    () => setState(random.pick(destinations).id, random.chance(0.4) ? 'paused' : 'enabled'),
    () => setState(random.pick(destinations).id, 'enabled'),
    async () => {
      const { items } = await journal.listDeliveries('default', {}, { limit: 50, cursor: null });
      const delivery = items.length === 0 ? undefined : random.pick(items);
      if (delivery === undefined) return;
      count('retry');
      const result = await journal.retryDelivery('default', delivery.id, HUB);
      if (result?.kind === 'created') resent.add(`${delivery.destinationId}/${delivery.eventId}`);
    },
    async () => {
      const { items } = await journal.listDeliveries(
        'default',
        { deliveryStates: ['pending'] },
        { limit: 50, cursor: null },
      );
      if (items.length === 0) return;
      const result = await journal.cancelDelivery('default', random.pick(items).id, HUB);
      count(`cancel ${result?.kind}`);
    },
    async () => {
      count('replay');
      for (const { id } of destinations) for (const event of events) resent.add(`${id}/${event.id}`);
      await journal.createReplay(
        {
          accountId: 'default',
          filter: random.chance(0.5) ? { deliveryStates: ['dead', 'delivered'] } : {},
          ratePerSecond: random.pick([null, 2]),
        },
        HUB,
      );
    },
  ];

  function setState(id: DestinationId, state: 'enabled' | 'paused'): Promise<unknown> {
    return journal.setDestinationState('default', id, state, state === 'paused' ? 'tested' : null, HUB);
  }

  // ── the story ──
  const lengthMs = random.pick([2 * MINUTE_MS, HOUR_MS, 80 * HOUR_MS]);
  const callCount = 1 + random.below(20);
  const plan = (atMs: number, work: () => Promise<unknown> | void): void => {
    clock.setTimer(() => void work(), atMs);
  };
  for (let call = 0; call < callCount; call += 1) {
    const callId = `call-${call}`;
    // Most calls are short against the retry schedule, so that both events are often under way together.
    const startMs = random.below(lengthMs);
    const endMs = startMs + random.below(random.pick([50, 10_000, HOUR_MS]));
    const end = random.pick(['ended', 'ended-with-error']);
    if (random.chance(0.9)) plan(startMs, () => report(callId, 'in-progress'));
    if (random.chance(0.95)) plan(endMs, () => report(callId, end));
    if (random.chance(0.2))
      plan(endMs + random.below(10_000), () => report(callId, random.pick(['in-progress', end])));
  }
  const disturbanceCount = random.below(12);
  for (let index = 0; index < disturbanceCount; index += 1) {
    plan(random.below(lengthMs), random.pick(disturbances));
  }
  await clock.settle();
  await clock.runUntil(START_MS + lengthMs + HOUR_MS + MINUTE_MS);

  // ── everything heals ──
  network.heal();
  for (const { id } of destinations) void setState(id, 'enabled');
  await clock.settle();
  const deadlineMs = clock.nowMs() + DRAIN_MS_MAX;
  while (await hasPending(journal, clock)) {
    const next = clock.nowMs() + 10 * MINUTE_MS;
    if (next > deadlineMs) break;
    await clock.runUntil(next);
  }
  for (const receipt of network.receipts) {
    trace.update(`${receipt.receiver} ${receipt.callId} ${receipt.sequence} ${receipt.atMs}\n`);
  }
  node.kill();
  return {
    clock,
    journal,
    network,
    destinations,
    events,
    attempts,
    resent,
    troubles,
    overlaps,
    freezes,
    counts,
    traceHash: trace.digest('hex'),
  };
}

async function hasPending(journal: Journal, clock: SimClock): Promise<boolean> {
  const backlog = await settled(clock, journal.readBacklog());
  const replays = await settled(clock, journal.listRunnableReplays());
  return replays.length > 0 || backlog.some(({ pending }) => pending > 0);
}

async function makeDestinations(
  journal: Journal,
  network: SimNetwork,
  random: Random,
): Promise<readonly Destination[]> {
  const made: Destination[] = [];
  for (let receiver = 0; receiver < network.receivers.length; receiver += 1) {
    made.push(
      await journal.createDestination(
        {
          accountId: 'default',
          kind: 'webhook',
          name: null,
          settings: { receiver },
          filter: random.chance(0.2) ? { statuses: ['ended', 'ended-with-error'] } : {},
          order: random.chance(0.3) ? 'latest' : 'strict',
          concurrency: random.pick([1, 2, 8, 32]),
          ratePerSecond: random.pick([null, null, 5]),
          retryScheduleS: random.pick([null, null, [1, 1, 2, 3, 5, 8]]),
          timeoutMs: random.pick([1_000, 15_000, 30_000]),
          secret: 'whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=',
        },
        HUB,
      ),
    );
  }
  return made;
}

/** Waits for a journal call while the simulated clock drives its commits. */
async function settled<Value>(clock: SimClock, promise: Promise<Value>): Promise<Value> {
  let done = false;
  const watched = promise.finally(() => {
    done = true;
  });
  watched.catch(() => {});
  for (let turn = 0; !done && turn < 1_000; turn += 1) {
    await clock.settle();
    if (!done) await clock.step(clock.nowMs() + 1_000);
  }
  return watched;
}

/**
 * One process with an engine in it. Killed: nothing of it runs again. Frozen (SIGSTOP): nothing runs until it
 * thaws, and then it goes on as if no time had passed, leases long lost.
 */
class Node {
  #state: 'runs' | 'frozen' | 'dead' = 'runs';
  readonly #waiting: (() => void)[] = [];
  readonly #engine: DeliveryEngine;
  #unlisten: (() => void)[] = [];
  readonly #underWay = new Set<string>();

  constructor(options: {
    journal: Journal;
    kind: DestinationKind<{ receiver: number }>;
    clock: SimClock;
    random: Random;
    nodeId: string;
    attempted: (attempt: SeenAttempt) => void;
    postponed: DeliveryObserver['postponed'];
    troubled: (detail: string, error: unknown) => void;
    overlapped: (detail: string) => void;
  }) {
    const { journal, kind, clock, random, nodeId } = options;
    const nodeClock: Clock = {
      nowMs: clock.nowMs,
      monotonicMs: clock.monotonicMs,
      setTimer: (callback, delayMs) => clock.setTimer(() => this.#whenRunning(callback), delayMs),
    };
    this.#engine = createDeliveryEngine({
      journal: this.#guard(journal),
      kinds: new Map([
        [
          'webhook',
          {
            ...kind,
            open: (settings: unknown, ground: DestinationGround) => {
              const sender = kind.open(settings as { receiver: number }, ground);
              const { receiver } = settings as { receiver: number };
              const watch = (requests: readonly AttemptRequest[], make: () => Promise<AttemptResult>) =>
                this.#gate<AttemptResult>(this.#watch(receiver, requests, make, options.overlapped));
              return {
                attempt: (request) => watch([request], () => sender.attempt(request)),
                attemptBatch: (requests) =>
                  watch(requests, async () => {
                    if (sender.attemptBatch === undefined) throw new Error('it takes no batches');
                    return sender.attemptBatch(requests);
                  }),
                close: () => sender.close(),
                abandon: () => sender.abandon(),
              };
            },
          } as DestinationKind,
        ],
      ]),
      grounds: ({ id }) => createTestGround({ clock: nodeClock, destinationId: id }),
      clock: nodeClock,
      random: random.next,
      nodeId,
      observer: {
        attempted: options.attempted,
        postponed: options.postponed,
        laneChanged: () => {},
        healthChanged: () => {},
        troubled: options.troubled,
      },
      limits: { sweepMs: HOUR_MS, replayPollMs: 10 * MINUTE_MS },
    });
    void this.#engine.start();
  }

  kill(): void {
    this.#state = 'dead';
    this.#stopListening();
  }

  freeze(): void {
    this.#state = 'frozen';
    this.#stopListening();
  }

  thaw(): void {
    if (this.#state !== 'frozen') return;
    this.#state = 'runs';
    for (const callback of this.#waiting.splice(0)) callback();
  }

  async #watch(
    receiver: number,
    requests: readonly AttemptRequest[],
    make: () => Promise<AttemptResult>,
    overlapped: (detail: string) => void,
  ): Promise<AttemptResult> {
    const keys: string[] = [];
    for (const { body, sequence } of requests) {
      const { message } = JSON.parse(Buffer.from(body).toString()) as StatusUpdateMessage;
      const key = `${receiver}/${message.call.id}`;
      if (this.#underWay.has(key))
        overlapped(`event ${sequence} of ${message.call.id} went to ${receiver} beside another one`);
      this.#underWay.add(key);
      keys.push(key);
    }
    const result = await make();
    for (const key of keys) this.#underWay.delete(key);
    return result;
  }

  #stopListening(): void {
    for (const unlisten of this.#unlisten) unlisten();
    this.#unlisten = [];
  }

  #whenRunning(callback: () => void): void {
    if (this.#state === 'runs') callback();
    else if (this.#state === 'frozen') this.#waiting.push(callback);
  }

  #gate<Value>(promise: Promise<Value>): Promise<Value> {
    return new Promise((resolve, reject) => {
      promise.then(
        (value) => this.#whenRunning(() => resolve(value)),
        (error: unknown) => this.#whenRunning(() => reject(error)),
      );
    });
  }

  /** The journal as this process sees it: answers reach it only while it runs. */
  #guard(journal: Journal): Journal {
    return new Proxy(journal, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        return (...values: unknown[]): unknown => {
          const result: unknown = Reflect.apply(member, target, values);
          if (result instanceof Promise) return this.#gate(result);
          if (typeof result === 'function') this.#unlisten.push(result as () => void);
          return result;
        };
      },
    });
  }
}
