import './kind-picker.css';
import type { DestinationKindView } from '../../data/types.ts';

import { Icon } from '../../components/icon.tsx';
import { hrefWith } from '../../data/location.ts';
import { KindIcon } from '../../components/kind-icon.tsx';

/** What can be told, each with what it does with calls. */
export function KindPicker({ kinds }: { readonly kinds: readonly DestinationKindView[] }) {
  return (
    <ul class="kinds">
      {kinds.map(({ kind, title, summary }) => (
        <li key={kind}>
          <a class="kind" href={hrefWith({ new: kind })}>
            <span class="kind-icon">
              <KindIcon kind={kind} size={20} />
            </span>
            <span class="kind-words">
              <strong>{title}</strong>
              <span class="muted">{summary}</span>
            </span>
            <Icon name="chevron-right" />
          </a>
        </li>
      ))}
    </ul>
  );
}
