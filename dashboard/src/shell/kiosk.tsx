/**
 * The wall screen: `/live?kiosk=1&scale=1.5&theme=dark`, with a key that may only watch in the fragment. No chrome, no
 * scroll; what does not fit is shown in turns.
 */
import './kiosk.css';
import { computed } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ComponentChildren } from 'preact';

import { location } from '../data/location.ts';
import { connection } from '../data/stream.ts';
import { ConnectionPill } from './connection-pill.tsx';

const SCALE_MIN = 0.5;
const SCALE_MAX = 5;
/** Long enough to read a page of tiles from across the room. */
const TURN_S_DEFAULT = 15;
const TURN_S_MIN = 3;
const TURN_S_MAX = 600;
const CURSOR_MS = 3_000;

export const isKiosk = computed(() => {
  const kiosk = location.value.query.get('kiosk');
  return kiosk !== null && kiosk !== '0';
});

const scale = computed(() => toNumber(location.value.query.get('scale'), 1, SCALE_MIN, SCALE_MAX));
const turnMs = computed(
  () => toNumber(location.value.query.get('turn'), TURN_S_DEFAULT, TURN_S_MIN, TURN_S_MAX) * 1_000,
);

/** Which of `count` pages is to be shown now, from 0; changes every `turn` seconds (15 if the address says none). */
export function useKioskPage(count: number): number {
  const [turn, setTurn] = useState(0);
  const everyMs = turnMs.value;
  const isTurning = isKiosk.value && count > 1;
  useEffect(() => {
    if (!isTurning) return undefined;
    const timer = setInterval(() => setTurn((before) => before + 1), everyMs);
    return () => clearInterval(timer);
  }, [isTurning, everyMs]);
  return isTurning ? turn % count : 0;
}

export function KioskFrame({ children }: { readonly children: ComponentChildren }) {
  const ref = useRef<HTMLDivElement>(null);
  const factor = scale.value;
  useEffect(() => {
    // All sizes are in rem, so that the root's scale is the wall's. By the object model: the page's policy refuses
    // style attributes in markup.
    const { style } = document.documentElement;
    style.setProperty('--scale', String(factor));
    return () => {
      style.removeProperty('--scale');
    };
  }, [factor]);
  useEffect(keepAwake, []);
  useEffect(() => hideCursor(ref.current), []);
  const { state } = connection.value;
  return (
    <div class="kiosk" ref={ref}>
      <main id="main" class="kiosk-main" tabIndex={-1}>
        {children}
      </main>
      {/* A wall that looks alive and is not is worse than none. */}
      {state !== 'live' && (
        <div class="kiosk-pill">
          <ConnectionPill />
        </div>
      )}
    </div>
  );
}

function keepAwake(): () => void {
  let lock: WakeLockSentinel | undefined;
  let isOver = false;
  async function ask(): Promise<void> {
    if (document.hidden || isOver) return;
    try {
      lock = await navigator.wakeLock?.request('screen');
      if (isOver) await lock?.release();
    } catch {
      // Refused on battery: then the screen's own settings decide.
    }
  }
  const look = (): void => void ask();
  look();
  document.addEventListener('visibilitychange', look);
  return () => {
    isOver = true;
    document.removeEventListener('visibilitychange', look);
    void lock?.release();
  };
}

function hideCursor(frame: HTMLElement | null): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const move = (): void => {
    frame?.removeAttribute('data-still');
    clearTimeout(timer);
    timer = setTimeout(() => frame?.setAttribute('data-still', ''), CURSOR_MS);
  };
  move();
  document.addEventListener('pointermove', move);
  return () => {
    clearTimeout(timer);
    document.removeEventListener('pointermove', move);
  };
}

function toNumber(text: string | null, fallback: number, min: number, max: number): number {
  const number = text === null ? Number.NaN : Number(text);
  return Number.isFinite(number) && number > 0 ? Math.min(max, Math.max(min, number)) : fallback;
}
