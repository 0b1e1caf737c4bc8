/** What is counted of each source, and what it means. */
import type { QualityView } from '../../data/types.ts';

export type SourceQualityView = QualityView['sources'][number];

interface Measure {
  readonly title: string;
  readonly meaning: string;
  readonly kind: 'count' | 'rate';
  /** null where nothing can be said. */
  readonly read: (one: SourceQualityView) => number | null;
  /** The others happen with every source. */
  readonly isAlarming?: true;
}

const NEAR_S = 1;

export const MEASURES: readonly Measure[] = [
  { title: 'Reports', meaning: 'accepted, whatever came of them', kind: 'count', read: (one) => one.reports },
  {
    title: 'Repeated',
    meaning: 'said what was known; retries of the source',
    kind: 'count',
    read: (one) => one.repeated,
  },
  { title: 'Late', meaning: 'a start told after the end', kind: 'count', read: (one) => one.late },
  {
    title: 'Conflicting',
    meaning: 'another end than the one that holds',
    kind: 'count',
    read: (one) => one.conflicting,
    isAlarming: true,
  },
  {
    title: 'No start',
    meaning: 'ends whose start nobody reported',
    kind: 'count',
    read: (one) => one.unpaired_ends,
    isAlarming: true,
  },
  {
    title: 'Bad signature',
    meaning: 'refused: the signature is missing or wrong',
    kind: 'count',
    read: (one) => one.bad_signatures,
    isAlarming: true,
  },
  {
    title: 'Refused',
    meaning: 'refused for what they hold',
    kind: 'count',
    read: (one) => one.bad_requests,
    isAlarming: true,
  },
  {
    title: 'Within 1 s',
    meaning: 'of those that say when: their time is ours, give or take a second',
    kind: 'rate',
    read: (one) => one.clock.within_1_s,
  },
  {
    title: 'Within 30 s',
    meaning: 'the same for 30 seconds',
    kind: 'rate',
    read: (one) => one.clock.within_30_s,
  },
  {
    title: 'Behind',
    meaning: 'their time is over a second before ours: a slow way or clock',
    kind: 'rate',
    read: ({ clock }) => toShare(clock.behind, clock.reports),
  },
  {
    title: 'Ahead',
    meaning: 'their time is over a second after ours: one of the clocks is wrong',
    kind: 'rate',
    read: ({ clock }) => toShare(clock.ahead, clock.reports),
  },
];

function toShare(classes: SourceQualityView['clock']['behind'], reports: number): number | null {
  if (reports === 0) return null;
  const off = classes.filter((one) => one.over_s >= NEAR_S).reduce((sum, one) => sum + one.count, 0);
  return off / reports;
}

export function toSourceName({ source }: SourceQualityView): string {
  return source.name ?? source.id;
}
