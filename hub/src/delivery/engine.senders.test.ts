/** What the engine does with senders: when they are open, several events in one request, answers that come late. */
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createSimClock, type SimClock } from '../../../test/support/sim-clock.ts';
import type { Clock } from '../clock.ts';
import type {
  AttemptRequest,
  AttemptResult,
  BatchRule,
  DestinationGround,
  DestinationKind,
} from '../destinations/destination.ts';
import { createTestGround } from '../destinations/test-ground.ts';
import { JournalError } from '../journal/journal-error.ts';
import type { Actor } from '../journal/actor.ts';
import type { Destination, DestinationChange } from '../journal/destinations.ts';
import type { Journal } from '../journal/journal.ts';
import { toIncoming, toReport } from '../journal/conformance/harness.ts';
import { createSecretBox } from '../journal/secret-box.ts';
import { openSqliteJournal } from '../journal/sqlite/sqlite-journal.ts';
import { createDeliveryEngine, type DeliveryEngine } from './engine.ts';
import type { DeliveryLimits } from './limits.ts';

const HUB: Actor = { kind: 'hub', id: 'hub' };
const HOUR_MS = 3_600_000;
const startMs = Date.UTC(2026, 0, 1);
const timing = { firstByteMs: 1, totalMs: 1 };
const OK: AttemptResult = {
  kind: 'answered',
  status: 200,
  retryAfter: null,
  abort: false,
  responseBody: null,
  timing,
};

interface Sent {
  readonly callIds: readonly string[];
  readonly attempts: readonly number[];
  readonly atMs: number;
  readonly bytes: number;
}

/** A kind whose answers, rule and openness the test decides. */
interface Scripted {
  answer: (requests: readonly AttemptRequest[]) => AttemptResult | Promise<AttemptResult>;
  isEager: boolean;
  rule: BatchRule | null;
  openError: Error | null;
  close: () => Promise<void>;
  readonly sent: Sent[];
  /** Senders opened and not yet closed or cut off: the most there ever were at once. */
  openMax: number;
  readonly story: string[];
  readonly grounds: DestinationGround[];
}

interface Hub {
  readonly clock: SimClock;
  /** As somebody who sets the time of the machine does; what only grows goes on as before. */
  setWallClock(byMs: number): void;
  readonly journal: Journal;
  readonly engine: DeliveryEngine;
  readonly scripted: Scripted;
  readonly troubles: string[];
  readonly postponed: string[];
  make(name: string, change?: DestinationChange): Promise<Destination>;
  report(...callIds: string[]): Promise<void>;
  passMs(ms: number): Promise<void>;
  setState(destination: Destination, state: 'enabled' | 'paused'): Promise<void>;
  states(callId: string): Promise<string[]>;
}

const opened: Hub[] = [];
afterEach(async () => {
  for (const hub of opened.splice(0)) {
    const stopped = hub.engine.stop(0);
    await hub.clock.runUntil(hub.clock.nowMs() + 2_000);
    await stopped;
    await hub.journal.close();
  }
});

