import { describe, expect, it } from 'vitest';

import { MEASURES, toSourceName } from './quality-measures.ts';
import type { SourceQualityView } from './quality-measures.ts';

const source: SourceQualityView = {
  source: { id: 'src_1', name: null, kind: null },
  reports: 10,
  advanced: 4,
  repeated: 1,
  late: 2,
  conflicting: 3,
  noted: 0,
  unpaired_ends: 5,
  bad_signatures: 6,
  bad_requests: 7,
  clock: {
    reports: 8,
    behind: [
      { over_s: 0, up_to_s: 1, count: 3 },
      { over_s: 1, up_to_s: 5, count: 1 },
      { over_s: 3_600, up_to_s: null, count: 1 },
    ],
    ahead: [
      { over_s: 0, up_to_s: 1, count: 2 },
      { over_s: 5, up_to_s: 30, count: 1 },
    ],
    within_1_s: 0.625,
    within_30_s: 0.875,
  },
};

describe('how good the reports of a source are', () => {
  it('is read measure by measure; off the clock is what is more than a second off', () => {
    expect(Object.fromEntries(MEASURES.map(({ title, read }) => [title, read(source)]))).toEqual({
      Reports: 10,
      Repeated: 1,
      Late: 2,
      Conflicting: 3,
      'No start': 5,
      'Bad signature': 6,
      Refused: 7,
      'Within 1 s': 0.625,
      'Within 30 s': 0.875,
      Behind: 0.25,
      Ahead: 0.125,
    });
  });

  it('says nothing of a clock that no report told of, and names a deleted source by its id', () => {
    const silent = { ...source, clock: { ...source.clock, reports: 0, within_1_s: null, within_30_s: null } };
    expect(MEASURES.filter(({ read }) => read(silent) === null).map(({ title }) => title)).toEqual([
      'Within 1 s',
      'Within 30 s',
      'Behind',
      'Ahead',
    ]);
    expect(toSourceName(source)).toBe('src_1');
  });
});
