/**
 * Numbers for Prometheus. Observers call the plain methods as things happen; what is a state rather than an event
 * (backlog, active calls) is read from the journal when somebody scrapes. No id and no number is ever a label.
 */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { CALL_STATUSES } from '@offhook/contract/message';
import type { CallState, ReportOutcome } from '../calls/call.ts';
import type { Clock } from '../clock.ts';
import type { DestinationJournal } from '../journal/destinations.ts';
import type { JournalReader } from '../journal/reader.ts';

/** OpenTelemetry's buckets for durations of requests. */
const REQUEST_BUCKETS_S = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
/** Calls last seconds to hours. */
const CALL_BUCKETS_S = [5, 15, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200, 14_400];
/** Longer comes from a clock that is wrong, and would spoil the sum for good. */
const CALL_DURATION_MS_MAX = 30 * 24 * 3_600_000;
/** A scrape every few seconds by several Prometheus servers must not become the journal's main reader. */
const READINGS_MS = 1_000;

export interface Metrics {
  /** A report went through a door. */
  reported(report: {
    /** Kind of the source, not its id. */
    readonly sourceKind: string;
    readonly status: string;
    readonly outcome: ReportOutcome;
    readonly callState: CallState;
    readonly durationMs: number | null;
  }): void;
  /** An HTTP request was answered; `route` is the pattern. */
  answered(request: {
    readonly method: string;
    readonly route: string | null;
    readonly status: number;
    readonly durationMs: number;
  }): void;
  /** An attempt at a delivery ended. */
  attempted(attempt: {
    readonly destinationKind: string;
    readonly outcome: string;
    readonly durationMs: number;
  }): void;
  setStreamClients(count: number): void;
  /** A report was refused at a door; `problem` is the code of what it was told. */
  refused(problem: string): void;
  /** For people: what a scrape would say of these. */
  readCounts(): { readonly streams: number; readonly refused: Readonly<Record<string, number>> };
  render(): Promise<string>;
  readonly contentType: string;
}

export function createMetrics(options: {
  readonly version: string;
  readonly staleAfterMs: number;
  readonly clock: Clock;
  readonly journal: Pick<JournalReader, 'readBacklog' | 'readActiveCallCount'> &
    Pick<DestinationJournal, 'listDestinations'>;
}): Metrics {
  const { journal, clock } = options;
  const registry = new Registry();
  const registers = [registry];

  const events = new Counter({
    name: 'offhook_call_events_total',
    help: 'Reports taken, by what became of them; of the source "hub": ends of stale calls.',
    labelNames: ['source', 'status', 'result'] as const,
    registers,
  });
  const callDuration = new Histogram({
    name: 'offhook_call_duration_seconds',
    help: 'Duration of calls whose duration is known, observed when they end.',
    labelNames: ['status'] as const,
    buckets: CALL_BUCKETS_S,
    registers,
  });
  const deliveries = new Counter({
    name: 'offhook_deliveries_total',
    help: 'Attempts at deliveries, by outcome: delivered, retry, dead.',
    labelNames: ['destination_kind', 'result'] as const,
    registers,
  });
  const deliveryDuration = new Histogram({
    name: 'offhook_delivery_duration_seconds',
    help: 'Duration of one attempt at a delivery.',
    labelNames: ['destination_kind', 'result'] as const,
    buckets: REQUEST_BUCKETS_S,
    registers,
  });
  const requests = new Histogram({
    name: 'offhook_http_request_duration_seconds',
    help: 'Duration of HTTP requests from their headers to the end of the answer.',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: REQUEST_BUCKETS_S,
    registers,
  });
  const activeCalls = new Gauge({
    name: 'offhook_calls_active',
    help: 'Calls that are live and not stale, over all accounts.',
    registers,
  });
  const queueDepth = new Gauge({
    name: 'offhook_delivery_queue_depth',
    help: 'Pending deliveries over all destinations; each destination counts at most 10,000.',
    registers,
  });
  const oldestAge = new Gauge({
    name: 'offhook_delivery_oldest_age_seconds',
    help: 'Age of the oldest pending delivery; 0 where none is pending.',
    registers,
  });
  const disabled = new Gauge({
    name: 'offhook_destination_disabled',
    help: 'Destinations the hub has disabled.',
    registers,
  });
  const streamClients = new Gauge({
    name: 'offhook_sse_clients',
    help: 'Open event streams.',
    registers,
  });
  const refusals = new Counter({
    name: 'offhook_reports_refused_total',
    help: 'Reports refused at the doors, by the code of their problem.',
    labelNames: ['problem'] as const,
    registers,
  });
  new Gauge({
    name: 'offhook_build_info',
    help: 'Always 1; the version is its label.',
    labelNames: ['version', 'node'] as const,
    registers,
  }).set({ version: options.version, node: process.versions.node }, 1);
  streamClients.set(0);
  collectDefaultMetrics({ register: registry });

  let readAtMs = Number.NEGATIVE_INFINITY;
  let streams = 0;
  const refused: Record<string, number> = {};

  async function read(): Promise<void> {
    if (clock.monotonicMs() - readAtMs < READINGS_MS) return;
    readAtMs = clock.monotonicMs();
    const nowMs = clock.nowMs();
    const [backlog, active, destinations] = await Promise.all([
      journal.readBacklog(),
      journal.readActiveCallCount(undefined, nowMs - options.staleAfterMs),
      journal.listDestinations(),
    ]);
    let pending = 0;
    let oldestAtMs = nowMs;
    for (const lane of backlog) {
      pending += lane.pending;
      if (lane.oldestAtMs !== null) oldestAtMs = Math.min(oldestAtMs, lane.oldestAtMs);
    }
    activeCalls.set(active);
    queueDepth.set(pending);
    oldestAge.set((nowMs - oldestAtMs) / 1000);
    disabled.set(destinations.filter((destination) => destination.state === 'disabled').length);
  }

  return {
    contentType: registry.contentType,
    reported({ sourceKind, status, outcome, callState, durationMs }) {
      events.inc({ source: sourceKind, status: toStatusLabel(status), result: outcome });
      const isKnown = durationMs !== null && durationMs <= CALL_DURATION_MS_MAX;
      if (outcome === 'advanced' && callState !== 'live' && isKnown) {
        callDuration.observe({ status: toStatusLabel(status) }, durationMs / 1000);
      }
    },
    answered({ method, route, status, durationMs }) {
      requests.observe({ method, route: route ?? 'none', status }, durationMs / 1000);
    },
    attempted({ destinationKind, outcome, durationMs }) {
      const labels = { destination_kind: destinationKind, result: outcome };
      deliveries.inc(labels);
      deliveryDuration.observe(labels, durationMs / 1000);
    },
    setStreamClients(count) {
      streams = count;
      streamClients.set(count);
    },
    refused(problem) {
      refusals.inc({ problem });
      refused[problem] = (refused[problem] ?? 0) + 1;
    },
    readCounts: () => ({ streams, refused: { ...refused } }),
    async render() {
      await read();
      return registry.metrics();
    },
  };
}

/** A status may be any text of the source's; a label must not. */
function toStatusLabel(status: string): string {
  return (CALL_STATUSES as readonly string[]).includes(status) ? status : 'other';
}
