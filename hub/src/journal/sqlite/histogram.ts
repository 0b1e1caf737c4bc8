/**
 * Histograms of durations: bars that grow by just under 10 %, from 0.1 ms to 24 hours, one below and one beyond. A
 * quantile read off them is at most 5 % away from the true one, and a minute of calls fits in some 60 bytes.
 */
import type { DurationBucket } from '../analytics.ts';
import { readVarint, type ByteReader, type ByteWriter } from './varint.ts';

const FIRST_MS = 0.1;
const LAST_MS = 86_400_000;
/** Bars between the two: the fewest with which none is wider than 10 %. */
const STEPS = 216;
const STEP = Math.log(LAST_MS / FIRST_MS) / STEPS;
/** Bar 0 is [0, 0.1 ms), the last one what is longer than a day. */
export const BARS = STEPS + 2;

export type Bars = Float64Array;

export function createBars(): Bars {
  return new Float64Array(BARS);
}

export function toBar(ms: number): number {
  if (!(ms >= FIRST_MS)) return 0;
  if (ms >= LAST_MS) return BARS - 1;
  return 1 + Math.min(STEPS - 1, Math.floor(Math.log(ms / FIRST_MS) / STEP));
}

/** Where a bar begins; the last one has no end, so it is given the width of the others. */
function toBound(bar: number): number {
  if (bar === 0) return 0;
  return bar === BARS - 1 ? LAST_MS : FIRST_MS * Math.exp((bar - 1) * STEP);
}

export function toBuckets(bars: Bars): readonly DurationBucket[] {
  const buckets: DurationBucket[] = [];
  for (const [bar, count] of bars.entries()) {
    if (count > 0) buckets.push({ fromMs: toBound(bar), toMs: toBound(bar + 1), count });
  }
  return buckets;
}

/** Each bar that is not empty: one more than its distance from the one before, and its count; then a zero. */
export function writeBars(to: ByteWriter, bars: Bars | null): void {
  if (bars !== null) {
    let last = 0;
    // By index: with an iterator this took ten times as long, and every commit does it.
    for (let bar = 0; bar < BARS; bar += 1) {
      const count = bars[bar] as number;
      if (count === 0) continue;
      to.writeVarint(bar - last + 1);
      to.writeVarint(count);
      last = bar;
    }
  }
  to.writeVarint(0);
}

/** Adds what was written to the bars. */
export function addBars(from: ByteReader, bars: Bars): void {
  let bar = 0;
  for (let distance = readVarint(from); distance > 0; distance = readVarint(from)) {
    bar += distance - 1;
    bars[bar] = (bars[bar] as number) + readVarint(from);
  }
}