describe('a sender', () => {
  it('opens with its first attempt, on the ground of its destination', async () => {
    const hub = await openHub();
    const { id } = await hub.make('a');
    expect(hub.scripted.story).toEqual([]);
    await hub.report('call');
    expect(hub.scripted.story).toEqual(['open a']);
    expect(hub.scripted.grounds[0]).toMatchObject({ destinationId: id });
    await hub.report('other');
    expect(hub.scripted.story).toEqual(['open a']);
  });

  it('of an eager kind is open while its destination is enabled, and never otherwise', async () => {
    const hub = await openHub({ isEager: true });
    const destination = await hub.make('a');
    const { story } = hub.scripted;
    expect(story).toEqual(['open a']);
    await hub.setState(destination, 'paused');
    expect(story).toEqual(['open a', 'close a']);
    await change(hub, destination, { settings: { name: 'b' } });
    expect(story).toEqual(['open a', 'close a']);
    await hub.setState(destination, 'enabled');
    expect(story.slice(2)).toEqual(['open b']);
    await change(hub, destination, { settings: { name: 'c' } });
    expect(story.slice(3)).toEqual(['close b', 'open c']);
    await change(hub, destination, { name: 'New name' });
    expect(story.slice(5)).toEqual(['close c', 'open c']);
    // Its ground says which calls are asked for.
    await change(hub, destination, { filter: { phone_numbers: ['+31850835037'] } });
    expect(story.slice(7)).toEqual(['close c', 'open c']);
    await change(hub, destination, { filter: { statuses: ['ended'], phone_numbers: ['+31850835037'] } });
    await change(hub, destination, { concurrency: 5 });
    expect(story).toHaveLength(9);
    await settle(hub, hub.journal.deleteDestination('default', destination.id, HUB));
    expect(story.slice(9)).toEqual(['close c']);
  });

  it('of an eager kind is opened at start, and closed at the end', async () => {
    const hub = await openHub({ isEager: true }, { before: ['a', 'b'] });
    expect(hub.scripted.story).toEqual(['open a', 'open b']);
    const stopped = hub.engine.stop(1_000);
    await hub.passMs(10);
    await stopped;
    expect(hub.scripted.story.slice(2)).toEqual(['close a', 'close b']);
  });

  it('finishes what is under way when its destination is paused', async () => {
    const hub = await openHub();
    const destination = await hub.make('a');
    hub.scripted.answer = () => later(hub, 3_000, OK);
    await hub.report('call');
    await hub.setState(destination, 'paused');
    expect(hub.scripted.story).toEqual(['open a', 'close a']);
    await hub.passMs(4_000);
    expect(await hub.states('call')).toEqual(['delivered']);
    expect(hub.scripted.story).toEqual(['open a', 'close a']);
  });

  it('is cut off at the end even where it was closed long before and still sends', async () => {
    const hub = await openHub();
    const destination = await hub.make('a');
    hub.scripted.answer = () => new Promise(() => {});
    await hub.report('call');
    await hub.setState(destination, 'paused');
    const stopped = hub.engine.stop(1_000);
    await hub.passMs(1_000);
    await stopped;
    expect(hub.scripted.story).toContain('abandon a');
  });

  it('that never ends closing does not keep the hub from stopping', async () => {
    const hub = await openHub({ isEager: true });
    await hub.make('a');
    hub.scripted.close = () => new Promise(() => {});
    const stopped = hub.engine.stop(1_000);
    await hub.passMs(1_000);
    await stopped;
    expect(hub.scripted.story).toEqual(['open a', 'close a', 'abandon a']);
  });

  it('opens only once the one before it has closed, however often somebody changes their mind', async () => {
    const hub = await openHub({ isEager: true });
    const destination = await hub.make('a');
    hub.scripted.close = () => later(hub, 300, undefined);
    for (let time = 0; time < 20; time += 1) {
      await hub.setState(destination, 'paused');
      await hub.setState(destination, 'enabled');
    }
    await hub.passMs(300);
    expect(hub.scripted.openMax).toBe(1);
    expect(hub.scripted.story.at(-1)).toBe('open a');
    await hub.report('call');
    expect(await hub.states('call')).toEqual(['delivered']);
  });

  it('is waited for by events while the one before it closes', async () => {
    const hub = await openHub();
    const destination = await hub.make('a');
    await hub.report('first');
    hub.scripted.close = () => later(hub, 300, undefined);
    const changedAtMs = hub.clock.nowMs();
    await change(hub, destination, { settings: { name: 'b' } });
    await hub.report('second');
    expect(hub.scripted.story).toEqual(['open a', 'close a']);
    await hub.passMs(300);
    expect(hub.scripted.story).toEqual(['open a', 'close a', 'open b']);
    expect(await hub.states('second')).toEqual(['delivered']);
    expect((hub.scripted.sent.at(-1)?.atMs ?? 0) - changedAtMs).toBeGreaterThanOrEqual(300);
  });

  it('opens after two seconds where the one before it does not end closing; the next change cuts that one off', async () => {
    const hub = await openHub({ isEager: true });
    const destination = await hub.make('a');
    hub.scripted.close = () => new Promise(() => {});
    await change(hub, destination, { settings: { name: 'b' } });
    await hub.passMs(1_900);
    expect(hub.scripted.story).toEqual(['open a', 'close a']);
    await hub.passMs(100);
    expect(hub.scripted.story.slice(2)).toEqual(['open b']);
    await change(hub, destination, { settings: { name: 'c' } });
    await hub.passMs(2_000);
    expect(hub.scripted.story.slice(3)).toEqual(['abandon a', 'close b', 'open c']);
    expect(hub.scripted.openMax).toBe(2);
  });

  it('that never ends closing is not cut off while it sends', async () => {
    const hub = await openHub();
    const destination = await hub.make('a');
    hub.scripted.answer = () => later(hub, 10_000, OK);
    hub.scripted.close = () => new Promise(() => {});
    await hub.report('call');
    await change(hub, destination, { settings: { name: 'b' } });
    await hub.passMs(2_000);
    hub.scripted.answer = () => OK;
    await hub.report('other');
    await change(hub, destination, { settings: { name: 'c' } });
    expect(hub.scripted.story).toEqual(['open a', 'close a', 'open b', 'close b']);
    await hub.passMs(8_000);
    expect(await hub.states('call')).toEqual(['delivered']);
    expect(hub.scripted.story.slice(4)).toEqual(['abandon a']);
  });

  it('that does not open is told once, and its attempts fail with the reason until it does', async () => {
    const hub = await openHub({ isEager: true, openError: new Error('no such cluster') });
    await hub.make('a');
    await hub.report('call');
    await hub.passMs(10_000);
    expect(hub.troubles).toEqual([expect.stringMatching(/dst_\w+ could not be opened.*no such cluster/)]);
    expect(await hub.states('call')).toEqual(['pending']);
    const { items } = await hub.journal.listDeliveries('default', {}, { limit: 1, cursor: null });
    expect(items[0]?.lastDetail).toBe('its settings cannot be used: no such cluster');
    hub.scripted.openError = null;
    await hub.passMs(60_000);
    expect(await hub.states('call')).toEqual(['delivered']);
  });

  it('that fails to close, or to be cut off, harms nobody', async () => {
    const hub = await openHub({ isEager: true });
    const destination = await hub.make('a');
    hub.scripted.close = () => Promise.reject(new Error('broken pipe'));
    await hub.setState(destination, 'paused');
    await hub.passMs(10);
    expect(hub.troubles).toEqual([expect.stringContaining('broken pipe')]);
  });
});

