import './bulk-retry.css';
import type { DestinationView, ReplayCountView, ReplayView } from '../../data/types.ts';
import type { DeliveryTab } from './delivery-query.ts';

import { useState } from 'preact/hooks';
import { Choices, Field, NumberInput } from '../../components/field.tsx';
import { ConfirmDialog } from '../../components/dialog.tsx';
import { Skeleton } from '../../components/page.tsx';
import { ProblemNote } from '../../components/problem.tsx';
import { request } from '../../data/api.ts';
import { toDestinationName } from '../../data/destination-name.ts';
import { formatCount } from '../../data/format.ts';
import { useResource } from '../../data/resource.ts';
import { names, toQuery } from './delivery-query.ts';

/** From here on the number must be typed, so that nobody sends a million webhooks by a slip. */
const TYPED_FROM = 1_000;

type Scope = 'failed' | 'matching';

export interface BulkRetryDialogProps {
  readonly typed: string;
  readonly tab: DeliveryTab;
  readonly span: { readonly since: string; readonly until: string | undefined };
  readonly destinations: readonly DestinationView[];
  readonly onClose: () => void;
  readonly onStarted: (replayId: string) => void;
}

/** Counts first what it would send, and to whom; then a replay in the background that can be paused and cancelled. */
export function BulkRetryDialog({
  typed,
  tab,
  span,
  destinations,
  onClose,
  onStarted,
}: BulkRetryDialogProps) {
  const hasState = tab !== 'all' || names(typed, 'state');
  const [scope, setScope] = useState<Scope>('failed');
  const [max, setMax] = useState<number | null>(null);
  const [ratePerSecond, setRate] = useState<number | null>(null);
  const q = toQuery(typed, hasState || scope === 'matching' ? tab : 'failed');
  const asked = {
    ...(q !== '' && { q }),
    since: span.since,
    ...(span.until !== undefined && { until: span.until }),
  };
  const { data, fault, isLoading, reload } = useResource(`dry-run ${JSON.stringify(asked)}`, (signal) =>
    request<ReplayCountView>('POST', '/v1/replays', { body: { ...asked, dry_run: true }, signal }),
  );
  const count = isLoading ? undefined : data;
  const total = Math.min(count?.total ?? 0, max ?? Number.POSITIVE_INFINITY);

  const start = async (): Promise<void> => {
    const replay = await request<ReplayView>('POST', '/v1/replays', {
      body: {
        ...asked,
        expected: total,
        ...(max !== null && { max }),
        ...(ratePerSecond !== null && { rate_per_second: ratePerSecond }),
      },
    });
    onStarted(replay.id);
  };

  return (
    <ConfirmDialog
      isOpen
      onClose={onClose}
      onConfirm={start}
      title="Retry all that match"
      confirmLabel={
        count === undefined ? 'Counting…' : total === 0 ? 'Nothing to retry' : `Retry ${formatCount(total)}`
      }
      isBlocked={count === undefined || total === 0}
      {...(total > TYPED_FROM && {
        typed: String(total),
        typedLabel: `Type ${formatCount(total)} to confirm`,
      })}
    >
      <div class="bulk">
        <p>
          Everything that matches is sent again, not only what is on this page. The order within each call is
          kept, and nobody is sent an event that is on its way to them already.
        </p>
        <p class="bulk-query mono">
          {[
            q === '' ? 'everything' : q,
            `since:${span.since}`,
            span.until === undefined ? '' : `until:${span.until}`,
          ]
            .filter((word) => word !== '')
            .join('  ')}
        </p>
        {!hasState && (
          <Choices<Scope>
            legend="What"
            value={scope}
            onValue={setScope}
            options={[
              { value: 'failed', label: 'Only what failed' },
              { value: 'matching', label: 'All that match, delivered ones too' },
            ]}
          />
        )}
        {fault !== null && count === undefined ? (
          <ProblemNote fault={fault} onRetry={reload} isRetrying={isLoading} isCompact />
        ) : count === undefined ? (
          <div aria-busy="true">
            <Skeleton lines={3} />
          </div>
        ) : (
          <table class="bulk-counts">
            <caption class="visually-hidden">What would be sent, by destination</caption>
            <thead>
              <tr>
                <th scope="col">Destination</th>
                <th scope="col" data-align="end">
                  Events
                </th>
              </tr>
            </thead>
            <tbody>
              {count.per_destination.map((one) => (
                <tr key={one.destination_id}>
                  <td>{toName(one.destination_id, destinations)}</td>
                  <td data-align="end">{formatCount(one.count)}</td>
                </tr>
              ))}
            </tbody>
            <tfoot>
              <tr>
                <th scope="row">All</th>
                <td data-align="end">
                  {count.truncated ? 'more than ' : ''}
                  {formatCount(count.total)}
                </td>
              </tr>
            </tfoot>
          </table>
        )}
        <div class="bulk-limits">
          <Field label="At most" isOptional hint="Events in all">
            <NumberInput value={max} onValue={setMax} min={1} max={1_000_000} />
          </Field>
          <Field label="Pace" isOptional hint="As fast as they take it if left empty">
            <NumberInput value={ratePerSecond} onValue={setRate} min={0.01} max={100_000} unit="per second" />
          </Field>
        </div>
      </div>
    </ConfirmDialog>
  );
}

function toName(id: string, destinations: readonly DestinationView[]): string {
  const name = toDestinationName(id, destinations);
  const { state = 'enabled' } = destinations.find((one) => one.id === id) ?? {};
  return state === 'enabled' ? name : `${name} (${state}: held until it is resumed)`;
}
