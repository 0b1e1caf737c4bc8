import { describe, expect, it } from 'vitest';

import { createLogLines } from './log-lines.ts';
import type { LogLevel } from './config/settings.ts';
import type { ClaimedDelivery } from './journal/deliveries.ts';
import type { Destination } from './journal/destinations.ts';

function capture(level: LogLevel = 'info') {
  const lines: string[] = [];
  const log = createLogLines({ level, stream: { write: (line) => void lines.push(line) } });
  return { log, read: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

const answered = {
  requestId: 'req_1',
  method: 'POST',
  route: '/webhooks/status-update',
  status: 200,
  durationMs: 1.26,
  accountId: 'default',
  keyId: null,
  sourceId: 'voicedock',
  callId: 'call-1',
  outcome: 'advanced',
  problem: null,
} as const;

const attempt = {
  delivery: {
    id: 'dlv_1',
    destinationId: 'dst_1',
    accountId: 'default',
    eventId: 'evt_1',
    eventType: 'status-update',
    callRow: 7,
    sequence: 2,
    acceptedAtMs: 1_000,
    row: 1,
    eventRow: 1,
    status: 'ended',
    traceparent: null,
    dueAtMs: 1_000,
    attempts: 2,
    rejections: 0,
    token: 1,
    body: Buffer.from('{"message":{"customer":{"number":"+31612345678"}}}'),
  } satisfies ClaimedDelivery,
  destination: {
    id: 'dst_1',
    accountId: 'default',
    kind: 'webhook',
    name: null,
    settings: {},
    filter: {},
    order: 'strict',
    state: 'enabled',
    stateReason: null,
    concurrency: 32,
    ratePerSecond: null,
    retryScheduleS: null,
    timeoutMs: 15_000,
    secret: 'whsec_hidden',
    previousSecret: null,
    previousSecretUntilMs: null,
    failingSinceMs: null,
    createdAtMs: 0,
    updatedAtMs: 0,
  } satisfies Destination,
  record: {
    deliveryRow: 1,
    token: 1,
    number: 3,
    startedAtMs: 1_500,
    durationMs: 20.04,
    firstByteMs: 19,
    status: 503,
    cause: null,
    detail: 'it answered 503',
    responseBody: Buffer.from('hidden answer'),
    outcome: 'retry',
    nextDueAtMs: 9_000,
    deadReason: null,
    rejected: false,
    releasesNext: false,
  },
  recorded: { kind: 'recorded', state: 'pending' },
} as const;

describe('log lines', () => {
  it('are one wide line per request, without fields that say nothing', () => {
    const { log, read } = capture();
    log.requests.answered(answered);
    expect(read()).toEqual([
      {
        level: 'info',
        time: expect.any(Number),
        event: 'request.answered',
        request_id: 'req_1',
        method: 'POST',
        route: '/webhooks/status-update',
        status: 200,
        duration_ms: 1.3,
        account_id: 'default',
        source_id: 'voicedock',
        call_id: 'call-1',
        outcome: 'advanced',
      },
    ]);
  });

  it('say when a destination asks to wait, and what for', () => {
    const { log, read } = capture();
    log.deliveries.postponed({ delivery: attempt.delivery, dueAtMs: 9_000, detail: 'Waits for the start' });
    expect(read()).toMatchObject([
      {
        event: 'delivery.postponed',
        delivery_id: 'dlv_1',
        detail: 'Waits for the start',
        next_due_ms: 9_000,
      },
    ]);
  });

  it('are one wide line per attempt, with neither bodies nor numbers nor secrets', () => {
    const { log, read } = capture();
    log.deliveries.attempted(attempt);
    expect(read()).toEqual([
      {
        level: 'info',
        time: expect.any(Number),
        event: 'delivery.attempted',
        delivery_id: 'dlv_1',
        destination_id: 'dst_1',
        account_id: 'default',
        event_id: 'evt_1',
        call_row: 7,
        sequence: 2,
        attempt: 3,
        status: 503,
        detail: 'it answered 503',
        duration_ms: 20,
        age_ms: 520,
        outcome: 'retry',
        next_due_ms: 9_000,
        recorded: 'recorded',
        state: 'pending',
      },
    ]);
    log.deliveries.laneChanged({ destination: attempt.destination, breaker: 'open', detail: 'it fails' });
    log.deliveries.troubled('a record failed', new Error('disk'));
    expect(JSON.stringify(read())).not.toMatch(/whsec_|hidden|\+316/);
  });

  it('say that a destination fails, is disabled and has recovered', () => {
    const { log, read } = capture();
    const destinationId = attempt.destination.id;
    log.deliveries.healthChanged({ kind: 'failing', destinationId, sinceMs: 5 });
    log.deliveries.healthChanged({ kind: 'disabled', destinationId, reason: 'it answered 410 Gone' });
    log.deliveries.healthChanged({ kind: 'recovered', destinationId });
    expect(read()).toMatchObject([
      { level: 'warn', event: 'destination.failing', destination_id: 'dst_1', since_ms: 5 },
      {
        level: 'warn',
        event: 'destination.disabled',
        destination_id: 'dst_1',
        reason: 'it answered 410 Gone',
      },
      { level: 'info', event: 'destination.recovered', destination_id: 'dst_1' },
    ]);
  });

  it('stay one line each whatever a detail holds', () => {
    const { log, read } = capture();
    log.deliveries.attempted({
      ...attempt,
      record: { ...attempt.record, detail: 'two\nlines "and" quotes' },
    });
    expect(read()).toHaveLength(1);
    expect(read()[0]?.['detail']).toBe('two\nlines "and" quotes');
  });

  it('leave out what is below the level', () => {
    const { log, read } = capture('warn');
    log.requests.answered(answered);
    log.deliveries.attempted(attempt);
    log.info('hub.started');
    log.warn('source.unsigned');
    log.error('journal.broken', new Error('I/O'));
    expect(read().map((line) => line['event'])).toEqual(['source.unsigned', 'journal.broken']);
  });
});
