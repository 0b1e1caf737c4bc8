import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Call } from '../../calls/call.ts';
import { toErrorTraits } from '../../calls/error-group.ts';
import { isTerminal } from '../../calls/transition.ts';
import {
  COUNTED_DURATION_MS_MAX,
  HOURS_KEPT_DAYS,
  SHORT_CALL_MS,
  SLOTS_MAX,
  type CallSlot,
  type DurationBucket,
  type ErrorGroup,
} from '../analytics.ts';
import type { AccountId, DestinationId } from '../ids.ts';
import type { AcceptedReport } from '../reports.ts';
import type { AttemptRecord, ClaimedDelivery } from '../deliveries.ts';
import type { Journal } from '../journal.ts';
import {
  accept,
  claim,
  createDestination,
  DEAD,
  FIRST_PAGE,
  KEY_ACTOR,
  record,
  retryIn,
  toIncoming,
  toReport,
  type OpenHarness,
  type TestClock,
} from './harness.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** What happened, as a test saw it: the roll-ups must say the same. */
interface Facts {
  readonly reports: {
    readonly accountId: AccountId;
    readonly atMs: number;
    readonly before: Call | undefined;
    readonly accepted: AcceptedReport;
  }[];
  readonly attempts: {
    readonly destinationId: DestinationId;
    readonly atMs: number;
    readonly record: AttemptRecord;
  }[];
}

