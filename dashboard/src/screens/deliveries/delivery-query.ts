/** Which deliveries are asked for: the tab and the filter together, in the one filter language. */

export const DELIVERY_TABS = [
  { key: 'all', title: 'All', filter: '' },
  { key: 'pending', title: 'Pending', filter: 'state:pending' },
  { key: 'retrying', title: 'Retrying', filter: 'state:pending attempts:>0' },
  { key: 'delivered', title: 'Delivered', filter: 'state:delivered' },
  { key: 'failed', title: 'Failed', filter: 'state:dead' },
  { key: 'superseded', title: 'Superseded', filter: 'state:superseded' },
  { key: 'cancelled', title: 'Cancelled', filter: 'state:cancelled' },
] as const;
export type DeliveryTab = (typeof DELIVERY_TABS)[number]['key'];

/** What somebody typed about states outranks the tab: the language takes each word once. */
export function toQuery(typed: string, tab: DeliveryTab): string {
  const { filter } = DELIVERY_TABS.find(({ key }) => key === tab) ?? DELIVERY_TABS[0];
  const words = filter
    .split(' ')
    .filter((word) => word !== '' && !names(typed, word.slice(0, word.indexOf(':'))));
  return [...words, typed.trim()].filter((word) => word !== '').join(' ');
}

export function toTab(value: string | null, typed: string): DeliveryTab {
  if (names(typed, 'state')) return 'all';
  return DELIVERY_TABS.find(({ key }) => key === value)?.key ?? 'all';
}

/** Whether the filter says something about this word already. In quotes it is no word of ours. */
export function names(filter: string, qualifier: string): boolean {
  const unquoted = filter.replaceAll(/"(?:\\.|[^"\\])*"?/g, '""');
  return new RegExp(`(^|\\s)-?${qualifier}:`, 'i').test(unquoted);
}
