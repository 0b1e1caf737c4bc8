/**
 * Accepting reports: call, report, event and its deliveries in one transaction. The busiest code of the
 * journal: four statements for a call's first event at one destination, and nothing is read back.
 */
import { toStatusUpdateBody } from '@offhook/contract/body';
import { STATUS_UPDATE_EVENT } from '@offhook/contract/headers';

import { applyReport, type NewEvent } from '../../calls/apply-report.ts';
import type { Call } from '../../calls/call.ts';
import type { CallReport } from '../../calls/report.ts';
import { makeEventId, toDeliveryId, type EventId } from '../ids.ts';
import type { AcceptedReport, AcceptJournal, IncomingReport } from '../reports.ts';
import { toAccountRow } from './accounts.ts';
import type { KnownCall } from './call-cache.ts';
import {
  CALL_COLUMNS,
  INSERT_CALL,
  toCall,
  toIdentityValues,
  toInsertValues,
  toProgressValues,
  toSearchNumber,
  UPDATE_CALL_IDENTITY,
  UPDATE_CALL_PROGRESS,
  type CallRow,
} from './call-rows.ts';
import { OUTCOME_CODES } from './codes.ts';
import type { DeliveryMaker } from './delivery-maker.ts';
import { toKeptReport } from './kept-report.ts';
import type { PendingDelivery } from './lane-order.ts';
import type { Store } from './store.ts';

const SELECT_CALL = `
  SELECT ${CALL_COLUMNS}, c.phone_search, c.customer_search FROM calls c WHERE c.account_row = ? AND c.call_id = ?`;
