/** Events and reports as rows. */
import type { CallReport } from '../../calls/report.ts';
import { toReportId, type AccountId, type EventId } from '../ids.ts';
import type { EventEntry, ReportEntry } from '../reader.ts';
import { toReportOutcome } from './codes.ts';
import { parseKeptReport } from './kept-report.ts';
import type { SourceRegistry } from './source-registry.ts';

/** reports e joined with calls c. */
export const EVENT_COLUMNS = `e.row, e.account_row, e.event_id, c.call_id, e.sequence, e.status,
  e.received_at_ms, e.body`;

export interface EventRow {
  readonly row: number;
  readonly account_row: number;
  readonly event_id: EventId;
  readonly call_id: string;
  readonly sequence: number;
  readonly status: string;
  readonly received_at_ms: number;
  readonly body: Uint8Array;
}

export function toEventEntry(row: EventRow, accountId: AccountId): EventEntry {
  return {
    id: row.event_id,
    row: row.row,
    accountId,
    callId: row.call_id,
    sequence: row.sequence,
    status: row.status,
    acceptedAtMs: row.received_at_ms,
    body: row.body,
  };
}

export const REPORT_COLUMNS =
  'row, source_row, received_at_ms, occurred_at_ms, status, outcome, reason, report, event_id, sequence, body';

export interface ReportRow {
  readonly row: number;
  readonly source_row: number;
  readonly received_at_ms: number;
  readonly occurred_at_ms: number | null;
  readonly status: string;
  readonly outcome: number;
  readonly reason: string | null;
  readonly report: string | null;
  readonly event_id: EventId | null;
  readonly sequence: number | null;
  readonly body: Uint8Array | null;
}

export function toReportEntry(row: ReportRow, callId: string, sources: SourceRegistry): ReportEntry {
  const { status, occurred_at_ms: occurredAtMs } = row;
  const report: CallReport = parseKeptReport({ callId, status, occurredAtMs }, row.report, row.body);
  return {
    id: toReportId(row.row),
    sourceId: sources.toId(row.source_row),
    receivedAtMs: row.received_at_ms,
    occurredAtMs,
    status,
    outcome: toReportOutcome(row.outcome),
    reason: row.reason,
    eventId: row.event_id,
    report,
  };
}
