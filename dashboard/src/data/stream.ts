/**
 * What happens, as it happens. In: the hub's stream, one connection for all tabs of a browser. Out: signals and
 * handlers that run once per frame. A view is never silently dead: `connection` says what it is worth.
 */
import { batch, effect, signal } from '@preact/signals';
import type {
  CallMessageView,
  CallView,
  DeliveryChangeView,
  OverviewView,
  ResyncMessageView,
  StreamTopic,
} from './types.ts';
import type { StreamMessage } from './sse.ts';
import type { StreamMember } from './stream-member.ts';
import type { Link } from './stream-relay.ts';

import { correctClock, readNowMs } from './clock.ts';
import { makeFrameBatch, scheduleFrame } from './frame-batch.ts';
import { session } from './session.ts';
import { createStreamMember } from './stream-member.ts';
import { SILENCE_MS } from './stream-reader.ts';

export interface Connection {
  readonly state: 'connecting' | 'live' | 'reconnecting' | 'paused' | 'stale';
  /** From the hub's acceptance to this page, smoothed. */
  readonly lagMs: number;
  /** Since when it is in this state; of `stale` when the hub was last heard. Unix ms by the browser's clock. */
  readonly sinceMs: number;
}

/** `rest`: what no topic names (counts, statistics, error groups). */
export type ResyncTopic = StreamTopic | 'rest';

export const connection = signal<Connection>({ state: 'connecting', lagMs: 0, sinceMs: Date.now() });
export const overview = signal<OverviewView | null>(null);
/** By the person, in this tab. */
export const paused = signal(false);

/** Told of calls that changed, each once with its last state, at most once per frame. */
export function onCalls(handler: (calls: readonly CallView[]) => void): () => void {
  return listen(callHandlers, handler);
}

export function onDeliveries(handler: (changes: readonly DeliveryChangeView[]) => void): () => void {
  return listen(deliveryHandlers, handler);
}

/** Told that the hub noticed something: what it is stands in its list. */
export function onOperational(handler: (none: undefined) => void): () => void {
  return listen(operationalHandlers, handler);
}

/** Told what must be read anew, because changes to it may have been missed. */
export function onResync(handler: (topics: readonly ResyncTopic[]) => void): () => void {
  return listen(resyncHandlers, handler);
}

const callHandlers = new Set<(calls: readonly CallView[]) => void>();
const deliveryHandlers = new Set<(changes: readonly DeliveryChangeView[]) => void>();
const operationalHandlers = new Set<(none: undefined) => void>();
const resyncHandlers = new Set<(topics: readonly ResyncTopic[]) => void>();

const STREAM_HREF = '/v1/stream?topics=calls,deliveries,operational,overview';
const LOCK_NAME = 'offhook-stream';
/** Whoever comes back sooner sees a view that never stopped. */
const HIDDEN_MS_MAX = 30_000;
const WATCH_MS = 1_000;
/** Of one new measurement on the lag that is shown. */
const LAG_WEIGHT = 0.3;
const ALL_TOPICS: readonly ResyncTopic[] = [
  'calls',
  'deliveries',
  'events',
  'operational',
  'overview',
  'rest',
];
/** What is not replayed after Last-Event-ID. */
const RESUMED_TOPICS: readonly ResyncTopic[] = ['deliveries', 'operational', 'rest'];

let member: StreamMember | null = null;
let lagMs = 0;

const calls = makeFrameBatch<CallView>({
  keyOf: (call) => call.id,
  schedule: scheduleFrame,
  flush(changed) {
    measureLag(Math.max(...changed.map((call) => Date.parse(call.updated_at))));
    tell(callHandlers, changed);
  },
});
const deliveries = makeFrameBatch<DeliveryChangeView>({
  keyOf: (change) => change.id,
  schedule: scheduleFrame,
  flush: (changed) => tell(deliveryHandlers, changed),
});

