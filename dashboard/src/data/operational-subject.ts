import type { OperationalEventView } from './types.ts';

import { toCallHref, toDeliveryHref, toDestinationHref } from './routes.ts';

const BEFORE_MS = 60_000;

/** Where one sees what it is about. */
export function toSubjectHref(event: OperationalEventView): string {
  switch (event.type) {
    case 'destination.disabled':
    case 'destination.recovered':
      return toDestinationHref(event.destination.id);
    case 'delivery.dead':
      return toDeliveryHref(event.delivery.id);
    case 'call.stale':
      return toCallHref(event.call.id);
    case 'source.silent':
    case 'source.resumed':
      return '/settings?tab=sources';
    case 'error_rate.high':
    case 'error_rate.normal': {
      const atMs = Date.parse(event.at);
      const since = new Date(atMs - event.window_ms - BEFORE_MS).toISOString();
      return `/calls?q=status:ended-with-error&since=${since}&until=${new Date(atMs).toISOString()}`;
    }
  }
}
