import type { Clock } from '../clock.ts';
import type { AnalyticsJournal } from '../journal/analytics.ts';
import type { AccountId, DestinationId } from '../journal/ids.ts';

export interface DestinationSuccess {
  readonly delivered: number;
  readonly failedAttempts: number;
}

export type SuccessReader = (accountId: AccountId) => Promise<ReadonlyMap<DestinationId, DestinationSuccess>>;

/** Over 24 hours nothing changes faster than people look, and every list of destinations asks. */
const SUCCESS_MS = 5_000;
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** Accounts remembered; past it all are forgotten, which costs one reading each. */
const ACCOUNTS_MAX = 1_000;

export function createSuccessReader(
  journal: Pick<AnalyticsJournal, 'readDeliveryStatistics'>,
  clock: Pick<Clock, 'monotonicMs' | 'nowMs'>,
): SuccessReader {
  const known = new Map<AccountId, { readonly atMs: number; readonly success: ReturnType<SuccessReader> }>();

  return (accountId) => {
    const monotonicMs = clock.monotonicMs();
    const last = known.get(accountId);
    if (last !== undefined && monotonicMs - last.atMs < SUCCESS_MS) return last.success;
    if (known.size >= ACCOUNTS_MAX) known.clear();
    const success = read(accountId);
    known.set(accountId, { atMs: monotonicMs, success });
    // Whoever waits for it is told; the next one asks anew.
    success.catch(() => known.delete(accountId));
    return success;
  };

  async function read(accountId: AccountId): Promise<ReadonlyMap<DestinationId, DestinationSuccess>> {
    const nowMs = clock.nowMs();
    const { destinations } = await journal.readDeliveryStatistics({
      accountId,
      sinceMs: nowMs - DAY_MS,
      untilMs: nowMs,
      stepMs: HOUR_MS,
    });
    return new Map(
      destinations.map(({ destinationId, delivered, failedAttempts }) => [
        destinationId,
        { delivered, failedAttempts },
      ]),
    );
  }
}
