import './time.css';
import { computed } from '@preact/signals';
import { createContext } from 'preact';
import { useContext, useMemo } from 'preact/hooks';
import { nowMs } from '../data/clock.ts';
import {
  formatDateTime,
  formatDuration,
  formatRelative,
  formatTime,
  formatTimeExact,
} from '../data/format.ts';
import './tip.ts';

/** True in a table: its rows are stops already, and each shows the tips of its times when it has the focus. */
export const IsInRow = createContext(false);

export type TimeShape = 'relative' | 'clock' | 'exact' | 'absolute';

export interface TimeProps {
  readonly at: string | number | null | undefined;
  /** relative: "12 s ago" · clock: "14:03:27", with its date if not today · exact: with milliseconds · absolute: date and time. */
  readonly shape?: TimeShape | undefined;
  readonly empty?: string | undefined;
}

/** What is not shown, absolute or relative, comes on hover and focus, and is always there to be heard. */
export function Time({ at, shape = 'relative', empty = '–' }: TimeProps) {
  const isInRow = useContext(IsInRow);
  const atMs = at === null || at === undefined ? Number.NaN : new Date(at).getTime();
  const { shown, other } = useMemo(() => {
    const absolute = computed(() => formatDateTime(atMs));
    const relative = computed(() => formatRelative(atMs, nowMs.value));
    switch (shape) {
      case 'relative':
        return { shown: relative, other: absolute };
      case 'clock':
        return {
          shown: computed(() => toClock(atMs)),
          other: computed(() => `${absolute.value}, ${relative.value}`),
        };
      case 'exact':
        return {
          shown: computed(() => formatTimeExact(atMs)),
          other: computed(() => `${absolute.value}, ${relative.value}`),
        };
      case 'absolute':
        return { shown: absolute, other: relative };
    }
  }, [atMs, shape]);
  if (Number.isNaN(atMs)) return <span class="muted">{empty}</span>;
  return (
    <time
      class="time"
      dateTime={new Date(atMs).toISOString()}
      tabIndex={isInRow ? undefined : 0}
      data-tip={other}
      data-shape={shape}
    >
      {shown}
      <span class="visually-hidden">, {other}</span>
    </time>
  );
}

const DAY_MS = 86_400_000;

/** Only the time where nobody can take it for another day's. Read without listening: once a second is too often. */
function toClock(atMs: number): string {
  const isNear = Math.abs(nowMs.peek() - atMs) < DAY_MS / 2;
  return isNear ? formatTime(atMs) : formatDateTime(atMs);
}

/** Ticks in its own text node: 500 of them cost 500 text writes a second and not one render. */
export function LiveDuration({ sinceMs }: { readonly sinceMs: number | string }) {
  const fromMs = typeof sinceMs === 'number' ? sinceMs : Date.parse(sinceMs);
  const text = useMemo(() => computed(() => formatDuration(nowMs.value - fromMs)), [fromMs]);
  return <span class="duration">{text}</span>;
}

export function Countdown({
  untilMs,
  doneText = 'now',
}: {
  readonly untilMs: number | string;
  /** Shown when it is over. */
  readonly doneText?: string | undefined;
}) {
  const toMs = typeof untilMs === 'number' ? untilMs : Date.parse(untilMs);
  const text = useMemo(
    () => computed(() => (toMs <= nowMs.value ? doneText : formatRelative(toMs, nowMs.value))),
    [toMs, doneText],
  );
  return <span class="duration">{text}</span>;
}

/** How long something took. */
export function Duration({ ms }: { readonly ms: number | null | undefined }) {
  return <span class="duration">{formatDuration(ms)}</span>;
}