describe('an attempt', () => {
  it('that says what was done is recorded with it and no status', async () => {
    const hub = await openHub();
    await hub.make('a');
    hub.scripted.answer = () => ({ kind: 'done', detail: 'Call 4711 created', timing });
    await hub.report('call');
    const { items } = await hub.journal.listDeliveries('default', {}, { limit: 1, cursor: null });
    expect(items[0]).toMatchObject({ state: 'delivered', lastStatus: null, lastDetail: 'Call 4711 created' });
  });

  it('that was refused is tried again', async () => {
    const hub = await openHub();
    await hub.make('a');
    let times = 0;
    hub.scripted.answer = () => {
      times += 1;
      return times < 3 ? { kind: 'failed', cause: 'refused', detail: 'OOM', timing } : OK;
    };
    await hub.report('call');
    await hub.passMs(60_000);
    expect(times).toBe(3);
    expect(await hub.states('call')).toEqual(['delivered']);
  });

  it('that may be repeated at once is, though the record of the one before it is still being answered', async () => {
    // As where the journal is a thread of its own: what it says about a claim overtakes what it says about a record.
    const hub = await openHub({}, { answerDelayMs: 40 });
    await hub.make('a', { retryScheduleS: [0, 0, 0, 0, 0, 0, 0, 0] });
    let times = 0;
    hub.scripted.answer = () => {
      times += 1;
      return times < 6 ? { ...OK, status: 500 } : OK;
    };
    await hub.report('call');
    await hub.passMs(2_000);
    expect(times).toBe(6);
    expect(await hub.states('call')).toEqual(['delivered']);
    expect(hub.scripted.sent.flatMap(({ attempts }) => attempts)).toEqual([1, 2, 3, 4, 5, 6]);
  });
});

