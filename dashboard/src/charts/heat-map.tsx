/**
 * Hours of the week as a grid: a real table, so that a screen reader reads "Tuesday, 14:00" before each number and print
 * keeps it. One cell can be reached by Tab, arrows walk from there.
 */
import './heat-map.css';
import { useRef, useState } from 'preact/hooks';
import { toHeatLevel } from './heat-levels.ts';

export interface HeatCell {
  /** 1 is Monday. */
  readonly weekday: number;
  readonly hour: number;
  readonly value: number;
}

export interface HeatMapProps {
  readonly label: string;
  readonly cells: readonly HeatCell[];
  readonly ink: 'active' | 'failed';
  /** "14 calls" */
  readonly formatCell: (cell: HeatCell) => string;
}

export const WEEKDAYS = [
  'Monday',
  'Tuesday',
  'Wednesday',
  'Thursday',
  'Friday',
  'Saturday',
  'Sunday',
] as const;
const HOURS = Array.from({ length: 24 }, (_, hour) => hour);

export function HeatMap({ label, cells, ink, formatCell }: HeatMapProps) {
  const table = useRef<HTMLTableElement>(null);
  const [current, setCurrent] = useState({ weekday: 1, hour: 0 });
  const [shown, setShown] = useState<HeatCell | null>(null);
  const max = cells.reduce((most, cell) => Math.max(most, cell.value), 0);
  const byHour = new Map(cells.map((cell) => [`${cell.weekday} ${cell.hour}`, cell]));
  const cellAt = (weekday: number, hour: number): HeatCell =>
    byHour.get(`${weekday} ${hour}`) ?? { weekday, hour, value: 0 };

  function onKeyDown(event: KeyboardEvent): void {
    const step = STEPS[event.key];
    if (step === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const weekday = Math.min(7, Math.max(1, current.weekday + step[0]));
    const hour = Math.min(23, Math.max(0, current.hour + step[1]));
    setCurrent({ weekday, hour });
    table.current?.querySelector<HTMLElement>(`[data-cell="${weekday}-${hour}"]`)?.focus();
  }

  return (
    <div class="heat-map">
      <div class="heat-map-scroll">
        <table ref={table} role="grid" aria-label={label} data-ink={ink} onKeyDown={onKeyDown}>
          <thead>
            <tr>
              <td />
              {HOURS.map((hour) => (
                <th key={hour} scope="col" data-shown={hour % 3 === 0 ? '' : undefined}>
                  <span class="visually-hidden">{toClock(hour)}</span>
                  <span aria-hidden="true">{hour}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {WEEKDAYS.map((name, index) => (
              <tr key={name}>
                <th scope="row">
                  <span class="visually-hidden">{name}</span>
                  <span aria-hidden="true">{name.slice(0, 3)}</span>
                </th>
                {HOURS.map((hour) => {
                  const cell = cellAt(index + 1, hour);
                  const isCurrent = current.weekday === index + 1 && current.hour === hour;
                  return (
                    <td
                      key={hour}
                      data-cell={`${index + 1}-${hour}`}
                      data-level={toHeatLevel(cell.value, max)}
                      tabIndex={isCurrent ? 0 : -1}
                      onFocus={() => {
                        setCurrent({ weekday: index + 1, hour });
                        setShown(cell);
                      }}
                      onBlur={() => setShown(null)}
                      onPointerEnter={() => setShown(cell)}
                      onPointerLeave={() => setShown(null)}
                    >
                      <span class="visually-hidden">{formatCell(cell)}</span>
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div class="heat-map-foot">
        <p class="heat-map-readout" aria-hidden="true">
          {shown === null
            ? ''
            : `${WEEKDAYS[shown.weekday - 1] ?? ''} ${toClock(shown.hour)}–${toClock(shown.hour + 1)}: ${formatCell(shown)}`}
        </p>
        <p class="heat-map-scale" aria-hidden="true" data-ink={ink}>
          <span>0</span>
          {[0, 1, 2, 3, 4, 5, 6].map((level) => (
            <span key={level} class="heat-map-key" data-level={level} />
          ))}
          <span>{max === 0 ? '' : formatCell({ weekday: 1, hour: 0, value: max })}</span>
        </p>
      </div>
    </div>
  );
}

const STEPS: Readonly<Record<string, readonly [days: number, hours: number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  Home: [0, -24],
  End: [0, 24],
  PageUp: [-7, 0],
  PageDown: [7, 0],
};

function toClock(hour: number): string {
  return `${String(hour % 24).padStart(2, '0')}:00`;
}
