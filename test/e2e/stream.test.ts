/** What people who watch see of a real hub: with its engine, over its death. */
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { HubProcess } from '../support/hub-process.ts';
import type { StreamReader } from '../support/stream-reader.ts';

import { addWebhook, callApi, makeReportBody, postReport } from '../support/hub-client.ts';
import { makeDataDir, startHubProcess } from '../support/hub-process.ts';
import { Receiver } from '../support/receiver.ts';
import { openStream } from '../support/stream-reader.ts';

// The last story starts a hub again, which took 16 s beside dozens of other test processes.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });

const dataDir = makeDataDir();
let receiver: Receiver;
let hub: HubProcess;
beforeAll(async () => {
  receiver = await Receiver.start();
  hub = await startHubProcess(dataDir);
});
afterAll(async () => {
  await hub.kill('SIGTERM');
  await receiver.switchOff();
  rmSync(dataDir, { recursive: true, force: true });
});

const watch = (topics: string, lastId?: string): Promise<StreamReader> =>
  openStream(hub.address, `/v1/stream?topics=${topics}`, {
    authorization: `Bearer ${hub.apiKey}`,
    ...(lastId !== undefined && { 'last-event-id': lastId }),
  });

describe('the stream of a real hub', () => {
  it('tells a call, its event, how its delivery fared, and what that did to the overview', async () => {
    const destination = await addWebhook(hub, receiver.url);
    const reader = await watch('events,calls,deliveries,overview');
    expect(await postReport(hub, makeReportBody('told-1', 'in-progress'))).toBe(200);
    const hasCome = (
      event: string,
      isIt: (data: Readonly<Record<string, unknown>>) => boolean,
    ): Promise<void> =>
      reader.until(() => reader.messages().some((message) => message.event === event && isIt(message.data)));
    await hasCome('overview', ({ active }) => active === 1);
    await hasCome('delivery', ({ state }) => state === 'delivered');
    const messages = reader.messages();
    expect(messages.find(({ event }) => event === 'delivery')?.data).toMatchObject({
      destination_id: destination.id,
      call_id: 'told-1',
      sequence: 1,
      status: 'in-progress',
      attempts: 1,
      last_status: 200,
      due_at: null,
    });
    expect(messages.filter(({ event }) => event === 'call')).toMatchObject([
      { data: { call: { id: 'told-1', state: 'live' } } },
    ]);
    const overview = messages.findLast(({ event }) => event === 'overview')?.data;
    expect(overview).toMatchObject({
      active: 1,
      stale: 0,
      longest: { call_id: 'told-1' },
      destinations: { enabled: 1, failing: 0 },
    });
    await reader.close();
  });

  it('tells what a command made of a delivery', async () => {
    receiver.answer = () => 503;
    const reader = await watch('deliveries');
    await postReport(hub, makeReportBody('told-2', 'in-progress'));
    const [failed] = await reader.take(1);
    expect(failed?.data).toMatchObject({
      call_id: 'told-2',
      state: 'pending',
      attempts: 1,
      last_status: 503,
    });
    const id = String(failed?.data['id']);
    const cancelled = await callApi(hub, 'POST', `/v1/deliveries/${id}/cancel`);
    expect(cancelled.status).toBe(200);
    await reader.until(() =>
      reader.messages().some(({ data }) => data['id'] === id && data['state'] === 'cancelled'),
    );
    receiver.answer = () => 200;
    await reader.close();
  });

  it('loses no call that was acknowledged over the death of the hub', async () => {
    const reader = await watch('events,calls');
    const acknowledged = new Set<string>();
    let isDead = false;
    const reporting = Array.from({ length: 8 }, async (_, worker) => {
      for (let index = 0; !isDead && index < 2_000; index += 1) {
        const callId = `death-${worker}-${index}`;
        try {
          if ((await postReport(hub, makeReportBody(callId, 'in-progress'))) === 200)
            acknowledged.add(callId);
        } catch {
          isDead = true;
        }
      }
    });
    await reader.until(() => reader.messages().length > 100);
    await hub.kill('SIGKILL');
    isDead = true;
    await Promise.all(reporting);
    await reader.close();
    hub = await startHubProcess(dataDir, { OFFHOOK_API_KEY: hub.apiKey });
    const back = await watch('events,calls', reader.lastId());
    await postReport(hub, makeReportBody('death-end', 'in-progress'));
    await back.until(() => back.text().includes('death-end') && back.messages().at(-1)?.event === 'call');
    await back.close();

    const messages = [...reader.messages(), ...back.messages()];
    expect(messages.filter(({ event }) => event === 'resync')).toEqual([]);
    const calls = new Set(
      messages.flatMap(({ event, data }) =>
        event === 'call' ? [(data['call'] as { readonly id: string }).id] : [],
      ),
    );
    const events = new Set(
      messages.flatMap(({ event, data }) => (event === 'status-update' ? [String(data['call_id'])] : [])),
    );
    expect(acknowledged.size).toBeGreaterThan(40);
    for (const callId of acknowledged)
      expect([callId, calls.has(callId), events.has(callId)]).toEqual([callId, true, true]);
    // The first stream's last row is where the second began.
    const place = Number(reader.lastId());
    for (const { data } of back.messages()) expect(Number(data['row'])).toBeGreaterThan(place);
  });
});
