/** j, k, x and the arrows in tables. Enter needs nothing: the focus is on the row's link. */
import { singleKeys } from '../data/preferences.ts';

const boxes: HTMLElement[] = [];

/** Gives back how to stop. */
export function listenToRows(box: HTMLElement): () => void {
  if (boxes.length === 0) document.addEventListener('keydown', onKeyDown);
  boxes.push(box);
  return () => {
    boxes.splice(boxes.indexOf(box), 1);
    if (boxes.length === 0) document.removeEventListener('keydown', onKeyDown);
  };
}

/** Key of the row that has the focus, for what acts on "this row": copy its id, retry it. */
export function readFocusedRowKey(): string | null {
  return document.activeElement?.closest('[data-row-key]')?.getAttribute('data-row-key') ?? null;
}

function onKeyDown(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  const { activeElement } = document;
  if (activeElement !== null && isField(activeElement)) return;
  const box = chooseBox(activeElement);
  if (box === undefined) return;
  const row = activeElement?.closest<HTMLElement>('[data-row-key]') ?? null;
  const isInBox = row !== null && box.contains(row);
  const isArrow = event.key === 'ArrowDown' || event.key === 'ArrowUp';
  if (isArrow && !isInBox) return;
  if (!isArrow && !singleKeys.peek()) return;
  switch (event.key) {
    case 'j':
    case 'ArrowDown':
      move(box, isInBox ? row : null, 1);
      break;
    case 'k':
    case 'ArrowUp':
      move(box, isInBox ? row : null, -1);
      break;
    case 'x': {
      const checkbox = isInBox ? row.querySelector<HTMLInputElement>('.table-check input') : null;
      if (checkbox === null) return;
      checkbox.click();
      break;
    }
    default:
      return;
  }
  event.preventDefault();
}

/** Inside an open dialog only its own; else the one with the focus; else the first of the page. */
function chooseBox(activeElement: Element | null): HTMLElement | undefined {
  const modals = document.querySelectorAll('dialog:modal');
  const modal = modals.item(modals.length - 1);
  const open = boxes.filter((box) => modal === null || modal.contains(box));
  return open.find((box) => box.contains(activeElement)) ?? open[0];
}

function move(box: HTMLElement, from: HTMLElement | null, step: 1 | -1): void {
  const rows = [...box.querySelectorAll<HTMLElement>('[data-row-key]')];
  const start = from ?? box.querySelector<HTMLElement>('[data-row-key][data-open]');
  const at = start === null ? (step === 1 ? -1 : rows.length) : rows.indexOf(start);
  const next = rows[Math.max(0, Math.min(rows.length - 1, at + step))];
  const target =
    next?.querySelector<HTMLElement>('.table-link') ?? next?.querySelector<HTMLElement>('a, button, input');
  if (next === undefined || target === null || target === undefined) return;
  // focusVisible, so that the ring and the tip come even after a click.
  target.focus({ preventScroll: true, focusVisible: true });
  next.scrollIntoView({ block: 'nearest' });
}

function isField(element: Element): boolean {
  if (element instanceof HTMLInputElement) return element.type !== 'checkbox' && element.type !== 'radio';
  return (
    element instanceof HTMLTextAreaElement ||
    element instanceof HTMLSelectElement ||
    (element instanceof HTMLElement && element.isContentEditable) ||
    element.closest('[role=menu], [role=listbox], [role=tablist]') !== null
  );
}
