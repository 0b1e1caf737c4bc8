import './replay-progress.css';
import type { Page, ReplayView } from '../../data/types.ts';

import { useEffect, useState } from 'preact/hooks';
import { ReplayStateBadge } from '../../components/badge.tsx';
import { Button, IconButton } from '../../components/button.tsx';
import { ConfirmDialog } from '../../components/dialog.tsx';
import { announce } from '../../components/status-line.tsx';
import { showToast } from '../../components/toast.tsx';
import { request, toApiFault } from '../../data/api.ts';
import { formatCount } from '../../data/format.ts';
import { location, setQuery } from '../../data/location.ts';
import { useResource } from '../../data/resource.ts';
import { can } from '../../data/session.ts';

const POLL_MS = 1_000;
const REPLAYS_READ = 10;
const ANSWERED_MS = 1_500;

/** Replays under way, and the one that the address names until somebody puts it away. */
export function ReplayProgress({ onEnded }: { readonly onEnded: () => void }) {
  const named = location.value.query.get('replay');
  const { data, reload } = useResource(
    can('read') ? 'replays' : '',
    (signal) => request<Page<ReplayView>>('GET', '/v1/replays', { query: { limit: REPLAYS_READ }, signal }),
    { resync: ['rest'] },
  );
  const shown = (data?.data ?? []).filter(
    (replay) => replay.id === named || replay.state === 'running' || replay.state === 'paused',
  );
  const isMissing = named !== null && !(data?.data ?? []).some((replay) => replay.id === named);
  const isRunning = isMissing || shown.some((replay) => replay.state === 'running');
  useEffect(() => {
    if (!isRunning) return;
    const timer = setInterval(reload, POLL_MS);
    return () => clearInterval(timer);
  }, [isRunning, reload]);
  if (shown.length === 0) return null;
  return (
    <ul class="replays" aria-label="Bulk retries">
      {shown.map((replay) => (
        <ReplayEntry
          key={replay.id}
          replay={replay}
          reload={reload}
          isNamed={replay.id === named}
          onEnded={onEnded}
        />
      ))}
    </ul>
  );
}

function ReplayEntry({
  replay,
  reload,
  isNamed,
  onEnded,
}: {
  readonly replay: ReplayView;
  readonly reload: () => void;
  readonly isNamed: boolean;
  readonly onEnded: () => void;
}) {
  const [isCancelling, setCancelling] = useState(false);
  const isOver = replay.state === 'finished' || replay.state === 'cancelled';
  const expected = replay.expected ?? null;
  const done = replay.created + replay.skipped;
  useEffect(() => {
    if (!isNamed || !isOver) return;
    announce(`Bulk retry ${replay.state}: ${formatCount(replay.created)} sent again`);
    // What was sent has its answer within moments, and the list shows both.
    const timer = setTimeout(onEnded, ANSWERED_MS);
    return () => clearTimeout(timer);
  }, [isNamed, isOver]);

  const command = async (verb: 'pause' | 'resume' | 'cancel'): Promise<void> => {
    try {
      await request('POST', `/v1/replays/${replay.id}/${verb}`);
    } catch (error) {
      showToast('That did not work', { kind: 'alert', detail: toApiFault(error).problem.detail });
    }
    reload();
  };

  return (
    <li class="replay">
      <ReplayStateBadge state={replay.state} />
      <div class="replay-words">
        <span>
          {formatCount(replay.created)}
          {expected !== null && ` of ${formatCount(expected)}`} sent again
          {replay.skipped > 0 && `, ${formatCount(replay.skipped)} skipped (on their way already)`}
        </span>
        {!isOver && (
          <progress
            class="replay-bar"
            aria-label="Progress of the bulk retry"
            {...(expected !== null && expected > 0 && { value: Math.min(done, expected), max: expected })}
          />
        )}
      </div>
      {can('write') && !isOver && (
        <div class="replay-actions">
          {replay.state === 'running' ? (
            <Button size="small" icon="pause" onClick={() => void command('pause')}>
              Pause
            </Button>
          ) : (
            <Button size="small" icon="play" onClick={() => void command('resume')}>
              Resume
            </Button>
          )}
          <Button size="small" kind="quiet" icon="cancel" onClick={() => setCancelling(true)}>
            Cancel
          </Button>
        </div>
      )}
      {isOver && <IconButton icon="cross" label="Put away" onClick={() => setQuery({ replay: null })} />}
      <ConfirmDialog
        isOpen={isCancelling}
        onClose={() => setCancelling(false)}
        onConfirm={() => command('cancel')}
        title="Cancel this bulk retry?"
        confirmLabel="Cancel bulk retry"
        cancelLabel="Go on"
        isDangerous
      >
        What was queued already is still sent; the rest is not.
      </ConfirmDialog>
    </li>
  );
}
