import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import type { TestHub } from '../../../test/support/in-memory-hub.ts';

import { openTestHub } from '../../../test/support/in-memory-hub.ts';
import { callStatisticsView, deliveryStatisticsView, errorGroupView } from './analytics-views.ts';

let hub: TestHub;
let stranger: Record<string, string>;
/** When the calls were told: their hour may be over by the time they are read. */
let toldFromMs: number;
let toldUntilMs: number;
beforeAll(async () => {
  hub = await openTestHub();
  const account = (await hub.call('POST', '/v1/accounts', { name: 'stranger' })).json();
  stranger = { authorization: `Bearer ${await hub.makeKey(['admin'], account.id)}` };
  await hub.call('POST', '/v1/destinations', {
    kind: 'webhook',
    name: 'CRM',
    settings: { url: 'https://example.com/' },
  });
  const nowMs = Date.now();
  toldFromMs = nowMs;
  for (let index = 0; index < 20; index += 1) {
    const id = `call-${index}`;
    const startMs = nowMs - 120_000;
    const report = (status: string, atMs: number, more = {}) =>
      hub.call('PUT', `/v1/calls/${id}/status`, {
        status,
        timestamp: new Date(atMs).toISOString(),
        ...more,
      });
    await report('in-progress', startMs);
    if (index < 12) await report('ended', startMs + 10_000 * (index + 1));
    else if (index < 16)
      await report('ended-with-error', startMs + 5_000, { error: `LLM timed out after ${index} ms` });
  }
  await hub.call('PUT', '/v1/calls/call-0/status', { status: 'ended' });
  await hub.call('PUT', '/v1/calls/unpaired/status', { status: 'ended-with-error', error: 'No "start" 1' });
  toldUntilMs = Date.now();
});
afterAll(() => hub.close());

function expectView(view: z.ZodObject, value: unknown): void {
  expect(view.strict().safeParse(value).error?.issues ?? []).toEqual([]);
}