describe('a destination that says later', () => {
  const putOff = (afterMs: number): AttemptResult => ({
    kind: 'later',
    afterMs,
    detail: 'Waits for the start',
    timing,
  });

  it('is asked again after that time, and it counts as no try', async () => {
    const hub = await openHub();
    await hub.make('a');
    hub.scripted.answer = () => (hub.scripted.sent.length === 1 ? putOff(20_000) : OK);
    await hub.report('call');
    const { items } = await hub.journal.listDeliveries('default', {}, { limit: 1, cursor: null });
    expect(items[0]).toMatchObject({
      state: 'pending',
      stateReason: 'Waits for the start',
      attempts: 0,
      dueAtMs: (hub.scripted.sent[0]?.atMs ?? 0) + 20_000,
    });
    expect(hub.postponed).toEqual(['Waits for the start']);
    await hub.passMs(19_000);
    expect(hub.scripted.sent).toHaveLength(1);
    await hub.passMs(2_000);
    expect(hub.scripted.sent.map(({ attempts }) => attempts)).toEqual([[1], [1]]);
    expect(hub.scripted.sent[1]?.atMs).toBe(items[0]?.dueAtMs);
    expect(await hub.states('call')).toEqual(['delivered']);
  });

  it('keeps the next event of that call waiting, and no other call', async () => {
    const hub = await openHub();
    await hub.make('a');
    hub.scripted.answer = ([request]) =>
      request !== undefined && toCallId(request) === 'call' && hub.clock.nowMs() < startMs + 60_000
        ? putOff(5_000)
        : OK;
    await hub.report('call', 'call', 'other', 'other');
    await hub.passMs(30_000);
    expect(await hub.states('other')).toEqual(['delivered', 'delivered']);
    expect(await hub.states('call')).toEqual(['pending', 'pending']);
    await hub.passMs(60_000);
    expect(await hub.states('call')).toEqual(['delivered', 'delivered']);
    expect(hub.scripted.sent.filter(({ callIds }) => callIds[0] === 'call').length).toBeGreaterThan(10);
  });

  it('teaches its lane nothing, however often', async () => {
    const hub = await openHub();
    await hub.make('a', { concurrency: 64 });
    hub.scripted.answer = () => putOff(1_000);
    await hub.report(...Array.from({ length: 50 }, (_, index) => `call-${index}`));
    const window = hub.engine.readLanes()[0]?.window;
    await hub.passMs(60_000);
    expect(hub.scripted.sent.length).toBeGreaterThan(1_000);
    expect(hub.engine.readLanes()).toMatchObject([{ breaker: 'closed', window, held: 0, inFlight: 0 }]);
    hub.scripted.answer = () => OK;
    await hub.passMs(2_000);
    for (let call = 0; call < 50; call += 1) expect(await hub.states(`call-${call}`)).toEqual(['delivered']);
  });

  it('is asked about the next delivery at once where the lane only probes', async () => {
    const hub = await openHub();
    await hub.make('a', { retryScheduleS: Array.from({ length: 40 }, () => 1) });
    hub.scripted.answer = () => ({ ...OK, status: 500 });
    await hub.report(...Array.from({ length: 12 }, (_, index) => `call-${index}`));
    await hub.passMs(3_000);
    expect(hub.engine.readLanes()[0]?.breaker).toBe('open');
    hub.scripted.answer = ([request]) =>
      request !== undefined && toCallId(request) === 'call-0' ? putOff(600_000) : OK;
    await hub.passMs(60_000);
    expect(hub.engine.readLanes()[0]?.breaker).toBe('closed');
    for (let call = 1; call < 12; call += 1) expect(await hub.states(`call-${call}`)).toEqual(['delivered']);
    expect(await hub.states('call-0')).toEqual(['pending']);
  });

  it('does not lose a delivery to a claim that overtakes the journal’s answer', async () => {
    // As with records; this answer is so late that the delivery is due again before it.
    const hub = await openHub({}, { answerDelayMs: 1_500 });
    await hub.make('a');
    hub.scripted.answer = () => (hub.scripted.sent.length < 4 ? putOff(1_000) : OK);
    await hub.report('call');
    await hub.passMs(5_000);
    const [first] = hub.scripted.sent;
    expect(hub.scripted.sent.map(({ atMs }) => atMs - (first?.atMs ?? 0))).toEqual([0, 1_000, 2_000, 3_000]);
    expect(await hub.states('call')).toEqual(['delivered']);
  });

  it('is asked again once the lease has run out where the journal could not put it off', async () => {
    const hub = await openHub({}, { postponeError: new JournalError('full', 'The disk is full.') });
    await hub.make('a');
    hub.scripted.answer = () => (hub.scripted.sent.length === 1 ? putOff(1_000) : OK);
    await hub.report('call');
    expect(hub.troubles).toEqual([expect.stringContaining('The disk is full')]);
    await hub.passMs(2 * HOUR_MS);
    expect(await hub.states('call')).toEqual(['delivered']);
    expect(hub.scripted.sent).toHaveLength(2);
  });

  it('for more than a day ends in a dead letter that says what it waited for', async () => {
    const hub = await openHub();
    await hub.make('a', { retryScheduleS: [60, 60] });
    hub.scripted.answer = () => putOff(HOUR_MS);
    await hub.report('call');
    await hub.passMs(23 * HOUR_MS);
    expect(await hub.states('call')).toEqual(['pending']);
    await hub.passMs(2 * HOUR_MS);
    expect(await hub.states('call')).toEqual(['dead']);
    const { items } = await hub.journal.listDeliveries('default', {}, { limit: 1, cursor: null });
    expect(items[0]).toMatchObject({
      attempts: 3,
      lastDetail: 'it was put off for more than a day: Waits for the start',
    });
  });

  it('while it is paused is asked again when it is resumed', async () => {
    const hub = await openHub();
    const destination = await hub.make('a');
    hub.scripted.answer = () => later(hub, 3_000, putOff(5_000));
    await hub.report('call');
    await hub.setState(destination, 'paused');
    await hub.passMs(60_000);
    expect(hub.scripted.sent).toHaveLength(1);
    hub.scripted.answer = () => OK;
    await hub.setState(destination, 'enabled');
    await hub.passMs(1_000);
    expect(await hub.states('call')).toEqual(['delivered']);
  });

  it('while the hub stops loses nothing, and does not hold it up', async () => {
    const hub = await openHub();
    await hub.make('a');
    hub.scripted.answer = () => later(hub, 500, putOff(30_000));
    await hub.report('call');
    const stopped = hub.engine.stop(10_000);
    await hub.passMs(1_000);
    await stopped;
    const { items } = await hub.journal.listDeliveries('default', {}, { limit: 1, cursor: null });
    expect(items[0]).toMatchObject({ state: 'pending', stateReason: 'Waits for the start', attempts: 0 });
  });

  it('about a batch has a bug: that is a failed attempt of each', async () => {
    const hub = await openHub({ rule: { eventsMax: 10, waitMs: 200, bytesMax: 256 * 1024 } });
    await hub.make('a');
    hub.scripted.answer = () => putOff(1_000);
    await hub.report('one', 'two');
    await hub.passMs(1_000);
    const { items } = await hub.journal.listDeliveries('default', {}, { limit: 2, cursor: null });
    expect(items.map(({ attempts, lastDetail }) => [attempts, lastDetail])).toEqual(
      items.map(() => [1, 'a batch cannot be put off: Waits for the start (in a batch of 2 events)']),
    );
  });
});

