import './toast.css';
import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { Button, IconButton, LinkButton } from './button.tsx';
import { Icon } from './icon.tsx';
import { addToast, ageToasts } from './toast-queue.ts';
import type { Toast, ToastAction, ToastKind } from './toast-queue.ts';

export interface ToastOptions {
  /** "status" goes by itself; "alert" interrupts and stays until it is dismissed. */
  readonly kind?: ToastKind | undefined;
  readonly detail?: string | null | undefined;
  readonly action?: ToastAction | undefined;
}

const TICK_MS = 250;

const toasts = signal<readonly Toast[]>([]);
let lastId = 0;

/** Gives back how to take it away. */
export function showToast(text: string, options: ToastOptions = {}): () => void {
  lastId += 1;
  const id = lastId;
  const { kind = 'status', detail = null, action = null } = options;
  toasts.value = addToast(toasts.value, { kind, text, detail, action }, id);
  return () => dismiss(id);
}

function dismiss(id: number) {
  toasts.value = toasts.value.filter((one) => one.id !== id);
}

/** Once per page, in the shell. */
export function Toasts() {
  const ref = useRef<HTMLDivElement>(null);
  const all = toasts.value;
  const isRunning = all.some((one) => one.leftMs !== null);

  useEffect(() => {
    if (!isRunning) return undefined;
    const timer = setInterval(() => {
      const isHeld = document.hidden || ref.current?.matches(':hover, :focus-within') === true;
      if (!isHeld) toasts.value = ageToasts(toasts.value, TICK_MS);
    }, TICK_MS);
    return () => clearInterval(timer);
  }, [isRunning]);

  // A modal dialog lies in the top layer and would hide them; a popover shown later lies above it.
  useEffect(() => {
    const box = ref.current;
    if (box === null || typeof box.showPopover !== 'function') return;
    if (box.matches(':popover-open')) box.hidePopover();
    if (all.length > 0) box.showPopover();
  }, [all.length]);

  return (
    <div class="toasts" ref={ref} popover="manual">
      {/* Two regions that stand from the beginning: one made together with its text is often not read. */}
      <div class="toasts-list" role="status" aria-live="polite" aria-relevant="additions text">
        {all.filter((one) => one.kind === 'status').map(toCard)}
      </div>
      <div class="toasts-list" role="alert" aria-relevant="additions text">
        {all.filter((one) => one.kind === 'alert').map(toCard)}
      </div>
    </div>
  );
}

function toCard(toast: Toast) {
  return <ToastCard key={toast.id} toast={toast} />;
}

function ToastCard({ toast }: { readonly toast: Toast }) {
  const { id, kind, text, detail, action, count } = toast;
  return (
    <div class="toast" data-kind={kind}>
      <Icon name={kind === 'alert' ? 'alert' : 'check'} />
      <div class="toast-words">
        <p class="toast-text">
          {text}
          {count > 1 && <span class="toast-count"> ×{count}</span>}
        </p>
        {detail !== null && <p class="toast-detail">{detail}</p>}
        {action !== null && (
          <div class="toast-action">
            {action.href === undefined ? (
              <Button
                size="small"
                onClick={() => {
                  action.onClick?.();
                  dismiss(id);
                }}
              >
                {action.label}
              </Button>
            ) : (
              <LinkButton size="small" href={action.href} onClick={() => dismiss(id)}>
                {action.label}
              </LinkButton>
            )}
          </div>
        )}
      </div>
      <IconButton icon="cross" label="Dismiss" size="small" tipSide="left" onClick={() => dismiss(id)} />
    </div>
  );
}
