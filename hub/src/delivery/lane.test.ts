import { describe, expect, it } from 'vitest';
import type { Destination } from '../journal/destinations.ts';

import { Lane } from './lane.ts';

const NOW_MS = 1_000_000;
const NOW = { nowMs: NOW_MS, monotonicMs: 5_000 };

describe('a lane whose destination was failing', () => {
  it('begins with its breaker open, as the journal remembers', () => {
    expect(
      new Lane(makeDestination({ failingSinceMs: NOW_MS - 60_000 }), undefined, NOW.monotonicMs).flow.isOpen,
    ).toBe(true);
  });

  it('starts afresh when a person resumes it, so that new failures are told again', () => {
    const lane = new Lane(makeDestination({ failingSinceMs: NOW_MS - 60_000 }), undefined, NOW.monotonicMs);
    expect(lane.change(makeDestination({ failingSinceMs: null }), NOW)).toEqual({
      resumed: true,
      stopped: false,
      outdated: false,
    });
    expect(lane.flow.isOpen).toBe(false);
    expect(lane.flow.window).toBe(1);
  });

  it('stays open when something else about it changes', () => {
    const failing = { failingSinceMs: NOW_MS - 60_000 };
    const lane = new Lane(makeDestination(failing), undefined, NOW.monotonicMs);
    expect(lane.change(makeDestination({ ...failing, name: 'CRM' }), NOW).resumed).toBe(false);
    expect(lane.flow.isOpen).toBe(true);
  });
});

function makeDestination(change: Partial<Destination>): Destination {
  return {
    id: 'dst_1',
    accountId: 'default',
    kind: 'webhook',
    name: null,
    settings: { url: 'http://127.0.0.1:1/' },
    filter: {},
    order: 'strict',
    state: 'enabled',
    stateReason: null,
    concurrency: 32,
    ratePerSecond: null,
    retryScheduleS: null,
    timeoutMs: 15_000,
    secret: 'whsec_',
    previousSecret: null,
    previousSecretUntilMs: null,
    failingSinceMs: null,
    createdAtMs: 0,
    updatedAtMs: 0,
    ...change,
  };
}
