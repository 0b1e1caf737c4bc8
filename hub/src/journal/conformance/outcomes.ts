import { describe, expect, it } from 'vitest';

import {
  accept,
  claim,
  claimOne,
  createDestination,
  DEAD,
  listDeliveries,
  record,
  retryIn,
  toRecord,
  type OpenHarness,
} from './harness.ts';

export function describeOutcomes(open: OpenHarness): void {
  describe('attempts', () => {
    it('are all on the delivery, failed and delivered alike, in order', async () => {
      const harness = await open();
      const { journal, clock } = harness;
      const { id } = await createDestination(journal);
      await accept(journal, 'a', 'in-progress');
      await record(journal, await claimOne(harness, id), retryIn(clock, 1_000));
      clock.advance(1_000);
      const second = await claimOne(harness, id);
      await record(journal, second, { status: 204 });
      const delivery = await journal.getDelivery('default', second.id);
      expect(delivery).toMatchObject({
        state: 'delivered',
        stateReason: null,
        attempts: 2,
        lastStatus: 204,
        lastDetail: null,
        dueAtMs: null,
        finishedAtMs: clock.nowMs(),
      });
      // A Buffer or a plain Uint8Array: a store may hand out either.
      expect(Buffer.from(delivery?.body ?? [])).toEqual(Buffer.from(second.body));
      expect(delivery?.attemptEntries).toMatchObject([
        {
          number: 1,
          outcome: 'retry',
          status: 500,
          detail: 'It answered 500.',
          durationMs: 12.5,
          firstByteMs: 10.25,
        },
        { number: 2, outcome: 'delivered', status: 204, detail: null, responseBody: null },
      ]);
      expect(Buffer.from(delivery?.attemptEntries[0]?.responseBody ?? []).toString()).toBe('oh no');
      expect(new Set(delivery?.attemptEntries.map((attempt) => attempt.id)).size).toBe(2);
    });

    it('that delivered keep what was done there, where it was more than being taken', async () => {
      const harness = await open();
      const { journal, clock } = harness;
      const { id } = await createDestination(journal);
      await accept(journal, 'a', 'in-progress');
      await record(journal, await claimOne(harness, id), retryIn(clock, 0));
      const claimed = await claimOne(harness, id);
      const detail = 'Call 4711 created in HubSpot for contact 12';
      await record(journal, claimed, { status: null, detail });
      expect(await journal.getDelivery('default', claimed.id)).toMatchObject({
        state: 'delivered',
        lastStatus: null,
        lastDetail: detail,
        attemptEntries: [
          { number: 1, outcome: 'retry', detail: 'It answered 500.' },
          { number: 2, outcome: 'delivered', status: null, cause: null, detail },
        ],
      });
      expect(await listDeliveries(journal)).toMatchObject([{ lastDetail: detail }]);
    });

    it('that end in a dead letter leave it visible with its reason', async () => {
      const harness = await open();
      const { journal, clock } = harness;
      const { id } = await createDestination(journal);
      await accept(journal, 'a', 'in-progress');
      const claimed = await claimOne(harness, id);
      expect(await record(journal, claimed, DEAD)).toEqual({ kind: 'recorded', state: 'dead' });
      clock.advance(1_000_000);
      expect(await claim(harness, id)).toEqual([]);
      expect(await journal.getDelivery('default', claimed.id)).toMatchObject({
        state: 'dead',
        stateReason: 'exhausted',
        lastStatus: null,
        lastDetail: 'No answer within 15 s.',
        attemptEntries: [{ number: 1, outcome: 'dead', cause: 'timeout' }],
      });
    });

    it('are answered in the order they were handed in', async () => {
      const harness = await open();
      const { journal, clock } = harness;
      const { id } = await createDestination(journal);
      for (const call of ['a', 'b', 'c']) await accept(journal, call, 'in-progress');
      const [a, b, c] = await claim(harness, id);
      if (a === undefined || b === undefined || c === undefined) throw new Error('Three were due.');
      const recorded = await journal.recordAttempts([
        toRecord(c, DEAD),
        toRecord({ ...a, token: a.token + 1_000 }),
        toRecord(b, retryIn(clock, 10)),
      ]);
      expect(recorded).toEqual([
        { kind: 'recorded', state: 'dead' },
        { kind: 'refused', state: 'pending' },
        { kind: 'recorded', state: 'pending' },
      ]);
    });

    it('of a delivery that is gone are refused', async () => {
      const harness = await open();
      const { journal } = harness;
      const { id } = await createDestination(journal);
      await accept(journal, 'a', 'in-progress');
      const claimed = await claimOne(harness, id);
      await journal.deleteDestination('default', id, { kind: 'hub', id: 'hub' });
      expect(await record(journal, claimed)).toEqual({ kind: 'refused', state: 'cancelled' });
      expect(await record(journal, { ...claimed, row: 999_999 })).toMatchObject({ kind: 'refused' });
    });

    it('say while pending what is waited for', async () => {
      const harness = await open();
      const { journal, clock } = harness;
      const { id } = await createDestination(journal);
      await accept(journal, 'a', 'in-progress');
      await accept(journal, 'a', 'ended');
      const reasons = async (): Promise<readonly (string | null)[]> =>
        (await listDeliveries(journal)).map(({ stateReason }) => stateReason);
      expect(await reasons()).toEqual([null, expect.stringContaining('earlier event')]);
      const claimed = await claimOne(harness, id);
      expect((await reasons())[0]).toContain('under way');
      await record(journal, claimed, retryIn(clock, 1_000));
      expect((await reasons())[0]).toContain('next try');
      await journal.setDestinationState('default', id, 'paused', 'maintenance', { kind: 'hub', id: 'hub' });
      expect((await reasons())[0]).toContain('paused');
    });
  });
}
