import './popover.css';
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { Button, IconButton } from './button.tsx';
import type { ButtonKind, ButtonSize } from './button.tsx';
import { Icon } from './icon.tsx';
import type { IconName } from './icon.tsx';
import { place } from './place.ts';

export interface PopoverProps {
  /** Text of the button, and the name of what it opens. */
  readonly label: string;
  readonly icon?: IconName | undefined;
  readonly kind?: ButtonKind | undefined;
  readonly size?: ButtonSize | undefined;
  readonly isIconOnly?: boolean | undefined;
  /** What stands on the button, where it is not the label. */
  readonly buttonText?: ComponentChildren;
  readonly align?: 'start' | 'end' | undefined;
  readonly role?: 'dialog' | 'menu' | undefined;
  /** Made anew at each opening. */
  readonly children: (close: () => void) => ComponentChildren;
}

/** Opens beneath its button; a click beside it, Esc and leaving close it, and the focus goes back (the platform's own). */
export function Popover({
  label,
  icon,
  kind = 'normal',
  size = 'normal',
  isIconOnly = false,
  buttonText,
  align = 'start',
  role = 'dialog',
  children,
}: PopoverProps) {
  const id = useId();
  const buttonRef = useRef<HTMLButtonElement>(null);
  const boxRef = useRef<HTMLDivElement>(null);
  const [isOpen, setOpen] = useState(false);

  useEffect(() => {
    if (!isOpen) return undefined;
    const put = () => {
      if (buttonRef.current !== null && boxRef.current !== null)
        place(boxRef.current, buttonRef.current.getBoundingClientRect(), { side: 'bottom', align });
    };
    put();
    boxRef.current?.querySelector<HTMLElement>('[autofocus], [role=menuitem], input, button, a')?.focus();
    addEventListener('resize', put);
    addEventListener('scroll', put, { capture: true, passive: true });
    return () => {
      removeEventListener('resize', put);
      removeEventListener('scroll', put, { capture: true });
    };
  }, [isOpen, align]);

  const close = () => boxRef.current?.hidePopover();
  const wires = {
    ref: buttonRef,
    kind,
    size,
    popovertarget: id,
    'aria-haspopup': role,
    'aria-expanded': isOpen,
  } as const;
  return (
    <>
      {isIconOnly ? (
        <IconButton {...wires} icon={icon ?? 'more'} label={label} />
      ) : (
        <Button {...wires} icon={icon}>
          {buttonText ?? label}
          <Icon name="chevron-down" />
        </Button>
      )}
      <div
        id={id}
        ref={boxRef}
        class="popover"
        popover="auto"
        role={role}
        aria-label={label}
        onToggle={(event) => {
          if (event.target === boxRef.current) setOpen(event.newState === 'open');
        }}
        onKeyDown={role === 'menu' ? moveInMenu : undefined}
      >
        {isOpen && children(close)}
      </div>
    </>
  );
}

export interface MenuItem {
  readonly label: string;
  readonly icon?: IconName | undefined;
  readonly hint?: string | undefined;
  readonly href?: string | undefined;
  /** Given with href: the browser saves what it points at. */
  readonly isDownload?: boolean | undefined;
  readonly onSelect?: (() => void) | undefined;
  /** Makes it an item that is switched on and off, and leaves the menu open. */
  readonly isChecked?: boolean | undefined;
  readonly isDangerous?: boolean | undefined;
  readonly isDisabled?: boolean | undefined;
}

export interface MenuProps extends Omit<PopoverProps, 'children' | 'role'> {
  readonly items: readonly MenuItem[];
}

export function Menu({ items, ...rest }: MenuProps) {
  return (
    <Popover {...rest} role="menu">
      {(close) => items.map((item) => <MenuRow key={item.label} item={item} close={close} />)}
    </Popover>
  );
}

function MenuRow({ item, close }: { readonly item: MenuItem; readonly close: () => void }) {
  const { label, icon, hint, href, isDownload, onSelect, isChecked, isDangerous, isDisabled } = item;
  const inside = (
    <>
      {isChecked === undefined ? icon !== undefined && <Icon name={icon} /> : <CheckMark isOn={isChecked} />}
      <span class="menu-label">{label}</span>
      {hint !== undefined && <span class="menu-hint">{hint}</span>}
    </>
  );
  if (href !== undefined) {
    return (
      <a
        class="menu-item"
        role="menuitem"
        tabIndex={-1}
        href={href}
        download={isDownload === true ? '' : undefined}
        onClick={() => {
          onSelect?.();
          close();
        }}
      >
        {inside}
      </a>
    );
  }
  return (
    <button
      type="button"
      class="menu-item"
      tabIndex={-1}
      role={isChecked === undefined ? 'menuitem' : 'menuitemcheckbox'}
      aria-checked={isChecked}
      aria-disabled={isDisabled === true ? 'true' : undefined}
      data-danger={isDangerous === true ? '' : undefined}
      onClick={() => {
        if (isDisabled === true) return;
        if (isChecked === undefined) close();
        onSelect?.();
      }}
    >
      {inside}
    </button>
  );
}

function CheckMark({ isOn }: { readonly isOn: boolean }) {
  return <span class="menu-check">{isOn && <Icon name="check" />}</span>;
}

function moveInMenu(event: KeyboardEvent): void {
  const menu = event.currentTarget as HTMLElement;
  const items = [...menu.querySelectorAll<HTMLElement>('[role^=menuitem]')];
  const at = items.indexOf(document.activeElement as HTMLElement);
  let next: HTMLElement | undefined;
  if (event.key === 'ArrowDown') next = items[(at + 1) % items.length];
  else if (event.key === 'ArrowUp') next = items[(at - 1 + items.length) % items.length];
  else if (event.key === 'Home') next = items[0];
  else if (event.key === 'End') next = items.at(-1);
  else if (event.key === 'Tab') {
    // A menu is one stop: the platform closes it when the focus leaves.
    (menu as HTMLDivElement).hidePopover();
    return;
  } else if (/^[\p{L}\d]$/u.test(event.key) && !event.ctrlKey && !event.metaKey && !event.altKey) {
    const letter = event.key.toLowerCase();
    next = [...items.slice(at + 1), ...items.slice(0, at + 1)].find((item) =>
      item.textContent?.trim().toLowerCase().startsWith(letter),
    );
    event.stopPropagation();
  }
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
}
