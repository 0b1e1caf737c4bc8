import { describe, expect, it } from 'vitest';

import type { ClaimedDelivery } from '../deliveries.ts';
import {
  accept,
  claim,
  claimOne,
  createDestination,
  FIRST_PAGE,
  KEY_ACTOR,
  listDeliveries,
  record,
  retryIn,
  type OpenHarness,
} from './harness.ts';

export function describeRestart(open: OpenHarness): void {
  describe('after a crash', () => {
    it('everything acknowledged is there, and leases are void', async () => {
      const harness = await open();
      const { journal, clock } = harness;
      const crash = harness.crash ?? expect.fail('a store that survives a crash says how to crash it');
      const destination = await createDestination(journal, { settings: { token: 'secret' } });
      await accept(journal, 'a', 'in-progress');
      await accept(journal, 'b', 'in-progress');
      const [a, b] = (await claim(harness, destination.id)) as [ClaimedDelivery, ClaimedDelivery];
      await record(journal, a);
      await record(journal, b, retryIn(clock, 1_000));
      await accept(journal, 'a', 'ended');
      const lost = await claimOne(harness, destination.id);
      const before = {
        deliveries: (await listDeliveries(journal)).map((delivery) => ({ ...delivery, stateReason: null })),
        calls: await journal.listCalls('default', {}, FIRST_PAGE),
        timeline: (await journal.getTimeline('default', 'a'))?.reports,
        stats: { ...(await journal.readStats()), bytes: 0 },
        feedEnd: await journal.readFeedEnd(),
      };

      const again = await crash();
      expect({
        deliveries: (await listDeliveries(again)).map((delivery) => ({ ...delivery, stateReason: null })),
        calls: await again.listCalls('default', {}, FIRST_PAGE),
        timeline: (await again.getTimeline('default', 'a'))?.reports,
        stats: { ...(await again.readStats()), bytes: 0 },
        feedEnd: await again.readFeedEnd(),
      }).toEqual(before);
      expect(await again.getDestination('default', destination.id)).toEqual(destination);
      expect(await record(again, lost)).toEqual({ kind: 'refused', state: 'pending' });
      const after = { journal: again, clock };
      expect(await claimOne(after, destination.id)).toMatchObject({ row: lost.row, sequence: 2 });
      clock.advance(1_000);
      expect(await claimOne(after, destination.id)).toMatchObject({ row: b.row, attempts: 1 });
    });

    it('order per call still holds, and numbers go on', async () => {
      const harness = await open();
      const { journal, clock } = harness;
      const crash = harness.crash ?? expect.fail('a store that survives a crash says how to crash it');
      const { id } = await createDestination(journal);
      const first = await accept(journal, 'a', 'in-progress');
      await claimOne(harness, id);
      const again = await crash();
      expect(await accept(again, 'a', 'in-progress')).toMatchObject({ outcome: 'repeated' });
      const second = await accept(again, 'a', 'ended');
      expect(second.event?.sequence).toBe(2);
      expect((second.event?.id ?? '').slice(0, 14) > (first.event?.id ?? '').slice(0, 14)).toBe(true);
      const held = await claim({ journal: again, clock }, id);
      expect(held).toMatchObject([{ sequence: 1 }]);
      await record(again, held[0] as ClaimedDelivery);
      expect(await claim({ journal: again, clock }, id)).toMatchObject([{ sequence: 2 }]);
    });

    it('a running replay goes on where it stood', async () => {
      const harness = await open();
      const { journal } = harness;
      const crash = harness.crash ?? expect.fail('a store that survives a crash says how to crash it');
      const { id } = await createDestination(journal);
      for (const call of ['a', 'b', 'c', 'd']) await accept(journal, call, 'ended');
      for (const claimed of await claim(harness, id)) await record(journal, claimed);
      const request = { accountId: 'default', filter: {}, ratePerSecond: null, createdMax: 3 } as const;
      const replay = await journal.createReplay(request, KEY_ACTOR);
      await journal.advanceReplay(replay.id, 2);
      const again = await crash();
      expect(await again.listRunnableReplays()).toMatchObject([{ id: replay.id, created: 2 }]);
      expect(await again.advanceReplay(replay.id, 2)).toMatchObject({ state: 'finished', created: 3 });
    });
  });
}
