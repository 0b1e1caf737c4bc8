import { OPERATIONAL_WORDS } from './operational-words.ts';
import type { OperationalEventView } from '../data/types.ts';
import { Badge } from './badge.tsx';

/** What the hub noticed, as shape, word and colour. */
export function OperationalBadge({ type }: { readonly type: OperationalEventView['type'] }) {
  const { title, icon, tone } = OPERATIONAL_WORDS[type];
  return (
    <Badge tone={tone} icon={icon} isPlain>
      {title}
    </Badge>
  );
}
