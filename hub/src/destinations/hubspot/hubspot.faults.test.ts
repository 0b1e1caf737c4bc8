/**
 * Exactly one record of a call, whatever happens on the way: answers lost before and after HubSpot did its work, errors,
 * limits, processes that die between a request and the record of it, replays, two hubs at once.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { CallStatus } from '@offhook/contract/message';
import {
  createJumpingClock,
  startHubspotSession,
  type HubspotSession,
} from '../../../../test/support/hubspot-session.ts';
import { waitFor } from '../../../../test/support/wait-for.ts';
import type { StandInFault } from '../../../../test/support/hubspot-stand-in.ts';
import type { AttemptResult } from '../destination.ts';

type Trouble =
  | { readonly kind: 'none' }
  | { readonly kind: 'fault'; readonly fault: StandInFault }
  /** The process dies when HubSpot has, or has not, done what it was asked: nothing more is remembered. */
  | { readonly kind: 'crash'; readonly when: 'before' | 'after' };

const when = fc.constantFrom('before' as const, 'after' as const);
const trouble: fc.Arbitrary<Trouble> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Trouble>({ kind: 'none' }) },
  {
    weight: 2,
    arbitrary: when.map((at): Trouble => ({ kind: 'fault', fault: { kind: 'cut', when: at } })),
  },
  {
    weight: 2,
    arbitrary: fc
      .record({ when, status: fc.constantFrom(500, 502, 503, 504, 423, 408) })
      .map((one): Trouble => ({ kind: 'fault', fault: { kind: 'answer', ...one } })),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('', '<html>', '{}', '[]', '{"id":{}}').map((body): Trouble => ({
      kind: 'fault',
      fault: { kind: 'answer', when: 'after', status: 200, body },
    })),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('1', '3', '40').map((seconds): Trouble => ({
      kind: 'fault',
      fault: { kind: 'answer', when: 'before', status: 429, headers: { 'retry-after': seconds } },
    })),
  },
  { weight: 2, arbitrary: when.map((at): Trouble => ({ kind: 'crash', when: at })) },
);

interface Story {
  readonly writeWhen: 'ended' | 'started';
  readonly unknownContacts: 'log_without_contact' | 'create_contact';
  readonly statuses: readonly CallStatus[];
  readonly troubles: readonly Trouble[];
  readonly replays: readonly number[];
  readonly indexLagMs: number;
}

const story: fc.Arbitrary<Story> = fc.record({
  writeWhen: fc.constantFrom('ended' as const, 'started' as const),
  unknownContacts: fc.constantFrom('log_without_contact' as const, 'create_contact' as const),
  statuses: fc.constantFrom<readonly CallStatus[]>(
    ['in-progress', 'ended'],
    ['in-progress', 'ended-with-error'],
    ['ended'],
  ),
  troubles: fc.array(trouble, { maxLength: 30 }),
  replays: fc.array(fc.nat({ max: 1 }), { maxLength: 4 }),
  indexLagMs: fc.constantFrom(0, 30_000),
});

const ATTEMPTS_MAX = 60;

it('leaves one record of a call, and one contact, over random faults, crashes and replays', async () => {
  await fc.assert(
    fc.asyncProperty(story, async (one) => {
      const clock = createJumpingClock();
      const session = await startHubspotSession({
        settings: { write_when: one.writeWhen, unknown_contacts: one.unknownContacts },
        standIn: { nowMs: clock.monotonicMs, indexLagMs: one.indexLagMs },
        ground: { clock },
      });
      try {
        await live(session, one);
        await check(session, one);
      } finally {
        await session.close();
      }
    }),
    { numRuns: 150 },
  );
}, 120_000);

it('leaves one record of each call where two hubs deliver the same calls at the same time', async () => {
  const settings = { requests_per_10s: 250 };
  const session = await startHubspotSession({ settings, standIn: { requestsPer10s: 10_000 } });
  const twin = await startHubspotSession({ settings: { ...settings, api_url: session.standIn.url } });
  const ids = Array.from({ length: 40 }, (_, index) => `call-${index}`);
  const results = await Promise.all(
    ids.flatMap((id) => [session.deliver(id, 'ended'), twin.deliver(id, 'ended')]),
  );
  expect(results.every(({ kind }) => kind === 'done')).toBe(true);
  expect(session.standIn.countByCall()).toEqual(new Map(ids.map((id) => [id, 1])));
  await twin.close();
  await session.close();
}, 60_000);

