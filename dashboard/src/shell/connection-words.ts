import type { Connection } from '../data/stream.ts';

import { formatDuration } from '../data/format.ts';

/** `Live · 0.3 s`, `Stale 42 s` */
export function toConnectionWords({ state, lagMs, sinceMs }: Connection, nowMs: number): string {
  switch (state) {
    case 'live':
      // Upwards: what took 30 ms did not take no time.
      return `Live · ${(Math.max(1, Math.ceil(lagMs / 100)) / 10).toFixed(1)} s`;
    case 'connecting':
      return 'Connecting…';
    case 'reconnecting':
      return 'Reconnecting…';
    case 'paused':
      return 'Paused';
    case 'stale': {
      const seconds = Math.max(0, Math.floor((nowMs - sinceMs) / 1_000));
      return `Stale ${seconds < 60 ? `${seconds} s` : formatDuration(seconds * 1_000)}`;
    }
  }
}

export function toConnectionTip(state: Connection['state'], isPausedByHand: boolean): string {
  switch (state) {
    case 'live':
      return 'Changes are shown as they happen; the number is how long they take from the hub to here';
    case 'connecting':
      return 'Opening the live connection';
    case 'reconnecting':
      return 'The connection broke. It comes back by itself, and what was missed is caught up with';
    case 'paused':
      return isPausedByHand
        ? 'You paused live updates. Go on to catch up with what was missed'
        : 'Paused while nobody looked at this tab';
    case 'stale':
      return 'Nothing has been heard from the hub: what is shown may be out of date';
  }
}
