/**
 * How good what sources say is. In: each report as it was taken or refused. Out: counts per source and hour, added to
 * the journal once a minute. They are gathered in memory, since a row per report would cost the door a write that no
 * call needs: a crash loses the counts of its last minute, and nothing else.
 */
import type { Clock } from '../clock.ts';
import type { ProblemCode } from '../ingest/problem.ts';
import type { ReportObserver, ReportedReport } from '../ingest/request-observer.ts';
import type { AccountId, SourceId } from '../journal/ids.ts';
import type { QualityJournal, SourceQuality } from '../journal/source-quality.ts';

import { SKEW_CLASS_SECONDS } from '../journal/source-quality.ts';

export const QUALITY_SAVE_MS = 60_000;
/** Sources counted at once; more than an hour's change and a thousand sources make. */
export const QUALITY_ROWS_MAX = 4_096;
const HOUR_MS = 3_600_000;

export interface QualityRecorder extends ReportObserver {
  /** Writes what was counted since, and counts no more. */
  stop(): Promise<void>;
}

type Counts = { -readonly [Name in keyof SourceQuality]: SourceQuality[Name] } & {
  behind: number[];
  ahead: number[];
};

export function createQualityRecorder(options: {
  readonly journal: Pick<QualityJournal, 'addSourceQuality'>;
  readonly clock: Clock;
  readonly troubled: (error: unknown) => void;
}): QualityRecorder {
  const { journal, clock } = options;
  let rows = new Map<string, Counts>();
  let cancel = clock.setTimer(() => void saveAndGoOn(), QUALITY_SAVE_MS);
  let isStopped = false;
  let saving: Promise<void> = Promise.resolve();

  function open(accountId: AccountId, sourceId: SourceId): Counts | undefined {
    const hourMs = Math.floor(clock.nowMs() / HOUR_MS) * HOUR_MS;
    const key = `${sourceId} ${accountId} ${hourMs}`;
    const found = rows.get(key);
    if (found !== undefined || rows.size >= QUALITY_ROWS_MAX) return found;
    const made = makeCounts(accountId, sourceId, hourMs);
    rows.set(key, made);
    return made;
  }

  async function save(): Promise<void> {
    if (rows.size === 0) return;
    const counted = rows;
    rows = new Map();
    try {
      await journal.addSourceQuality([...counted.values()]);
    } catch (error) {
      // A full or busy journal is said by the doors. What was counted is given up: it must not pile up.
      options.troubled(error);
    }
  }

  async function saveAndGoOn(): Promise<void> {
    saving = save();
    await saving;
    if (!isStopped) cancel = clock.setTimer(() => void saveAndGoOn(), QUALITY_SAVE_MS);
  }

  return {
    reported(report) {
      const counts = open(report.accountId, report.sourceId);
      if (counts === undefined) return;
      counts[report.outcome] += 1;
      if (isUnpairedEnd(report)) counts.unpairedEnds += 1;
      if (report.occurredAtMs !== null) noteSkew(counts, clock.nowMs() - report.occurredAtMs);
    },
    refused(problem, origin) {
      if (origin === null) return;
      const name = toRefusalName(problem);
      const counts = name === null ? undefined : open(origin.accountId, origin.sourceId);
      if (name !== null && counts !== undefined) counts[name] += 1;
    },
    async stop() {
      isStopped = true;
      cancel();
      await saving;
      await save();
    },
  };
}

/** What a source did wrong; limits and trouble of ours are no fault of its. */
function toRefusalName(problem: ProblemCode): 'badSignatures' | 'badRequests' | null {
  switch (problem) {
    case 'signature_refused':
      return 'badSignatures';
    case 'malformed_json':
    case 'invalid_body':
    case 'invalid_header':
    case 'invalid_path':
    case 'body_too_large':
    case 'media_type_unsupported':
      return 'badRequests';
    default:
      return null;
  }
}

function isUnpairedEnd({ outcome, callState, startedAtMs }: ReportedReport): boolean {
  return outcome === 'advanced' && callState !== 'live' && startedAtMs === null;
}

function noteSkew(counts: Counts, behindMs: number): void {
  const classes = behindMs >= 0 ? counts.behind : counts.ahead;
  const index = SKEW_CLASS_SECONDS.findIndex((seconds) => Math.abs(behindMs) <= seconds * 1_000);
  const at = index === -1 ? SKEW_CLASS_SECONDS.length : index;
  classes[at] = (classes[at] ?? 0) + 1;
}

function makeCounts(accountId: AccountId, sourceId: SourceId, hourMs: number): Counts {
  const zeros = (): number[] => Array.from({ length: SKEW_CLASS_SECONDS.length + 1 }, () => 0);
  return {
    accountId,
    sourceId,
    hourMs,
    advanced: 0,
    repeated: 0,
    late: 0,
    conflicting: 0,
    noted: 0,
    unpairedEnds: 0,
    badSignatures: 0,
    badRequests: 0,
    behind: zeros(),
    ahead: zeros(),
  };
}
