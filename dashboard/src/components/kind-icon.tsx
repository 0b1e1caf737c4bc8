import { Icon } from './icon.tsx';
import type { IconName } from './icon.tsx';

/** Drawn by us: what it does, not whose sign it is. A kind this page does not know has the icon of all destinations. */
export function KindIcon({ kind, size }: { readonly kind: string; readonly size?: 16 | 20 | 24 }) {
  return <Icon name={toKindIcon(kind)} {...(size !== undefined && { size })} />;
}

export function toKindIcon(kind: string): IconName {
  return ICONS[kind] ?? 'destinations';
}

const ICONS: Readonly<Record<string, IconName>> = {
  webhook: 'code',
  slack: 'kind-messages',
  redis: 'kind-store',
  hubspot: 'kind-contacts',
  salesforce: 'kind-accounts',
  pipedrive: 'kind-pipeline',
};