describe('batches', () => {
  const rule: BatchRule = { eventsMax: 10, waitMs: 200, bytesMax: 256 * 1024 };

  it('wait for company no longer than they may', async () => {
    const hub = await openHub({ rule });
    await hub.make('a');
    await hub.report('one');
    await hub.passMs(150);
    await hub.report('two');
    expect(hub.scripted.sent).toEqual([]);
    await hub.passMs(60);
    expect(hub.scripted.sent.map(({ callIds }) => callIds)).toEqual([['one', 'two']]);
    expect(await hub.states('two')).toEqual(['delivered']);
  });

  it('go in time though the clock of the machine is set back', async () => {
    const hub = await openHub({ rule });
    await hub.make('a');
    await hub.report('one');
    hub.setWallClock(-HOUR_MS);
    await hub.report('two');
    await hub.passMs(rule.waitMs);
    expect(hub.scripted.sent.map(({ callIds }) => callIds)).toEqual([['one', 'two']]);
  });

  it('wait for company from the end of a pause on, not from before it', async () => {
    const hub = await openHub({ rule });
    const destination = await hub.make('a');
    hub.scripted.answer = () => later(hub, 1_000, OK);
    await hub.report('zero');
    await hub.passMs(rule.waitMs);
    await hub.report('one');
    await hub.setState(destination, 'paused');
    await hub.passMs(500);
    await hub.setState(destination, 'enabled');
    // One at a time after a pause, and that one is still under way.
    await hub.passMs(500);
    await hub.report('two');
    await hub.passMs(rule.waitMs);
    expect(hub.scripted.sent.map(({ callIds }) => callIds.toSorted())).toEqual([['zero'], ['one', 'two']]);
  });

  it('count as many as they carry: under way, and not yet recorded', async () => {
    const hub = await openHub({ rule }, { limits: { inFlightMax: 30 } });
    await hub.make('a');
    hub.scripted.answer = () => later(hub, 1_000, OK);
    await hub.report(...Array.from({ length: 200 }, (_, index) => `call-${index}`));
    await hub.passMs(500);
    expect(countEvents(hub)).toBe(30);
    await hub.passMs(20_000);
    expect(countEvents(hub)).toBe(200);
  });

  it('keep to the memory they may take while they are under way', async () => {
    const heldBytesMax = 20_000;
    const hub = await openHub({ rule }, { limits: { heldBytesMax } });
    const destination = await hub.make('a');
    await hub.setState(destination, 'paused');
    await hub.report(...Array.from({ length: 500 }, (_, index) => `call-${index}`));
    // One success after another opens the window; then nothing is answered any more.
    hub.scripted.answer = () => (countEvents(hub) < 200 ? OK : new Promise(() => {}));
    await hub.setState(destination, 'enabled');
    await hub.passMs(10_000);
    const lane = hub.engine.readLanes()[0];
    const hanging = hub.scripted.sent.slice(-(lane?.inFlight ?? 0));
    const bytes = hanging.reduce((sum, sent) => sum + sent.bytes, 0);
    const bodyBytes = bytes / hanging.reduce((sum, { callIds }) => sum + callIds.length, 0);
    expect(lane?.window).toBeGreaterThan(heldBytesMax / bodyBytes / rule.eventsMax);
    expect(bytes + (lane?.held ?? 0) * bodyBytes).toBeLessThanOrEqual(1.1 * heldBytesMax);
  });

  it('carry a backlog in full', async () => {
    const hub = await openHub({ rule });
    const destination = await hub.make('a');
    await hub.setState(destination, 'paused');
    await hub.report(...Array.from({ length: 1_000 }, (_, index) => `call-${index}`));
    await hub.setState(destination, 'enabled');
    await hub.passMs(5_000);
    expect(hub.scripted.sent.reduce((sum, { callIds }) => sum + callIds.length, 0)).toBe(1_000);
    // The first goes alone into an untried lane; all others are full or nearly so.
    expect(hub.scripted.sent.length).toBeLessThanOrEqual(110);
  });

  it('never hold two events of one call', async () => {
    const hub = await openHub({ rule });
    await hub.make('a');
    await hub.report('call', 'call', 'other');
    await hub.passMs(2_000);
    expect(hub.scripted.sent.map(({ callIds }) => callIds.toSorted())).toEqual([['call', 'other'], ['call']]);
    expect(await hub.states('call')).toEqual(['delivered', 'delivered']);
  });

  it('share their answer, which teaches the lane once', async () => {
    const hub = await openHub({ rule });
    await hub.make('a');
    hub.scripted.answer = () => ({ ...OK, status: 500 });
    await hub.report(...Array.from({ length: 10 }, (_, index) => `call-${index}`));
    await hub.passMs(50);
    expect(hub.scripted.sent).toHaveLength(1);
    expect(hub.engine.readLanes()[0]?.breaker).toBe('closed');
    const { items } = await hub.journal.listDeliveries('default', {}, { limit: 10, cursor: null });
    expect(items.map(({ lastDetail }) => lastDetail)).toEqual(
      items.map(() => 'answered 500: the receiver failed (in a batch of 10 events)'),
    );
  });

  it('do not let a poisonous event take good ones with it: those arrive with the next try', async () => {
    const hub = await openHub({ rule });
    await hub.make('a');
    hub.scripted.answer = (requests) =>
      requests.some((request) => toCallId(request) === 'poison') ? { ...OK, status: 422 } : OK;
    const good = Array.from({ length: 29 }, (_, index) => `call-${index}`);
    await hub.report(...good.slice(0, 5), 'poison', ...good.slice(5));
    await hub.passMs(10_000);
    for (const callId of good) expect(await hub.states(callId)).toEqual(['delivered']);
    expect(await hub.states('poison')).toEqual(['pending']);
    await hub.passMs(4 * 24 * HOUR_MS);
    expect(await hub.states('poison')).toEqual(['dead']);
    const lone = hub.scripted.sent.filter(({ callIds }) => callIds.includes('poison'));
    expect(lone.slice(1).every(({ callIds }) => callIds.length === 1)).toBe(true);
  });

  it('grow smaller with each try that an outage makes them take', async () => {
    const hub = await openHub({ rule: { ...rule, waitMs: 4_000 } });
    await hub.make('a');
    hub.scripted.answer = () => ({ ...OK, status: 503 });
    await hub.report(...Array.from({ length: 10 }, (_, index) => `call-${index}`));
    await hub.passMs(24 * HOUR_MS);
    for (const { callIds, attempts } of hub.scripted.sent)
      for (const attempt of attempts)
        expect(callIds.length).toBeLessThanOrEqual(Math.max(1, 10 >> (attempt - 1)));
  });

  it('go at once where the lane only probes', async () => {
    const hub = await openHub({ rule: { ...rule, waitMs: 5_000 } });
    await hub.make('a');
    hub.scripted.answer = () => ({ ...OK, status: 500 });
    await hub.report(...Array.from({ length: 200 }, (_, index) => `call-${index}`));
    await hub.passMs(60_000);
    expect(hub.engine.readLanes()[0]?.breaker).toBe('open');
    hub.scripted.answer = () => OK;
    await hub.passMs(60_000);
    expect(hub.engine.readLanes()[0]?.breaker).toBe('closed');
    await hub.passMs(HOUR_MS);
    for (let call = 0; call < 200; call += 1) expect(await hub.states(`call-${call}`)).toEqual(['delivered']);
  });
});

