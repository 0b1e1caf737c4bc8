/**
 * Delivery at its own pace. In: due deliveries, leased from the journal, or taken right after the commit
 * that made them due. Out: recorded attempts. It promises: one attempt at a time per (destination, call),
 * lanes that cannot delay each other, bounded memory whatever the backlog, and that nothing leaves the
 * journal's `pending` but by a recorded outcome. Wake-ups are hints; the sweep of the journal is the truth.
 */
import type { Clock } from '../clock.ts';
import type { DestinationGround, DestinationKind } from '../destinations/destination.ts';
import type { DestinationId } from '../journal/ids.ts';
import type { ClaimedDelivery, DeliveryJournal } from '../journal/deliveries.ts';
import type { Destination, DestinationJournal } from '../journal/destinations.ts';
import { deliver } from './deliver.ts';
import { LaneHealth } from './lane-health.ts';
import { Lane } from './lane.ts';
import { Leases } from './leases.ts';
import { DELIVERY_LIMITS, type DeliveryLimits } from './limits.ts';
import type { DeliveryObserver } from './observer.ts';
import { Recorder } from './recorder.ts';
import { createReplayRunner, type ReplayRunner } from './replay-runner.ts';
import { Room } from './room.ts';
import { Seats } from './seats.ts';

export interface DeliveryEngine {
  /** Loads destinations, listens to the journal, begins to claim. */
  start(): Promise<void>;
  /** Takes no more, gives back what waits, lets attempts under way finish within the grace. */
  stop(graceMs: number): Promise<void>;
  readLanes(): readonly LaneStatus[];
}

export interface LaneStatus {
  readonly destinationId: DestinationId;
  /** Requests under way. */
  readonly inFlight: number;
  readonly held: number;
  readonly breaker: 'closed' | 'open';
  /** Requests it may have under way at once now. */
  readonly window: number;
}

export interface DeliveryEngineOptions {
  readonly journal: DeliveryJournal & Pick<DestinationJournal, 'listDestinations' | 'listenDestinations'>;
  readonly kinds: ReadonlyMap<string, DestinationKind>;
  /** What a sender of this destination stands on. */
  readonly grounds: (destination: Destination) => DestinationGround;
  readonly clock: Clock;
  readonly random: () => number;
  readonly observer: DeliveryObserver;
  readonly nodeId: string;
  readonly limits?: Partial<DeliveryLimits>;
}

export function createDeliveryEngine(options: DeliveryEngineOptions): DeliveryEngine {
  return new Engine(options);
}

class Engine implements DeliveryEngine {
  readonly #options: DeliveryEngineOptions;
  readonly #limits: DeliveryLimits;
  readonly #lanes = new Map<DestinationId, Lane>();
  readonly #leases = new Leases();
  readonly #room: Room;
  readonly #seats: Seats;
  readonly #recorder: Recorder;
  readonly #health: LaneHealth;
  readonly #hungry = new Set<Lane>();
  readonly #replays: ReplayRunner;
  #ready: Lane[] = [];
  #running = false;
  #claiming = false;
  #sweeping: Promise<void> | null = null;
  #idle: (() => void) | null = null;
  #cancels: (() => void)[] = [];
  #cancelSweep: (() => void) | null = null;
  #cancelRenew: (() => void) | null = null;

