import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createSecret } from '@offhook/contract/signature';

import { relay, signingRelay } from './contestants/relay.ts';
import { openStand } from './stand.ts';
import { measureLatency } from './workloads/latency.ts';
import { measureThroughput } from './workloads/throughput.ts';

describe('stand', () => {
  let dir = '';
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'offhook-bench-'));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  it.each([relay, signingRelay])(
    'brings every report through the $name to the destination of its number, once and in order',
    async (contestant) => {
      const stand = await openStand(contestant, {
        destinations: 5,
        secret: createSecret(),
        dir,
        profileDir: null,
      });
      try {
        const turn = await measureThroughput(stand, 300);
        expect(turn).toMatchObject({ refused: 0, duplicates: 0, inversions: 0 });
        expect(turn.eventsPerSecond).toBeGreaterThan(0);
        const { p50Ms, p99Ms, maxMs } = await measureLatency(stand, 200, 200);
        expect(p50Ms).toBeGreaterThan(0);
        expect(p99Ms).toBeGreaterThanOrEqual(p50Ms);
        expect(maxMs).toBeGreaterThanOrEqual(p99Ms);
        expect(stand.ledger.counts.arrived).toBe(stand.ledger.counts.sent);
      } finally {
        await stand.stop();
      }
    },
  );
});
