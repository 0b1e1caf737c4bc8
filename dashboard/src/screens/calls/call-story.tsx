/** The timeline of a call: what came, what it changed, where it went and how that ended, on one line from top to bottom. */
import './call-story.css';
import { useMemo, useState } from 'preact/hooks';
import type { CallView } from '../../data/types.ts';
import type { RepeatedRun, TimelineEntry } from './timeline-entries.ts';
import type { ShownTimeline } from './use-timeline.ts';

import { CallStateBadge } from '../../components/badge.tsx';
import { Button } from '../../components/button.tsx';
import { Icon } from '../../components/icon.tsx';
import { Empty } from '../../components/empty.tsx';
import { Section, Skeleton } from '../../components/page.tsx';
import { ProblemNote } from '../../components/problem.tsx';
import { LiveDuration, Time } from '../../components/time.tsx';
import { formatCount, formatDate, formatLatency } from '../../data/format.ts';
import { nowMs } from '../../data/clock.ts';
import { location, setQuery } from '../../data/location.ts';
import { EventEntry } from './event-entry.tsx';
import { NoticedEntry } from './noticed-entry.tsx';
import { ReportEntry } from './report-entry.tsx';
import { StoryEntry } from './story-entry.tsx';
import { foldRepeated, toTimelineEntries } from './timeline-entries.ts';
import { Destinations, useDestinations } from '../../data/use-destinations.ts';

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
  const { data: destinations } = useDestinations();
  const isNewestFirst = location.value.query.get('order') === 'newest';
  const entries = useMemo(() => (timeline === undefined ? [] : toTimelineEntries(timeline)), [timeline]);
  const folded = useMemo(() => foldRepeated(entries), [entries]);
  const ordered = isNewestFirst ? folded.toReversed() : folded;
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
      <Destinations.Provider value={destinations?.data}>
        <ol class="story">
          {isNewestFirst && now}
          {ordered.map((entry, index) => (
            <EntryOrRun
              key={entry.key}
              entry={entry}
              callId={id}
              before={toLast(ordered[index - 1], isNewestFirst)}
              level={level === 2 ? 3 : 4}
              isNewestFirst={isNewestFirst}
            />
          ))}
          {!isNewestFirst && now}
        </ol>
      </Destinations.Provider>
    </Section>
  );
}

/** The entry that stands directly above what follows this one. */
function toLast(
  entry: TimelineEntry | RepeatedRun | undefined,
  isNewestFirst: boolean,
): TimelineEntry | undefined {
  return entry?.kind === 'run' ? entry.entries.at(isNewestFirst ? 0 : -1) : entry;
}

function EntryOrRun({
  entry,
  isNewestFirst,
  ...frame
}: {
  readonly entry: TimelineEntry | RepeatedRun;
  readonly callId: string;
  readonly before: TimelineEntry | undefined;
  readonly level: 3 | 4;
  readonly isNewestFirst: boolean;
}) {
  const [isOpen, setOpen] = useState(false);
  if (entry.kind !== 'run') return <Entry {...frame} entry={entry} />;
  const ordered = isNewestFirst ? entry.entries.toReversed() : entry.entries;
  return (
    <>
      <li class="story-entry" data-kind="run">
        <span class="story-mark">
          <Icon name="state-repeated" />
        </span>
        <div class="story-run">
          <Button size="small" kind="quiet" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            {isOpen ? 'Fold' : 'Show'} {formatCount(ordered.length)} more like this one
          </Button>
        </div>
      </li>
      {isOpen &&
        ordered.map((one, index) => (
          <Entry
            key={one.key}
            {...frame}
            entry={one}
            before={index === 0 ? frame.before : ordered[index - 1]}
          />
        ))}
    </>
  );
}

function Entry({
  entry,
  callId,
  before,
  level,
}: {
  readonly entry: TimelineEntry;
  readonly callId: string;
  readonly before: TimelineEntry | undefined;
  readonly level: 3 | 4;
}) {
  const frame = {
    gap: <Gap atMs={entry.atMs} beforeMs={before?.atMs ?? null} />,
    time: <Time at={entry.atMs} shape="exact" />,
    level,
  };
  switch (entry.kind) {
    case 'report':
      return <ReportEntry {...frame} entry={entry} callId={callId} />;
    case 'noticed':
      return <NoticedEntry {...frame} entry={entry} />;
    case 'event':
      return <EventEntry {...frame} entry={entry} />;
    case 'change':
      return (
        <StoryEntry
          {...frame}
          kind="change"
          icon="arrow-right"
          tone={entry.to === 'failed' ? 'bad' : entry.to === 'live' ? 'live' : 'good'}
          title={
            <>
              <span class="visually-hidden">The call went from </span>
              {entry.from === 'none' ? (
                <span class="visually-hidden">no status to </span>
              ) : (
                <>
                  <CallStateBadge state={entry.from} isPlain />
                  <span class="visually-hidden"> to </span>
                  <Icon name="arrow-right" />
                </>
              )}
              <CallStateBadge state={entry.to} />
            </>
          }
        />
      );
  }
}

/** A new day, and a pause that is long: times of the clock alone would hide both. */
function Gap({ atMs, beforeMs }: { readonly atMs: number; readonly beforeMs: number | null }) {
  const isOtherDay = formatDate(atMs) !== formatDate(beforeMs ?? nowMs.peek());
  const ms = beforeMs === null ? 0 : atMs - beforeMs;
  const words = [
    ...(isOtherDay ? [formatDate(atMs)] : []),
    ...(Math.abs(ms) >= GAP_SHOWN_MS
      ? [`${formatLatency(Math.abs(ms))} ${ms > 0 ? 'later' : 'earlier'}`]
      : []),
  ];
  return words.length === 0 ? null : <span class="story-gap">{words.join(' · ')}</span>;
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
