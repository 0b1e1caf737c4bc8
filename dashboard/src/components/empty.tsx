import './empty.css';
import type { ComponentChildren } from 'preact';
import { CopyButton } from './copy-button.tsx';
import { Icon } from './icon.tsx';
import type { IconName } from './icon.tsx';

export interface EmptyProps {
  readonly title: string;
  /** One or two sentences: why there is nothing, and what makes something appear. */
  readonly children?: ComponentChildren;
  readonly icon?: IconName | undefined;
  /** The exact command for this host. */
  readonly command?: string | undefined;
  /** Several commands, each with a word of its own. */
  readonly commands?: readonly { readonly label: string; readonly text: string }[] | undefined;
  readonly actions?: ComponentChildren;
}

export function Empty({ title, children, icon, command, commands = [], actions }: EmptyProps) {
  const all = command === undefined ? commands : [{ label: '', text: command }, ...commands];
  return (
    <div class="empty">
      {icon !== undefined && (
        <span class="empty-icon">
          <Icon name={icon} size={24} />
        </span>
      )}
      <h3 class="empty-title">{title}</h3>
      {children !== undefined && <div class="empty-text">{children}</div>}
      {all.map((one) => (
        <Command key={one.text} label={one.label} text={one.text} />
      ))}
      {actions !== undefined && <div class="empty-actions">{actions}</div>}
    </div>
  );
}

/** A line for a shell, with its copy button. */
export function Command({
  label = '',
  text,
}: {
  readonly label?: string | undefined;
  readonly text: string;
}) {
  return (
    <figure class="command">
      {label !== '' && <figcaption class="command-label">{label}</figcaption>}
      <div class="command-line">
        <code class="command-text" tabIndex={0} role="group" aria-label={label === '' ? 'Command' : label}>
          {text}
        </code>
        <CopyButton text={text} label={label === '' ? 'Copy command' : `Copy: ${label}`} />
      </div>
    </figure>
  );
}