describe('the statistics of calls', () => {
  it('say how many, how long and how they ended', async () => {
    const view = (await hub.call('GET', '/v1/analytics/calls')).json();
    expectView(callStatisticsView, view);
    expect(view.totals).toMatchObject({
      connected: 20,
      ended: 12,
      failed: 5,
      finished: 17,
      error_rate: 5 / 17,
      clean_end_rate: 12 / 17,
      unpaired: 1,
      short_calls: 4,
      active_peak: 4,
      repeated: 1,
    });
    expect(view.totals.duration).toMatchObject({ count: 16, max_ms: 120_000 });
    // 5 s four times, then 10 s to 120 s: the middle lies between 40 s and 50 s.
    expect(view.totals.duration.p50_ms).toBeGreaterThan(36_000);
    expect(view.totals.duration.p50_ms).toBeLessThan(55_000);
    expect(view.totals.duration.p95_ms).toBeGreaterThan(100_000);
    expect([view.time_zone, view.previous, view.previous_slots]).toEqual(['UTC', null, null]);
    const sum = (key: string): number =>
      view.slots.reduce((total: number, slot: Record<string, number>) => total + (slot[key] ?? 0), 0);
    expect([sum('connected'), sum('ended'), sum('failed')]).toEqual([20, 12, 5]);
    expect(view.heat).toHaveLength(168);
    expect(view.heat.reduce((total: number, hour: { connected: number }) => total + hour.connected, 0)).toBe(
      20,
    );
    expect(view.errors).toEqual([
      expect.objectContaining({
        fingerprint: 'LLM timed out after # ms',
        count: 4,
        search: 'LLM timed out after',
      }),
      expect.objectContaining({ search: String.raw`No \"start\"`, count: 1 }),
    ]);
  });

  it('have an error search that finds the very calls', async () => {
    const { errors } = (await hub.call('GET', '/v1/analytics/calls')).json();
    for (const { search, count } of errors) {
      const q = encodeURIComponent(`error:"${search}"`);
      expect((await hub.call('GET', `/v1/calls?q=${q}`)).json().data).toHaveLength(count);
    }
  });

  it('choose a step that a chart can show, or take the one that is asked for', async () => {
    const read = async (query: string): Promise<{ step_ms: number; slots: unknown[] }> =>
      (await hub.call('GET', `/v1/analytics/calls?${query}`)).json();
    for (const [since, stepMs] of [
      ['15m', 60_000],
      ['1h', 60_000],
      ['12h', 300_000],
      ['24h', 900_000],
      ['7d', 3_600_000],
      ['30d', 21_600_000],
      ['90d', 86_400_000],
    ] as const) {
      const view = await read(`since=${since}`);
      expect([since, view.step_ms]).toEqual([since, stepMs]);
      expect(view.slots.length).toBeLessThanOrEqual(170);
    }
    expect((await read('since=24h&step=1h')).step_ms).toBe(3_600_000);
    // As a duration back from now comes out on a busy machine.
    const untilMs = Date.now();
    const toTime = (ms: number): string => new Date(ms).toISOString();
    for (const [days, stepMs] of [
      [7, 3_600_000],
      [400, 86_400_000],
    ] as const) {
      const since = toTime(untilMs - days * 86_400_000 - 7);
      expect((await read(`since=${since}&until=${toTime(untilMs)}`)).step_ms).toBe(stepMs);
    }
  });

  it('compare with the period just before', async () => {
    const { slots } = (await hub.call('GET', '/v1/analytics/calls?since=15m')).json();
    const first = slots.find(({ connected }: { connected: number }) => connected > 0);
    const toTime = (minutes: number): string =>
      new Date(Date.parse(first.at) + minutes * 60_000).toISOString();
    const path = `/v1/analytics/calls?since=${toTime(30)}&until=${toTime(60)}&compare=previous`;
    const view = (await hub.call('GET', path)).json();
    expectView(callStatisticsView, view);
    expect([view.totals.connected, view.previous.connected]).toEqual([0, 20]);
    expect(view.previous_slots).toHaveLength(view.slots.length);
    const before = Date.parse(view.previous_slots[0].at);
    expect(Date.parse(view.slots[0].at) - before).toBe(Date.parse(view.until) - Date.parse(view.since));
  });

  it('compare with nothing that was only half counted', async () => {
    for (const since of ['1h', '20d', '400d']) {
      const view = (await hub.call('GET', `/v1/analytics/calls?since=${since}&compare=previous`)).json();
      expectView(callStatisticsView, view);
      expect([since, view.previous, view.previous_slots]).toEqual([since, null, null]);
    }
  });

  it('are told by the hour where any of them are older than minutes are kept', async () => {
    const read = async (query: string): Promise<number> =>
      (await hub.call('GET', `/v1/analytics/${query}`)).json().step_ms;
    const [from, to] = [72, 70].map((hours) => new Date(Date.now() - hours * 3_600_000).toISOString());
    expect(await read(`calls?since=${from}&until=${to}`)).toBe(3_600_000);
    expect(await read(`calls?since=${from}&until=${to}&step=5m`)).toBe(3_600_000);
    expect(await read(`deliveries?since=${from}&until=${to}`)).toBe(3_600_000);
    expect(await read('calls?since=50h&step=6h')).toBe(21_600_000);
    expect(await read('calls?since=48h&step=30m')).toBe(1_800_000);
    expect(await read('calls?since=36h&step=15m')).toBe(900_000);
    expect(await read('calls?since=36h&step=15m&compare=previous')).toBe(3_600_000);
  });

  it('show the heat map in any zone, over ranges that need slots of their own', async () => {
    for (const query of ['since=24h', 'since=30d', 'since=90d&step=1d']) {
      for (const zone of ['Europe/Amsterdam', 'Asia/Kathmandu', 'Australia/Lord_Howe']) {
        const view = (await hub.call('GET', `/v1/analytics/calls?${query}&time_zone=${zone}`)).json();
        const hit = view.heat.filter((hour: { connected: number }) => hour.connected > 0);
        const total = hit.reduce((sum: number, hour: { connected: number }) => sum + hour.connected, 0);
        expect([query, zone, total]).toEqual([query, zone, 20]);
        const local = new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', hourCycle: 'h23' });
        const told = new Set([toldFromMs, toldUntilMs].map((ms) => Number(local.format(ms))));
        for (const { hour } of hit) expect(told).toContain(hour);
      }
    }
  });

  it('refuse what cannot be shown, and say what can', async () => {
    for (const [query, pointer, detail] of [
      ['since=30d&step=1m', '/step', /gives 4320[12] slots .* take 30m, or auto/],
      ['since=500d', '/since', /400 days/],
      ['since=1h&until=2h', '/until', /later than since/],
      ['since=2099-01-01T00:00:00Z', '/since', /before now/],
      ['time_zone=%2B01:00', '/time_zone', /Europe\/Amsterdam/],
      ['time_zone=Mars/Olympus', '/time_zone', /IANA/],
      ['step=7m', '/step', /one of/],
      ['compare=yes', '/compare', /previous/],
      ['q=x', '/q', /not known/],
    ] as const) {
      const response = await hub.call('GET', `/v1/analytics/calls?${query}`);
      expect([query, response.statusCode, response.json().errors?.[0].pointer]).toEqual([
        query,
        400,
        pointer,
      ]);
      expect(response.json().errors[0].detail).toMatch(detail);
    }
  });

  it('show an account nothing of another', async () => {
    const view = (await hub.call('GET', '/v1/analytics/calls', undefined, stranger)).json();
    expect(view.totals).toMatchObject({ connected: 0, finished: 0, active_peak: 0, repeated: 0 });
    expect(view.errors).toEqual([]);
  });
});

