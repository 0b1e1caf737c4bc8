import './metric-tiles.css';
import '../../components/tip.ts';
import type { CallStatisticsView } from '../../data/types.ts';
import type { Metric } from './metrics.ts';

import { Icon } from '../../components/icon.tsx';
import { isReported, toMetrics } from './metrics.ts';

/** How many tiles keep their place before the first answer. */
const TILES = 8;

export function MetricTiles({ view }: { readonly view: CallStatisticsView | undefined }) {
  if (view === undefined) {
    return (
      <ul class="metrics" aria-busy="true" aria-label="Numbers of the range">
        {Array.from({ length: TILES }, (_, index) => (
          <li key={index} class="metric" data-waiting="" aria-hidden="true" />
        ))}
      </ul>
    );
  }
  const previous = view.previous !== null && isReported(view.previous) ? view.previous : null;
  const note = view.previous !== null && previous === null ? 'nothing before' : null;
  return (
    <ul class="metrics" aria-label="Numbers of the range">
      {toMetrics(view.totals, previous).map((metric) => (
        <Tile key={metric.key} metric={metric} note={note} />
      ))}
    </ul>
  );
}

function Tile({ metric, note }: { readonly metric: Metric; readonly note: string | null }) {
  const { name, value, definition, before, change } = metric;
  return (
    <li class="metric">
      <div
        class="metric-body"
        tabIndex={0}
        role="group"
        aria-label={`${name}: ${value}. ${definition}`}
        data-tip={definition}
      >
        <span class="metric-name">{name}</span>
        <span class="metric-value">{value}</span>
        <span class="metric-change" data-verdict={change?.verdict ?? 'neutral'}>
          {change !== null && change.direction !== 'same' && (
            <Icon
              name={change.direction === 'up' ? 'arrow-up' : 'arrow-down'}
              label={change.direction === 'up' ? 'up' : 'down'}
            />
          )}
          <span>{change?.text ?? note ?? ''}</span>
          {before !== null && change !== null && <span class="metric-before">was {before}</span>}
        </span>
      </div>
    </li>
  );
}
