/**
 * Shortcuts. Single keys work only while the focus is in no field, no modifier is held and nobody switched them off
 * (WCAG 2.1.4); what is mounted last is asked first. Keys of tables (j, k, x) and of the filter box (/) live with them.
 */
import { useLayoutEffect, useRef } from 'preact/hooks';

import { singleKeys } from '../data/preferences.ts';
import { makeStrokeSequence, toStroke } from './key-strokes.ts';

/** By name: `r`, `R` (with Shift), `?`, `g l` (one after the other), `mod+k` (⌘ or Ctrl). */
export type KeyMap = Readonly<Record<string, () => void>>;

export interface KeysOptions {
  /** The shell's: not while a drawer or dialog lies over the page. */
  readonly isGlobal?: boolean;
}

export function useKeys(map: KeyMap, options: KeysOptions = {}): void {
  const latest = useRef(map);
  latest.current = map;
  const { isGlobal = false } = options;
  // With what is shown, not a frame after it: a key counts as soon as there is something to press it for.
  useLayoutEffect(() => {
    const layer: Layer = { map: () => latest.current, isGlobal };
    if (layers.length === 0) document.addEventListener('keydown', onKeyDown);
    layers.push(layer);
    return () => {
      layers.splice(layers.indexOf(layer), 1);
      if (layers.length === 0) document.removeEventListener('keydown', onKeyDown);
    };
  }, [isGlobal]);
}

interface Layer {
  readonly map: () => KeyMap;
  readonly isGlobal: boolean;
}

const layers: Layer[] = [];
const sequence = makeStrokeSequence();

function onKeyDown(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing || event.repeat) return;
  const stroke = toStroke(event);
  if (stroke === null) return;
  const isSingle = !stroke.startsWith('mod+');
  if (isSingle && (!singleKeys.peek() || isInField(event))) return;
  // A question is answered before anything else is done; what only lies beside the page (a drawer) has keys of its own.
  const modal = [...document.querySelectorAll('dialog:modal')].at(-1);
  if (modal?.classList.contains('dialog') === true) return;
  const open = layers.filter((layer) => modal === undefined || !layer.isGlobal);
  const find = (name: string): (() => void) | undefined =>
    open.findLast((layer) => Object.hasOwn(layer.map(), name))?.map()[name];
  const name = isSingle ? sequence.push(stroke, (one) => find(one) !== undefined, event.timeStamp) : stroke;
  const run = name === null ? undefined : find(name);
  if (run === undefined) return;
  event.preventDefault();
  run();
}

function isInField(event: KeyboardEvent): boolean {
  const target = event.composedPath()[0];
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement)
    return !['checkbox', 'radio', 'button', 'submit'].includes(target.type);
  return (
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement ||
    target.isContentEditable ||
    target.closest('[role=menu], [role=listbox], [role=textbox], [role=combobox]') !== null
  );
}