export function describeAnalytics(open: OpenHarness): void {
  describe('roll-ups', () => {
    it('say what a recount of everything says, over restarts, rolled back commits and folded hours', async () => {
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 1 }), async (seed) => {
          const random = createRandom(seed);
          const harness = await open();
          const { clock } = harness;
          let { journal } = harness;
          const startMs = clock.nowMs();
          const other = (await journal.createAccount('Other', KEY_ACTOR)).id;
          const destinations = [await createDestination(journal), await createDestination(journal)];
          const facts: Facts = { reports: [], attempts: [] };
          const known = new Map<string, Call>();
          for (let step = 0; step < STEPS; step += 1) {
            clock.advance(random.below(STEP_MS_MAX));
            // What shares a commit shares its fate; one at fault rolls all back, and the others run again.
            const isFaulty = random.below(20) === 0;
            await Promise.all([
              ...Array.from({ length: random.below(6) }, () => report()),
              ...(isFaulty ? [fail(journal)] : []),
              attempt(destinations[random.below(2)]?.id ?? 'dst_none'),
            ]);
            if (step === STEPS / 2 && harness.crash !== null) journal = await harness.crash();
            if (step % (STEPS / 4) === 0) await check();
          }
          await check();

          async function report(): Promise<void> {
            const accountId = random.below(4) === 0 ? other : 'default';
            const callId = `call-${random.below(STEPS)}`;
            const atMs = clock.nowMs();
            const incoming = toRandomReport(random, callId, atMs);
            const [accepted] = await journal.acceptReports([toIncoming(incoming, { accountId })]);
            if (accepted === undefined) throw new Error('Nothing was accepted.');
            const key = `${accountId} ${callId}`;
            facts.reports.push({ accountId, atMs, before: known.get(key), accepted });
            known.set(key, accepted.call);
          }

          async function attempt(destinationId: DestinationId): Promise<void> {
            const atMs = clock.nowMs();
            for (const claimed of await claim({ journal, clock }, destinationId, random.below(8))) {
              const made = toRandomAttempt(random, clock);
              const recorded = await record(journal, claimed, made);
              if (recorded.kind === 'recorded') {
                facts.attempts.push({ destinationId, atMs, record: made as AttemptRecord });
              }
            }
          }

          async function check(): Promise<void> {
            const endMs = clock.nowMs() + 1;
            for (const stepMs of [MINUTE_MS, 7 * MINUTE_MS, HOUR_MS, 2 * HOUR_MS]) {
              const sinceMs = startMs + random.below(Math.max(1, endMs - startMs));
              const request = { sinceMs, untilMs: endMs, stepMs };
              await expectCalls(journal, facts, { ...request, accountId: 'default' });
              await expectCalls(journal, facts, { ...request, accountId: other, sinceMs: startMs });
              await expectDeliveries(journal, facts, request);
            }
          }
        }),
        { numRuns: 2 },
      );
    }, 60_000);

    it('count a duration once, when it becomes known', async () => {
      const { journal, clock } = await open();
      const startMs = clock.nowMs();
      const read = async (): Promise<readonly (readonly [number, number])[]> => {
        const request = { accountId: 'default', sinceMs: startMs, untilMs: clock.nowMs() + 1 } as const;
        const { slots } = await journal.readCallStatistics({ ...request, stepMs: MINUTE_MS });
        return slots.map(({ durationCount, durationMsSum }) => [durationCount, durationMsSum]);
      };
      await accept(journal, 'a', 'ended', { occurredAtMs: 95_000 });
      expect(await read()).toEqual([[0, 0]]);
      clock.advance(MINUTE_MS);
      await accept(journal, 'a', 'in-progress', { occurredAtMs: 5_000 });
      await accept(journal, 'a', 'in-progress', { occurredAtMs: 6_000 });
      expect(await read()).toEqual([
        [0, 0],
        [1, 90_000],
      ]);
      // A duration told before the call was over is taken back with its live call, and not counted.
      await accept(journal, 'b', 'summary', { durationSeconds: 3, summary: null });
      await accept(journal, 'b', 'in-progress', { occurredAtMs: 0 });
      await accept(journal, 'b', 'ended', { occurredAtMs: 2_000 });
      expect((await read()).at(-1)).toEqual([2, 92_000]);
      // And one that only a summary told counts with the end.
      await accept(journal, 'c', 'summary', { durationSeconds: 30, summary: null });
      expect((await read()).at(-1)).toEqual([2, 92_000]);
      await accept(journal, 'c', 'ended', { occurredAtMs: 0 });
      expect((await read()).at(-1)).toEqual([3, 122_000]);
    });

    it('carry active calls on through slots in which nothing happens, and leave out stale ones', async () => {
      const { journal, clock } = await open();
      const startMs = clock.nowMs();
      for (const call of ['a', 'b', 'c']) await accept(journal, call, 'in-progress');
      await accept(journal, 'a', 'ended');
      clock.advance(10 * MINUTE_MS);
      await accept(journal, 'd', 'in-progress');
      const read = async (): Promise<readonly CallSlot[]> => {
        const request = { accountId: 'default', sinceMs: startMs, untilMs: clock.nowMs() + 1 } as const;
        return (await journal.readCallStatistics({ ...request, stepMs: MINUTE_MS })).slots;
      };
      const slots = await read();
      expect(slots.map(({ activeEnd }) => activeEnd)).toEqual([...Array<number>(10).fill(2), 3]);
      expect(slots.map(({ activePeak }) => activePeak)).toEqual([3, ...Array<number>(9).fill(2), 3]);
      // Now b and c have been live for more than four hours, and d has not.
      clock.advance(4 * HOUR_MS - 5 * MINUTE_MS);
      await accept(journal, 'e', 'in-progress');
      expect((await read()).at(-1)).toMatchObject({ activeEnd: 2 });
      // A stale call ends late: it was not counted any more.
      await accept(journal, 'b', 'ended');
      await accept(journal, 'd', 'ended');
      expect((await read()).at(-1)).toMatchObject({ activeEnd: 1, ended: 2 });
      expect(await journal.readLiveCalls('default', clock.nowMs() - 4 * HOUR_MS)).toMatchObject({
        active: 1,
        stale: 1,
        longest: { callId: 'e' },
      });
    });

    it('count active calls up and down alike when the clock is set back, by however much', async () => {
      const { journal, clock } = await open();
      const readActive = async (): Promise<number | undefined> => {
        const request = { accountId: 'default', sinceMs: clock.nowMs(), untilMs: clock.nowMs() + 1 } as const;
        const { slots } = await journal.readCallStatistics({ ...request, stepMs: MINUTE_MS });
        return slots.at(-1)?.activeEnd;
      };
      await accept(journal, 'before', 'in-progress');
      for (const [index, setBackMs] of [HOUR_MS, 6 * HOUR_MS, 30 * HOUR_MS].entries()) {
        clock.advance(-setBackMs);
        for (const call of ['a', 'b', 'c']) await accept(journal, `${call}${index}`, 'in-progress');
        expect(await readActive()).toBe(4);
        for (const call of ['a', 'b', 'c']) await accept(journal, `${call}${index}`, 'ended');
        expect(await readActive()).toBe(1);
      }
      await accept(journal, 'before', 'ended');
      expect(await readActive()).toBe(0);
    });

    it('count on in the same millisecond after a commit was rolled back and somebody read', async () => {
      const harness = await open();
      const { journal, clock } = harness;
      const request = { accountId: 'default', sinceMs: clock.nowMs(), untilMs: clock.nowMs() + 1 } as const;
      const read = async (from: Journal): Promise<unknown> =>
        (await from.readCallStatistics({ ...request, stepMs: MINUTE_MS })).slots.map(({ ended }) => ended);
      await accept(journal, 'a', 'ended');
      await fail(journal);
      expect(await read(journal)).toEqual([1]);
      await accept(journal, 'b', 'ended');
      expect(await read(journal)).toEqual([2]);
      if (harness.crash !== null) expect(await read(await harness.crash())).toEqual([2]);
    });

    it('count no duration that a wrong clock made, but show it in the last bar', async () => {
      const { journal, clock } = await open();
      const startMs = clock.nowMs();
      const ages = { from: Date.UTC(0, 0, 1) - 1_900 * 366 * 86_400_000, to: Date.UTC(9999, 11, 31) };
      for (let index = 0; index < 40; index += 1) {
        await accept(journal, `ages-${index}`, 'in-progress', { occurredAtMs: ages.from });
        await accept(journal, `ages-${index}`, 'ended', { occurredAtMs: ages.to });
      }
      await accept(journal, 'week', 'in-progress', { occurredAtMs: 0 });
      await accept(journal, 'week', 'ended', { occurredAtMs: COUNTED_DURATION_MS_MAX });
      const read = async (stepMs: number): Promise<void> => {
        const request = { accountId: 'default', sinceMs: startMs, untilMs: startMs + 1 } as const;
        const { slots, durations } = await journal.readCallStatistics({ ...request, stepMs });
        expect(slots).toMatchObject([
          {
            ended: 41,
            durationCount: 1,
            durationMsSum: COUNTED_DURATION_MS_MAX,
            durationMsMax: COUNTED_DURATION_MS_MAX,
          },
        ]);
        expect(durations.map(({ fromMs, count }) => [fromMs, count])).toEqual([[86_400_000, 41]]);
      };
      await read(MINUTE_MS);
      await read(HOUR_MS);
      clock.advance(HOUR_MS);
      await accept(journal, 'later', 'in-progress');
      await read(HOUR_MS);
    });

    it('keep hours when their minutes are gone', async () => {
      const { journal, clock } = await open();
      const { id } = await createDestination(journal);
      const startMs = clock.nowMs();
      for (let index = 0; index < 3; index += 1) {
        await accept(journal, `call-${index}`, 'ended-with-error', { error: 'STT failed' });
        const [claimed] = await claim({ journal, clock }, id, 1);
        await record(journal, claimed as ClaimedDelivery);
        clock.advance(25 * MINUTE_MS);
      }
      const read = async (stepMs: number): Promise<unknown> => {
        const request = { accountId: 'default', sinceMs: startMs, untilMs: startMs + 2 * HOUR_MS } as const;
        const calls = await journal.readCallStatistics({ ...request, stepMs });
        const deliveries = await journal.readDeliveryStatistics({ ...request, stepMs });
        return {
          failed: calls.slots.map(({ failed }) => failed).filter((failed) => failed > 0),
          errors: calls.errors.map(({ count }) => count),
          delivered: deliveries.destinations.map(({ delivered, latencies }) => [
            delivered,
            sumOf(latencies, ({ count }) => count),
          ]),
        };
      };
      const byHour = await read(HOUR_MS);
      for (let hour = 0; hour < 75; hour += 25) {
        clock.advance(25 * HOUR_MS);
        await accept(journal, `hour-${hour}`, 'in-progress');
        expect(await read(HOUR_MS)).toEqual(byHour);
      }
      // Below an hour's step they stand where their hour begins, or are left out where that is before the range.
      const { slots } = await journal.readCallStatistics({
        accountId: 'default',
        sinceMs: Math.floor(startMs / HOUR_MS) * HOUR_MS,
        untilMs: startMs + 2 * HOUR_MS,
        stepMs: 5 * MINUTE_MS,
      });
      expect(sumOf(slots, ({ failed }) => failed)).toBe(3);
    });

    it('say since when there are any, by the minute and then by the hour', async () => {
      const { journal, clock } = await open();
      const other = (await journal.createAccount('Other', KEY_ACTOR)).id;
      expect(await journal.readCountedSince('default')).toBeNull();
      const firstMs = clock.nowMs();
      await accept(journal, 'a', 'ended');
      const minuteMs = Math.floor(firstMs / MINUTE_MS) * MINUTE_MS;
      expect(await journal.readCountedSince('default')).toBe(minuteMs);
      clock.advance(3 * HOUR_MS);
      await accept(journal, 'b', 'ended');
      expect(await journal.readCountedSince('default')).toBe(minuteMs);
      expect(await journal.readCountedSince(other)).toBeNull();
      const hourMs = Math.floor(firstMs / HOUR_MS) * HOUR_MS;
      for (let day = 0; day < 3; day += 1) {
        clock.advance(24 * HOUR_MS);
        await accept(journal, `day-${day}`, 'ended');
      }
      await expect.poll(() => journal.readCountedSince('default')).toBe(hourMs);
    });

    it('are aligned to the step, and refuse more slots than an answer may have', async () => {
      const { journal } = await open();
      const request = { accountId: 'default', sinceMs: 90_500, untilMs: 7_100_000, stepMs: HOUR_MS } as const;
      const statistics = await journal.readCallStatistics(request);
      expect(statistics).toMatchObject({ sinceMs: 0, untilMs: 2 * HOUR_MS, stepMs: HOUR_MS, errors: [] });
      expect(statistics.slots.map(({ startMs }) => startMs)).toEqual([0, HOUR_MS]);
      const fine = await journal.readDeliveryStatistics({ ...request, stepMs: 2 * MINUTE_MS });
      expect(fine).toEqual({
        sinceMs: 60_000,
        untilMs: 7_140_000,
        stepMs: 2 * MINUTE_MS,
        destinations: [],
      });
      for (const bad of [
        { untilMs: (SLOTS_MAX + 2) * HOUR_MS },
        { untilMs: 0 },
        { stepMs: 1 },
        { stepMs: 0 },
        { untilMs: Number.NaN },
      ]) {
        await expect(journal.readCallStatistics({ ...request, ...bad })).rejects.toThrow(
          expect.objectContaining({ message: expect.any(String) as string }),
        );
      }
    });

    it('stay while a destination is deleted; errors go with the calls, counts after 400 days', async () => {
      const { journal, clock } = await open();
      const startMs = clock.nowMs();
      const { id } = await createDestination(journal);
      await accept(journal, 'old', 'ended-with-error', { error: 'Old trouble' });
      await record(journal, (await claim({ journal, clock }, id))[0] as ClaimedDelivery);
      await journal.deleteDestination('default', id, KEY_ACTOR);
      clock.advance(3 * HOUR_MS);
      const cutMs = clock.nowMs();
      await accept(journal, 'new', 'ended-with-error', { error: 'New trouble' });
      const request = { accountId: 'default', sinceMs: startMs, untilMs: clock.nowMs() + 1 } as const;
      const read = async (): Promise<unknown> => {
        const calls = await journal.readCallStatistics({ ...request, stepMs: HOUR_MS });
        const deliveries = await journal.readDeliveryStatistics({ ...request, stepMs: HOUR_MS });
        const groups = await journal.listErrorGroups('default', {}, FIRST_PAGE);
        return [
          sumOf(calls.slots, ({ failed }) => failed),
          deliveries.destinations.map(({ destinationId, delivered }) => [destinationId, delivered]),
          groups.items.map(({ fingerprint }) => fingerprint),
          calls.errors.map(({ group }) => group.fingerprint),
        ];
      };
      const bothErrors = ['New trouble', 'Old trouble'];
      expect(await read()).toEqual([2, [[id, 1]], bothErrors, expect.arrayContaining(bothErrors)]);
      await journal.prune(cutMs, 100);
      expect(await read()).toEqual([2, [[id, 1]], ['New trouble'], ['New trouble']]);
      clock.advance((HOURS_KEPT_DAYS - 1) * 24 * HOUR_MS);
      await journal.prune(clock.nowMs(), 100);
      expect(await read()).toEqual([2, [[id, 1]], [], []]);
      // The source's last report is known however long ago it was.
      clock.advance(2 * 24 * HOUR_MS);
      await journal.prune(clock.nowMs(), 100);
      expect(await read()).toEqual([0, [], [], []]);
      const [api] = await journal.readSourceActivity('default');
      expect(api).toEqual({ sourceId: 'api', lastReportAtMs: cutMs, hours: [] });
    });
  });

  describe('error groups', () => {
    it('hold failed calls whose texts differ in numbers alone', async () => {
      const { journal, clock } = await open();
      await accept(journal, 'a', 'ended-with-error', { error: 'LLM timed out after 30 s' });
      clock.advance(1_000);
      await accept(journal, 'b', 'ended-with-error', { error: 'LLM timed out after 45 s' });
      await accept(journal, 'c', 'ended-with-error', { endReason: 'carrier rejected' });
      await accept(journal, 'd', 'ended-with-error');
      await accept(journal, 'd', 'ended-with-error', { error: 'told too late' });
      const { items } = await journal.listErrorGroups('default', {}, FIRST_PAGE);
      expect(
        items.map(({ errorClass, fingerprint, example, count, lastCallId, state }) => [
          errorClass,
          fingerprint,
          example,
          count,
          lastCallId,
          state,
        ]),
      ).toEqual([
        ['other', '', '', 1, 'd', 'open'],
        ['telephony', 'carrier rejected', 'carrier rejected', 1, 'c', 'open'],
        ['llm', 'LLM timed out after # s', 'LLM timed out after 45 s', 2, 'b', 'open'],
      ]);
      expect(items.at(-1)).toMatchObject({ firstAtMs: clock.nowMs() - 1_000, lastAtMs: clock.nowMs() });
      const other = (await journal.createAccount('Other', KEY_ACTOR)).id;
      expect((await journal.listErrorGroups(other, {}, FIRST_PAGE)).items).toEqual([]);
    });

    it('are acknowledged, resolved and muted; a resolved one opens again, a muted one stays', async () => {
      const { journal, clock } = await open();
      for (const call of ['a', 'b']) await accept(journal, call, 'ended-with-error', { error: call });
      const [b, a] = (await journal.listErrorGroups('default', {}, FIRST_PAGE)).items as [
        ErrorGroup,
        ErrorGroup,
      ];
      expect(await journal.setErrorGroupState('default', a.id, 'resolved', KEY_ACTOR)).toMatchObject({
        id: a.id,
        state: 'resolved',
      });
      await journal.setErrorGroupState('default', b.id, 'muted', KEY_ACTOR);
      await journal.setErrorGroupState('default', b.id, 'muted', KEY_ACTOR);
      const list = async (states: readonly ErrorGroup['state'][]): Promise<readonly string[]> => {
        const page = await journal.listErrorGroups('default', { states }, FIRST_PAGE);
        return page.items.map(({ fingerprint }) => fingerprint);
      };
      expect(await list(['open'])).toEqual([]);
      expect(await list(['resolved'])).toEqual(['a']);
      expect(await list(['resolved', 'muted'])).toEqual(['b', 'a']);
      expect(await list([])).toEqual([]);
      clock.advance(1_000);
      for (const call of ['a', 'b']) await accept(journal, `${call}2`, 'ended-with-error', { error: call });
      expect(await list(['open'])).toEqual(['a']);
      expect(await list(['muted'])).toEqual(['b']);
      const other = (await journal.createAccount('Other', KEY_ACTOR)).id;
      expect(await journal.setErrorGroupState(other, a.id, 'muted', KEY_ACTOR)).toBeUndefined();
      expect(await journal.setErrorGroupState('default', 'err_none', 'muted', KEY_ACTOR)).toBeUndefined();
      const audit = await journal.listAudit('default', FIRST_PAGE);
      expect(audit.items.map(({ action, subject }) => [action, subject])).toEqual([
        ['error_group.muted', b.id],
        ['error_group.resolved', a.id],
      ]);
    });

    it('page, newest first, and can be asked for since a time', async () => {
      const { journal, clock } = await open();
      let middleMs = 0;
      for (const name of ['one', 'two', 'three', 'four', 'five']) {
        clock.advance(1_000);
        if (name === 'three') middleMs = clock.nowMs();
        await accept(journal, name, 'ended-with-error', { error: name });
      }
      const first = await journal.listErrorGroups('default', {}, { limit: 2, cursor: null });
      const second = await journal.listErrorGroups('default', {}, { limit: 2, cursor: first.nextCursor });
      const third = await journal.listErrorGroups('default', {}, { limit: 2, cursor: second.nextCursor });
      expect([first, second, third].map(({ items }) => items.map(({ fingerprint }) => fingerprint))).toEqual([
        ['five', 'four'],
        ['three', 'two'],
        ['one'],
      ]);
      expect(third.nextCursor).toBeNull();
      const late = await journal.listErrorGroups('default', { sinceMs: middleMs }, FIRST_PAGE);
      expect(late.items).toHaveLength(3);
    });

    it('tell their calls by hour', async () => {
      const { journal, clock } = await open();
      const fail = (call: string, error: string): Promise<unknown> =>
        accept(journal, call, 'ended-with-error', { error });
      await fail('a1', 'a');
      clock.advance(2 * HOUR_MS);
      await fail('a2', 'a');
      await fail('b1', 'b');
      clock.advance(HOUR_MS);
      await fail('a3', 'a');
      await fail('a4', 'a');
      const { items } = await journal.listErrorGroups('default', {}, FIRST_PAGE);
      const ids = items.map(({ id }) => id);
      const hours = await journal.readErrorHours('default', [...ids, 'err_none'], clock.nowMs(), 4);
      expect(hours).toEqual(
        new Map([
          [ids[0], [1, 0, 1, 2]],
          [ids[1], [0, 0, 1, 0]],
        ]),
      );
      expect((await journal.readErrorHours('default', ids, clock.nowMs(), 2)).get(ids[0] as 'err_')).toEqual([
        1, 2,
      ]);
    });

    it('are not more than an account can look through: the least of the old make room, the rest goes into one', async () => {
      const { journal, clock } = await open();
      const words = 'abcdefghijklmnopqrstuvwxyz';
      const toText = (index: number): string =>
        `${words[index % 26]}${words[Math.floor(index / 26) % 26]}${words[Math.floor(index / 676)]}`;
      let calls = 0;
      const fail = async (from: number, until: number): Promise<void> => {
        const failed = Array.from({ length: until - from }, (_, index) => {
          calls += 1;
          return toIncoming(toReport(`call-${calls}`, 'ended-with-error', { error: toText(from + index) }));
        });
        await journal.acceptReports(failed);
        clock.advance(1_000);
      };
      const list = async (): Promise<readonly ErrorGroup[]> =>
        (await journal.listErrorGroups('default', {}, { limit: 3_000, cursor: null })).items;
      const find = async (index: number): Promise<ErrorGroup | undefined> =>
        (await list()).find(({ fingerprint }) => fingerprint === toText(index));
      // The first is looked at by a person, and the next fifty fail twice; all of them are the oldest.
      for (const [from, until] of [
        [0, 1],
        [1, 51],
        [1, 51],
        [51, 1_000],
        [1_000, 2_000],
      ] as const) {
        await fail(from, until);
      }
      await journal.setErrorGroupState(
        'default',
        (await find(0))?.id ?? 'err_none',
        'acknowledged',
        KEY_ACTOR,
      );
      expect(await list()).toHaveLength(2_000);
      await fail(3_000, 3_010);
      expect(await list()).toHaveLength(1_910);
      expect(await find(3_000)).toMatchObject({ count: 1 });
      expect(await find(0)).toMatchObject({ state: 'acknowledged' });
      expect(await find(1)).toMatchObject({ count: 2 });
      expect(await find(60)).toBeUndefined();
      // Room is made once an hour: until then what comes goes into one.
      await fail(3_010, 3_200);
      expect(await list()).toHaveLength(2_001);
      const other = (await list()).find(({ fingerprint }) => fingerprint === 'Other errors');
      expect(other).toMatchObject({ count: 100 });
      clock.advance(HOUR_MS);
      await fail(3_200, 3_250);
      expect(await find(3_249)).toMatchObject({ count: 1 });
      const { errors } = await journal.readCallStatistics({
        accountId: 'default',
        sinceMs: clock.nowMs() - 3 * HOUR_MS,
        untilMs: clock.nowMs(),
        stepMs: HOUR_MS,
      });
      expect(errors).toHaveLength(50);
      expect(errors[0]).toMatchObject({ group: { fingerprint: 'Other errors' }, count: 100 });
    });
  });

  describe('activity', () => {
    it('of a source is told by the hour, with its last report', async () => {
      const { journal, clock } = await open();
      const source = { accountId: 'default', kind: 'api', name: 'Mine', secrets: [] } as const;
      const mine = (await journal.createSource(source, KEY_ACTOR)).id;
      const hourMs = Math.floor(clock.nowMs() / HOUR_MS) * HOUR_MS;
      await accept(journal, 'a', 'in-progress');
      await accept(journal, 'a', 'in-progress');
      clock.advance(5 * HOUR_MS);
      await accept(journal, 'a', 'ended');
      await accept(journal, 'b', 'ringing', {}, { sourceId: mine });
      expect(await journal.readSourceActivity('default')).toEqual([
        {
          sourceId: 'api',
          lastReportAtMs: clock.nowMs(),
          hours: [
            { startMs: hourMs, reports: 2 },
            { startMs: hourMs + 5 * HOUR_MS, reports: 1 },
          ],
        },
        { sourceId: 'voicedock', lastReportAtMs: null, hours: [] },
        {
          sourceId: mine,
          lastReportAtMs: clock.nowMs(),
          hours: [{ startMs: hourMs + 5 * HOUR_MS, reports: 1 }],
        },
      ]);
      const other = (await journal.createAccount('Other', KEY_ACTOR)).id;
      await accept(journal, 'x', 'ended', {}, { accountId: other });
      expect(await journal.readSourceActivity(other)).toMatchObject([{ sourceId: 'api' }]);
    });

    it('of a source is none where no source spoke: an end that was assumed, which has no duration either', async () => {
      const { journal, clock } = await open();
      await accept(journal, 'a', 'in-progress');
      const [before] = await journal.readSourceActivity('default');
      clock.advance(5 * HOUR_MS);
      const assumed = { occurredAtMs: null, error: 'No end was reported for 4 h', isAssumed: true } as const;
      const end = toIncoming(toReport('a', 'ended-with-error', assumed));
      expect(await journal.acceptAssumedEnds([end])).toMatchObject([
        {
          outcome: 'advanced',
          call: { state: 'failed', endedAtMs: clock.nowMs(), durationMs: null, error: assumed.error },
        },
      ]);
      const [after] = await journal.readSourceActivity('default');
      expect(after).toEqual(before);
      const { slots } = await journal.readCallStatistics({
        accountId: 'default',
        sinceMs: clock.nowMs() - 6 * HOUR_MS,
        untilMs: clock.nowMs() + HOUR_MS,
        stepMs: HOUR_MS,
      });
      expect(slots.reduce((total, { failed }) => total + failed, 0)).toBe(1);
      expect(slots.reduce((total, { durationCount }) => total + durationCount, 0)).toBe(0);
      const [, kept] = (await journal.getTimeline('default', 'a'))?.reports ?? [];
      expect(kept?.report).toMatchObject(assumed);
      // Nor is it found as something that a source said.
      const { items } = await journal.listEvents('default', { sourceIds: ['api'] }, FIRST_PAGE);
      expect(items.map(({ status }) => status)).toEqual(['in-progress']);
      await accept(journal, 'b', 'in-progress', {}, { sourceId: 'voicedock' });
      await journal.acceptAssumedEnds([toIncoming(toReport('b', 'ended-with-error', assumed))]);
      const calls = await journal.listCalls('default', { sourceIds: ['api'] }, FIRST_PAGE);
      expect(calls.items.map(({ callId }) => callId)).toEqual(['a']);
    });

    it('of live calls: how many are active, how many stale, and which is the longest', async () => {
      const { journal, clock } = await open();
      expect(await journal.readLiveCalls('default', 0)).toEqual({ active: 0, stale: 0, longest: null });
      await accept(journal, 'stale', 'in-progress');
      clock.advance(HOUR_MS);
      const cutMs = clock.nowMs();
      await accept(journal, 'longest', 'in-progress');
      clock.advance(1_000);
      await accept(journal, 'short', 'in-progress');
      await accept(journal, 'over', 'ended');
      expect(await journal.readLiveCalls('default', cutMs)).toEqual({
        active: 2,
        stale: 1,
        longest: { callId: 'longest', liveSinceMs: cutMs },
      });
    });
  });

  describe('changes of calls', () => {
    it('come in order of acceptance, with the call as it is now, whatever changed it', async () => {
      const { journal, clock } = await open();
      const other = (await journal.createAccount('Other', KEY_ACTOR)).id;
      await accept(journal, 'a', 'ended', { occurredAtMs: 10_000 });
      await accept(journal, 'b', 'in-progress', {}, { accountId: other });
      const endRow = await journal.readFeedEnd();
      clock.advance(1_000);
      await accept(journal, 'b', 'in-progress', {}, { accountId: other });
      // It makes no event, but the call's start is known from now on.
      await accept(journal, 'a', 'in-progress', { occurredAtMs: 4_000 });
      const all = await journal.readCallChanges(undefined, 0, 10);
      expect(all.map(({ call, accountId }) => [call.callId, accountId])).toEqual([
        ['a', 'default'],
        ['b', other],
        ['a', 'default'],
      ]);
      expect(all.map(({ row }) => row)).toEqual(all.map(({ row }) => row).toSorted((a, b) => a - b));
      const later = await journal.readCallChanges(undefined, endRow, 10);
      expect(later).toMatchObject([{ call: { callId: 'a', durationMs: 6_000 } }]);
      expect(await journal.readCallChanges('default', 0, 1)).toMatchObject([
        { call: { callId: 'a', durationMs: 6_000 } },
      ]);
      expect(await journal.readCallChanges(other, 0, 10)).toHaveLength(1);
      expect(await journal.readCallChanges('default', later[0]?.row ?? 0, 10)).toEqual([]);
    });

    it('are hinted at, also where a report made no event', async () => {
      const { journal, clock } = await open();
      await accept(journal, 'a', 'ended', { occurredAtMs: 10_000 });
      let hints = 0;
      journal.listenFeed(() => (hints += 1));
      clock.advance(1);
      await accept(journal, 'a', 'ended', { occurredAtMs: 10_000 });
      expect(hints).toBe(0);
      await accept(journal, 'a', 'in-progress', { occurredAtMs: 4_000 });
      expect(hints).toBe(1);
    });
  });

  describe('counts by state', () => {
    it('look at the whole filter but its states', async () => {
      const { journal, clock } = await open();
      const { id } = await createDestination(journal);
      await accept(journal, 'a', 'in-progress');
      await accept(journal, 'b', 'ended');
      await accept(journal, 'c', 'ended-with-error', { error: 'broken' });
      await accept(journal, 'd', 'ringing');
      await record(journal, (await claim({ journal, clock }, id, 1))[0] as ClaimedDelivery, DEAD);
      const count = async (filter: object, limit = 100): Promise<unknown> =>
        (await journal.countCalls('default', filter, limit)).counts;
      expect(await count({})).toEqual({ none: 1, live: 1, ended: 1, failed: 1 });
      expect(await count({ callStates: ['live'], excludedCallStates: ['ended'] })).toEqual({
        none: 1,
        live: 1,
        ended: 1,
        failed: 1,
      });
      expect(await count({ error: 'BROKEN' })).toEqual({ none: 0, live: 0, ended: 0, failed: 1 });
      expect(await count({ callId: 'b' })).toEqual({ none: 0, live: 0, ended: 1, failed: 0 });
      expect(await count({ callId: 'nobody' })).toEqual({ none: 0, live: 0, ended: 0, failed: 0 });
      expect(await count({ untilMs: clock.nowMs() })).toEqual({ none: 0, live: 0, ended: 0, failed: 0 });
      const deliveries = async (filter: object): Promise<unknown> =>
        journal.countDeliveries('default', filter, 100);
      const none = { delivered: 0, superseded: 0, cancelled: 0 };
      expect(await deliveries({})).toEqual({ counts: { ...none, pending: 2, dead: 1 }, truncated: false });
      expect(await deliveries({ deliveryStates: ['dead'], callId: 'a' })).toEqual({
        counts: { ...none, pending: 0, dead: 1 },
        truncated: false,
      });
      expect(await deliveries({ statuses: ['ended'] })).toEqual({
        counts: { ...none, pending: 1, dead: 0 },
        truncated: false,
      });
      expect(await journal.countDeliveries('acc_none', {}, 10)).toMatchObject({ truncated: false });
    });

    it('stop at the limit, each by itself', async () => {
      const { journal } = await open();
      const ended = Array.from({ length: 30 }, (_, index) => toIncoming(toReport(`ended-${index}`, 'ended')));
      await journal.acceptReports([...ended, toIncoming(toReport('live', 'in-progress'))]);
      expect(await journal.countCalls('default', {}, 10)).toEqual({
        counts: { none: 0, live: 1, ended: 10, failed: 0 },
        truncated: false,
      });
    });
  });
}