/** Listens as long as somebody is signed in, has not paused, and looks. Called once, by main. */
export function startStream(): void {
  const made = createStreamMember({
    id: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`,
    // Web Locks exist only where the page came by https or from this machine; without them each tab reads for itself.
    locks: globalThis.navigator.locks ?? null,
    channel: typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('offhook-stream'),
    lockName: LOCK_NAME,
    open: (lastId, stop) =>
      fetch(STREAM_HREF, {
        headers: { accept: 'text/event-stream', ...(lastId !== null && { 'last-event-id': lastId }) },
        credentials: 'same-origin',
        cache: 'no-store',
        signal: stop,
      }),
    received: (messages) => batch(() => messages.forEach(receive)),
    opened(isAllLost) {
      if (isAllLost) {
        calls.clear();
        deliveries.clear();
      }
      tell(resyncHandlers, isAllLost ? ALL_TOPICS : RESUMED_TOPICS);
    },
    linkChanged: showLink,
    refused() {
      session.value = null;
    },
    now: Date.now,
    random: Math.random,
  });
  member = made;
  const isLooking = watchVisibility();
  effect(() => {
    const isWanted =
      session.value !== null && session.value !== undefined && !paused.value && isLooking.value;
    if (isWanted) made.join();
    else made.leave();
    showLink(made.link());
  });
  reopenWhenSeenDiffers(made);
  globalThis.addEventListener('online', () => made.hurry());
  setInterval(() => showLink(made.link()), WATCH_MS);
}

/** False after the tab has been hidden for a while. */
function watchVisibility(): typeof paused {
  const isLooking = signal(true);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = (): void => {
    clearTimeout(timer);
    if (document.hidden) {
      timer = setTimeout(() => {
        isLooking.value = false;
      }, HIDDEN_MS_MAX);
    } else {
      isLooking.value = true;
      member?.hurry();
    }
  };
  document.addEventListener('visibilitychange', look);
  look();
  // A page kept for "back" must not hold the lock; it comes back as it went.
  globalThis.addEventListener('pagehide', () => {
    isLooking.value = false;
  });
  globalThis.addEventListener('pageshow', () => {
    isLooking.value = !document.hidden;
  });
  return isLooking;
}

/** Another key, or numbers revealed: what came before says too little or too much. */
function reopenWhenSeenDiffers(made: StreamMember): void {
  let before: string | null = null;
  effect(() => {
    const now = session.value;
    if (now === null || now === undefined) return;
    const seen = `${now.account.id} ${now.key.id} ${now.revealed}`;
    if (before !== null && before !== seen) {
      made.reopen();
      overview.value = null;
      tell(resyncHandlers, ALL_TOPICS);
    }
    before = seen;
  });
}

function receive(message: StreamMessage): void {
  try {
    switch (message.event) {
      case 'call': {
        calls.add((JSON.parse(message.data) as CallMessageView).call);
        break;
      }
      case 'delivery': {
        deliveries.add(JSON.parse(message.data) as DeliveryChangeView);
        break;
      }
      case 'operational-event': {
        tell(operationalHandlers, undefined);
        break;
      }
      case 'overview': {
        const view = JSON.parse(message.data) as OverviewView;
        correctClock(view.at);
        measureLag(Date.parse(view.at));
        overview.value = view;
        break;
      }
      case 'resync': {
        const { topics } = JSON.parse(message.data) as ResyncMessageView;
        tell(resyncHandlers, [...topics, 'rest']);
        break;
      }
      default: {
        // A newer hub may say more.
        break;
      }
    }
  } catch (error) {
    reportError(error);
  }
}

function measureLag(hubMs: number): void {
  const measured = Math.max(0, readNowMs() - hubMs);
  if (!Number.isFinite(measured)) return;
  lagMs = lagMs === 0 ? measured : lagMs * (1 - LAG_WEIGHT) + measured * LAG_WEIGHT;
}

function showLink(link: Link): void {
  const next = toConnection(link, Date.now());
  const shown = connection.peek();
  const isSame =
    shown.state === next.state && shown.sinceMs === next.sinceMs && Math.abs(shown.lagMs - next.lagMs) < 50;
  if (!isSame) connection.value = next;
}

function toConnection(link: Link, now: number): Connection {
  const { state, sinceMs, heardMs } = link;
  if (member !== null && !member.isJoined()) {
    const before = connection.peek();
    return { state: 'paused', lagMs, sinceMs: before.state === 'paused' ? before.sinceMs : now };
  }
  if (now - heardMs > SILENCE_MS) return { state: 'stale', lagMs, sinceMs: heardMs };
  return { state, lagMs, sinceMs };
}

function listen<Handler>(handlers: Set<Handler>, handler: Handler): () => void {
  handlers.add(handler);
  return () => handlers.delete(handler);
}

/** One handler's bug must not take the news from the others. */
function tell<Value>(handlers: ReadonlySet<(value: Value) => void>, value: Value): void {
  batch(() => {
    for (const handler of handlers) {
      try {
        handler(value);
      } catch (error) {
        reportError(error);
      }
    }
  });
}
