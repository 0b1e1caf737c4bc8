/** A call of which nothing is known but that it began, and which nobody ended: what the wall and its page say of it. */
import { describe, expect, it } from 'vitest';

import { hasChromium, seeText } from '../../support/browser.ts';
import { addWebhook } from '../../support/hub-client.ts';
import { Receiver } from '../../support/receiver.ts';
import { waitFor } from '../../support/wait-for.ts';
import { keepSightings, readSighting } from './sightings.ts';
import { setStage } from './stage.ts';

const stage = setStage({ staleAfterMs: 2_000 });
/** The hub looks for them every 15 s. */
const NOTICED_MS_MAX = 40_000;

describe.skipIf(!hasChromium)('a call without an end', () => {
  it('turns stale on the wall by itself, tile and count', async () => {
    const { page } = await stage.open('/live');
    await seeText(page.locator('.wall'), 'Active now');
    // Told by the stream at once, when it was not stale; nothing is told of it later.
    await stage.report('turning', 'in-progress');
    const tile = page.locator('[data-call-id="turning"]');
    await seeText(tile, /no end for \d+:\d\d/);
    expect(await tile.getAttribute('data-state')).toBe('stale');
    await seeText(page.locator('.wall'), /and 1 unknown/);
    await keepSightings(page);
    await stage.report('turning', 'ended');
    await readSighting(page, 'turning', 'ended');
    await seeText(page.locator('.wall'), /Active now 0 calls(?!,)/);
  });

  it('is shown as what is known of it, and its timeline says when it was given up for unknown and who was told', async () => {
    const receiver = await Receiver.start();
    await addWebhook(stage, receiver.url, {
      name: 'On duty',
      filter: { statuses: ['ended'], operational_events: ['call.stale'] },
    });
    await stage.report('bare', 'in-progress');
    await waitFor(
      async () => (await stage.call<{ stale: boolean }>('GET', '/v1/calls/bare')).body.stale,
      'the call is stale',
    );
    const { page } = await stage.open('/live');
    const tile = page.locator('[data-call-id="bare"]');
    await seeText(tile, 'Unknown number');
    expect(await tile.innerText()).not.toMatch(/Web call|withheld/);
    await seeText(tile, /no end for \d+:\d\d/);

    await page.goto(`${stage.address}/calls/bare`);
    // It comes by itself.
    const entry = page.locator('.story-entry').filter({ hasText: 'Call without an end' });
    await seeText(entry, /no longer counts as active.*On duty/s, NOTICED_MS_MAX);
    await seeText(entry, 'Delivered');
    await receiver.switchOff();
  });
});
