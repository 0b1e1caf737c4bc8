import './dialog.css';
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { Button, IconButton } from './button.tsx';
import { Field, TextInput } from './field.tsx';
import { useModal } from './modal.ts';
import { isTyped } from './typed-word.ts';

export interface DialogProps {
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly title: string;
  readonly children: ComponentChildren;
  /** Buttons, the one that goes on last. */
  readonly actions?: ComponentChildren;
  readonly size?: 'small' | 'normal' | 'wide' | undefined;
  /** With it the dialog is a form: Enter in a field submits; give the going-on button type="submit". */
  readonly onSubmit?: (() => void) | undefined;
}

export function Dialog({ isOpen, ...rest }: DialogProps) {
  // Mounted only while open, so that what was typed the last time is gone.
  return isOpen ? <OpenDialog {...rest} /> : null;
}

function OpenDialog({
  onClose,
  title,
  children,
  actions,
  size = 'normal',
  onSubmit,
}: Omit<DialogProps, 'isOpen'>) {
  const id = useId();
  const modal = useModal(onClose);
  const inside = (
    <>
      <div class="dialog-head">
        <h2 id={id} class="dialog-title" tabIndex={-1}>
          {title}
        </h2>
        <IconButton icon="cross" label="Close" size="small" tipSide="left" onClick={onClose} />
      </div>
      <div class="dialog-body">{children}</div>
      {actions !== undefined && <div class="dialog-actions">{actions}</div>}
    </>
  );
  return (
    <dialog class="dialog" data-size={size} aria-labelledby={id} {...modal}>
      {onSubmit === undefined ? (
        <div class="dialog-frame">{inside}</div>
      ) : (
        <form
          class="dialog-frame"
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            onSubmit();
          }}
        >
          {inside}
        </form>
      )}
    </dialog>
  );
}

export interface ConfirmDialogProps {
  readonly isOpen: boolean;
  readonly onClose: () => void;
  /** While its promise is pending the button is busy; when it is kept the dialog closes; when broken its words are shown. */
  readonly onConfirm: () => void | Promise<void>;
  readonly title: string;
  readonly children?: ComponentChildren;
  /** A verb: "Delete destination", never "OK". */
  readonly confirmLabel: string;
  readonly cancelLabel?: string | undefined;
  readonly isDangerous?: boolean | undefined;
  /** There is nothing to confirm yet, or any more. */
  readonly isBlocked?: boolean | undefined;
  /** What has to be typed first: a number ("1284", may be typed "1,284") or a name. */
  readonly typed?: string | undefined;
  readonly typedLabel?: string | undefined;
}

export function ConfirmDialog({ isOpen, ...rest }: ConfirmDialogProps) {
  return isOpen ? <OpenConfirmDialog {...rest} /> : null;
}

function OpenConfirmDialog({
  onClose,
  onConfirm,
  title,
  children,
  confirmLabel,
  cancelLabel = 'Cancel',
  isDangerous = false,
  isBlocked = false,
  typed,
  typedLabel,
}: Omit<ConfirmDialogProps, 'isOpen'>) {
  const [text, setText] = useState('');
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const isMounted = useRef(true);
  useEffect(
    () => () => {
      isMounted.current = false;
    },
    [],
  );

  async function confirm() {
    if (isBusy || isBlocked) return;
    if (typed !== undefined && !isTyped(text, typed)) {
      setError(`Type ${typed} to go on.`);
      return;
    }
    setBusy(true);
    setError(null);
    try {
      await onConfirm();
      if (isMounted.current) onClose();
    } catch (thrown) {
      if (isMounted.current) setError(thrown instanceof Error ? thrown.message : String(thrown));
    } finally {
      if (isMounted.current) setBusy(false);
    }
  }

  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={title}
      size="small"
      onSubmit={() => void confirm()}
      actions={
        <>
          <Button onClick={onClose} autofocus={isDangerous && typed === undefined}>
            {cancelLabel}
          </Button>
          <Button
            type="submit"
            kind={isDangerous ? 'danger' : 'primary'}
            isBusy={isBusy}
            autofocus={!isDangerous && typed === undefined && !isBlocked}
            disabled={isBlocked}
          >
            {confirmLabel}
          </Button>
        </>
      }
    >
      {children}
      {typed !== undefined && (
        <Field label={typedLabel ?? `Type ${typed} to go on`} error={error}>
          <TextInput value={text} onValue={setText} autofocus spellcheck={false} />
        </Field>
      )}
      {typed === undefined && error !== null && (
        <p class="field-error" role="alert">
          {error}
        </p>
      )}
    </Dialog>
  );
}
