import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestHub } from '../../../test/support/in-memory-hub.ts';

import { openTestHub } from '../../../test/support/in-memory-hub.ts';
import { callView } from './call-views.ts';
import { stateCountsView } from './analytics-views.ts';

let hub: TestHub;
beforeAll(async () => {
  hub = await openTestHub();
});
afterAll(() => hub.close());

describe('counting calls', () => {
  it('tells how many there are of each state, whatever states the filter names', async () => {
    for (const [id, status] of [
      ['a', 'in-progress'],
      ['b', 'in-progress'],
      ['c', 'ended'],
      ['d', 'ended-with-error'],
    ]) {
      await hub.call('PUT', `/v1/calls/${id}/status`, { status, type: id === 'b' ? 'web_call' : null });
    }
    const all = (await hub.call('GET', '/v1/calls/counts?q=state:failed')).json();
    expect(stateCountsView.strict().safeParse(all).error?.issues ?? []).toEqual([]);
    expect(all).toMatchObject({ counts: { live: 2, ended: 1, failed: 1 }, limit: 1_000, truncated: false });
    const web = (await hub.call('GET', '/v1/calls/counts?q=type:web_call')).json();
    expect(web.counts).toMatchObject({ live: 1, ended: 0, failed: 0 });
    expect((await hub.call('GET', '/v1/calls/counts?q=stats:x')).statusCode).toBe(400);
  });
});

describe('ending a call by hand', () => {
  it('ends a live call with the reason, once, and leaves a trace', async () => {
    await hub.call('PUT', '/v1/calls/stuck/status', { status: 'in-progress' });
    const ended = await hub.call('POST', '/v1/calls/stuck/end', { reason: 'the platform lost it' });
    expect(ended.statusCode).toBe(200);
    expect(callView.strict().safeParse(ended.json()).error?.issues ?? []).toEqual([]);
    expect(ended.json()).toMatchObject({ state: 'failed', error: 'ended by hand: the platform lost it' });
    const [event] = (await hub.call('GET', '/v1/events?q=call:stuck')).json().data;
    expect(JSON.parse(event.body).message.error).toBe('ended by hand: the platform lost it');
    const audit = (await hub.call('GET', '/v1/audit')).json().data;
    expect(audit[0]).toMatchObject({
      action: 'call.ended',
      subject: 'stuck',
      detail: { reason: 'the platform lost it' },
    });
    const again = await hub.call('POST', '/v1/calls/stuck/end', { reason: 'once more' });
    expect([again.statusCode, again.json().detail]).toEqual([
      409,
      'It has failed already, which never changes.',
    ]);
  });

  it('is refused for calls that are over, unknown or without a reason', async () => {
    await hub.call('PUT', '/v1/calls/over/status', { status: 'ended' });
    await hub.call('PUT', '/v1/calls/ringing/status', { status: 'ringing' });
    for (const [path, body, status] of [
      ['over', { reason: 'x' }, 409],
      ['ringing', { reason: 'x' }, 409],
      ['unknown', { reason: 'x' }, 404],
      ['over', {}, 400],
      ['over', { reason: '   ' }, 400],
      ['over', { reason: 'x'.repeat(501) }, 400],
    ] as const) {
      expect([path, (await hub.call('POST', `/v1/calls/${path}/end`, body)).statusCode]).toEqual([
        path,
        status,
      ]);
    }
    const key = await hub.makeKey(['read']);
    const headers = { authorization: `Bearer ${key}` };
    expect((await hub.call('POST', '/v1/calls/over/end', { reason: 'x' }, headers)).statusCode).toBe(403);
  });
});
