/** Values from left to right as an SVG path, scaled from nought to the largest. */
export interface SparklinePath {
  readonly line: string;
  /** The same, closed along the ground. */
  readonly area: string;
  readonly last: { readonly x: number; readonly y: number } | null;
}

/** Room for the stroke and the dot at its end. */
const PADDING = 3;

export function toSparkline(values: readonly number[], width: number, height: number): SparklinePath {
  if (values.length === 0) return { line: '', area: '', last: null };
  const max = Math.max(...values, 0);
  const ground = height - PADDING;
  const stepX = values.length === 1 ? 0 : (width - 2 * PADDING) / (values.length - 1);
  const points = values.map((value, index) => ({
    x: round(PADDING + index * stepX),
    y: round(max === 0 ? ground : ground - (Math.max(0, value) / max) * (ground - PADDING)),
  }));
  const line = points.map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${x} ${y}`).join('');
  const last = points.at(-1) ?? null;
  return { line, area: `${line}L${last?.x ?? 0} ${ground}L${PADDING} ${ground}Z`, last };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