const STEPS = 400;
/** Some three hours in all: no call becomes stale meanwhile. */
const STEP_MS_MAX = 50_000;

interface Random {
  below(bound: number): number;
}

/** mulberry32: small, and the same everywhere. */
function createRandom(seed: number): Random {
  let state = seed;
  return {
    below(bound) {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * bound);
    },
  };
}

const STATUSES = ['in-progress', 'in-progress', 'ended', 'ended', 'ended-with-error', 'ringing', 'summary'];
const ERRORS = [null, '', 'STT lost 12', 'STT lost 13', 'Carrier rejected', 'HTTP 429', 'HTTP 500'];

function toRandomReport(random: Random, callId: string, nowMs: number): ReturnType<typeof toReport> {
  const status = STATUSES[random.below(STATUSES.length)] as string;
  const hasTime = random.below(3) > 0;
  return toReport(callId, status, {
    occurredAtMs: hasTime ? nowMs - random.below(600_000) : null,
    ...(status === 'ended-with-error' && {
      error: ERRORS[random.below(ERRORS.length)] ?? null,
      endReason: random.below(2) === 0 ? 'max_duration' : null,
    }),
    ...(status === 'summary' && { durationSeconds: random.below(600), summary: null }),
  });
}

function toRandomAttempt(random: Random, clock: TestClock): Partial<AttemptRecord> {
  const durationMs = random.below(1_000_000) / (1 + random.below(1_000));
  switch (random.below(5)) {
    case 0:
      return { ...retryIn(clock, random.below(60_000)), durationMs };
    case 1:
      return { ...DEAD, durationMs };
    default:
      return { outcome: 'delivered', durationMs };
  }
}

