import { describe, expect, it } from 'vitest';

import { SKEW_CLASS_SECONDS, type SourceQuality } from '../source-quality.ts';
import { KEY_ACTOR, type OpenHarness } from './harness.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

function toQuality(hourMs: number, more: Partial<SourceQuality> = {}): SourceQuality {
  return {
    accountId: 'default',
    sourceId: 'voicedock',
    hourMs,
    advanced: 10,
    repeated: 1,
    late: 2,
    conflicting: 3,
    noted: 4,
    unpairedEnds: 5,
    badSignatures: 6,
    badRequests: 7,
    behind: [1, 2, 3, 4, 5, 6, 7],
    ahead: [0, 0, 0, 0, 0, 0, 1],
    ...more,
  };
}

export function describeQuality(open: OpenHarness): void {
  describe('quality of what sources say', () => {
    it('adds up by source and hour', async () => {
      const { journal, clock } = await open();
      const hourMs = Math.floor(clock.nowMs() / HOUR_MS) * HOUR_MS;
      await journal.addSourceQuality([toQuality(hourMs), toQuality(hourMs)]);
      // Of a time within the hour: it counts for its hour.
      await journal.addSourceQuality([
        toQuality(hourMs + 1_234),
        toQuality(hourMs - HOUR_MS),
        toQuality(hourMs, { sourceId: 'api' }),
      ]);
      await journal.addSourceQuality([]);
      const found = await journal.readSourceQuality('default', hourMs, hourMs + 1);
      expect(found).toHaveLength(2);
      expect(found).toContainEqual(toQuality(hourMs, { sourceId: 'api' }));
      expect(found).toContainEqual({
        accountId: 'default',
        sourceId: 'voicedock',
        hourMs,
        advanced: 30,
        repeated: 3,
        late: 6,
        conflicting: 9,
        noted: 12,
        unpairedEnds: 15,
        badSignatures: 18,
        badRequests: 21,
        behind: [3, 6, 9, 12, 15, 18, 21],
        ahead: [0, 0, 0, 0, 0, 0, 3],
      });
      expect(found[0]?.behind).toHaveLength(SKEW_CLASS_SECONDS.length + 1);
    });

    it('is read by whole hours that overlap the time asked for, of one account', async () => {
      const { journal, clock } = await open();
      const other = await journal.createAccount('Other', KEY_ACTOR);
      const hourMs = Math.floor(clock.nowMs() / HOUR_MS) * HOUR_MS;
      const hours = [0, 1, 2, 3].map((hour) => hourMs + hour * HOUR_MS);
      await journal.addSourceQuality(hours.map((ms) => toQuality(ms)));
      await journal.addSourceQuality([toQuality(hourMs, { accountId: other.id, sourceId: 'api' })]);
      const read = async (sinceMs: number, untilMs: number): Promise<readonly number[]> =>
        (await journal.readSourceQuality('default', sinceMs, untilMs)).map(
          ({ hourMs: ms }) => (ms - hourMs) / HOUR_MS,
        );
      expect(await read(0, Number.MAX_SAFE_INTEGER)).toEqual([0, 1, 2, 3]);
      expect(await read(hourMs + HOUR_MS, hourMs + 2 * HOUR_MS)).toEqual([1]);
      expect(await read(hourMs + HOUR_MS - 1, hourMs + 2 * HOUR_MS + 1)).toEqual([0, 1, 2]);
      expect(await read(hourMs + 9 * HOUR_MS, hourMs + 10 * HOUR_MS)).toEqual([]);
      const theirs = await journal.readSourceQuality(other.id, 0, Number.MAX_SAFE_INTEGER);
      expect(theirs).toEqual([toQuality(hourMs, { accountId: other.id, sourceId: 'api' })]);
    });

    it('outlives its source, and goes 400 days later', async () => {
      const { journal, clock } = await open();
      const source = await journal.createSource(
        { accountId: 'default', kind: 'voicedock', name: 'Second', secrets: [] },
        KEY_ACTOR,
      );
      const hourMs = Math.floor(clock.nowMs() / HOUR_MS) * HOUR_MS;
      await journal.addSourceQuality([toQuality(hourMs, { sourceId: source.id })]);
      await journal.deleteSource('default', source.id, KEY_ACTOR);
      const read = (): Promise<readonly SourceQuality[]> =>
        journal.readSourceQuality('default', 0, Number.MAX_SAFE_INTEGER);
      clock.advance(399 * DAY_MS);
      await journal.prune(clock.nowMs(), 10);
      expect(await read()).toMatchObject([{ sourceId: source.id }]);
      clock.advance(2 * DAY_MS);
      await journal.prune(clock.nowMs(), 10);
      expect(await read()).toEqual([]);
    });
  });
}
