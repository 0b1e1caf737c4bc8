import './wallboard.css';
import type { ComponentChildren } from 'preact';
import type { Threshold } from '../../data/preferences.ts';
import type { OverviewView } from '../../data/types.ts';
import type { Level } from './levels.ts';

import { Icon } from '../../components/icon.tsx';
import { LiveDuration } from '../../components/time.tsx';
import { nowMs } from '../../data/clock.ts';
import { formatCount, formatDuration, formatPercent } from '../../data/format.ts';
import { thresholds } from '../../data/preferences.ts';
import { LEVEL_WORDS, toLevels } from './levels.ts';

/** Five numbers with their targets: what is, not what was. */
export function Wallboard({ overview }: { readonly overview: OverviewView | null }) {
  if (overview === null) {
    return (
      <ul class="wall" aria-busy="true" aria-label="Now">
        {TITLES.map((title) => (
          <WallTile key={title} title={title} level="none" value="–" note="" target="" />
        ))}
      </ul>
    );
  }
  const limits = thresholds.value;
  const levels = toLevels(overview, limits, nowMs.value);
  const { longest, error_rate_15m: errors, backlog } = overview;
  return (
    <ul class="wall" aria-label="Now">
      <WallTile
        title="Active now"
        level={levels.active}
        value={formatCount(overview.active)}
        note={overview.stale === 0 ? 'calls' : `calls, and ${formatCount(overview.stale)} unknown`}
        target={toTarget(levels.active, limits.active, formatCount)}
        href="/calls?q=state:live"
      />
      <WallTile
        title="Longest call"
        level={levels.longest}
        value={longest === null ? '–' : <LiveDuration sinceMs={Date.parse(longest.live_since)} />}
        note={longest === null ? 'no call is active' : 'still running'}
        target={toTarget(levels.longest, limits.longestMs, formatDuration)}
        href={longest === null ? undefined : `/calls/${encodeURIComponent(longest.call_id)}`}
      />
      <WallTile
        title="Error rate, 15 min"
        level={levels.errorRate}
        value={errors.rate === null ? '–' : formatPercent(errors.rate)}
        note={
          errors.finished === 0
            ? 'no call has ended'
            : `${formatCount(errors.failed)} of ${formatCount(errors.finished)} ended`
        }
        target={toTarget(levels.errorRate, limits.errorRate, formatPercent)}
        href="/calls?q=state:failed&since=15m"
      />
      <WallTile
        title="Connected per minute"
        level={levels.perMinute}
        value={formatPerMinute(overview.connected_per_minute)}
        note="mean of 5 min"
        target={toTarget(levels.perMinute, limits.perMinuteMin, String, 'below')}
        href="/analytics?since=1h"
      />
      <WallTile
        title="Delivery backlog"
        level={levels.backlog}
        value={formatCount(backlog.pending, { isShort: true })}
        note={
          backlog.oldest_at === null ? (
            'nothing waits'
          ) : (
            <>
              oldest <LiveDuration sinceMs={Date.parse(backlog.oldest_at)} />
            </>
          )
        }
        target={toTarget(levels.backlog, limits.backlogAgeMs, formatDuration)}
        href="/deliveries?q=state:pending"
      />
    </ul>
  );
}

/** The limit that was crossed, or the first one that would be. */
function toTarget(
  level: Level,
  { warn, alarm }: Threshold,
  format: (value: number) => string,
  side: 'from' | 'below' = 'from',
): string {
  const limit = level === 'alarm' || warn <= 0 ? alarm : warn;
  if (limit <= 0) return '';
  const isCrossed = level === 'alarm' || level === 'warn';
  return `${isCrossed ? '' : limit === warn ? 'watch ' : 'alarm '}${side} ${format(limit)}`;
}

const TITLES = [
  'Active now',
  'Longest call',
  'Error rate, 15 min',
  'Connected per minute',
  'Delivery backlog',
];

function WallTile({
  title,
  level,
  value,
  note,
  target,
  href,
}: {
  readonly title: string;
  readonly level: Level;
  readonly value: ComponentChildren;
  readonly note: ComponentChildren;
  readonly target: string;
  readonly href?: string | undefined;
}) {
  return (
    <li class="wall-tile" data-level={level}>
      <p class="wall-title">
        {href === undefined ? (
          title
        ) : (
          <a class="wall-link" href={href}>
            {title}
          </a>
        )}
      </p>
      <p class="wall-value">{value}</p>
      <p class="wall-note">{note}</p>
      <p class="wall-target">
        {(level === 'warn' || level === 'alarm') && (
          <span class="wall-level">
            <Icon name="alert" /> {LEVEL_WORDS[level]}
          </span>
        )}
        <span>{target}</span>
      </p>
    </li>
  );
}

/** Below ten a mean of five minutes has fifths in it. */
function formatPerMinute(perMinute: number): string {
  return perMinute < 10 ? (Math.round(perMinute * 10) / 10).toString() : formatCount(Math.round(perMinute));
}
