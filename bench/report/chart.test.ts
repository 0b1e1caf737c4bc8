import { expect, it } from 'vitest';

import type { Results } from './results.ts';

import { toChart } from './chart.ts';
import { toTables } from './tables.ts';
import { listTargets } from './targets.ts';

const turn = (eventsPerSecond: number, cpuMicrosPerEvent: number) => ({
  eventsPerSecond,
  cpuMicrosPerEvent,
  benchCpuShare: 0.5,
  refused: 0,
  duplicates: 0,
  inversions: 0,
});

const results: Results = {
  startedAt: '2026-11-22T00:00:00.000Z',
  size: 'full',
  machine: {
    cpu: 'A <fast> & "quiet" one',
    cores: 2,
    memoryGiB: 8,
    kernel: '6',
    node: 'v24.21.0',
    sqlite: '3.53.4',
    redis: null,
    disk: 'disk',
  },
  skipped: ['bullmq-always: redis-server is not installed'],
  throughput: [
    {
      destinations: 1,
      turns: { relay: [turn(20_000, 40), turn(10_000, 40)], offhook: [turn(13_000, 70), turn(6_500, 80)] },
    },
  ],
  latency: null,
  isolation: null,
  backlog: null,
};

it('judges by the median of what was compared round by round', () => {
  expect(listTargets(results)).toEqual([
    {
      workload: 'events/s, 1 destination: Offhook ÷ bare relay',
      measured: { median: 0.65, min: 0.65, max: 0.65 },
      unit: '×',
      bound: { kind: 'at least', value: 0.6 },
      met: true,
    },
  ]);
});

it('prints medians with their spread, and what was skipped', () => {
  const tables = toTables(results);
  expect(tables).toContain('9,750 (6,500–13,000)');
  expect(tables).toContain('Skipped: bullmq-always: redis-server is not installed.');
});

it('draws a picture that says in words what it shows, and escapes what it is given', () => {
  const chart = toChart(results);
  expect(chart).toContain('<title id="title">Delivered per second, 1 destination: bare relay 15,000');
  expect(chart).toContain('Offhook, SQLite FULL 9,750 · 0.65 of the relay');
  expect(chart).toContain('A &lt;fast&gt; &amp; &quot;quiet&quot; one');
  expect(chart).not.toContain('NaN');
});
