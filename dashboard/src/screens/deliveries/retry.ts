import type { DeliveryView, ReplayView } from '../../data/types.ts';

import { showToast } from '../../components/toast.tsx';
import { request, toApiFault } from '../../data/api.ts';
import { formatCount } from '../../data/format.ts';

/** One is retried at once; several go as one replay, which keeps their order and takes at most this many. */
export const RETRIED_MAX = 1_000;

export async function retryDeliveries(ids: readonly string[]): Promise<void> {
  try {
    const [only] = ids;
    if (ids.length === 1 && only !== undefined) {
      const { outcome, delivery } = await request<{ outcome: string; delivery: DeliveryView }>(
        'POST',
        `/v1/deliveries/${encodeURIComponent(only)}/retry`,
      );
      const isOther = delivery.id !== only;
      showToast(RETRY_WORDS.get(outcome) ?? 'Sent again', {
        ...(isOther && {
          action: { label: 'Show it', href: `/deliveries?delivery=${delivery.id}&since=7d` },
        }),
      });
      return;
    }
    const replay = await request<ReplayView>('POST', '/v1/replays', {
      body: { delivery_ids: ids.slice(0, RETRIED_MAX), expected: Math.min(ids.length, RETRIED_MAX) },
    });
    showToast(`Sending ${formatCount(ids.length)} again`, {
      action: { label: 'Watch', href: `/deliveries?replay=${replay.id}` },
    });
  } catch (error) {
    showToast('Not retried', { kind: 'alert', detail: toApiFault(error).problem.detail });
  }
}

const RETRY_WORDS: ReadonlyMap<string, string> = new Map([
  ['hastened', 'It is sent now instead of later'],
  ['created', 'It is sent again as a new delivery'],
  ['already_pending', 'The same event is on its way there already'],
]);

export async function cancelDelivery(id: string): Promise<boolean> {
  try {
    await request('POST', `/v1/deliveries/${encodeURIComponent(id)}/cancel`);
    showToast('Cancelled: it is not sent any more');
    return true;
  } catch (error) {
    showToast('Not cancelled', { kind: 'alert', detail: toApiFault(error).problem.detail });
    return false;
  }
}
