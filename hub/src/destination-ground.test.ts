/** The ground over a real journal: what senders are told of calls, and that what they remember is theirs alone. */
import { afterEach, describe, expect, it } from 'vitest';
import { createSimClock } from '../../test/support/sim-clock.ts';
import { createDestinationGrounds } from './destination-ground.ts';
import type { Actor } from './journal/actor.ts';
import type { EventFilter } from './journal/destinations.ts';
import type { IncomingReport } from './journal/reports.ts';
import type { Journal } from './journal/journal.ts';
import { toIncoming, toReport } from './journal/conformance/harness.ts';
import { createSecretBox } from './journal/secret-box.ts';
import { openSqliteJournal } from './journal/sqlite/sqlite-journal.ts';

const HUB: Actor = { kind: 'hub', id: 'hub' };
const STALE_AFTER_MS = 60_000;

const opened: Journal[] = [];
afterEach(async () => {
  for (const journal of opened.splice(0)) await journal.close();
});

describe('the ground of a destination', () => {
  it('tells a live call active until it is stale, then no longer', async () => {
    const { ground, journal, clock } = await openGround();
    await settle(
      clock,
      journal.acceptReports([
        toIncoming(toReport('a/b +31', 'in-progress')),
        toIncoming(toReport('done', 'ended')),
      ]),
    );
    const [live, unknown, done] = await ground.readCalls(['a/b +31', 'never', 'done']);
    expect(live).toMatchObject({ callId: 'a/b +31', state: 'live', isActive: true });
    expect(unknown).toBeUndefined();
    expect(done).toMatchObject({ state: 'ended', isActive: false });
    expect((await ground.readActiveCalls(null)).calls.map(({ callId }) => callId)).toEqual(['a/b +31']);

    await clock.runUntil(clock.nowMs() + STALE_AFTER_MS + 1_000);
    expect((await ground.readCalls(['a/b +31']))[0]).toMatchObject({ state: 'live', isActive: false });
    expect((await ground.readActiveCalls(null)).calls).toEqual([]);
  });

  it('gives all active calls, page by page', async () => {
    const { ground, journal, clock } = await openGround();
    const ids = Array.from({ length: 450 }, (_, index) => `call-${index}`);
    await settle(clock, journal.acceptReports(ids.map((id) => toIncoming(toReport(id, 'in-progress')))));
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof ground.readActiveCalls>> = await ground.readActiveCalls(cursor);
      seen.push(...page.calls.map(({ callId }) => callId));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(seen.toSorted()).toEqual(ids.toSorted());
  });

  it("tells which calls the destination's filter asks for, by type and by number in any notation", async () => {
    const { open, journal, clock } = await openGround();
    const ground = await open({
      statuses: ['ended-with-error'],
      call_types: ['inbound_phone_call'],
      phone_numbers: ['+31850835037', '085 000 0001'],
    });
    const report = (callId: string, type: string | null, number: string | null): IncomingReport => {
      const { report: one, ...rest } = toIncoming(toReport(callId, 'in-progress'));
      return { ...rest, report: { ...one, type, phoneNumber: { number } } };
    };
    const inbound = 'inbound_phone_call';
    const calls = [
      report('in E.164', inbound, '+31850835037'),
      report('in another notation', inbound, '+31 (0)85 083 5037'),
      report('as given', inbound, '085 000 0001'),
      report('another number', inbound, '+31201234567'),
      report('no number', inbound, null),
      report('another type', 'web_call', '+31850835037'),
    ];
    await settle(clock, journal.acceptReports(calls));
    const known = await ground.readCalls(calls.map(({ report: { callId } }) => callId));
    const wanted = known.flatMap((call) =>
      call !== undefined && ground.isWanted(call) ? [call.callId] : [],
    );
    expect(wanted).toEqual(['in E.164', 'in another notation', 'as given']);
    const every = await open({});
    expect(known.every((call) => call !== undefined && every.isWanted(call))).toBe(true);
  });

  it('remembers for this destination only', async () => {
    const { ground, other, clock } = await openGround();
    await settle(clock, ground.memory.write([{ key: 'token', value: 's3cret', isSecret: true }]));
    expect(await ground.memory.read(['token', 'none'])).toEqual(['s3cret', undefined]);
    expect(await ground.memory.list('tok', 10)).toEqual([{ key: 'token', value: 's3cret' }]);
    expect(await other.memory.read(['token'])).toEqual([undefined]);
  });

  it('links to pages of the dashboard, whatever stands in an id, and to nothing while the address is unknown', async () => {
    const { ground, links } = await openGround();
    expect(ground.toCallLink('a/b c?#')).toBeNull();
    links.baseUrl = 'https://hub.example/offhook/';
    expect(ground.toCallLink('a/b c?#')).toBe('https://hub.example/offhook/calls/a%2Fb%20c%3F%23');
    expect(ground.toDestinationLink('dst_1')).toBe('https://hub.example/offhook/destinations/dst_1');
  });

  it('passes trouble on with the destination it is about', async () => {
    const { ground, troubles } = await openGround();
    const error = new Error('no');
    ground.troubled('Redis could not be reconciled', error);
    expect(troubles).toEqual([[ground.destinationId, 'Redis could not be reconciled', error]]);
  });
});

async function openGround() {
  const clock = createSimClock(Date.UTC(2026, 0, 1));
  const journal = await openSqliteJournal({
    file: ':memory:',
    clock,
    secretBox: createSecretBox(new Uint8Array(32)),
  });
  opened.push(journal);
  const make = (name: string, filter: EventFilter = {}) =>
    settle(
      clock,
      journal.createDestination(
        {
          accountId: 'default',
          kind: 'webhook',
          name,
          settings: {},
          filter,
          order: 'strict',
          concurrency: 1,
          ratePerSecond: null,
          retryScheduleS: null,
          timeoutMs: 1_000,
          secret: 'whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=',
        },
        HUB,
      ),
    );
  const links: { baseUrl: string | null } = { baseUrl: null };
  const troubles: unknown[][] = [];
  const grounds = createDestinationGrounds({
    journal,
    clock,
    random: () => 0.5,
    staleAfterMs: STALE_AFTER_MS,
    readBaseUrl: () => links.baseUrl,
    troubled: ({ id }, detail, error) => troubles.push([id, detail, error]),
  });
  return {
    ground: grounds(await make('a')),
    other: grounds(await make('b')),
    open: async (filter: EventFilter) => grounds(await make('filtered', filter)),
    journal,
    clock,
    links,
    troubles,
  };
}

async function settle<Value>(
  clock: ReturnType<typeof createSimClock>,
  promise: Promise<Value>,
): Promise<Value> {
  await clock.settle();
  await clock.runUntil(clock.nowMs() + 5);
  return promise;
}