async function openHub(
  script: Partial<Scripted> = {},
  more: {
    readonly before?: readonly string[];
    /** Of the journal's answers about attempts. */
    readonly answerDelayMs?: number;
    readonly postponeError?: Error;
    readonly limits?: Partial<DeliveryLimits>;
  } = {},
): Promise<Hub> {
  const clock = createSimClock(startMs);
  let aheadMs = 0;
  const wallClock: Clock = { ...clock, nowMs: () => clock.nowMs() + aheadMs };
  const journal = await openSqliteJournal({
    file: ':memory:',
    clock: wallClock,
    secretBox: createSecretBox(new Uint8Array(32)),
  });
  const scripted: Scripted = {
    answer: () => OK,
    isEager: false,
    rule: null,
    openError: null,
    close: () => Promise.resolve(),
    sent: [],
    openMax: 0,
    story: [],
    grounds: [],
    ...script,
  };
  let openNow = 0;
  const attempt = async (requests: readonly AttemptRequest[]): Promise<AttemptResult> => {
    scripted.sent.push({
      callIds: requests.map(toCallId),
      attempts: requests.map(({ attemptNumber }) => attemptNumber),
      atMs: clock.nowMs(),
      bytes: requests.reduce((sum, { body }) => sum + body.length, 0),
    });
    return scripted.answer(requests);
  };
  const kind: DestinationKind = {
    kind: 'webhook',
    title: 'Scripted',
    summary: '',
    setup: [],
    settings: z.unknown(),
    defaults: {},
    signs: true,
    isEager: scripted.isEager,
    toPublicSettings: () => ({}),
    keepMasked: (_stored, given) => given,
    describeTarget: () => '',
    toBatchRule: () => scripted.rule,
    open(settings, ground) {
      if (scripted.openError !== null) throw scripted.openError;
      const { name } = settings as { name: string };
      scripted.story.push(`open ${name}`);
      scripted.grounds.push(ground);
      let isOpen = true;
      openNow += 1;
      scripted.openMax = Math.max(scripted.openMax, openNow);
      const end = (): void => {
        if (isOpen) openNow -= 1;
        isOpen = false;
      };
      return {
        attempt: (request) => attempt([request]),
        attemptBatch: attempt,
        close() {
          scripted.story.push(`close ${name}`);
          return scripted.close().finally(end);
        },
        abandon() {
          scripted.story.push(`abandon ${name}`);
          end();
        },
      };
    },
  };
  const troubles: string[] = [];
  const postponed: string[] = [];
  const engine = createDeliveryEngine({
    journal: disturb(journal, clock, more),
    kinds: new Map([['webhook', kind]]),
    grounds: ({ id }) => createTestGround({ clock, destinationId: id }),
    clock: wallClock,
    random: () => 0.5,
    nodeId: 'node-1',
    observer: {
      attempted: () => {},
      postponed: ({ detail }) => postponed.push(detail),
      laneChanged: () => {},
      healthChanged: () => {},
      troubled: (detail, error) => troubles.push(`${detail}: ${String(error)}`),
    },
    limits: { sweepMs: HOUR_MS, replayPollMs: HOUR_MS, ...more.limits },
  });
  const hub: Hub = {
    clock,
    setWallClock: (byMs) => void (aheadMs += byMs),
    journal,
    engine,
    scripted,
    troubles,
    postponed,
    make: (name, change = {}) =>
      settle(
        hub,
        journal.createDestination(
          {
            accountId: 'default',
            kind: 'webhook',
            name: null,
            settings: { name },
            filter: {},
            order: 'strict',
            concurrency: 32,
            ratePerSecond: null,
            retryScheduleS: null,
            timeoutMs: 15_000,
            secret: 'whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=',
            ...change,
          },
          HUB,
        ),
      ),
    async report(...callIds) {
      const seen = new Set<string>();
      const reports = callIds.map((callId) => {
        const status = seen.has(callId) ? 'ended' : 'in-progress';
        seen.add(callId);
        return toIncoming(toReport(callId, status));
      });
      await settle(hub, journal.acceptReports(reports));
    },
    passMs: (ms) => clock.runUntil(clock.nowMs() + ms),
    async setState(destination, state) {
      await settle(hub, journal.setDestinationState('default', destination.id, state, null, HUB));
    },
    async states(callId) {
      const { items } = await journal.listDeliveries('default', { callId }, { limit: 50, cursor: null });
      return items.toSorted((a, b) => a.sequence - b.sequence).map(({ state }) => state);
    },
  };
  opened.push(hub);
  for (const name of more.before ?? []) await hub.make(name);
  await settle(hub, engine.start());
  return hub;
}

