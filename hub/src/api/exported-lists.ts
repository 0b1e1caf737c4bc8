/** The lists that leave as files: what a row of each is, and how a page of them is read. */
import type { Clock } from '../clock.ts';
import type { AccountId } from '../journal/ids.ts';
import type { DeliveryEntry, JournalReader } from '../journal/reader.ts';
import type { JournalFilter } from '../journal/filter.ts';
import type { Page, PageRequest } from '../journal/page.ts';
import type { ExportColumn } from './export-format.ts';
import type { KindNameReader } from './kind-names.ts';

import { toCallView, toEventView } from './call-views.ts';
import { toDeliveryView } from './delivery-views.ts';

type CallView = ReturnType<typeof toCallView>;
type EventView = ReturnType<typeof toEventView>;
type DeliveryView = ReturnType<typeof toDeliveryView>;

export const EXPORTED_LISTS = ['calls', 'events', 'deliveries'] as const;
export type ExportedListName = (typeof EXPORTED_LISTS)[number];

export interface ExportedList<View> {
  readonly what: ExportedListName;
  readonly columns: readonly ExportColumn<View>[];
  readonly readPage: (accountId: AccountId, filter: JournalFilter, page: PageRequest) => Promise<Page<View>>;
}

export interface ExportedLists {
  readonly calls: ExportedList<CallView>;
  readonly events: ExportedList<EventView>;
  readonly deliveries: ExportedList<DeliveryView>;
}

export function createExportedLists(options: {
  readonly journal: Pick<JournalReader, 'listCalls' | 'listEvents' | 'listDeliveries'>;
  readonly clock: Clock;
  readonly staleAfterMs: number;
  readonly kindNames: KindNameReader;
}): ExportedLists {
  const { journal, clock, staleAfterMs, kindNames } = options;
  return {
    calls: {
      what: 'calls',
      columns: CALL_COLUMNS,
      async readPage(accountId, filter, page) {
        const nowMs = clock.nowMs();
        const { items, nextCursor } = await journal.listCalls(accountId, filter, page);
        return { items: items.map((call) => toCallView(call, nowMs, staleAfterMs)), nextCursor };
      },
    },
    events: {
      what: 'events',
      columns: EVENT_COLUMNS,
      async readPage(accountId, filter, page) {
        const { items, nextCursor } = await journal.listEvents(accountId, filter, page);
        return { items: items.map(toEventView), nextCursor };
      },
    },
    deliveries: {
      what: 'deliveries',
      columns: DELIVERY_COLUMNS,
      async readPage(accountId, filter, page) {
        const nowMs = clock.nowMs();
        const { items, nextCursor } = await journal.listDeliveries(accountId, filter, page);
        // Each explained as what it goes to, as in the list.
        const kindOf = await kindNames(
          accountId,
          items.map(({ destinationId }) => destinationId),
        );
        const toView = (delivery: DeliveryEntry): DeliveryView =>
          toDeliveryView(delivery, nowMs, {
            destinationState: null,
            destinationKind: kindOf.get(delivery.destinationId) ?? null,
          });
        return { items: items.map(toView), nextCursor };
      },
    },
  };
}

const CALL_COLUMNS: readonly ExportColumn<CallView>[] = [
  { name: 'id', type: 'text', read: (call) => call.id },
  { name: 'state', type: 'text', read: (call) => call.state },
  { name: 'stale', type: 'boolean', read: (call) => call.stale },
  { name: 'type', type: 'text', read: (call) => call.type },
  { name: 'phone_number', type: 'text', read: (call) => call.phone_number?.number },
  { name: 'phone_number_name', type: 'text', read: (call) => call.phone_number?.name },
  { name: 'customer_number', type: 'text', read: (call) => call.customer?.number },
  { name: 'started_at', type: 'time', read: (call) => call.started_at },
  { name: 'ended_at', type: 'time', read: (call) => call.ended_at },
  { name: 'duration_ms', type: 'integer', read: (call) => call.duration_ms },
  { name: 'error', type: 'text', read: (call) => call.error },
  { name: 'end_reason', type: 'text', read: (call) => call.end_reason },
  { name: 'summary', type: 'text', read: (call) => call.summary },
  { name: 'sequence', type: 'integer', read: (call) => call.sequence },
  { name: 'first_report_at', type: 'time', read: (call) => call.first_report_at },
  { name: 'live_since', type: 'time', read: (call) => call.live_since },
  { name: 'updated_at', type: 'time', read: (call) => call.updated_at },
];

const EVENT_COLUMNS: readonly ExportColumn<EventView>[] = [
  { name: 'id', type: 'text', read: (event) => event.id },
  { name: 'row', type: 'integer', read: (event) => event.row },
  { name: 'call_id', type: 'text', read: (event) => event.call_id },
  { name: 'sequence', type: 'integer', read: (event) => event.sequence },
  { name: 'status', type: 'text', read: (event) => event.status },
  { name: 'accepted_at', type: 'time', read: (event) => event.accepted_at },
  { name: 'body', type: 'text', read: (event) => event.body },
];

const DELIVERY_COLUMNS: readonly ExportColumn<DeliveryView>[] = [
  { name: 'id', type: 'text', read: (delivery) => delivery.id },
  { name: 'destination_id', type: 'text', read: (delivery) => delivery.destination_id },
  { name: 'event_id', type: 'text', read: (delivery) => delivery.event_id },
  { name: 'event_type', type: 'text', read: (delivery) => delivery.event_type },
  { name: 'call_id', type: 'text', read: (delivery) => delivery.call_id },
  { name: 'sequence', type: 'integer', read: (delivery) => delivery.sequence },
  { name: 'status', type: 'text', read: (delivery) => delivery.status },
  { name: 'state', type: 'text', read: (delivery) => delivery.state },
  { name: 'state_reason', type: 'text', read: (delivery) => delivery.state_reason },
  { name: 'attempts', type: 'integer', read: (delivery) => delivery.attempts },
  { name: 'last_status', type: 'integer', read: (delivery) => delivery.last_status },
  { name: 'last_detail', type: 'text', read: (delivery) => delivery.last_detail },
  { name: 'explanation', type: 'text', read: (delivery) => delivery.explanation?.title },
  { name: 'due_at', type: 'time', read: (delivery) => delivery.due_at },
  { name: 'created_at', type: 'time', read: (delivery) => delivery.created_at },
  { name: 'finished_at', type: 'time', read: (delivery) => delivery.finished_at },
  { name: 'replay_id', type: 'text', read: (delivery) => delivery.replay_id },
];
