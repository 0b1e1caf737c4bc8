import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parquetReadObjects } from 'hyparquet';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SimClock } from '../../test/support/sim-clock.ts';
import type { Journal } from './journal/journal.ts';
import type { ScheduledExportOptions } from './scheduled-export.ts';

import { createSimClock } from '../../test/support/sim-clock.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { accept, createDestination, FIRST_PAGE } from './journal/conformance/harness.ts';
import { createSecretBox } from './journal/secret-box.ts';
import { openSqliteJournal } from './journal/sqlite/sqlite-journal.ts';
import { listPeriods, PROGRESS_FILE, startScheduledExport } from './scheduled-export.ts';

const NOW = Date.parse('2026-11-18T22:00:00Z');
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
let dir: string;
let clock: SimClock;
let journal: Journal;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'offhook-export-'));
  clock = createSimClock(NOW);
  journal = await openSqliteJournal({ file: ':memory:', clock, secretBox: createSecretBox(randomBytes(32)) });
});
afterEach(async () => {
  await journal.close();
  await rm(dir, { recursive: true });
});

function start(more: Partial<ScheduledExportOptions> = {}) {
  const written: string[] = [];
  const troubles: unknown[] = [];
  const scheduled = startScheduledExport({
    journal,
    clock,
    staleAfterMs: 4 * HOUR,
    retentionDays: 30,
    dir,
    every: 'day',
    format: 'ndjson',
    isMasked: true,
    written: ({ path }) => written.push(path.slice(dir.length + 1)),
    troubled: (error) => troubles.push(error),
    ...more,
  });
  /** Files are really written, so that the next look is set when simulated time has long moved on: it is moved until they are there. */
  const reach = async (ms: number, files: number): Promise<void> => {
    await clock.runUntil(ms);
    await waitFor(async () => {
      await clock.runUntil(clock.nowMs() + 60_000);
      return written.length >= files;
    }, `${files} files`);
  };
  return { scheduled, written, troubles, reach };
}

async function readLines(name: string): Promise<readonly Record<string, unknown>[]> {
  const text = await readFile(join(dir, name), 'utf8');
  return text
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('a scheduled export', () => {
  it('writes each list of a day once it has ended, numbers masked, each call in one file', async () => {
    await createDestination(journal);
    await accept(journal, 'call-1', 'in-progress');
    await accept(journal, 'call-1', 'ended');
    await accept(journal, 'call-2', 'in-progress');
    const { scheduled, written, reach } = start();
    await clock.runUntil(NOW + HOUR);
    expect(await readdir(dir), 'the day has not ended').toEqual([]);
    await reach(NOW + 3 * HOUR, 3);
    expect(written).toEqual([
      'default/calls-2026-11-18.ndjson',
      'default/events-2026-11-18.ndjson',
      'default/deliveries-2026-11-18.ndjson',
    ]);
    expect((await readLines('default/calls-2026-11-18.ndjson')).map(({ id }) => id)).toEqual([
      'call-2',
      'call-1',
    ]);
    expect(await readLines('default/events-2026-11-18.ndjson')).toHaveLength(3);
    expect(await readFile(join(dir, 'default/calls-2026-11-18.ndjson'), 'utf8')).not.toContain(
      '+31612345678',
    );
    await accept(journal, 'call-2', 'ended');
    await reach(NOW + DAY + 3 * HOUR, 6);
    expect((await readLines('default/calls-2026-11-19.ndjson')).map(({ id }) => id)).toEqual(['call-2']);
    await scheduled.stop();
    const { items } = await journal.listAudit('default', FIRST_PAGE);
    expect(items.filter(({ action }) => action === 'data.exported')).toHaveLength(6);
  });

  it('after a start writes what was missed, and what was moved away never again', async () => {
    await accept(journal, 'call-1', 'in-progress');
    await clock.runUntil(NOW + 3 * DAY);
    const first = start({ format: 'parquet', isMasked: false });
    await first.reach(clock.nowMs() + 1, 9);
    await first.scheduled.stop();
    const bytes = await readFile(join(dir, 'default', 'calls-2026-11-18.parquet'));
    const rows = await parquetReadObjects({ file: new Uint8Array(bytes).buffer });
    expect(rows).toMatchObject([{ id: 'call-1', customer_number: '+31612345678' }]);
    for (const name of await readdir(join(dir, 'default'))) {
      if (name !== PROGRESS_FILE) await rm(join(dir, 'default', name));
    }
    const second = start({ format: 'parquet' });
    await clock.runUntil(clock.nowMs() + 1);
    await second.reach(NOW + 4 * DAY, 3);
    await second.scheduled.stop();
    expect(second.written).toEqual([
      'default/calls-2026-11-21.parquet',
      'default/events-2026-11-21.parquet',
      'default/deliveries-2026-11-21.parquet',
    ]);
  });

  it('writes a day again that a clock two days ahead wrote before it had ended', async () => {
    await accept(journal, 'call-1', 'in-progress');
    const ahead = { ...clock, nowMs: () => clock.nowMs() + 2 * DAY };
    const first = start({ clock: ahead });
    await first.reach(NOW + 1, 3);
    await first.scheduled.stop();
    expect(first.written[0]).toBe('default/calls-2026-11-18.ndjson');
    await accept(journal, 'call-2', 'in-progress');
    const second = start();
    await second.reach(NOW + 3 * HOUR, 3);
    await second.scheduled.stop();
    expect(second.written[0]).toBe('default/calls-2026-11-18.ndjson');
    expect(await readLines('default/calls-2026-11-18.ndjson')).toHaveLength(2);
  });

  it('begins with the first whole day that retention has left', async () => {
    await accept(journal, 'call-1', 'in-progress');
    await clock.runUntil(NOW + 20 * DAY);
    const { scheduled, written, reach } = start({ retentionDays: 7 });
    await reach(clock.nowMs() + 1, 18);
    await scheduled.stop();
    expect(written[0]).toBe('default/calls-2026-12-02.ndjson');
  });

  it('tells once that the folder cannot be written, leaves no half file, and goes on when it can', async () => {
    await accept(journal, 'call-1', 'in-progress');
    await clock.runUntil(NOW + DAY);
    await writeFile(join(dir, 'default'), 'in the way');
    const { scheduled, troubles, reach } = start();
    await clock.runUntil(clock.nowMs() + 1);
    await waitFor(() => troubles.length === 1, 'the trouble is told');
    await rm(join(dir, 'default'));
    await reach(clock.nowMs() + 1, 3);
    await scheduled.stop();
    expect(troubles).toHaveLength(1);
    expect((await readdir(join(dir, 'default'))).filter((name) => name.endsWith('.part'))).toEqual([]);
  });
});

describe('the periods of a schedule', () => {
  it('are those that have ended since the first call, or since the last one that was written', () => {
    const from = { every: 'hour', sinceMs: NOW - 2 * HOUR + 5, currentMs: NOW } as const;
    expect(listPeriods({ ...from, reachedMs: null })).toEqual([NOW - 2 * HOUR, NOW - HOUR]);
    expect(listPeriods({ ...from, reachedMs: NOW - HOUR })).toEqual([NOW - HOUR]);
    expect(listPeriods({ ...from, reachedMs: NOW })).toEqual([]);
    expect(listPeriods({ ...from, sinceMs: NOW + 5, reachedMs: null })).toEqual([]);
  });
});
