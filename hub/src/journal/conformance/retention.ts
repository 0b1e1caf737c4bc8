import { describe, expect, it } from 'vitest';

import {
  accept,
  claim,
  createDestination,
  FIRST_PAGE,
  KEY_ACTOR,
  listDeliveries,
  record,
  retryIn,
  type OpenHarness,
} from './harness.ts';

export function describeRetention(open: OpenHarness): void {
  describe('retention', () => {
    it('deletes what ended before the cut, with all that belongs to it, and nothing else', async () => {
      const harness = await open();
      const { journal, clock } = harness;
      const { id } = await createDestination(journal);
      for (const call of ['old', 'owed', 'continued']) await accept(journal, call, 'in-progress');
      await accept(journal, 'old', 'ended');
      for (let round = 0; round < 2; round += 1) {
        for (const claimed of await claim(harness, id)) {
          await record(journal, claimed, claimed.attempts === 0 ? retryIn(clock, 0) : {});
        }
        for (const claimed of await claim(harness, id)) await record(journal, claimed);
      }
      await accept(journal, 'owed', 'ended');
      clock.advance(1_000);
      const cutMs = clock.nowMs();
      await accept(journal, 'continued', 'ended');
      await accept(journal, 'new', 'in-progress');
      expect(await journal.prune(cutMs, 100)).toBe(1);
      expect((await journal.listCalls('default', {}, FIRST_PAGE)).items.map(({ callId }) => callId)).toEqual([
        'new',
        'continued',
        'owed',
      ]);
      expect(await journal.getTimeline('default', 'old')).toBeUndefined();
      expect((await listDeliveries(journal)).map(({ callId }) => callId)).not.toContain('old');
      expect(await journal.readStats()).toMatchObject({ calls: 3, events: 5 });
      expect((await journal.listAudit('default', FIRST_PAGE)).items).toEqual([]);
      expect(await journal.prune(cutMs, 100)).toBe(0);
      for (let round = 0; round < 2; round += 1) {
        for (const claimed of await claim(harness, id)) await record(journal, claimed);
      }
      expect(await journal.prune(cutMs, 100)).toBe(1);
    });

    it('goes in small steps and says how far it came', async () => {
      const { journal, clock } = await open();
      for (let index = 0; index < 25; index += 1) await accept(journal, `call-${index}`, 'ended');
      clock.advance(1);
      const counts = [];
      for (;;) {
        const count = await journal.prune(clock.nowMs(), 10);
        if (count === 0) break;
        counts.push(count);
      }
      expect(counts).toEqual([10, 10, 5]);
    });

    it('lets a pruned call begin anew, and never gives a number out twice', async () => {
      const { journal, clock } = await open();
      const first = await accept(journal, 'a', 'ended');
      const endRow = await journal.readFeedEnd();
      clock.advance(1);
      expect(await journal.prune(clock.nowMs(), 10)).toBe(1);
      const second = await accept(journal, 'a', 'in-progress');
      expect(second).toMatchObject({ outcome: 'advanced', call: { sequence: 1, state: 'live' } });
      expect(second.event?.id).not.toBe(first.event?.id);
      expect(await journal.readFeedEnd()).toBeGreaterThan(endRow);
    });

    it('keeps the calls of every account by the same rule', async () => {
      const { journal, clock } = await open();
      const other = (await journal.createAccount('Other', KEY_ACTOR)).id;
      await accept(journal, 'a', 'ended');
      await accept(journal, 'a', 'ended', {}, { accountId: other });
      clock.advance(1);
      expect(await journal.prune(clock.nowMs(), 10)).toBe(2);
    });
  });
}
