/** What must hold after one seed's life. Each fault is one sentence that names what it is about. */
import { RETRY_AFTER_MS_MAX, RETRY_JITTER, RETRY_SCHEDULE_S } from '../../hub/src/delivery/retry-schedule.ts';
import type { AttemptEntry, DeliveryEntry } from '../../hub/src/journal/reader.ts';
import type { Journal } from '../../hub/src/journal/journal.ts';
import type { SeenAttempt, World } from './world.ts';

export const VERDICTS = [
  'lost',
  'phantom',
  'stuck',
  'inversion',
  'double terminal',
  'jitter',
  'early',
  'overlap',
] as const;
export type Verdict = (typeof VERDICTS)[number];

export interface Fault {
  readonly verdict: Verdict;
  readonly detail: string;
}

type Delivery = DeliveryEntry & { readonly attemptEntries: readonly AttemptEntry[] };

export async function checkWorld(world: World): Promise<readonly Fault[]> {
  const deliveries = await readDeliveries(world.journal);
  return [
    ...checkDeliveries(world, deliveries),
    ...checkReceipts(world),
    ...checkOrder(world),
    ...world.attempts.flatMap((attempt) => checkBand(attempt, world)),
    ...deliveries.flatMap(checkSpacing),
    ...world.overlaps.map((detail): Fault => ({ verdict: 'overlap', detail })),
  ];
}

async function readDeliveries(journal: Journal): Promise<readonly Delivery[]> {
  const all: Delivery[] = [];
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<Journal['listDeliveries']>> = await journal.listDeliveries(
      'default',
      {},
      { limit: 200, cursor },
    );
    for (const { id } of page.items) {
      const delivery = await journal.getDelivery('default', id);
      if (delivery === undefined) throw new Error(`${id} is listed, but cannot be read`);
      all.push(delivery);
    }
    cursor = page.nextCursor;
  } while (cursor !== null);
  return all;
}

function checkDeliveries(world: World, deliveries: readonly Delivery[]): readonly Fault[] {
  const faults: Fault[] = [];
  const received = new Set(world.network.receipts.map(({ receiver, eventId }) => `${receiver}/${eventId}`));
  for (const [receiver, destination] of world.destinations.entries()) {
    const own = deliveries.filter((delivery) => delivery.destinationId === destination.id);
    const events = new Set(own.map(({ eventId }) => eventId));
    for (const event of world.events) {
      const wanted = destination.filter.statuses === undefined || event.sequence > 1;
      if (wanted && !events.has(event.id)) {
        faults.push({ verdict: 'lost', detail: `${event.id} was never owed to ${destination.id}` });
      }
    }
    for (const delivery of own) {
      if (delivery.state === 'delivered' && !received.has(`${receiver}/${delivery.eventId}`)) {
        faults.push({ verdict: 'lost', detail: `${delivery.id} is delivered, but nobody received it` });
      }
    }
  }
  for (const delivery of deliveries) {
    const outcomes = delivery.attemptEntries.map(({ outcome }) => outcome);
    const ends = outcomes.filter((outcome) => outcome !== 'retry');
    const fits =
      delivery.state === 'delivered' || delivery.state === 'dead'
        ? ends.length === 1 && outcomes.at(-1) === delivery.state
        : ends.length === 0;
    if (delivery.state === 'pending') {
      faults.push({
        verdict: 'stuck',
        detail: `${delivery.id} is pending, due ${delivery.dueAtMs}, after ${delivery.attempts} attempts`,
      });
    } else if (!fits) {
      faults.push({
        verdict: 'double terminal',
        detail: `${delivery.id} is ${delivery.state}, its attempts were ${outcomes.join(', ')}`,
      });
    }
    if (
      outcomes.length !== delivery.attempts ||
      delivery.attemptEntries.some(({ number }, at) => number !== at + 1)
    ) {
      faults.push({ verdict: 'lost', detail: `${delivery.id} has attempts that were not recorded in turn` });
    }
  }
  return faults;
}

function checkReceipts(world: World): readonly Fault[] {
  const accepted = new Set(world.events.map(({ id }) => id as string));
  return world.network.receipts
    .filter(({ eventId }) => !accepted.has(eventId))
    .map(({ eventId }) => ({ verdict: 'phantom', detail: `${eventId} arrived, but was never accepted` }));
}

/** At one receiver, the first arrivals of a call's events come in order; what people sent again by hand is left out. */
function checkOrder(world: World): readonly Fault[] {
  const faults: Fault[] = [];
  const seen = new Set<string>();
  const latest = new Map<string, number>();
  for (const { receiver, eventId, callId, sequence } of world.network.receipts) {
    const destination = world.destinations[receiver];
    const first = !seen.has(`${receiver}/${eventId}`);
    seen.add(`${receiver}/${eventId}`);
    if (!first || world.resent.has(`${destination?.id}/${eventId}`)) continue;
    const key = `${receiver}/${callId}`;
    if (sequence < (latest.get(key) ?? 0)) {
      faults.push({
        verdict: 'inversion',
        detail: `receiver ${receiver} got event ${sequence} of ${callId} after event ${latest.get(key)}`,
      });
    }
    latest.set(key, Math.max(sequence, latest.get(key) ?? 0));
  }
  return faults;
}

/** The time set for the next try lies in its jitter band, or further off where the receiver asked for patience. */
function checkBand({ record, destination }: SeenAttempt, { freezes }: World): readonly Fault[] {
  if (record.nextDueAtMs === null) return [];
  const schedule = destination.retryScheduleS ?? RETRY_SCHEDULE_S;
  const planMs = (schedule[record.number - 1] ?? schedule.at(-1) ?? 0) * 1000;
  const delayMs = record.nextDueAtMs - record.startedAtMs - record.durationMs;
  const minMs = Math.floor(planMs * (1 - RETRY_JITTER));
  const maxMs = Math.ceil(planMs * (1 + RETRY_JITTER));
  const patient = record.status === 429 || record.status === 503;
  const endedAtMs = record.startedAtMs + record.durationMs;
  // A node that stood still decides late; late is allowed then, early never.
  if (freezes.some(({ fromMs, untilMs }) => fromMs <= endedAtMs && record.startedAtMs <= untilMs)) {
    return delayMs >= minMs
      ? []
      : [{ verdict: 'jitter', detail: `attempt ${record.number} set ${delayMs} ms` }];
  }
  const within = delayMs >= minMs && delayMs <= (patient ? Math.max(maxMs, RETRY_AFTER_MS_MAX) : maxMs);
  return within
    ? []
    : [
        {
          verdict: 'jitter',
          detail: `attempt ${record.number} set ${delayMs} ms, its band is ${minMs}–${maxMs}`,
        },
      ];
}

/** Attempts of one delivery never overlap. */
function checkSpacing(delivery: Delivery): readonly Fault[] {
  return delivery.attemptEntries.flatMap((attempt, index) => {
    const before = delivery.attemptEntries[index - 1];
    if (before === undefined || attempt.startedAtMs >= before.startedAtMs + before.durationMs) return [];
    return [
      { verdict: 'early', detail: `${delivery.id} was attempted again before its last attempt had ended` },
    ];
  });
}