const INSERT_REPORT = `
  INSERT INTO reports (row, account_row, call_row, source_row, received_at_ms, occurred_at_ms, status, outcome,
    reason, report, event_id, sequence, body, traceparent)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

export function createAccept(store: Store, deliveries: DeliveryMaker): AcceptJournal {
  const { db, writer, clock, counters, calls, counting, destinations, sources, phoneNames } = store;
  const selectCall = db.prepare(SELECT_CALL);
  const insertCall = db.prepare(INSERT_CALL);
  const updateProgress = db.prepare(UPDATE_CALL_PROGRESS);
  const updateIdentity = db.prepare(UPDATE_CALL_IDENTITY);
  const insertReport = db.prepare(INSERT_REPORT);

  function accept(incoming: IncomingReport, nowMs: number): AcceptedReport {
    const { report } = incoming;
    const accountRow = toAccountRow(store, incoming.accountId);
    const counts = counting.open(accountRow, nowMs);
    const known = findCall(accountRow, report.callId);
    const before = known?.call;
    const applied = applyReport(before, addRegisteredName(accountRow, incoming), nowMs);
    const callAfter = saveCall(accountRow, known, applied.call, incoming);

    counters.now.reportRow += 1;
    const row = counters.now.reportRow;
    const event = applied.kind === 'advanced' ? applied.event : null;
    const reason = applied.kind === 'advanced' ? null : applied.reason;
    const eventId = event === null ? null : makeEventId(row);
    const body = event === null ? null : toStatusUpdateBody(event);
    const sourceRow = sources.toRow(incoming.sourceId);
    insertReport.run(
      row,
      accountRow,
      callAfter.row,
      sourceRow,
      nowMs,
      report.occurredAtMs,
      report.status,
      OUTCOME_CODES[applied.kind],
      reason,
      toKeptReport(report, event),
      eventId,
      event === null ? null : event.sequence,
      body,
      event === null ? null : incoming.traceparent,
    );
    counting.countReport(counts, {
      accountRow,
      sourceRow: report.isAssumed === true ? null : sourceRow,
      outcome: applied.kind,
      before,
      after: applied.call,
      nowMs,
    });
    if (applied.call !== before) counters.noteChange(row);
    if (event === null || eventId === null || body === null) {
      return { outcome: applied.kind, reason, call: applied.call, event: null };
    }
    counters.now.events += 1;
    counters.noteEvent(row);
    fanOut(
      accountRow,
      callAfter,
      { row, id: eventId, event, body, traceparent: incoming.traceparent },
      nowMs,
    );
    return {
      outcome: applied.kind,
      reason,
      call: applied.call,
      event: { id: eventId, sequence: event.sequence },
    };
  }

  function isLive({ accountId, report }: IncomingReport): boolean {
    return findCall(toAccountRow(store, accountId), report.callId)?.call.state === 'live';
  }

  function findCall(accountRow: number, callId: string): KnownCall | undefined {
    const cached = calls.find(accountRow, callId);
    if (cached !== undefined) return cached;
    const row = selectCall.get(accountRow, callId) as unknown as
      | (CallRow & { readonly phone_search: string | null; readonly customer_search: string | null })
      | undefined;
    if (row === undefined) return undefined;
    const known: KnownCall = {
      row: row.row,
      call: toCall(row),
      phoneSearch: row.phone_search,
      customerSearch: row.customer_search,
      isAlone: false,
    };
    calls.add(accountRow, known);
    return known;
  }

  function addRegisteredName(accountRow: number, incoming: IncomingReport): CallReport {
    const { report, phoneNumberE164 } = incoming;
    const number = report.phoneNumber?.number ?? null;
    if (number === null || (report.phoneNumber?.name ?? null) !== null) return report;
    const name = phoneNames.find(accountRow, phoneNumberE164 ?? number);
    return name === null ? report : { ...report, phoneNumber: { number, name } };
  }

  function saveCall(
    accountRow: number,
    known: KnownCall | undefined,
    call: Call,
    incoming: IncomingReport,
  ): KnownCall {
    if (known === undefined) {
      counters.now.callRow += 1;
      counters.now.calls += 1;
      const created: KnownCall = {
        row: counters.now.callRow,
        call,
        phoneSearch: toSearchNumber(call.phoneNumber?.number, incoming.phoneNumberE164),
        customerSearch: toSearchNumber(call.customer?.number, incoming.customerE164),
        isAlone: true,
      };
      const search = { phone: created.phoneSearch, customer: created.customerSearch };
      insertCall.run(...toInsertValues(created.row, accountRow, call, search));
      calls.add(accountRow, created);
      return created;
    }
    const before = known.call;
    if (call === before) return known;
    if (
      call.type !== before.type ||
      call.phoneNumber !== before.phoneNumber ||
      call.customer !== before.customer
    ) {
      if (call.phoneNumber?.number !== before.phoneNumber?.number) {
        known.phoneSearch = toSearchNumber(call.phoneNumber?.number, incoming.phoneNumberE164);
      }
      if (call.customer?.number !== before.customer?.number) {
        known.customerSearch = toSearchNumber(call.customer?.number, incoming.customerE164);
      }
      const search = { phone: known.phoneSearch, customer: known.customerSearch };
      updateIdentity.run(...toIdentityValues(known.row, call, search));
    }
    updateProgress.run(...toProgressValues(known.row, call));
    known.call = call;
    return known;
  }

  function fanOut(
    accountRow: number,
    known: KnownCall,
    appended: {
      readonly row: number;
      readonly id: EventId;
      readonly event: NewEvent;
      readonly body: Uint8Array;
      readonly traceparent: string | null;
    },
    nowMs: number,
  ): void {
    const { event } = appended;
    const matched = destinations.match(accountRow, {
      status: event.status,
      callType: event.type,
      phoneNumber: event.phoneNumber?.number ?? null,
      phoneNumberE164: known.phoneSearch?.startsWith('+') === true ? known.phoneSearch : null,
    });
    const pendingByLane = event.sequence === 1 ? null : readPendingByLane(known);
    for (const destination of matched) {
      const row = deliveries.make({
        destination,
        callRow: known.row,
        eventRow: appended.row,
        sequence: event.sequence,
        pending: pendingByLane?.get(destination.row) ?? NONE,
        replayRow: null,
        nowMs,
      });
      if (row.isDue) {
        store.due.offer(destination, {
          id: toDeliveryId(row.row),
          row: row.row,
          destinationId: destination.id,
          accountId: destination.accountId,
          eventId: appended.id,
          eventType: STATUS_UPDATE_EVENT,
          eventRow: appended.row,
          callRow: known.row,
          sequence: event.sequence,
          status: event.status,
          body: appended.body,
          traceparent: appended.traceparent,
          acceptedAtMs: nowMs,
          dueAtMs: nowMs,
          attempts: 0,
          rejections: 0,
          token: 0,
        });
      }
    }
  }

  /** One query for all destinations: a call has at most two events, so there is little to find. */
  function readPendingByLane(known: KnownCall): Map<number, PendingDelivery[]> {
    const byLane = new Map<number, PendingDelivery[]>();
    for (const pending of deliveries.readPending(known.row)) {
      const others = byLane.get(pending.destination_row);
      if (others === undefined) byLane.set(pending.destination_row, [pending]);
      else others.push(pending);
    }
    known.isAlone &&= byLane.size === 0;
    return byLane;
  }

  return {
    acceptReports(reports) {
      return writer.run(
        {
          work() {
            const nowMs = clock.nowMs();
            return reports.map((incoming) => accept(incoming, nowMs));
          },
        },
        { weight: reports.length },
      );
    },
    acceptAssumedEnds(reports) {
      return writer.run(
        {
          work() {
            const nowMs = clock.nowMs();
            return reports.flatMap((incoming) => (isLive(incoming) ? [accept(incoming, nowMs)] : []));
          },
        },
        { weight: reports.length },
      );
    },
  };
}

const NONE: readonly PendingDelivery[] = [];
