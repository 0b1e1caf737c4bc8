/** What the view is worth, in words: a dead one must never look alive. */
import './connection-pill.css';
import { computed } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Tone } from '../components/badge.tsx';
import type { Connection } from '../data/stream.ts';

import { announce } from '../components/status-line.tsx';
import '../components/tip.ts';
import { nowMs } from '../data/clock.ts';
import { connection, paused } from '../data/stream.ts';
import { toConnectionTip, toConnectionWords } from './connection-words.ts';

const words = computed(() => {
  // Read for its tick alone: since when is told by this browser's own clock.
  void nowMs.value;
  return toConnectionWords(connection.value, Date.now());
});

export function ConnectionPill() {
  const { state } = connection.value;
  useEffect(() => announceState(state), [state]);
  return (
    <span
      class="connection"
      data-state={state}
      data-tone={TONES[state]}
      data-tip={toConnectionTip(state, paused.value)}
      tabIndex={0}
    >
      <span class="connection-shape" aria-hidden="true" />
      <span class="connection-words">{words}</span>
    </span>
  );
}

const TONES: Readonly<Record<Connection['state'], Tone>> = {
  connecting: 'neutral',
  live: 'good',
  reconnecting: 'warn',
  paused: 'warn',
  stale: 'bad',
};

let told: Connection['state'] | null = null;

/** Only what changes what can be believed; the first "live" is what everybody expects. */
function announceState(state: Connection['state']): void {
  const before = told;
  told = state;
  if (before === null || before === state || state === 'connecting') return;
  if (state === 'live' && before === 'connecting') return;
  announce(SPOKEN[state]);
}

const SPOKEN: Readonly<Record<Exclude<Connection['state'], 'connecting'>, string>> = {
  live: 'Live again',
  reconnecting: 'The connection was lost. Reconnecting.',
  paused: 'Live updates are paused',
  stale: 'No news from the hub: what is shown may be out of date.',
};
