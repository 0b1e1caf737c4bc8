/** What the wall showed and when, kept by the page itself: a tile stays 4 s after its call, which a look from outside may miss. */
import type { Page } from 'playwright-core';

import { waitFor } from '../../support/wait-for.ts';

/** When a tile first came into one of its states, and what it said. */
export interface Sighting {
  readonly atMs: number;
  readonly text: string;
}

/** From now on, of every tile that is or will be on this page. */
export async function keepSightings(page: Page): Promise<void> {
  await page.evaluate(KEEP_SIGHTINGS);
}

/** Waits until the tile of this call has been seen in this state. */
export function readSighting(page: Page, callId: string, state: string): Promise<Sighting> {
  return waitFor(
    () => page.evaluate<Sighting | undefined>(`globalThis.sightings['${callId} ${state}']`),
    `${callId} is shown ${state}`,
  );
}

const KEEP_SIGHTINGS = `(() => {
  const sightings = globalThis.sightings = {};
  const look = () => {
    for (const one of document.querySelectorAll('[data-call-id]'))
      sightings[one.dataset.callId + ' ' + one.dataset.state] ??= { atMs: Date.now(), text: one.textContent };
  };
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true });
  look();
})()`;
