/** Durations as people write them. Apart from time.ts, because the dashboard's filter box parses them and must not carry Zod. */

/** `90s`, `5m`, `1h30m`; undefined for anything else. */
export function parseDurationMs(text: string): number | undefined {
  if (text.length > 32 || !/^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d|w))+$/.test(text)) return undefined;
  let totalMs = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/g)) {
    totalMs += Number(amount) * (UNITS_MS[unit as string] ?? 0);
  }
  return totalMs <= DURATION_MS_MAX ? Math.round(totalMs) : undefined;
}

/** A hundred years: beyond it dates stop being dates. */
const DURATION_MS_MAX = 100 * 366 * 86_400_000;

const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
