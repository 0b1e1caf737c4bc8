import './drawer.css';
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { IconButton } from './button.tsx';
import { Icon } from './icon.tsx';
import { useModal } from './modal.ts';

export interface DrawerProps {
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly title: ComponentChildren;
  /** Badges beneath the title. */
  readonly meta?: ComponentChildren;
  readonly actions?: ComponentChildren;
  /** The same thing as a page of its own. */
  readonly pageHref?: string | undefined;
  /** Neighbours in the list it was opened from; null at its ends. */
  readonly previousHref?: string | null | undefined;
  readonly nextHref?: string | null | undefined;
  readonly isBusy?: boolean | undefined;
  readonly children: ComponentChildren;
}

export function Drawer({ isOpen, ...rest }: DrawerProps) {
  return isOpen ? <OpenDrawer {...rest} /> : null;
}

function OpenDrawer({
  onClose,
  title,
  meta,
  actions,
  pageHref,
  previousHref,
  nextHref,
  isBusy = false,
  children,
}: Omit<DrawerProps, 'isOpen'>) {
  const id = useId();
  const modal = useModal(onClose);
  return (
    <dialog class="drawer" aria-labelledby={id} {...modal}>
      <div class="drawer-frame">
        <header class="drawer-head">
          <div class="drawer-line">
            <h2 id={id} class="drawer-title" tabIndex={-1}>
              {title}
            </h2>
            <div class="drawer-tools">
              {(previousHref !== undefined || nextHref !== undefined) && (
                <>
                  <Neighbour href={previousHref ?? null} icon="chevron-up" label="Previous in the list" />
                  <Neighbour href={nextHref ?? null} icon="chevron-down" label="Next in the list" />
                </>
              )}
              {pageHref !== undefined && <Neighbour href={pageHref} icon="expand" label="Open as a page" />}
              <IconButton icon="cross" label="Close" tipSide="left" onClick={onClose} />
            </div>
          </div>
          {meta !== undefined && <div class="drawer-meta">{meta}</div>}
          {actions !== undefined && <div class="drawer-actions">{actions}</div>}
        </header>
        <div class="drawer-body" aria-busy={isBusy ? 'true' : undefined}>
          {children}
        </div>
      </div>
    </dialog>
  );
}

function Neighbour({
  href,
  icon,
  label,
}: {
  readonly href: string | null;
  readonly icon: 'chevron-up' | 'chevron-down' | 'expand';
  readonly label: string;
}) {
  if (href === null) {
    return (
      <span class="button icon-button" data-kind="quiet" data-disabled="" aria-hidden="true">
        <Icon name={icon} />
      </span>
    );
  }
  return (
    <a
      class="button icon-button"
      data-kind="quiet"
      data-tip={label}
      data-tip-side="left"
      aria-label={label}
      href={href}
    >
      <Icon name={icon} />
    </a>
  );
}