  constructor(options: DeliveryEngineOptions) {
    this.#options = options;
    this.#limits = { ...DELIVERY_LIMITS, ...options.limits };
    this.#room = new Room(this.#limits);
    this.#seats = new Seats({
      grounds: options.grounds,
      clock: options.clock,
      troubled: (detail, error) => options.observer.troubled(detail, error),
    });
    this.#recorder = new Recorder({
      journal: options.journal,
      clock: options.clock,
      observer: options.observer,
      leases: this.#leases,
      limits: this.#limits,
    });
    this.#health = new LaneHealth({
      journal: options.journal,
      clock: options.clock,
      observer: options.observer,
      disableAfterMs: this.#limits.disableAfterMs,
    });
    this.#replays = createReplayRunner({
      journal: options.journal,
      clock: options.clock,
      pollMs: this.#limits.replayPollMs,
      troubled: (error) => options.observer.troubled('a replay could not go on; it is tried again', error),
    });
  }

  async start(): Promise<void> {
    const { journal, nodeId } = this.#options;
    const { leaseMs, sweepMs } = this.#limits;
    this.#running = true;
    // Listening comes before loading, so that a destination made in between is not missed.
    this.#cancels.push(
      journal.listenDestinations((id, destination) => this.#changeLane(id, destination)),
      journal.listenDue({
        leaseMs,
        nodeId,
        take: (delivery) => this.#take(delivery),
        hint: (destinationId, dueAtMs) => this.#hint(destinationId, dueAtMs),
      }),
    );
    for (const destination of await journal.listDestinations()) {
      if (!this.#lanes.has(destination.id)) this.#addLane(destination);
    }
    this.#repeatSweep(sweepMs);
    this.#replays.start();
    await this.#sweep();
  }

  async stop(graceMs: number): Promise<void> {
    if (!this.#running) return;
    this.#running = false;
    this.#recorder.stop();
    const { clock } = this.#options;
    const beganMs = clock.monotonicMs();
    for (const cancel of this.#cancels) cancel();
    this.#cancelSweep?.();
    this.#cancelRenew?.();
    for (const lane of this.#lanes.values()) lane.cancelWake?.();
    await this.#replays.stop();
    // What waits goes back at once; what is under way keeps its lease, so that nobody sends it a second time meanwhile.
    await Promise.all([...this.#lanes.values()].map((lane) => this.#release(lane)));
    await this.#waitIdle(graceMs);
    await this.#seats.stop(graceMs - (clock.monotonicMs() - beganMs));
  }

  readLanes(): readonly LaneStatus[] {
    return [...this.#lanes.values()].map((lane) => ({
      destinationId: lane.destination.id,
      inFlight: lane.inFlight,
      held: lane.held.length,
      breaker: lane.flow.isOpen ? 'open' : 'closed',
      window: lane.flow.window,
    }));
  }

  // ── work comes in ──

  /** The fast path: a delivery that a commit has just made due goes straight into its lane. */
  #take(delivery: ClaimedDelivery): boolean {
    const lane = this.#lanes.get(delivery.destinationId);
    if (lane === undefined || !this.#running || !lane.flows) return false;
    if (this.#leases.retake(delivery)) return true;
    const room =
      !lane.flow.isOpen &&
      lane.held.length < this.#limits.laneHeldMax &&
      this.#room.fits(delivery.body.length) &&
      // Older work waits in the journal: taking newer work past it would starve the old under steady load.
      lane.journalDueAtMs > this.#options.clock.nowMs();
    if (room) this.#hold(lane, delivery);
    else lane.hint(delivery.dueAtMs);
    this.#pumpSoon(lane);
    return room;
  }

  #hint(destinationId: DestinationId, dueAtMs: number): void {
    const lane = this.#lanes.get(destinationId);
    if (lane === undefined || !this.#running) return;
    lane.hint(dueAtMs);
    this.#pumpSoon(lane);
  }

  /** Asks the journal what is due where: catches whatever a lost hint or another node left behind. */
  async #sweep(): Promise<void> {
    this.#sweeping ??= this.#readDueLanes().finally(() => {
      this.#sweeping = null;
    });
    return this.#sweeping;
  }

  async #readDueLanes(): Promise<void> {
    const { journal, clock, observer } = this.#options;
    try {
      for (const { destinationId, dueAtMs } of await journal.listDueLanes()) {
        const lane = this.#lanes.get(destinationId);
        if (lane === undefined || !this.#running) continue;
        // Where leases of ours may be all that is due, asking again at once would spin.
        const busy = lane.inFlight > 0 || lane.held.length > 0;
        lane.hint(busy ? Math.max(dueAtMs, clock.nowMs() + this.#limits.recheckMs) : dueAtMs);
        this.#pumpSoon(lane);
      }
    } catch (error) {
      observer.troubled('the journal could not say what is due; it is asked again', error);
    }
  }

  /** One claim at a time for all hungry lanes: each asks for what it can hold, so none crowds out another. */
  async #claim(): Promise<void> {
    if (this.#claiming) return;
    this.#claiming = true;
    try {
      while (this.#running && this.#hungry.size > 0) await this.#claimOnce();
    } finally {
      this.#claiming = false;
    }
  }

  async #claimOnce(): Promise<void> {
    const { journal, clock, observer, nodeId } = this.#options;
    const nowMs = clock.nowMs();
    const monotonicMs = clock.monotonicMs();
    const asked = new Map<Lane, number>();
    const shareMax = this.#room.countShare(this.#hungry.size);
    for (const lane of this.#hungry) {
      const limit = Math.min(lane.countWanted(this.#limits.laneHeldMax, monotonicMs), shareMax);
      if (limit > 0) asked.set(lane, limit);
    }
    this.#hungry.clear();
    if (asked.size === 0) return;
    // Hints that come while the journal answers must not be overwritten by the answer.
    for (const lane of asked.keys()) lane.journalDueAtMs = Number.POSITIVE_INFINITY;
    const lanes = [...asked].map(([lane, limit]) => ({ destinationId: lane.destination.id, limit }));
    try {
      const claims = await journal.claimDeliveries({ nodeId, leaseMs: this.#limits.leaseMs, nowMs, lanes });
      for (const delivery of claims) this.#receive(delivery, asked);
      let short = false;
      for (const [lane, missing] of asked) {
        if (missing > 0) short = true;
        else lane.hint(nowMs);
        this.#pump(lane);
      }
      // Less than asked means nothing more is due now; the sweep says when the next one will be.
      if (short) await this.#sweep();
    } catch (error) {
      observer.troubled('the journal gave out no deliveries; it is asked again', error);
      for (const lane of asked.keys()) {
        lane.hint(clock.nowMs() + this.#limits.recheckMs);
        this.#wakeAt(lane, clock.monotonicMs() + this.#limits.recheckMs);
      }
    }
  }

  #receive(delivery: ClaimedDelivery, asked: Map<Lane, number>): void {
    const lane = this.#lanes.get(delivery.destinationId);
    const missing = lane === undefined ? undefined : asked.get(lane);
    if (lane !== undefined && missing !== undefined) asked.set(lane, missing - 1);
    if (this.#leases.retake(delivery)) return;
    if (lane === undefined || !lane.flows || !this.#running) {
      void this.#recorder.giveBack([delivery]);
      return;
    }
    this.#hold(lane, delivery);
  }

  #hold(lane: Lane, delivery: ClaimedDelivery): void {
    this.#leases.hold(delivery);
    // Armed only while there are leases: an idle hub wakes for nothing but its sweep.
    this.#cancelRenew ??= this.#options.clock.setTimer(() => this.#renew(), this.#limits.renewMs);
    this.#room.hold(delivery.body.length);
    lane.held.push(delivery);
  }

  // ── work goes out ──

  /** After the commit's own work is done, so that answers to reports are not held up by sending. */
  #pumpSoon(lane: Lane): void {
    if (this.#ready.push(lane) > 1) return;
    queueMicrotask(() => {
      const ready = new Set(this.#ready);
      this.#ready = [];
      for (const each of ready) this.#pump(each);
    });
  }

  /** Starts what may start, asks for more where more is due, and sets the alarm for what only time changes. */
  #pump(lane: Lane, monotonicMs = this.#options.clock.monotonicMs()): void {
    if (!this.#running || !lane.flows) return;
    let startable = lane.isVacating ? 0 : lane.flow.countStartable(lane.inFlight, monotonicMs);
    while (startable > 0 && lane.held.length > 0 && this.#room.mayStart(lane.inFlight)) {
      const deliveries = lane.takeNext(monotonicMs);
      if (deliveries === null) break;
      startable -= 1;
      void this.#run(lane, deliveries);
    }
    // Most of the time the journal has nothing for it, and the time need not be known: this runs twice a delivery.
    const dueInMs =
      lane.journalDueAtMs === Number.POSITIVE_INFINITY
        ? Number.POSITIVE_INFINITY
        : lane.journalDueAtMs - this.#options.clock.nowMs();
    if (dueInMs <= 0 && this.#wantsMore(lane, monotonicMs)) {
      this.#hungry.add(lane);
      void this.#claim();
    }
    this.#setAlarm(lane, dueInMs, monotonicMs);
  }

  #wantsMore(lane: Lane, monotonicMs: number): boolean {
    if (this.#room.isFull) {
      if (lane.held.length === 0 && lane.inFlight === 0) return true;
      this.#room.refuse();
      return false;
    }
    // Half empty before asking again, so that a deep backlog is read in batches, not one by one.
    const wanted = lane.countWanted(this.#limits.laneHeldMax, monotonicMs);
    return wanted > 0 && (lane.flow.isOpen || lane.held.length <= lane.heldPerWindow / 2);
  }

  #setAlarm(lane: Lane, dueInMs: number, monotonicMs: number): void {
    let atMs = dueInMs > 0 ? monotonicMs + dueInMs : Number.POSITIVE_INFINITY;
    if (lane.held.length > 0 || dueInMs <= 0) {
      atMs = Math.min(atMs, lane.flow.nextChangeAtMs(monotonicMs) ?? Number.POSITIVE_INFINITY);
    }
    // Where the time for company is over already, an attempt that ends (or room elsewhere) pumps again.
    const batchAtMs = lane.nextBatchAtMs();
    if (batchAtMs !== null && batchAtMs > monotonicMs) atMs = Math.min(atMs, batchAtMs);
    if (Number.isFinite(atMs)) this.#wakeAt(lane, atMs);
  }

  /** Monotonic: a wall clock that is set back must not put the alarm off. */
  #wakeAt(lane: Lane, atMs: number): void {
    if (lane.wakeAtMs <= atMs) return;
    lane.cancelWake?.();
    lane.wakeAtMs = atMs;
    const delayMs = Math.ceil(atMs - this.#options.clock.monotonicMs());
    lane.cancelWake = this.#options.clock.setTimer(() => {
      lane.wakeAtMs = Number.POSITIVE_INFINITY;
      lane.cancelWake = null;
      this.#pump(lane);
    }, delayMs);
  }

  /** The way of what goes in one request: attempt → learn → record → tell → go on. */
  async #run(lane: Lane, deliveries: readonly ClaimedDelivery[]): Promise<void> {
    lane.inFlight += 1;
    this.#room.start(deliveries.length);
    lane.flow.spend();
    const { destination } = lane;
    const seat = this.#seats.open(lane);
    seat.underWay += 1;
    const finished = await deliver(deliveries, destination, seat.sender, this.#options);
    this.#seats.leave(seat);
    lane.inFlight -= 1;
    this.#room.end(deliveries.length);
    const monotonicMs = this.#options.clock.monotonicMs();
    if (finished.kind === 'made' && this.#health.learn(lane, finished.lane, finished.detail, monotonicMs)) {
      void this.#release(lane);
    }
    this.#pump(lane, monotonicMs);
    if (finished.kind === 'made') await this.#recorder.finish(deliveries, destination, finished);
    else await this.#recorder.postpone(deliveries, finished);
    this.#room.recorded(deliveries);
    if (this.#room.takeRelief()) this.#pumpAll();
    else this.#pump(lane);
    if (!this.#running && this.#room.isIdle) this.#idle?.();
  }

  // ── lanes come, change and go ──

  #changeLane(id: DestinationId, destination: Destination | undefined): void {
    const { clock } = this.#options;
    const lane = this.#lanes.get(id);
    if (destination === undefined) {
      this.#lanes.delete(id);
      if (lane === undefined) return;
      lane.cancelWake?.();
      lane.destination = { ...lane.destination, state: 'disabled' };
      void this.#release(lane);
      this.#seats.vacate(lane, () => {});
      return;
    }
    if (lane === undefined) {
      this.#addLane(destination);
      return;
    }
    const now = { nowMs: clock.nowMs(), monotonicMs: clock.monotonicMs() };
    const { stopped, outdated } = lane.change(destination, now);
    if (stopped || outdated) this.#seats.vacate(lane, () => this.#resume(lane));
    if (stopped) void this.#release(lane);
    this.#resume(lane);
  }

  #addLane(destination: Destination): void {
    const { kinds, clock } = this.#options;
    const lane = new Lane(destination, kinds.get(destination.kind), clock.monotonicMs());
    this.#lanes.set(destination.id, lane);
    this.#openEager(lane);
  }

  #resume(lane: Lane): void {
    this.#openEager(lane);
    this.#pump(lane);
  }

  /** Kinds that work between attempts are open while their destination is enabled. */
  #openEager(lane: Lane): void {
    if (!this.#running || !lane.flows || lane.isVacating) return;
    if (lane.kind?.isEager === true) this.#seats.open(lane);
  }

  /** Gives back what the lane holds but has not begun. */
  async #release(lane: Lane): Promise<void> {
    const held = lane.drop(() => true);
    if (held.length === 0) return;
    this.#room.drop(held);
    lane.hint(this.#options.clock.nowMs());
    await this.#recorder.giveBack(held);
  }

  #renew(): void {
    this.#cancelRenew = null;
    if (this.#leases.size === 0 || !this.#running) return;
    this.#cancelRenew = this.#options.clock.setTimer(() => this.#renew(), this.#limits.renewMs);
    void this.#recorder.renew((lost) => {
      for (const lane of this.#lanes.values()) {
        const dropped = lane.drop(({ row }) => lost.has(row));
        this.#room.drop(dropped);
        for (const delivery of dropped) this.#leases.forget(delivery);
      }
    });
  }

  #pumpAll(): void {
    for (const lane of this.#lanes.values()) this.#pump(lane);
  }

  #repeatSweep(everyMs: number): void {
    this.#cancelSweep = this.#options.clock.setTimer(() => {
      void this.#sweep().finally(() => {
        if (this.#running) this.#repeatSweep(everyMs);
      });
    }, everyMs);
  }

  async #waitIdle(graceMs: number): Promise<void> {
    if (this.#room.isIdle) return;
    await new Promise<void>((resolve) => {
      this.#idle = resolve;
      this.#options.clock.setTimer(resolve, graceMs);
    });
  }
}