describe('the statistics of deliveries', () => {
  it('show success and latency of each destination, and forget none that was deleted', async () => {
    const [destination] = (await hub.call('GET', '/v1/destinations')).json().data;
    const nowMs = Date.now();
    const claims = await hub.journal.claimDeliveries({
      nodeId: 'test',
      leaseMs: 15_000,
      nowMs,
      lanes: [{ destinationId: destination.id, limit: 4 }],
    });
    await hub.journal.recordAttempts(
      claims.map((claim, index) => ({
        deliveryRow: claim.row,
        token: claim.token,
        number: 1,
        startedAtMs: nowMs,
        durationMs: 40,
        firstByteMs: 30,
        status: index === 0 ? 404 : 200,
        cause: null,
        detail: index === 0 ? 'answered 404: is the path right?' : null,
        responseBody: null,
        outcome: index === 0 ? ('dead' as const) : ('delivered' as const),
        nextDueAtMs: null,
        deadReason: index === 0 ? 'exhausted' : null,
        rejected: index === 0,
        releasesNext: false,
      })),
    );
    const view = (await hub.call('GET', '/v1/analytics/deliveries?since=1h')).json();
    expectView(deliveryStatisticsView, view);
    expect(view.totals).toEqual({ delivered: 3, failed_attempts: 1, dead: 1, success_rate: 0.75 });
    const [one] = view.destinations;
    expect(one).toMatchObject({
      destination_id: destination.id,
      name: 'CRM',
      kind: 'webhook',
      deleted: false,
    });
    expect(one.p50_ms).toBeGreaterThan(35);
    expect(one.p50_ms).toBeLessThan(45);
    expect(one.slots).toEqual([expect.objectContaining({ delivered: 3, failed_attempts: 1, dead: 1 })]);

    const shown = (await hub.call('GET', `/v1/destinations/${destination.id}`)).json();
    // Counted every few seconds, so the count of before may still stand.
    expect([0, 3]).toContain(shown.success_24h.delivered);
    expect(shown.retry_schedule_effective_s).toHaveLength(11);

    expect(
      (await hub.call('GET', '/v1/analytics/deliveries', undefined, stranger)).json().destinations,
    ).toEqual([]);
    await hub.call('DELETE', `/v1/destinations/${destination.id}`);
    const after = (await hub.call('GET', '/v1/analytics/deliveries?since=1h')).json();
    expect(after.destinations[0]).toMatchObject({ deleted: true, name: null, delivered: 3 });
  });
});

describe('groups of errors', () => {
  it('are listed last seen first, with the hours they were seen in', async () => {
    const page = (await hub.call('GET', '/v1/errors')).json();
    for (const group of page.data) expectView(errorGroupView, group);
    expect(page.data.map(({ count }: { count: number }) => count)).toEqual([1, 4]);
    expect(page.data[1]).toMatchObject({
      class: 'llm',
      example: 'LLM timed out after 15 ms',
      state: 'open',
      last_call_id: 'call-15',
    });
    const { hours } = page.data[1];
    expect(hours).toHaveLength(24);
    expect(hours.reduce((sum: number, count: number) => sum + count, 0)).toBe(4);
    const first = (await hub.call('GET', '/v1/errors?limit=1')).json();
    expect(first.has_more).toBe(true);
    const second = (await hub.call('GET', `/v1/errors?limit=1&cursor=${first.next_cursor}`)).json();
    expect(second.data[0].id).toBe(page.data[1].id);
  });

  it('are acknowledged, resolved and muted, by their own account only', async () => {
    const [group] = (await hub.call('GET', '/v1/errors')).json().data;
    const path = `/v1/errors/${group.id}`;
    expect((await hub.call('PATCH', path, { state: 'muted' }, stranger)).statusCode).toBe(404);
    const muted = await hub.call('PATCH', path, { state: 'muted' });
    expectView(errorGroupView, muted.json());
    expect(muted.json()).toMatchObject({ id: group.id, state: 'muted' });
    const open = (await hub.call('GET', '/v1/errors?state=open,acknowledged')).json().data;
    expect(open.map(({ id }: { id: string }) => id)).not.toContain(group.id);
    expect((await hub.call('GET', '/v1/errors?state=muted')).json().data).toHaveLength(1);
    expect((await hub.call('GET', '/v1/errors', undefined, stranger)).json().data).toEqual([]);
    expect((await hub.call('PATCH', '/v1/errors/err_none', { state: 'open' })).statusCode).toBe(404);
    for (const query of ['state=closed', 'state=open,', 'cursor=xx', 'limit=0', 'since=never']) {
      expect([query, (await hub.call('GET', `/v1/errors?${query}`)).statusCode]).toEqual([query, 400]);
    }
    expect((await hub.call('PATCH', path, { state: 'gone' })).statusCode).toBe(400);
    const key = await hub.makeKey(['read']);
    const refused = await hub.call('PATCH', path, { state: 'open' }, { authorization: `Bearer ${key}` });
    expect(refused.statusCode).toBe(403);
  });
});
