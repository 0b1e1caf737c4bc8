import { describe, expect, it } from 'vitest';
import type { ReportedReport } from '../ingest/request-observer.ts';
import type { SourceQuality } from '../journal/source-quality.ts';

import { createSimClock } from '../../../test/support/sim-clock.ts';
import { createQualityRecorder, QUALITY_ROWS_MAX, QUALITY_SAVE_MS } from './quality-recorder.ts';

const NOW = Date.parse('2026-11-18T10:59:30Z');
const HOUR = 3_600_000;

function makeReport(more: Partial<ReportedReport> = {}): ReportedReport {
  return {
    accountId: 'default',
    sourceId: 'voicedock',
    sourceKind: 'voicedock',
    status: 'in-progress',
    outcome: 'advanced',
    callState: 'live',
    durationMs: null,
    startedAtMs: NOW,
    occurredAtMs: NOW,
    ...more,
  };
}

function openRecorder() {
  const clock = createSimClock(NOW);
  const saved: SourceQuality[] = [];
  const troubles: unknown[] = [];
  const state = { fails: false };
  const recorder = createQualityRecorder({
    clock,
    journal: {
      async addSourceQuality(counts) {
        if (state.fails) throw new Error('full');
        saved.push(...counts);
      },
    },
    troubled: (error) => troubles.push(error),
  });
  return { clock, recorder, saved, state, troubles };
}

describe('the quality recorder', () => {
  it('counts by source and hour, and saves each minute only what is new', async () => {
    const { clock, recorder, saved } = openRecorder();
    recorder.reported(makeReport());
    recorder.reported(makeReport({ outcome: 'repeated' }));
    recorder.reported(
      makeReport({ callState: 'ended', startedAtMs: null, occurredAtMs: NOW - 40_000, status: 'ended' }),
    );
    recorder.reported(makeReport({ occurredAtMs: NOW + 2 * HOUR }));
    recorder.refused('signature_refused', { accountId: 'default', sourceId: 'voicedock' });
    recorder.refused('malformed_json', { accountId: 'default', sourceId: 'voicedock' });
    recorder.refused('rate_limited', { accountId: 'default', sourceId: 'voicedock' });
    recorder.refused('signature_refused', null);
    await clock.runUntil(NOW + QUALITY_SAVE_MS);
    expect(saved).toEqual([
      {
        accountId: 'default',
        sourceId: 'voicedock',
        hourMs: Date.parse('2026-11-18T10:00:00Z'),
        advanced: 3,
        repeated: 1,
        late: 0,
        conflicting: 0,
        noted: 0,
        unpairedEnds: 1,
        badSignatures: 1,
        badRequests: 1,
        behind: [2, 0, 0, 1, 0, 0, 0],
        ahead: [0, 0, 0, 0, 0, 0, 1],
      },
    ]);
    recorder.reported(makeReport({ occurredAtMs: null }));
    await recorder.stop();
    expect(saved[1]).toMatchObject({
      hourMs: Date.parse('2026-11-18T11:00:00Z'),
      advanced: 1,
      behind: [0, 0, 0, 0, 0, 0, 0],
    });
    expect(saved).toHaveLength(2);
  });

  it('gives counts up rather than pile them up while the journal takes none', async () => {
    const { clock, recorder, saved, state, troubles } = openRecorder();
    state.fails = true;
    recorder.reported(makeReport());
    await clock.runUntil(NOW + QUALITY_SAVE_MS);
    expect(troubles).toHaveLength(1);
    state.fails = false;
    await clock.runUntil(NOW + 2 * QUALITY_SAVE_MS);
    expect(saved).toEqual([]);
  });

  it('keeps within its rows however many sources there are', async () => {
    const { recorder, saved } = openRecorder();
    for (let index = 0; index < QUALITY_ROWS_MAX + 50; index += 1) {
      recorder.reported(makeReport({ sourceId: `src_${index}` }));
    }
    await recorder.stop();
    expect(saved).toHaveLength(QUALITY_ROWS_MAX);
  });
});