/** At fault, so that what shares its commit is rolled back and run again. */
async function fail(journal: Journal): Promise<void> {
  await expect(accept(journal, 'faulty', 'ended', {}, { sourceId: 'src_none' })).rejects.toThrow('src_none');
}

interface Asked {
  readonly accountId: AccountId;
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly stepMs: number;
}

async function expectCalls(journal: Journal, facts: Facts, asked: Asked): Promise<void> {
  const statistics = await journal.readCallStatistics(asked);
  const expected = recountCalls(facts, asked);
  expect(statistics.slots).toEqual(expected.slots);
  expectBuckets(statistics.durations, expected.durations);
  const found = statistics.errors.map(({ group, count }) => [
    `${group.errorClass} ${group.fingerprint}`,
    count,
  ]);
  expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected.errors));
}

function align({ sinceMs, untilMs, stepMs }: Omit<Asked, 'accountId'>): Omit<Asked, 'accountId'> {
  const grainMs = stepMs >= HOUR_MS ? HOUR_MS : MINUTE_MS;
  return {
    sinceMs: Math.floor(sinceMs / grainMs) * grainMs,
    untilMs: Math.ceil(untilMs / grainMs) * grainMs,
    stepMs,
  };
}

function recountCalls(
  facts: Facts,
  asked: Asked,
): {
  readonly slots: readonly CallSlot[];
  readonly durations: readonly number[];
  readonly errors: ReadonlyMap<string, number>;
} {
  const { sinceMs, untilMs, stepMs } = align(asked);
  const reports = facts.reports.filter(({ accountId }) => accountId === asked.accountId);
  const durations: number[] = [];
  const errors = new Map<string, number>();
  let active = 0;
  for (const report of reports) if (report.atMs < sinceMs) active += toActiveChange(report);
  const slots: CallSlot[] = [];
  for (let startMs = Math.floor(sinceMs / stepMs) * stepMs; startMs < untilMs; startMs += stepMs) {
    const counts = { connected: 0, ended: 0, failed: 0, unpaired: 0, repeated: 0, late: 0, conflicting: 0 };
    const more = { noted: 0, shortCalls: 0, durationCount: 0, durationMsSum: 0, durationMsMax: 0 };
    let activePeak = active;
    for (const report of reports) {
      if (report.atMs < Math.max(startMs, sinceMs) || report.atMs >= Math.min(startMs + stepMs, untilMs))
        continue;
      const { before, accepted } = report;
      const { call } = accepted;
      active += toActiveChange(report);
      activePeak = Math.max(activePeak, active);
      if (accepted.outcome === 'advanced') {
        if (call.state === 'live') counts.connected += 1;
        if (call.state === 'ended') counts.ended += 1;
        if (call.state === 'failed') {
          counts.failed += 1;
          const hasError = call.error !== null && call.error !== '';
          const traits = toErrorTraits((hasError ? call.error : call.endReason) ?? '');
          const key = `${traits.errorClass} ${traits.fingerprint}`;
          errors.set(key, (errors.get(key) ?? 0) + 1);
        }
        if (call.state !== 'live' && call.startedAtMs === null) counts.unpaired += 1;
      } else if (accepted.outcome === 'noted') {
        more.noted += 1;
      } else {
        counts[accepted.outcome] += 1;
      }
      const wasKnown = before !== undefined && isTerminal(before.state) && before.durationMs !== null;
      if (isTerminal(call.state) && call.durationMs !== null && !wasKnown) {
        durations.push(call.durationMs);
        more.durationCount += 1;
        more.durationMsSum += call.durationMs;
        more.durationMsMax = Math.max(more.durationMsMax, call.durationMs);
        if (call.durationMs < SHORT_CALL_MS) more.shortCalls += 1;
      }
    }
    slots.push({ startMs, ...counts, ...more, activePeak, activeEnd: active });
  }
  return { slots, durations, errors };
}

