import './icon.css';
import type { IconName } from './icon-names.ts';

import shapes from './icons.svg';

export type { IconName } from './icon-names.ts';

/** Decoration unless it has a label: the word beside it carries the meaning. */
export function Icon({
  name,
  size = 16,
  label,
}: {
  readonly name: IconName;
  readonly size?: 16 | 20 | 24;
  readonly label?: string | undefined;
}) {
  return (
    <svg
      class="icon"
      data-size={size}
      role={label === undefined ? undefined : 'img'}
      aria-label={label}
      aria-hidden={label === undefined ? 'true' : undefined}
      focusable="false"
    >
      <use href={`${shapes}#${name}`} />
    </svg>
  );
}
