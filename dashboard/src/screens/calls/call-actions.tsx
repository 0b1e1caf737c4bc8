/** What an operator can do about a call: close one whose end nobody will report, send what failed again. */
import { useState } from 'preact/hooks';
import type { ReplayCountView, ReplayView, TimelineView } from '../../data/types.ts';
import type { TimelineDelivery } from './timeline-entries.ts';

import { quoteValue } from '../../components/filter-terms.ts';
import { Button } from '../../components/button.tsx';
import { ConfirmDialog, Dialog } from '../../components/dialog.tsx';
import { Field, TextArea } from '../../components/field.tsx';
import { showToast } from '../../components/toast.tsx';
import { toDestinationName } from '../../data/destination-name.ts';
import { request, toApiFault } from '../../data/api.ts';
import { formatCount } from '../../data/format.ts';
import { can } from '../../data/session.ts';
import { useKeys } from '../../shell/keys.ts';
import { isTroubled } from './timeline-entries.ts';
import { useDestinations } from '../../data/use-destinations.ts';

export function CallActions({
  timeline,
  onDone,
}: {
  readonly timeline: TimelineView;
  readonly onDone: () => void;
}) {
  const [isEnding, setEnding] = useState(false);
  const [count, setCount] = useState<ReplayCountView | null>(null);
  const [isCounting, setCounting] = useState(false);
  const { call } = timeline;
  // What died and arrived later, by another retry, must not be sent a third time: so by id, where all ids are here.
  const failedIds = timeline.deliveries
    .filter((delivery) => delivery.state === 'dead' && isTroubled(delivery, toSiblings(timeline, delivery)))
    .map((delivery) => delivery.id);
  const failed = failedIds.length;
  const mayRetry = can('write') && failed > 0;
  const question: Question = timeline.truncated
    ? { q: `call:${quoteValue(call.id)} state:dead` }
    : { delivery_ids: failedIds };

  async function ask(): Promise<void> {
    setCounting(true);
    try {
      setCount(
        await request<ReplayCountView>('POST', '/v1/replays', { body: { ...question, dry_run: true } }),
      );
    } catch (error) {
      showToast('Not counted', { kind: 'alert', detail: toApiFault(error).problem.detail });
    } finally {
      setCounting(false);
    }
  }

  useKeys(mayRetry ? { R: () => void ask() } : {});
  if (!can('write')) return null;
  return (
    <>
      {mayRetry && (
        <Button icon="retry" kind="primary" isBusy={isCounting} onClick={() => void ask()}>
          Retry {formatCount(failed)} failed {failed === 1 ? 'delivery' : 'deliveries'}
        </Button>
      )}
      {call.state === 'live' && (
        <Button icon="cancel" onClick={() => setEnding(true)}>
          End with error…
        </Button>
      )}
      <EndDialog id={call.id} isOpen={isEnding} onClose={() => setEnding(false)} onDone={onDone} />
      {count !== null && (
        <RetryDialog count={count} question={question} onClose={() => setCount(null)} onDone={onDone} />
      )}
    </>
  );
}

type Question = { readonly q: string } | { readonly delivery_ids: readonly string[] };

/** Deliveries of the same event. */
function toSiblings(
  timeline: TimelineView,
  { event_id: eventId }: TimelineDelivery,
): readonly TimelineDelivery[] {
  return timeline.deliveries.filter((other) => other.event_id === eventId);
}

function RetryDialog({
  count,
  question,
  onClose,
  onDone,
}: {
  readonly count: ReplayCountView;
  readonly question: Question;
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  const { data: destinations } = useDestinations();
  const { total } = count;
  const nameOf = (id: string) => toDestinationName(id, destinations?.data);
  if (total === 0) {
    return (
      <Dialog
        isOpen
        onClose={onClose}
        title="Nothing to retry"
        size="small"
        actions={<Button onClick={onClose}>Close</Button>}
      >
        <p>
          What failed is on its way again already, or its destination was deleted. Nothing would be sent a
          second time.
        </p>
      </Dialog>
    );
  }
  return (
    <ConfirmDialog
      isOpen
      onClose={onClose}
      title={`Send ${formatCount(total)} failed ${total === 1 ? 'delivery' : 'deliveries'} again?`}
      confirmLabel={total === 1 ? 'Send it again' : `Send ${formatCount(total)} again`}
      onConfirm={async () => {
        const replay = await request<ReplayView>('POST', '/v1/replays', {
          body: { ...question, expected: total },
        }).catch(toSentence);
        showToast('Sending again', { action: { label: 'Watch', href: `/deliveries?replay=${replay.id}` } });
        onDone();
      }}
    >
      <ul class="retry-counts">
        {count.per_destination.map((one) => (
          <li key={one.destination_id}>
            {formatCount(one.count)} to {nameOf(one.destination_id)}
          </li>
        ))}
      </ul>
      <p class="muted">
        The events of this call keep their order, and each keeps its id, so that receivers know it again.
      </p>
    </ConfirmDialog>
  );
}

/** As the hub takes them. */
const REASON_CHARACTERS_MAX = 500;

function EndDialog({
  id,
  isOpen,
  onClose,
  onDone,
}: {
  readonly id: string;
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  const [reason, setReason] = useState('');
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);

  async function end(): Promise<void> {
    if (isBusy) return;
    if (reason.trim() === '') {
      setError('Say why, for whoever reads the timeline later.');
      return;
    }
    setBusy(true);
    setError(null);
    try {
      await request('POST', `/v1/calls/${encodeURIComponent(id)}/end`, { body: { reason: reason.trim() } });
      showToast('The call ended with error');
      setReason('');
      onClose();
      onDone();
    } catch (thrown) {
      setError(toApiFault(thrown).problem.detail);
    } finally {
      setBusy(false);
    }
  }

  return (
    <Dialog
      isOpen={isOpen}
      onClose={onClose}
      title="End this call with error"
      size="small"
      onSubmit={() => void end()}
      actions={
        <>
          <Button onClick={onClose}>Keep it live</Button>
          <Button type="submit" kind="danger" isBusy={isBusy}>
            End with error
          </Button>
        </>
      }
    >
      <p>
        For a call whose end nobody will report. It counts as failed from now on, and every destination is
        told. Nobody hangs up: if the conversation still runs, it goes on.
      </p>
      <p>
        This cannot be undone. An end that the source reports later is noted as conflicting and changes
        nothing.
      </p>
      <Field label="Reason" error={error} hint="The error will be “ended by hand: ” and this.">
        <TextArea
          value={reason}
          onValue={setReason}
          rows={2}
          maxLength={REASON_CHARACTERS_MAX}
          autofocus
          placeholder="The platform restarted and lost the call"
        />
      </Field>
    </Dialog>
  );
}

/** A dialog shows the message of what was thrown; the hub's own sentence says most. */
function toSentence(error: unknown): never {
  throw new Error(toApiFault(error).problem.detail, { cause: error });
}
