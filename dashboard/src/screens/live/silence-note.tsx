import './silence-note.css';
import type { OverviewView } from '../../data/types.ts';

import { Icon } from '../../components/icon.tsx';
import { LiveDuration } from '../../components/time.tsx';
import { formatDuration } from '../../data/format.ts';

/**
 * Sources that normally talk and do not. With three statuses this is the only way to notice a webhook that is dead:
 * a quiet wall looks the same as a good day.
 */
export function SilenceNote({ sources }: { readonly sources: OverviewView['sources'] }) {
  const silent = sources.filter((source) => source.silent_since !== null);
  if (silent.length === 0) return null;
  return (
    <div class="silence" role="alert">
      <Icon name="bell" />
      <ul class="silence-list">
        {silent.map((source) => (
          <li key={source.id}>
            <strong>{source.name}</strong> has been silent for{' '}
            <LiveDuration sinceMs={Date.parse(source.last_report_at ?? source.silent_since ?? '')} />
            {source.usual_gap_ms !== null && (
              <>; it usually reports every {formatDuration(source.usual_gap_ms)}</>
            )}
            . <a href="/settings?tab=sources">Check its webhook</a>
          </li>
        ))}
      </ul>
    </div>
  );
}
