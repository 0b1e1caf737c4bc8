/** The timeline of a call: what came, what it changed, where it went and how that ended, on one line from top to bottom. */
import './call-story.css';
import { useMemo } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import type { CallView } from '../../data/types.ts';
import type { TimelineEntry } from './timeline-entries.ts';
import type { ShownTimeline } from './use-timeline.ts';

import { CallStateBadge } from '../../components/badge.tsx';
import { Button } from '../../components/button.tsx';
import { Icon } from '../../components/icon.tsx';
import { Empty } from '../../components/empty.tsx';
import { Section, Skeleton } from '../../components/page.tsx';
import { ProblemNote } from '../../components/problem.tsx';
import { LiveDuration, Time } from '../../components/time.tsx';
import { formatCount, formatLatency } from '../../data/format.ts';
import { location, setQuery } from '../../data/location.ts';
import { EventEntry } from './event-entry.tsx';
import { ReportEntry } from './report-entry.tsx';
import { StoryEntry } from './story-entry.tsx';
import { toTimelineEntries } from './timeline-entries.ts';

/** Of reports and of deliveries each, as the hub tells them. */
const TOLD_MAX = 1_000;
/** Between two entries: a pause worth naming. */
const GAP_SHOWN_MS = 60_000;

export type HeadingLevel = 2 | 3;

export function CallStory({
  id,
  shown: { timeline, fault, isLoading, reload },
  level,
}: {
  readonly id: string;
  readonly shown: ShownTimeline;
  /** Of the timeline's own heading; its entries are one deeper. */
  readonly level: HeadingLevel;
}) {
  const isNewestFirst = location.value.query.get('order') === 'newest';
  const entries = useMemo(() => (timeline === undefined ? [] : toTimelineEntries(timeline)), [timeline]);
  const ordered = isNewestFirst ? entries.toReversed() : entries;
  const call = timeline?.call;
  const now = call?.state === 'live' && !call.stale ? <StillLive call={call} /> : null;
  return (
    <Section
      title="Timeline"
      level={level}
      hint={timeline === undefined ? undefined : toCountText(entries)}
      actions={
        <Button
          size="small"
          icon={isNewestFirst ? 'arrow-up' : 'arrow-down'}
          onClick={() => setQuery({ order: isNewestFirst ? null : 'newest' }, { replace: true })}
        >
          {isNewestFirst ? 'Newest first' : 'Oldest first'}
        </Button>
      }
    >
      {fault !== null && (
        <ProblemNote
          fault={fault}
          onRetry={reload}
          isRetrying={isLoading}
          isCompact={timeline !== undefined}
        />
      )}
      {timeline === undefined && fault === null && (
        <div aria-busy="true">
          <Skeleton lines={9} />
        </div>
      )}
      {timeline?.truncated === true && (
        <p class="story-cut">
          <Icon name="info" />
          This call has more reports or deliveries than fit here: the first {formatCount(TOLD_MAX)} of each
          are shown.
        </p>
      )}
      {timeline !== undefined && entries.length === 0 && (
        <Empty title="Nothing is left of it" icon="clock">
          Its reports are older than what is kept.
        </Empty>
      )}
      <ol class="story">
        {isNewestFirst && now}
        {ordered.map((entry, index) => (
          <Entry
            key={entry.key}
            entry={entry}
            callId={id}
            gapMs={toGapMs(ordered[index - 1], entry)}
            level={level === 2 ? 3 : 4}
          />
        ))}
        {!isNewestFirst && now}
      </ol>
    </Section>
  );
}

function Entry({
  entry,
  callId,
  gapMs,
  level,
}: {
  readonly entry: TimelineEntry;
  readonly callId: string;
  readonly gapMs: number | null;
  readonly level: 3 | 4;
}) {
  const gap = gapMs === null ? null : <Gap ms={gapMs} />;
  switch (entry.kind) {
    case 'report':
      return <ReportEntry entry={entry} callId={callId} gap={gap} level={level} />;
    case 'event':
      return <EventEntry entry={entry} gap={gap} level={level} />;
    case 'change':
      return (
        <StoryEntry
          kind="change"
          icon="arrow-right"
          tone={entry.to === 'failed' ? 'bad' : entry.to === 'live' ? 'live' : 'good'}
          gap={gap}
          level={level}
          title={
            <>
              <span class="visually-hidden">The call went from </span>
              {entry.from === 'none' ? null : (
                <>
                  <CallStateBadge state={entry.from} isPlain />
                  <span class="visually-hidden"> to </span>
                  <Icon name="arrow-right" />
                </>
              )}
              <CallStateBadge state={entry.to} />
            </>
          }
          time={<Time at={entry.atMs} shape="exact" />}
        />
      );
  }
}

function Gap({ ms }: { readonly ms: number }): ComponentChildren {
  return <span class="story-gap">{formatLatency(ms)} later</span>;
}

function StillLive({ call }: { readonly call: CallView }) {
  const since = call.started_at ?? call.live_since;
  return (
    <li class="story-entry" data-kind="now" data-tone="live">
      <span class="story-mark">
        <Icon name="state-live" />
      </span>
      <p class="story-now">
        Still live
        {since !== null && (
          <>
            , for <LiveDuration sinceMs={since} />
          </>
        )}
        . What comes next appears here by itself.
      </p>
    </li>
  );
}

function toGapMs(before: TimelineEntry | undefined, entry: TimelineEntry): number | null {
  if (before === undefined) return null;
  const ms = Math.abs(entry.atMs - before.atMs);
  return ms >= GAP_SHOWN_MS ? ms : null;
}

function toCountText(entries: readonly TimelineEntry[]): string {
  const reports = entries.filter(({ kind }) => kind === 'report').length;
  const deliveries = entries.reduce(
    (sum, entry) => sum + (entry.kind === 'event' ? entry.deliveries.length : 0),
    0,
  );
  return `${toWords(reports, 'report', 'reports')}, ${toWords(deliveries, 'delivery', 'deliveries')}. By the hub’s clock.`;
}

function toWords(count: number, one: string, many: string): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}
