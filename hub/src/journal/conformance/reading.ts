import { describe, expect, it } from 'vitest';

import type { Page, PageRequest } from '../page.ts';
import {
  accept,
  claimOne,
  createDestination,
  FIRST_PAGE,
  KEY_ACTOR,
  record,
  toIncoming,
  toReport,
  type OpenHarness,
} from './harness.ts';

export function describeReading(open: OpenHarness): void {
  describe('reading', () => {
    it('lists calls by their last change, newest first, page by page, each once', async () => {
      const { journal, clock } = await open();
      for (let index = 0; index < 7; index += 1) {
        await accept(journal, `call-${index}`, 'in-progress');
        if (index % 2 === 0) clock.advance(5);
      }
      clock.advance(5);
      await accept(journal, 'call-2', 'ended');
      const ids = await readPages(
        (page) => journal.listCalls('default', {}, page),
        ({ callId }) => callId,
      );
      expect(ids).toEqual(['call-2', 'call-6', 'call-5', 'call-4', 'call-3', 'call-1', 'call-0']);
    });

    it('lists events and deliveries newest first, page by page, each once', async () => {
      const { journal } = await open();
      await createDestination(journal);
      await createDestination(journal);
      for (let index = 0; index < 7; index += 1) await accept(journal, `call-${index}`, 'in-progress');
      const events = await readPages(
        (page) => journal.listEvents('default', {}, page),
        ({ callId }) => callId,
      );
      expect(events).toEqual([6, 5, 4, 3, 2, 1, 0].map((index) => `call-${index}`));
      const deliveries = await readPages(
        (page) => journal.listDeliveries('default', {}, page),
        ({ id }) => id,
      );
      expect(deliveries).toHaveLength(14);
      expect(deliveries).toEqual([...new Set(deliveries)].toSorted().toReversed());
    });

    it('goes on where a page ended although new rows came in between', async () => {
      const { journal } = await open();
      for (const call of ['a', 'b', 'c']) await accept(journal, call, 'in-progress');
      const first = await journal.listEvents('default', {}, { limit: 2, cursor: null });
      await accept(journal, 'd', 'in-progress');
      const second = await journal.listEvents('default', {}, { limit: 2, cursor: first.nextCursor });
      expect(second.items.map(({ callId }) => callId)).toEqual(['a']);
      expect(second.nextCursor).toBeNull();
    });

    it('takes a cursor that is not its own as the beginning', async () => {
      const { journal } = await open();
      await accept(journal, 'a', 'in-progress');
      for (const cursor of ['', 'nonsense', '-1', 'e30', '\u0000']) {
        const page = { limit: 10, cursor };
        expect((await journal.listEvents('default', {}, page)).items).toHaveLength(1);
        expect((await journal.listCalls('default', {}, page)).items).toHaveLength(1);
      }
    });

    it('reads the feed in acceptance order after a row, across accounts or for one', async () => {
      const { journal } = await open();
      await accept(journal, 'a', 'in-progress');
      await accept(journal, 'a', 'in-progress');
      await accept(journal, 'b', 'in-progress');
      await accept(journal, 'a', 'ended');
      const all = await journal.readFeed(undefined, 0, 100);
      expect(all.map((event) => `${event.callId}#${event.sequence}`)).toEqual(['a#1', 'b#1', 'a#2']);
      const [first, second] = await journal.readFeed('default', all[0]?.row ?? 0, 1);
      expect([first?.callId, second]).toEqual(['b', undefined]);
      expect(await journal.readFeed(undefined, await journal.readFeedEnd(), 10)).toEqual([]);
      expect(await journal.getEvent('default', all[1]?.id ?? 'evt_')).toEqual(all[1]);
      expect(await journal.getEvent('default', 'evt_0000000001AAAAAAAAAAAAAAAA')).toBeUndefined();
    });

    it('lets other work run while it looks for the rows of a small account among those of others', async () => {
      const { journal, clock } = await open();
      const small = (await journal.createAccount('Small', KEY_ACTOR)).id;
      for (let start = 0; start < 9_000; start += 1_000) {
        await journal.acceptReports(
          Array.from({ length: 1_000 }, (_, index) =>
            toIncoming(toReport(`${start + index}`, 'in-progress')),
          ),
        );
      }
      await accept(journal, 'theirs', 'in-progress', {}, { accountId: small });
      clock.advance(1);
      const reads = [
        (): Promise<readonly { accountId: string }[]> => journal.readFeed(small, 0, 10),
        (): Promise<readonly { accountId: string }[]> => journal.readCallChanges(small, 0, 10),
      ];
      for (const read of reads) {
        const answered: string[] = [];
        const reading = read().then((found) => {
          answered.push('read');
          return found;
        });
        // Asked for later, and it needs a turn of whatever thread the journal is on.
        const written = journal.check().then(() => answered.push('written'));
        expect(await reading).toMatchObject([{ accountId: small }]);
        await written;
        expect(answered).toEqual(['written', 'read']);
      }
    });

    it('finds the place in the feed of a time', async () => {
      const { journal, clock } = await open();
      expect(await journal.findFeedRow(clock.nowMs())).toBe(0);
      await accept(journal, 'a', 'in-progress');
      clock.advance(1_000);
      await accept(journal, 'b', 'in-progress');
      await accept(journal, 'c', 'in-progress');
      const rows = (await journal.readFeed(undefined, 0, 10)).map(({ row }) => row);
      expect(await journal.findFeedRow(0)).toBe(0);
      expect(await journal.findFeedRow(clock.nowMs())).toBe(rows[0]);
      expect(await journal.findFeedRow(clock.nowMs() + 1)).toBe(rows[2]);
    });

    it('calls feed listeners after commits that appended events, and no others', async () => {
      const { journal } = await open();
      let calls = 0;
      const stop = journal.listenFeed(() => {
        calls += 1;
      });
      await accept(journal, 'a', 'in-progress');
      expect(calls).toBe(1);
      await accept(journal, 'a', 'in-progress');
      expect(calls).toBe(1);
      stop();
      await accept(journal, 'b', 'in-progress');
      expect(calls).toBe(1);
    });

    it('shows the whole story of a call: reports, events, deliveries, attempts', async () => {
      const harness = await open();
      const { journal } = harness;
      const { id } = await createDestination(journal);
      await accept(journal, 'a', 'in-progress');
      await record(journal, await claimOne(harness, id));
      await accept(journal, 'a', 'in-progress');
      await accept(journal, 'a', 'ended');
      const timeline = await journal.getTimeline('default', 'a');
      expect(timeline?.call).toEqual(await journal.getCall('default', 'a'));
      expect(timeline?.reports.map(({ outcome }) => outcome)).toEqual(['advanced', 'repeated', 'advanced']);
      expect(timeline?.events.map(({ sequence }) => sequence)).toEqual([1, 2]);
      expect(timeline?.events).toEqual(
        (await journal.listEvents('default', { callId: 'a' }, FIRST_PAGE)).items.toReversed(),
      );
      expect(timeline?.deliveries.map(({ state, attemptEntries }) => [state, attemptEntries.length])).toEqual(
        [
          ['delivered', 1],
          ['pending', 0],
        ],
      );
      expect(timeline?.truncated).toBe(false);
      expect(await journal.getTimeline('default', 'none')).toBeUndefined();
    });

    it('tells in the story of a call what the hub said of it, and who was told', async () => {
      const { journal } = await open();
      const asks = { filter: { operational_events: ['call.stale'] } };
      const [first, second] = [
        await createDestination(journal, asks),
        await createDestination(journal, asks),
      ];
      await createDestination(journal);
      await accept(journal, 'a', 'in-progress');
      await accept(journal, 'b', 'in-progress');
      const say = (id: string) =>
        journal.appendOperationalEvent(
          'default',
          { type: 'call.stale', call: { id, type: null }, live_since: '2026-11-22T08:00:00.000Z' },
          null,
        );
      const [entry] = [await say('a'), await say('b'), await say('nobody')];
      const timeline = await journal.getTimeline('default', 'a');
      expect(timeline?.operationalEvents).toEqual([{ ...entry, deliveries: expect.any(Array) }]);
      expect(timeline?.operationalEvents[0]?.deliveries).toMatchObject(
        [first, second].map(({ id }) => ({
          destinationId: id,
          eventId: entry?.id,
          eventType: 'call.stale',
          callId: 'a',
          state: 'pending',
        })),
      );
      expect(timeline?.deliveries.every(({ eventType }) => eventType === 'status-update')).toBe(true);
    });

    it('cuts a very long timeline and says so', async () => {
      const { journal } = await open();
      for (let index = 0; index < 1_001; index += 100) {
        await Promise.all(Array.from({ length: 100 }, () => accept(journal, 'a', 'in-progress')));
      }
      const timeline = await journal.getTimeline('default', 'a');
      expect(timeline?.reports).toHaveLength(1_000);
      expect(timeline?.truncated).toBe(true);
    });

    it('counts active calls, leaving out those that went stale', async () => {
      const { journal, clock } = await open();
      await accept(journal, 'old', 'in-progress');
      clock.advance(1_000);
      const sinceMs = clock.nowMs();
      await accept(journal, 'new', 'in-progress');
      await accept(journal, 'over', 'in-progress');
      await accept(journal, 'over', 'ended');
      expect(await journal.readActiveCallCount('default', 0)).toBe(2);
      expect(await journal.readActiveCallCount('default', sinceMs)).toBe(1);
      expect(await journal.readActiveCallCount(undefined, sinceMs)).toBe(1);
    });

    it('counts what it holds', async () => {
      const harness = await open();
      const { journal } = harness;
      const { id } = await createDestination(journal);
      await accept(journal, 'a', 'in-progress');
      await accept(journal, 'a', 'ended');
      await accept(journal, 'b', 'ringing');
      expect(await journal.readStats()).toMatchObject({ calls: 2, events: 2, pendingDeliveries: 2 });
      await record(journal, await claimOne(harness, id));
      expect(await journal.readStats()).toMatchObject({ pendingDeliveries: 1 });
      await journal.check();
    });
  });
}

async function readPages<Item>(
  list: (page: PageRequest) => Promise<Page<Item>>,
  toKey: (item: Item) => string,
): Promise<readonly string[]> {
  const keys: string[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<Item> = await list({ limit: 3, cursor });
    expect(page.items.length).toBeLessThanOrEqual(3);
    keys.push(...page.items.map(toKey));
    cursor = page.nextCursor;
  } while (cursor !== null);
  return keys;
}
