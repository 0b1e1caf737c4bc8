import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SourceQuality } from '../journal/source-quality.ts';
import type { TestHub } from '../../../test/support/in-memory-hub.ts';

import { openTestHub } from '../../../test/support/in-memory-hub.ts';
import { qualityView } from './quality.ts';

const HOUR_MS = 3_600_000;
const NOW_HOUR_MS = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;

let hub: TestHub;
beforeAll(async () => {
  hub = await openTestHub();
});
afterAll(() => hub.close());

function makeHour(more: Partial<SourceQuality>): SourceQuality {
  return {
    accountId: 'default',
    sourceId: 'voicedock',
    hourMs: NOW_HOUR_MS,
    advanced: 0,
    repeated: 0,
    late: 0,
    conflicting: 0,
    noted: 0,
    unpairedEnds: 0,
    badSignatures: 0,
    badRequests: 0,
    behind: [0, 0, 0, 0, 0, 0, 0],
    ahead: [0, 0, 0, 0, 0, 0, 0],
    ...more,
  };
}

const read = async (query = '') => (await hub.call('GET', `/v1/quality${query}`)).json();

describe('GET /v1/quality', () => {
  it('says of a source that reported nothing that it reported nothing', async () => {
    const quality = await read();
    expect(qualityView.strict().safeParse(quality).error?.issues ?? []).toEqual([]);
    expect(quality.sources.map(({ source }: { source: { id: string } }) => source.id).toSorted()).toEqual([
      'api',
      'voicedock',
    ]);
    for (const { reports, clock } of quality.sources) {
      expect([reports, clock.reports, clock.within_1_s, clock.within_30_s]).toEqual([0, 0, null, null]);
    }
    expect(quality.unpaired_starts).toEqual({ stale: 0, active: 0 });
  });

  it('adds the hours of a source up, and says how far off its clock was', async () => {
    await hub.journal.addSourceQuality([
      makeHour({
        advanced: 6,
        repeated: 2,
        late: 1,
        conflicting: 1,
        unpairedEnds: 3,
        badSignatures: 4,
        behind: [6, 1, 0, 1, 0, 0, 0],
      }),
      makeHour({ hourMs: NOW_HOUR_MS - HOUR_MS, noted: 2, badRequests: 5, ahead: [0, 0, 0, 0, 0, 0, 2] }),
      makeHour({ hourMs: NOW_HOUR_MS - 48 * HOUR_MS, advanced: 1_000 }),
    ]);
    // Whoever reads waits for the commit that counts ride on.
    await hub.call('PUT', '/v1/calls/one/status', { status: 'in-progress' });
    const quality = await read('?since=24h');
    const source = quality.sources.find((one: { source: { id: string } }) => one.source.id === 'voicedock');
    expect(source).toMatchObject({
      source: { name: expect.any(String), kind: 'voicedock' },
      reports: 12,
      advanced: 6,
      repeated: 2,
      late: 1,
      conflicting: 1,
      noted: 2,
      unpaired_ends: 3,
      bad_signatures: 4,
      bad_requests: 5,
      clock: { reports: 10, within_1_s: 0.6, within_30_s: 0.7 },
    });
    expect(source.clock.behind.map((one: { count: number }) => one.count)).toEqual([6, 1, 0, 1, 0, 0, 0]);
    expect(source.clock.ahead.at(0)).toEqual({ over_s: 0, up_to_s: 1, count: 0 });
    expect(source.clock.ahead.at(-1)).toEqual({ over_s: 3_600, up_to_s: null, count: 2 });
    expect(quality.unpaired_starts).toEqual({ stale: 0, active: 1 });
    expect(new Date(quality.since).getTime() % HOUR_MS).toBe(0);
    const longer = await read('?since=3d');
    expect(
      longer.sources.find((one: { source: { id: string } }) => one.source.id === 'voicedock').advanced,
    ).toBe(1_006);
  });

  it('refuses a range that ends before it begins, or is longer than counts are kept', async () => {
    for (const [query, pointer] of [
      ['?since=1h&until=2d', '/until'],
      ['?since=500d', '/since'],
      ['?since=soon', '/since'],
      ['?step=1h', '/step'],
    ] as const) {
      const response = await hub.call('GET', `/v1/quality${query}`);
      expect([query, response.statusCode, response.json().errors?.[0].pointer]).toEqual([
        query,
        400,
        pointer,
      ]);
    }
  });

  it('shows another account nothing of it', async () => {
    const stranger = (await hub.call('POST', '/v1/accounts', { name: 'stranger' })).json();
    const headers = { authorization: `Bearer ${await hub.makeKey(['watch'], stranger.id)}` };
    const quality = (await hub.call('GET', '/v1/quality', undefined, headers)).json();
    for (const source of quality.sources) expect(source.reports).toBe(0);
    expect(quality.unpaired_starts).toEqual({ stale: 0, active: 0 });
  });
});
