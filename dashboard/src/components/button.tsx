import './button.css';
import type { AnchorHTMLAttributes, ButtonHTMLAttributes, ComponentChildren } from 'preact';
import './tip.ts';
import { Icon } from './icon.tsx';
import type { IconName } from './icon.tsx';

export type ButtonKind = 'normal' | 'primary' | 'quiet' | 'danger';
export type ButtonSize = 'normal' | 'small';

interface Look {
  readonly kind?: ButtonKind | undefined;
  readonly size?: ButtonSize | undefined;
  readonly icon?: IconName | undefined;
}

export interface ButtonProps extends Look, Omit<ButtonHTMLAttributes, 'size' | 'icon' | 'type'> {
  readonly type?: 'button' | 'submit' | undefined;
  /** Keeps its width and its focus, says that it is at work, and takes no second click. */
  readonly isBusy?: boolean | undefined;
  readonly children?: ComponentChildren;
}

export function Button({
  kind = 'normal',
  size = 'normal',
  icon,
  isBusy = false,
  type = 'button',
  onClick,
  children,
  class: className,
  ...rest
}: ButtonProps) {
  // aria-disabled, not disabled: a disabled button drops the focus of whoever has just pressed it.
  return (
    <button
      {...rest}
      type={type}
      class={`button ${typeof className === 'string' ? className : ''}`}
      data-kind={kind}
      data-size={size}
      data-busy={isBusy ? '' : undefined}
      aria-disabled={isBusy ? 'true' : undefined}
      aria-busy={isBusy ? 'true' : undefined}
      onClick={(event) => {
        if (isBusy) event.preventDefault();
        else onClick?.(event);
      }}
    >
      {icon !== undefined && <Icon name={icon} />}
      <span class="button-text">{children}</span>
    </button>
  );
}

export interface LinkButtonProps extends Look, Omit<AnchorHTMLAttributes, 'size' | 'icon' | 'role'> {
  readonly href: string;
  readonly children?: ComponentChildren;
}

export function LinkButton({
  kind = 'normal',
  size = 'normal',
  icon,
  href,
  children,
  class: className,
  ...rest
}: LinkButtonProps) {
  return (
    <a
      {...rest}
      href={href}
      class={`button ${typeof className === 'string' ? className : ''}`}
      data-kind={kind}
      data-size={size}
    >
      {icon !== undefined && <Icon name={icon} />}
      <span class="button-text">{children}</span>
    </a>
  );
}

export interface IconButtonProps extends Omit<ButtonProps, 'children' | 'icon' | 'label'> {
  readonly icon: IconName;
  /** The accessible name, shown as well when it is hovered or focused. */
  readonly label: string;
  /** For a button that stays pressed. */
  readonly isPressed?: boolean | undefined;
  readonly tipSide?: 'top' | 'bottom' | 'left' | undefined;
}

export function IconButton({
  icon,
  label,
  kind = 'quiet',
  size = 'normal',
  isBusy = false,
  isPressed,
  tipSide = 'bottom',
  type = 'button',
  onClick,
  class: className,
  ...rest
}: IconButtonProps) {
  return (
    <button
      {...rest}
      type={type}
      class={`button icon-button ${typeof className === 'string' ? className : ''}`}
      data-kind={kind}
      data-size={size}
      data-busy={isBusy ? '' : undefined}
      data-tip={label}
      data-tip-side={tipSide}
      aria-label={label}
      aria-pressed={isPressed}
      aria-disabled={isBusy ? 'true' : undefined}
      onClick={(event) => {
        if (isBusy) event.preventDefault();
        else onClick?.(event);
      }}
    >
      <Icon name={icon} />
    </button>
  );
}
