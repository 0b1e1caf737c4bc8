/**
 * About how many rows an export will have, for a progress bar: from the roll-ups, in tens of milliseconds, where the
 * filter asks for nothing but a time. Counting the rows themselves would cost as much as exporting them.
 */
import type { AnalyticsJournal } from '../journal/analytics.ts';
import type { AccountId } from '../journal/ids.ts';
import type { JournalFilter } from '../journal/filter.ts';
import type { ExportedListName } from './exported-lists.ts';

const HOUR_MS = 3_600_000;
/** Hours of 31 days. Longer times are added up in steps of whole days. */
const HOUR_SLOTS_MAX = 744;

/** null where nothing can be said of it. */
export async function estimateRows(
  journal: Pick<
    AnalyticsJournal,
    'readCallStatistics' | 'readDeliveryStatistics' | 'readCountedSince' | 'readLiveCalls'
  >,
  what: ExportedListName,
  accountId: AccountId,
  filter: JournalFilter,
  nowMs: number,
): Promise<number | null> {
  const { sinceMs, untilMs, ...rest } = filter;
  if (Object.keys(rest).length > 0) return null;
  const countedSinceMs = await journal.readCountedSince(accountId);
  if (countedSinceMs === null) return 0;
  const fromMs = Math.max(countedSinceMs, sinceMs ?? 0);
  const toMs = Math.min(untilMs ?? nowMs, nowMs) + 1;
  if (fromMs >= toMs) return 0;
  const stepMs = toMs - fromMs > HOUR_SLOTS_MAX * HOUR_MS ? 24 * HOUR_MS : HOUR_MS;
  const request = { accountId, sinceMs: fromMs, untilMs: toMs, stepMs };
  if (what === 'deliveries') {
    const { destinations } = await journal.readDeliveryStatistics(request);
    return destinations.reduce((sum, { delivered, dead }) => sum + delivered + dead, 0);
  }
  const { slots } = await journal.readCallStatistics(request);
  const finished = slots.reduce((sum, { ended, failed }) => sum + ended + failed, 0);
  if (what === 'events') return finished + slots.reduce((sum, { connected }) => sum + connected, 0);
  const { active, stale } = await journal.readLiveCalls(accountId, 0);
  return finished + active + stale;
}