it('leaves one record where HubSpot carries a creation out after everybody has stopped waiting', async () => {
  const session = await startHubspotSession();
  session.standIn.faults.decide = ({ method, path }) =>
    method === 'POST' && path.endsWith('/objects/2026-03/calls') && session.standIn.records().length === 0
      ? { kind: 'done-late', afterMs: 400 }
      : null;
  expect((await session.deliver('call-1', 'ended')).kind).toBe('failed');
  session.standIn.faults.decide = () => null;
  expect((await session.redeliver('call-1', 'ended')).kind).toBe('done');
  // The late one is refused by its key.
  await waitFor(() => session.standIn.doneLate === 1, 'HubSpot carries it out');
  expect(session.standIn.countByCall()).toEqual(new Map([['call-1', 1]]));
  await session.close();
});

it('has the intent on disk before it asks HubSpot to create anything', async () => {
  const session = await startHubspotSession();
  let remembered: string | undefined;
  session.standIn.faults.decide = ({ method, path }) => {
    if (method === 'POST' && path.endsWith('/calls') && path.includes('/objects/'))
      remembered = session.ground.remembered.get('call:call-1')?.value;
    return null;
  };
  await session.deliver('call-1', 'ended');
  expect(JSON.parse(remembered ?? 'null')).toMatchObject({ state: 'creating' });
  const entry = session.ground.remembered.get('call:call-1');
  expect(entry?.callId).toBe('call-1');
  expect(JSON.parse(entry?.value ?? 'null')).toMatchObject({ state: 'written' });
  await session.close();
});

async function live(session: HubspotSession, { statuses, troubles, replays }: Story): Promise<void> {
  const coming = [...troubles];
  session.standIn.faults.decide = () => {
    const next = coming.shift() ?? { kind: 'none' };
    if (next.kind === 'none') return null;
    if (next.kind === 'fault') return next.fault;
    session.ground.trouble = new Error('the process is dead');
    return { kind: 'cut', when: next.when };
  };
  for (const status of statuses) await until(session, () => session.deliver('call-1', status));
  for (const replay of replays) {
    const status = statuses[replay] ?? statuses[0] ?? 'ended';
    await until(session, () => session.redeliver('call-1', status));
  }
  session.standIn.faults.decide = () => null;
}

/** Retries as the engine does, with some time between; a crash makes a new process. */
async function until(session: HubspotSession, deliver: () => Promise<AttemptResult>): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const result = await deliver().catch(() => null);
    if (session.ground.trouble !== null) {
      session.ground.trouble = null;
      await session.reopen();
    } else if (result?.kind === 'done') return;
    await new Promise<void>((resolve) => void session.ground.setTimer(resolve, 5_000));
  }
  throw new Error('it was never done');
}

async function check(session: HubspotSession, one: Story): Promise<void> {
  const { standIn } = session;
  expect(standIn.countByCall()).toEqual(new Map([['call-1', 1]]));
  const [record] = standIn.records();
  const last = one.statuses.at(-1);
  expect(record?.properties['hs_call_status']).toBe(last === 'ended' ? 'COMPLETED' : 'FAILED');
  expect(record?.properties['hs_call_duration']).toBe(one.statuses.length === 2 ? '300000' : undefined);
  const contacts = standIn.contacts();
  expect(contacts).toHaveLength(one.unknownContacts === 'create_contact' ? 1 : 0);
  expect([...(record?.contacts ?? [])]).toEqual(contacts.map(({ id }) => id));
  // Whatever was lost on the way: from here on nothing more is written.
  await session.reopen();
  await session.redeliver('call-1', last ?? 'ended');
  const writes = standIn.requests.length;
  await session.redeliver('call-1', last ?? 'ended');
  expect(standIn.requests).toHaveLength(writes);
  expect(standIn.countByCall()).toEqual(new Map([['call-1', 1]]));
}
