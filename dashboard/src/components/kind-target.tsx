import './kind-target.css';

import { KindIcon } from './kind-icon.tsx';

/** What it is and where it goes, in a line. */
export function KindTarget({
  of: { kind, kind_title: title, target },
}: {
  readonly of: { readonly kind: string; readonly kind_title: string; readonly target: string };
}) {
  return (
    <span class="kind-target">
      <KindIcon kind={kind} />
      {!target.startsWith(title) && title} <span class="mono">{target}</span>
    </span>
  );
}
