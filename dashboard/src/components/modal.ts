import { useLayoutEffect, useRef } from 'preact/hooks';
import type { RefObject } from 'preact';

/**
 * Props for a <dialog> that is modal for as long as it is mounted. The element itself keeps the focus in, answers Esc
 * and gives the focus back; added are the click beside it and the focus for what vanished meanwhile.
 */
export function useModal(onClose: () => void): {
  ref: RefObject<HTMLDialogElement | null>;
  onCancel: (event: Event) => void;
  onMouseDown: (event: MouseEvent) => void;
  onClick: (event: MouseEvent) => void;
} {
  const ref = useRef<HTMLDialogElement>(null);
  const isPressedBeside = useRef(false);

  useLayoutEffect(() => {
    const dialog = ref.current;
    if (dialog === null) return undefined;
    const opener = document.activeElement;
    dialog.showModal();
    chooseFocus(dialog);
    return () => {
      dialog.close();
      // The row that opened it may have been redrawn or have left the list.
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus({ preventScroll: true });
      else document.querySelector<HTMLElement>('main')?.focus({ preventScroll: true });
    };
  }, []);

  return {
    ref,
    onCancel: (event) => {
      // The one who mounted it takes it away, by setting isOpen.
      if (event.target !== ref.current) return;
      event.preventDefault();
      onClose();
    },
    // Both ends of the press must be beside it: marking text and letting go outside is no click on the backdrop.
    onMouseDown: (event) => {
      isPressedBeside.current = event.target === ref.current;
    },
    onClick: (event) => {
      if (event.target === ref.current && isPressedBeside.current) onClose();
    },
  };
}

/**
 * Where to begin: what asks for it, else the first field, else the title, which is then read out. The platform would take
 * the first button, which is "Close".
 */
function chooseFocus(dialog: HTMLDialogElement): void {
  const first =
    dialog.querySelector<HTMLElement>('[autofocus]') ??
    dialog.querySelector<HTMLElement>('.dialog-body :is(input, select, textarea):not(:disabled)') ??
    dialog.querySelector<HTMLElement>('h2');
  first?.focus();
}
