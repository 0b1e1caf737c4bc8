/** What the list of calls can show of a call. */
import type { Column } from '../../components/table.tsx';
import type { CallView } from '../../data/types.ts';
import type { CallColumnKey } from './column-choice.ts';

import { CallStateBadge } from '../../components/badge.tsx';
import { IconButton } from '../../components/button.tsx';
import { PhoneNumber } from '../../components/number.tsx';
import { Duration, LiveDuration, Time } from '../../components/time.tsx';
import { CallId, toShownId } from './call-id.tsx';
import { CallType } from './call-type.tsx';
import { CALL_COLUMN_KEYS } from './column-choice.ts';

/** A line of the table shows no more, and an error may have thousands. */
const TEXT_CHARACTERS_MAX = 240;

export const CALL_COLUMNS: Readonly<Record<CallColumnKey, Column<CallView>>> = {
  state: {
    key: 'state',
    title: 'State',
    width: '9rem',
    render: (call) => (
      <>
        <CallStateBadge state={call.state} isStale={call.stale} isPlain />
        <span class="visually-hidden"> call {toShownId(call.id)}</span>
      </>
    ),
  },
  id: { key: 'id', title: 'Call', width: 'minmax(0, 1.5fr)', render: (call) => <CallId id={call.id} /> },
  ours: {
    key: 'ours',
    title: 'Our number',
    width: 'minmax(0, 1.4fr)',
    hideBelow: 'md',
    render: ({ phone_number: ours }) => <PhoneNumber value={ours?.number} name={ours?.name} />,
  },
  customer: {
    key: 'customer',
    title: 'Customer',
    width: 'minmax(9rem, 1.1fr)',
    render: (call) => <PhoneNumber value={call.customer?.number} />,
  },
  type: {
    key: 'type',
    title: 'Type',
    width: '6.5rem',
    hideBelow: 'md',
    render: (call) => <CallType type={call.type} />,
  },
  started: {
    key: 'started',
    title: 'Started',
    width: '7.5rem',
    hideBelow: 'md',
    render: (call) => <Time at={call.started_at} shape="clock" empty="Not known" />,
  },
  duration: {
    key: 'duration',
    title: 'Duration',
    width: '5.5rem',
    align: 'end',
    render: (call) => <CallDuration call={call} />,
  },
  reason: {
    key: 'reason',
    title: 'Error or end reason',
    width: 'minmax(0, 1.8fr)',
    render: (call) => <Reason call={call} />,
  },
  ended: {
    key: 'ended',
    title: 'Ended',
    width: '7.5rem',
    hideBelow: 'md',
    render: (call) => <Time at={call.ended_at} shape="clock" />,
  },
  changed: {
    key: 'changed',
    title: 'Last change',
    width: '7rem',
    hideBelow: 'md',
    render: (call) => <Time at={call.updated_at} />,
  },
  summary: {
    key: 'summary',
    title: 'Summary',
    width: 'minmax(8rem, 2fr)',
    hideBelow: 'md',
    render: (call) => <Clipped text={call.summary} />,
  },
};

/** In the order of the list, with a button that opens the preview at the end. */
export function toColumns(
  shown: ReadonlySet<CallColumnKey>,
  onPreview: (call: CallView) => void,
): readonly Column<CallView>[] {
  return [
    ...CALL_COLUMN_KEYS.filter((key) => shown.has(key)).map((key) => CALL_COLUMNS[key]),
    {
      key: 'preview',
      title: 'Preview',
      isTitleHidden: true,
      width: '2.25rem',
      hideBelow: 'sm',
      align: 'end',
      render: (call) => (
        <IconButton
          icon="chevron-right"
          size="small"
          label={`Preview call ${toShownId(call.id)}`}
          tipSide="left"
          onClick={() => onPreview(call)}
        />
      ),
    },
  ];
}

/** Of a call that is stale nobody knows whether it runs, so nothing ticks. */
export function CallDuration({ call }: { readonly call: CallView }) {
  if (call.state === 'live') {
    const since = call.started_at ?? call.live_since;
    return call.stale || since === null ? (
      <span class="muted">Unknown</span>
    ) : (
      <LiveDuration sinceMs={since} />
    );
  }
  if (call.duration_ms === null) return <span class="muted">Not known</span>;
  return <Duration ms={call.duration_ms} />;
}

function Reason({ call }: { readonly call: CallView }) {
  if (call.error !== null) return <Clipped text={call.error} isBad />;
  if (call.state === 'failed') return <span class="muted">No error text</span>;
  return <Clipped text={call.end_reason} />;
}

function Clipped({ text, isBad = false }: { readonly text: string | null; readonly isBad?: boolean }) {
  if (text === null || text === '') return <span class="muted call-nothing">–</span>;
  const clipped = text.length > TEXT_CHARACTERS_MAX ? `${text.slice(0, TEXT_CHARACTERS_MAX)}…` : text;
  return (
    <span class="call-text" data-bad={isBad ? '' : undefined}>
      {clipped}
    </span>
  );
}
