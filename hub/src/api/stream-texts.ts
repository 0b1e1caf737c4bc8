/**
 * The text of each message, made once for all viewers who are shown the same: items, batches and overviews are told
 * to one viewer after the other, so remembering the last of each is enough.
 */
import type { Clock } from '../clock.ts';
import type { OperationalEntry } from '../journal/operational-events.ts';
import type { DeliveryChange } from '../live/delivery-feed.ts';
import type { FeedItem } from '../live/feed.ts';
import type { Overview } from '../live/overview.ts';
import type { DeliveryMessageView, StreamTopic } from './stream-messages.ts';

import { maskView } from './mask-view.ts';
import { toOperationalEventView } from './operational-events.ts';
import { toOverviewView } from './overview.ts';
import { toRfc3339OrNull } from './time.ts';
import { toCallView, toEventView } from './call-views.ts';

export interface MessageTexts {
  /** Only the last message of a row carries its number: a break between the two must bring both again. */
  toItem(item: FeedItem, hasEvent: boolean, hasCall: boolean, isMasked: boolean): Uint8Array;
  toDeliveries(changes: readonly DeliveryChange[], isMasked: boolean): Uint8Array;
  toOperational(entry: OperationalEntry, isMasked: boolean): Uint8Array;
  toOverview(overview: Overview): Uint8Array;
  /** row: where the stream goes on, which with isPlace is the reader's place from here on. */
  toResync(row: number | null, topics: readonly StreamTopic[], isPlace: boolean): Uint8Array;
  /** No message: a comment, and the reader's place where it has one. */
  toPosition(row: number | null, comment: string): Uint8Array;
}

/** To be used for masked viewers after prepareMasks. */
export function createMessageTexts(clock: Clock, staleAfterMs: number): MessageTexts {
  const items = rememberLast();
  const batches = rememberLast();
  const operationals = rememberLast();
  const overviews = rememberLast();
  let place = { text: '', bytes: Buffer.alloc(0) };

  const show = (view: object, isMasked: boolean): string => JSON.stringify(isMasked ? maskView(view) : view);

  function toEventMessage({ event, row }: FeedItem, isLast: boolean, isMasked: boolean): string {
    if (event === null) return '';
    return toMessage('status-update', show(toEventView(event), isMasked), isLast ? row : null);
  }

  function toCallMessage({ call, row }: FeedItem, isMasked: boolean): string {
    if (call === null) return '';
    const view = toCallView(call, clock.nowMs(), staleAfterMs);
    return toMessage('call', show({ row, call: view }, isMasked), row);
  }

  return {
    toItem(item, hasEvent, hasCall, isMasked) {
      // Asked for by every viewer for every row: it must make nothing where the text is there.
      const form = (hasEvent ? 1 : 0) + (hasCall ? 2 : 0) + (isMasked ? 4 : 0);
      const kept = items.find(item, form);
      if (kept !== undefined) return kept;
      const eventText = hasEvent ? toEventMessage(item, !hasCall, isMasked) : '';
      return items.keep(form, eventText + (hasCall ? toCallMessage(item, isMasked) : ''));
    },
    toDeliveries(changes, isMasked) {
      const form = isMasked ? 1 : 0;
      const kept = batches.find(changes, form);
      if (kept !== undefined) return kept;
      const messages = changes.map((change) =>
        toMessage('delivery', show(toDeliveryMessage(change), isMasked), null),
      );
      return batches.keep(form, messages.join(''));
    },
    toOperational(entry, isMasked) {
      const form = isMasked ? 1 : 0;
      return (
        operationals.find(entry, form) ??
        operationals.keep(
          form,
          toMessage('operational-event', show(toOperationalEventView(entry), isMasked), null),
        )
      );
    },
    toOverview(overview) {
      // It holds no number.
      return (
        overviews.find(overview, 0) ??
        overviews.keep(0, toMessage('overview', JSON.stringify(toOverviewView(overview)), null))
      );
    },
    toResync(row, topics, isPlace) {
      return Buffer.from(toMessage('resync', JSON.stringify({ row, topics }), isPlace ? row : null));
    },
    toPosition(row, comment) {
      const text = `${row === null ? '' : `id: ${row}\n`}: ${comment}\n\n`;
      if (text !== place.text) place = { text, bytes: Buffer.from(text) };
      return place.bytes;
    },
  };
}

/** JSON has no line breaks of its own, so that one data line holds it. */
function toMessage(event: string, data: string, id: number | null): string {
  return `${id === null ? '' : `id: ${id}\n`}event: ${event}\ndata: ${data}\n\n`;
}

function toDeliveryMessage(change: DeliveryChange): DeliveryMessageView {
  return {
    id: change.id,
    destination_id: change.destinationId,
    event_id: change.eventId,
    event_type: change.eventType,
    call_id: change.callId,
    sequence: change.sequence,
    status: change.status,
    state: change.state,
    attempts: change.attempts,
    last_status: change.lastStatus,
    last_detail: change.lastDetail,
    due_at: toRfc3339OrNull(change.dueAtMs),
  };
}

/** The bytes made last of one thing, by the form they were made in. */
function rememberLast() {
  let last: object | null = null;
  let made: (Uint8Array | undefined)[] = [];
  return {
    find(thing: object, form: number): Uint8Array | undefined {
      if (thing === last) return made[form];
      last = thing;
      made = [];
      return undefined;
    },
    /** Of the thing that was looked for last. */
    keep(form: number, text: string): Uint8Array {
      const bytes = Buffer.from(text);
      made[form] = bytes;
      return bytes;
    },
  };
}
