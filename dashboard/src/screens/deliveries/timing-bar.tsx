import { formatLatency } from '../../data/format.ts';

/** Until the first byte of the answer, and from there to its end, to scale. */
export function TimingBar({
  firstByteMs,
  totalMs,
  isDone,
}: {
  readonly firstByteMs: number | null;
  readonly totalMs: number;
  /** More than one request, and done: then no single answer is timed. */
  readonly isDone: boolean;
}) {
  const share = firstByteMs === null || totalMs <= 0 ? 1 : Math.min(1, firstByteMs / totalMs);
  const text =
    firstByteMs === null
      ? `${formatLatency(totalMs)}${isDone ? '' : ', no answer'}`
      : `${formatLatency(firstByteMs)} to the first byte, ${formatLatency(totalMs)} in all`;
  return (
    <span class="timing">
      <svg class="timing-bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
        <rect class="timing-wait" width={share * 100} height="6" />
        <rect class="timing-read" x={share * 100} width={100 - share * 100} height="6" />
      </svg>
      <span>{text}</span>
    </span>
  );
}
