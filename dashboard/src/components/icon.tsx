import './icon.css';
import { ICON_PATHS } from './icon-paths.ts';
import type { IconName } from './icon-paths.ts';

export type { IconName } from './icon-paths.ts';

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
      viewBox="0 0 20 20"
      role={label === undefined ? undefined : 'img'}
      aria-label={label}
      aria-hidden={label === undefined ? 'true' : undefined}
      focusable="false"
    >
      <path d={ICON_PATHS[name]} />
    </svg>
  );
}
