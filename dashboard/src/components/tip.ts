/**
 * The one tip of the page, for everything with data-tip: in the top layer, because a table's rows and a drawer cut off
 * what stands out of them. Shown on hover and on focus by key, hidden by Esc (WCAG 1.4.13). What it says must be in the
 * element's name as well: the tip itself is for eyes only.
 */
import './tip.css';
import { place } from './place.ts';

const HOVER_DELAY_MS = 350;

let box: HTMLDivElement | null = null;
let shownFor: Element | null = null;
let pointedAt: Element | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;

function show(element: Element): void {
  const text = element.getAttribute('data-tip');
  if (text === null || text === '' || !element.isConnected) return;
  if (box === null) {
    box = document.createElement('div');
    box.className = 'tip';
    box.setAttribute('aria-hidden', 'true');
    if (typeof box.showPopover !== 'function') return;
    box.popover = 'manual';
    document.body.append(box);
  }
  box.textContent = text;
  // Shown anew, so that it lies above a dialog that was opened since.
  if (box.matches(':popover-open')) box.hidePopover();
  box.showPopover();
  shownFor = element;
  follow();
}

function follow(): void {
  if (box === null || shownFor === null) return;
  const rect = shownFor.getBoundingClientRect();
  if (!shownFor.isConnected || rect.bottom < 0 || rect.top > innerHeight) {
    hide();
    return;
  }
  const side = shownFor.getAttribute('data-tip-side');
  place(box, rect, { side: side === 'top' || side === 'left' ? side : 'bottom', align: 'center' });
}

function hide(): void {
  clearTimeout(timer);
  timer = undefined;
  shownFor = null;
  pointedAt = null;
  if (box?.matches(':popover-open') === true) box.hidePopover();
}

function toTipped(target: EventTarget | null): Element | null {
  return target instanceof Element ? target.closest('[data-tip]') : null;
}

function point(event: PointerEvent, element: Element | null): void {
  if (event.pointerType === 'touch' || element === pointedAt) return;
  hide();
  pointedAt = element;
  if (element !== null) timer = setTimeout(() => show(element), HOVER_DELAY_MS);
}

function listen(): void {
  document.addEventListener('pointerover', (event) => point(event, toTipped(event.target)));
  document.addEventListener('pointermove', (event) => {
    // A row's link lies above its cells: what is beneath the pointer there has to be asked for.
    if (!(event.target instanceof Element) || !event.target.matches('.table-link')) return;
    const below = document.elementsFromPoint(event.clientX, event.clientY);
    point(event, below.find((element) => element.matches('[data-tip]')) ?? null);
  });
  document.addEventListener('focusin', ({ target }) => {
    if (!(target instanceof Element) || !target.matches(':focus-visible')) return;
    hide();
    const element =
      toTipped(target) ?? target.closest('[data-row-key]')?.querySelector('.time[data-tip]') ?? null;
    // A popover that closes gives the focus back while it closes, and until it has no other one may be shown.
    if (element !== null) timer = setTimeout(() => show(element));
  });
  document.addEventListener('focusout', hide);
  document.addEventListener('pointerdown', hide);
  // j and k scroll their row into sight after it has the focus: the tip goes along.
  document.addEventListener('scroll', follow, { capture: true, passive: true });
  document.addEventListener(
    'keydown',
    (event) => {
      // The first Esc takes the tip away and nothing else.
      if (event.key === 'Escape' && shownFor !== null) {
        hide();
        if (!(event.target instanceof Element && event.target.closest('dialog') !== null))
          event.stopPropagation();
      }
    },
    { capture: true },
  );
}

if (typeof document !== 'undefined') listen();
