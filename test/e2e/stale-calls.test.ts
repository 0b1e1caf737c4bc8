/** A call whose end nobody reports, in an account that lets the hub end such calls: through the doors, to a receiver. */
import { expect, it } from 'vitest';

import { addWebhook, callApi, makeReportBody, postReport } from '../support/hub-client.ts';
import { makeDataDir, startHubHere } from '../support/hub-process.ts';
import { Receiver } from '../support/receiver.ts';

/** The first look at 15 s begins to listen, the next one ends what is stale. */
const ENDED_MS_MAX = 60_000;

it('a call without an end arrives as ended with error where the account chose it, once, and a later end changes nothing', async () => {
  const hub = await startHubHere(makeDataDir(), { staleAfterMs: 2_000 });
  const receiver = await Receiver.start();
  try {
    await addWebhook(hub, receiver.url);
    expect(await postReport(hub, makeReportBody('lost', 'in-progress'))).toBe(200);
    const chosen = await callApi<unknown>(hub, 'PATCH', '/v1/accounts/default', { stale_calls: 'end' });
    expect(chosen).toMatchObject({ status: 200, body: { id: 'default', stale_calls: 'end' } });

    const [, end] = await receiver.waitForAccepted(2, ENDED_MS_MAX);
    expect(JSON.parse(end?.body.toString('utf8') ?? '')).toMatchObject({
      message: {
        type: 'status-update',
        call: { id: 'lost', status: 'ended-with-error' },
        error: 'No end was reported for 2 s',
      },
    });
    const { body: call } = await callApi<Record<string, unknown>>(hub, 'GET', '/v1/calls/lost');
    expect(call).toMatchObject({ state: 'failed', stale: false, duration_ms: null, sequence: 2 });
    expect(call['ended_at']).not.toBeNull();

    expect(await postReport(hub, makeReportBody('lost', 'ended'))).toBe(200);
    const { body: timeline } = await callApi<Timeline>(hub, 'GET', '/v1/calls/lost/timeline');
    expect(timeline.call).toEqual(call);
    expect(timeline.reports.map(({ outcome }) => outcome)).toEqual(['advanced', 'advanced', 'conflicting']);
    expect(timeline.reports.map(({ assumed }) => assumed)).toEqual([false, true, false]);
    expect(timeline.operational_events.map(({ event }) => event.type)).toEqual(['call.stale']);
    // What a report makes is there when it is answered: a delivery that is not there now never will be.
    const { body: deliveries } = await callApi<{ data: readonly { state: string }[] }>(
      hub,
      'GET',
      '/v1/deliveries?q=call:lost',
    );
    expect(deliveries.data).toHaveLength(2);
    expect(receiver.accepted.map(({ callId, status }) => `${callId} ${status}`)).toEqual([
      'lost in-progress',
      'lost ended-with-error',
    ]);
  } finally {
    await hub.stop();
    await receiver.switchOff();
  }
}, 120_000);

interface Timeline {
  readonly call: Readonly<Record<string, unknown>>;
  readonly reports: readonly { readonly outcome: string; readonly assumed: boolean }[];
  readonly operational_events: readonly { readonly event: { readonly type: string } }[];
}
