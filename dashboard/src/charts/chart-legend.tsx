import './chart-legend.css';
import type { ComponentChildren } from 'preact';
import type { ChartInk } from './theme.ts';

export interface LegendItem {
  readonly label: string;
  readonly ink: ChartInk;
  readonly mark: 'block' | 'line' | 'dash';
  /** Of the whole range. */
  readonly total: string;
  /** Under the cursor; null while there is none. */
  readonly value: string | null;
}

/** What the colours mean, and the read-out: in lines of constant height, so that nothing moves under the mouse. */
export function ChartLegend({
  items,
  when,
  hint,
  children,
}: {
  readonly items: readonly LegendItem[];
  /** Time under the cursor. */
  readonly when: string | null;
  /** Stands where the time will stand. */
  readonly hint: string | null;
  readonly children?: ComponentChildren;
}) {
  return (
    <div class="chart-legend">
      <ul class="chart-legend-items">
        {items.map((item) => (
          <li key={item.label} class="chart-legend-item" data-label={item.label}>
            <svg
              class="chart-swatch"
              data-ink={item.ink}
              data-mark={item.mark}
              viewBox="0 0 14 10"
              aria-hidden="true"
            >
              {item.mark === 'block' ? (
                <rect x="2" y="0" width="10" height="10" rx="2" />
              ) : (
                <path d="M0 5h14" stroke-dasharray={item.mark === 'dash' ? '4 3' : undefined} />
              )}
            </svg>
            <span>{item.label}</span>
            <span class="chart-legend-value">
              {/* Keeps the room of the total, which is most often the wider one: names stay where they are. */}
              <span aria-hidden="true">{item.total}</span>
              <span>{item.value ?? item.total}</span>
            </span>
          </li>
        ))}
      </ul>
      <div class="chart-legend-end">
        <span class="chart-legend-when" data-hint={when === null ? '' : undefined}>
          {when ?? hint}
        </span>
        {children}
      </div>
    </div>
  );
}