function toActiveChange({ before, accepted }: Facts['reports'][number]): number {
  if (accepted.outcome !== 'advanced') return 0;
  if (accepted.call.state === 'live') return 1;
  return before?.state === 'live' ? -1 : 0;
}

async function expectDeliveries(
  journal: Journal,
  facts: Facts,
  asked: Omit<Asked, 'accountId'>,
): Promise<void> {
  const { destinations } = await journal.readDeliveryStatistics({ ...asked, accountId: 'default' });
  const { sinceMs, untilMs, stepMs } = align(asked);
  const attempts = facts.attempts.filter(({ atMs }) => atMs >= sinceMs && atMs < untilMs);
  const ids = new Set(attempts.map(({ destinationId }) => destinationId));
  expect(new Set(destinations.map(({ destinationId }) => destinationId))).toEqual(ids);
  for (const { destinationId, latencies, slots, ...totals } of destinations) {
    const own = attempts.filter((attempt) => attempt.destinationId === destinationId);
    const tally = (list: Facts['attempts']): object => ({
      delivered: list.filter(({ record: { outcome } }) => outcome === 'delivered').length,
      failedAttempts: list.filter(({ record: { outcome } }) => outcome !== 'delivered').length,
      dead: list.filter(({ record: { outcome } }) => outcome === 'dead').length,
    });
    expect(totals).toEqual(tally(own));
    const delivered = own.filter(({ record: { outcome } }) => outcome === 'delivered');
    expectBuckets(
      latencies,
      delivered.map(({ record: { durationMs } }) => durationMs),
    );
    const bySlot = Map.groupBy(own, ({ atMs }) => Math.floor(atMs / stepMs) * stepMs);
    expect(slots).toEqual(
      [...bySlot].toSorted(([a], [b]) => a - b).map(([startMs, list]) => ({ startMs, ...tally(list) })),
    );
  }
}

function expectBuckets(buckets: readonly DurationBucket[], values: readonly number[]): void {
  expect(sumOf(buckets, ({ count }) => count)).toBe(values.length);
  for (const { fromMs, toMs, count } of buckets) {
    expect(values.filter((value) => value >= fromMs && value < toMs)).toHaveLength(count);
    if (fromMs > 0) expect(toMs / fromMs).toBeLessThanOrEqual(1.1);
  }
}

function sumOf<Item>(items: readonly Item[], toNumber: (item: Item) => number): number {
  return items.reduce((sum, item) => sum + toNumber(item), 0);
}