/** The journal, whose answers about attempts are longer on their way than its others, or which puts nothing off. */
function disturb(
  journal: Journal,
  clock: SimClock,
  { answerDelayMs, postponeError }: { readonly answerDelayMs?: number; readonly postponeError?: Error },
): Journal {
  const delay = async <Value>(answer: Promise<Value>): Promise<Value> => {
    const value = await answer;
    if (answerDelayMs !== undefined) {
      await new Promise<void>((resolve) => void clock.setTimer(resolve, answerDelayMs));
    }
    return value;
  };
  return {
    ...journal,
    recordAttempts: (records) => delay(journal.recordAttempts(records)),
    postponeDeliveries: (postponements) =>
      postponeError === undefined
        ? delay(journal.postponeDeliveries(postponements))
        : Promise.reject(postponeError),
  };
}

async function change(hub: Hub, destination: Destination, asked: DestinationChange): Promise<void> {
  await settle(hub, hub.journal.updateDestination('default', destination.id, asked, HUB));
}

function countEvents(hub: Hub): number {
  return hub.scripted.sent.reduce((sum, { callIds }) => sum + callIds.length, 0);
}

function later<Value>(hub: Hub, delayMs: number, value: Value): Promise<Value> {
  return new Promise((resolve) => void hub.clock.setTimer(() => resolve(value), delayMs));
}

function toCallId({ body }: AttemptRequest): string {
  const { message } = JSON.parse(Buffer.from(body).toString()) as { message: { call: { id: string } } };
  return message.call.id;
}

async function settle<Value>(hub: Pick<Hub, 'clock'>, promise: Promise<Value>): Promise<Value> {
  await hub.clock.settle();
  await hub.clock.runUntil(hub.clock.nowMs() + 5);
  return promise;
}
