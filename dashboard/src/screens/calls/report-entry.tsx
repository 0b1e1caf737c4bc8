import type { ComponentChildren } from 'preact';
import type { ReportView } from '../../data/types.ts';
import type { Lag, TimelineEntry } from './timeline-entries.ts';

import { Badge, OutcomeBadge } from '../../components/badge.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { JsonView } from '../../components/json-view.tsx';
import { showToast } from '../../components/toast.tsx';
import { formatLatency } from '../../data/format.ts';
import { session } from '../../data/session.ts';
import { Clock } from './clock-time.tsx';
import { LongText } from './call-facts.tsx';
import { isMasked, toReportCurl } from './curl-text.ts';
import { Folds } from './disclosure.tsx';
import { StoryEntry } from './story-entry.tsx';

/** What a source claimed, when by its clock and when by ours, and what Offhook made of it. */
export function ReportEntry({
  entry: { report, lag },
  callId,
  gap,
  time,
  level,
}: {
  readonly entry: TimelineEntry & { readonly kind: 'report' };
  readonly callId: string;
  readonly gap: ComponentChildren;
  readonly time: ComponentChildren;
  readonly level: 3 | 4;
}) {
  const { outcome, report: facts } = report;
  const isRevealed = session.value?.revealed === true;
  const text = toReportText(report);
  return (
    <StoryEntry
      kind="report"
      icon="arrow-down"
      tone={
        outcome === 'conflicting'
          ? 'bad'
          : outcome === 'late'
            ? 'warn'
            : outcome === 'advanced'
              ? 'accent'
              : 'quiet'
      }
      gap={gap}
      level={level}
      title={
        <>
          Report <code class="story-word">{report.status}</code>
        </>
      }
      meta={
        <>
          <span class="muted">{report.assumed ? 'assumed by the hub' : `from ${report.source_id}`}</span>
          {outcome !== 'advanced' && <OutcomeBadge outcome={outcome} />}
          {lag !== null && <LagBadge lag={lag} />}
        </>
      }
      time={time}
    >
      {report.reason !== null && <p class="story-text">{report.reason}</p>}
      {!report.assumed && (
        <p class="story-times">
          {report.occurred_at === null ? (
            'Its source gave no time.'
          ) : (
            <>
              Source time <Clock at={report.occurred_at} besideAt={report.received_at} />,{' '}
              {toDistance(report.occurred_at, report.received_at)}
            </>
          )}
        </p>
      )}
      {facts.error !== null && (
        <p class="story-text" data-bad="">
          <LongText text={facts.error} />
        </p>
      )}
      {facts.end_reason !== null && (
        <p class="story-text">
          End reason: <LongText text={facts.end_reason} />
        </p>
      )}
      <Folds
        folds={[
          {
            label: 'Report as JSON',
            icon: 'code',
            content: () => <JsonView text={text} label="Report as it is kept" />,
          },
        ]}
      >
        <CopyButton
          text={() => {
            if (!isRevealed && isMasked(text))
              showToast('Masked facts are left out of the command: reveal numbers to have them in it.');
            return toReportCurl(globalThis.location.origin, callId, report, isRevealed);
          }}
          label="Copy as curl"
          isIconOnly={false}
        />
      </Folds>
    </StoryEntry>
  );
}

function LagBadge({ lag }: { readonly lag: Lag }) {
  return (
    <Badge tone="warn" icon="clock" isPlain>
      {lag.kind === 'late'
        ? `Reported ${formatLatency(lag.ms)} late`
        : `Its clock is ${formatLatency(lag.ms)} ahead`}
    </Badge>
  );
}

function toDistance(occurredAt: string, receivedAt: string): string {
  const ms = Date.parse(receivedAt) - Date.parse(occurredAt);
  if (ms === 0) return 'received in the same millisecond';
  return ms > 0 ? `received ${formatLatency(ms)} later` : `received ${formatLatency(-ms)} before that`;
}

/** What was reported and what became of it; nulls say nothing and only take room. */
function toReportText({ report, ...about }: ReportView): string {
  const facts = Object.fromEntries(Object.entries(report).filter(([, value]) => value !== null));
  return JSON.stringify({ ...about, report: facts });
}
