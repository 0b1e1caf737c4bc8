/** Shades of a heat map: 0 is nothing at all, 1 to 6 are equal steps up to the largest value. */
export const HEAT_LEVELS = 6;

export function toHeatLevel(value: number, max: number): number {
  if (value <= 0 || max <= 0) return 0;
  return Math.min(HEAT_LEVELS, Math.max(1, Math.ceil((value / max) * HEAT_LEVELS)));
}
