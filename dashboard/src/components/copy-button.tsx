import { useEffect, useRef, useState } from 'preact/hooks';
import { Button, IconButton } from './button.tsx';
import type { ButtonKind } from './button.tsx';
import { announce } from './status-line.tsx';
import { showToast } from './toast.tsx';

const DONE_MS = 2_000;

export interface CopyButtonProps {
  /** A function where making the text costs something, or asks the hub. */
  readonly text: string | (() => string | Promise<string>);
  /** "Copy call id": what is copied is part of the name. */
  readonly label: string;
  /** As an icon beside what it copies; otherwise a button with the label as its text. */
  readonly isIconOnly?: boolean | undefined;
  readonly kind?: ButtonKind | undefined;
}

export function CopyButton({ text, label, isIconOnly = true, kind = 'quiet' }: CopyButtonProps) {
  const [isDone, setDone] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);

  async function copy() {
    try {
      await copyText(typeof text === 'function' ? await text() : text);
    } catch {
      showToast('It could not be copied: the browser refused. Select the text and copy it by hand.', {
        kind: 'alert',
      });
      return;
    }
    announce('Copied', { isUrgent: true });
    setDone(true);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setDone(false), DONE_MS);
  }

  const icon = isDone ? 'check' : 'copy';
  const onClick = () => void copy();
  return isIconOnly ? (
    <IconButton icon={icon} label={isDone ? 'Copied' : label} kind={kind} size="small" onClick={onClick} />
  ) : (
    <Button icon={icon} kind={kind} size="small" onClick={onClick}>
      {isDone ? 'Copied' : label}
    </Button>
  );
}

/** navigator.clipboard is missing on plain http from other hosts, where a hub in a private network is often read. */
export async function copyText(text: string): Promise<void> {
  if (navigator.clipboard !== undefined) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const area = document.createElement('textarea');
  area.className = 'visually-hidden';
  area.value = text;
  // Inside an open modal dialog everything outside is inert, and could not be selected.
  const host = document.activeElement?.closest('dialog') ?? document.body;
  const before = document.activeElement;
  host.append(area);
  area.select();
  // Deprecated, and the only way there is without a secure context.
  const isCopied = document.execCommand('copy');
  area.remove();
  if (before instanceof HTMLElement) before.focus();
  if (!isCopied) throw new Error('copy refused');
}
