/**
 * The text of each message, made once for all viewers who are shown the same: items, batches and overviews are told
 * to one viewer after the other, so remembering the last of each is enough.
 */
import type { Clock } from '../clock.ts';
import type { DeliveryChange } from '../live/delivery-feed.ts';
import type { FeedItem } from '../live/feed.ts';
import type { Overview } from '../live/overview.ts';
import type { DeliveryMessageView, StreamTopic } from './stream-messages.ts';

import { maskView } from './mask-view.ts';
import { toOverviewView } from './overview.ts';
import { toRfc3339OrNull } from './time.ts';
import { toCallView, toEventView } from './views.ts';

export interface MessageTexts {
  /** Only the last message of a row carries its number: a break between the two must bring both again. */
  toItem(item: FeedItem, hasEvent: boolean, hasCall: boolean, isMasked: boolean): Uint8Array;
  toDeliveries(changes: readonly DeliveryChange[], isMasked: boolean): Uint8Array;
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
  const overviews = rememberLast();

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
      return items(item, `${hasEvent} ${hasCall} ${isMasked}`, () => {
        const eventText = hasEvent ? toEventMessage(item, !hasCall, isMasked) : '';
        return eventText + (hasCall ? toCallMessage(item, isMasked) : '');
      });
    },
    toDeliveries(changes, isMasked) {
      return batches(changes, String(isMasked), () =>
        changes
          .map((change) => toMessage('delivery', show(toDeliveryMessage(change), isMasked), null))
          .join(''),
      );
    },
    toOverview(overview) {
      // It holds no number.
      return overviews(overview, '', () =>
        toMessage('overview', JSON.stringify(toOverviewView(overview)), null),
      );
    },
    toResync(row, topics, isPlace) {
      return Buffer.from(toMessage('resync', JSON.stringify({ row, topics }), isPlace ? row : null));
    },
    toPosition(row, comment) {
      return Buffer.from(`${row === null ? '' : `id: ${row}\n`}: ${comment}\n\n`);
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
function rememberLast(): (thing: object, form: string, make: () => string) => Uint8Array {
  let last: object | null = null;
  let made = new Map<string, Uint8Array>();
  return (thing, form, make) => {
    if (thing !== last) {
      last = thing;
      made = new Map();
    }
    let bytes = made.get(form);
    if (bytes === undefined) {
      bytes = Buffer.from(make());
      made.set(form, bytes);
    }
    return bytes;
  };
}
