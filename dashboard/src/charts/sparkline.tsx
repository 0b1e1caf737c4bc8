import './sparkline.css';
import { toSparkline } from './sparkline-path.ts';

const WIDTH = 96;
const HEIGHT = 24;

/** The course of one number in the height of a line of text. `label` says in words what the line shows. */
export function Sparkline({
  values,
  label,
  ink = 'active',
}: {
  readonly values: readonly number[];
  readonly label: string;
  readonly ink?: 'active' | 'failed' | undefined;
}) {
  const { line, area, last } = toSparkline(values, WIDTH, HEIGHT);
  return (
    <svg
      class="sparkline"
      data-ink={ink}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={label}
      focusable="false"
    >
      <path class="sparkline-area" d={area} />
      <path class="sparkline-line" d={line} />
      {last !== null && <circle class="sparkline-dot" cx={last.x} cy={last.y} r="2" />}
    </svg>
  );
}
