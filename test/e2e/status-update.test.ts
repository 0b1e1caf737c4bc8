import { readFileSync } from 'node:fs';

import { verifyPublished, verifyStandard } from '@offhook/contract/signature';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { Hub } from '../../hub/src/main.ts';
import { addWebhook, callApi, makeReportBody, postReport } from '../support/hub-client.ts';
import { makeDataDir, startHubHere } from '../support/hub-process.ts';
import { Receiver } from '../support/receiver.ts';
import type { Arrival } from '../support/receiver.ts';

/** The three payloads as the source document prints them, line breaks and all. */
const PAYLOADS = readPayloads();

// One hub or two start in each story: 18 s on a processor that two other processes keep busy, under 1 s alone.
vi.setConfig({ testTimeout: 120_000 });

let hub: Hub;
let receiver: Receiver;

beforeEach(async () => {
  hub = await startHubHere(makeDataDir());
  receiver = await Receiver.start();
});

afterEach(async () => {
  await hub.stop();
  await receiver.switchOff();
});

describe('the three payloads of the source document', () => {
  it('answer 200 and arrive once, in order, byte for byte in the published shape, signed in both schemes', async () => {
    const { secret } = await addWebhook(hub, receiver.url);
    // The document ends the same call twice; its third payload is given a call of its own, and once as it stands.
    const failedElsewhere = PAYLOADS.failed.replaceAll('5c4d030f', '00000000');
    for (const payload of [PAYLOADS.started, PAYLOADS.ended, PAYLOADS.failed, failedElsewhere]) {
      expect(await postReport(hub, payload)).toBe(200);
    }
    const arrivals = await receiver.waitForAccepted(3);
    const ofCall = arrivals.filter((arrival) => arrival.callId.startsWith('5c4d030f'));
    expect(ofCall.map((arrival) => arrival.body.toString('utf8'))).toEqual([
      toCompact(PAYLOADS.started),
      toCompact(PAYLOADS.ended),
    ]);
    expect(arrivals.find((arrival) => arrival.callId.startsWith('0000'))?.body.toString('utf8')).toBe(
      toCompact(failedElsewhere),
    );
    for (const arrival of arrivals) expectSigned(arrival, secret);
    expect(ofCall.map((arrival) => arrival.headers['offhook-call-sequence'])).toEqual(['1', '2']);
  });

  it('arrive verbatim where the call fails instead of ending', async () => {
    const { secret } = await addWebhook(hub, receiver.url);
    expect(await postReport(hub, PAYLOADS.started)).toBe(200);
    expect(await postReport(hub, PAYLOADS.failed)).toBe(200);
    const arrivals = await receiver.waitForAccepted(2);
    expect(arrivals.map((arrival) => arrival.body.toString('utf8'))).toEqual([
      toCompact(PAYLOADS.started),
      toCompact(PAYLOADS.failed),
    ]);
    for (const arrival of arrivals) expectSigned(arrival, secret);
  });

  it('deliver nothing when they are posted again', async () => {
    await addWebhook(hub, receiver.url);
    expect(await postReport(hub, PAYLOADS.started)).toBe(200);
    expect(await postReport(hub, PAYLOADS.ended)).toBe(200);
    await receiver.waitForAccepted(2);
    for (const payload of [PAYLOADS.started, PAYLOADS.ended, PAYLOADS.failed]) {
      expect(await postReport(hub, payload)).toBe(200);
    }
    // Absence by a later presence: this one came after them and has arrived.
    expect(await postReport(hub, makeReportBody('later', 'in-progress'))).toBe(200);
    const arrivals = await receiver.waitForAccepted(3);
    expect(arrivals.map((arrival) => `${arrival.callId.slice(0, 8)} ${arrival.status}`)).toEqual([
      '5c4d030f in-progress',
      '5c4d030f ended',
      'later in-progress',
    ]);
    const deliveries = await callApi<{ data: unknown[] }>(hub, 'GET', '/v1/deliveries');
    expect(deliveries.body.data).toHaveLength(3);
    const timeline = await callApi<{ reports: { outcome: string }[] }>(
      hub,
      'GET',
      '/v1/calls/5c4d030f-43e3-4e65-899e-8148521e660f/timeline',
    );
    expect(timeline.body.reports.map((report) => report.outcome)).toEqual([
      'advanced',
      'advanced',
      'late',
      'repeated',
      'conflicting',
    ]);
  });
});

describe('a destination that is switched off and on again', () => {
  it('receives everything, in order per call', async () => {
    await addWebhook(hub, receiver.url, { retry_schedule_s: Array.from({ length: 40 }, () => 0.2) });
    expect(await postReport(hub, makeReportBody('first', 'in-progress'))).toBe(200);
    await receiver.waitForAccepted(1);
    await receiver.switchOff();
    const calls = Array.from({ length: 25 }, (_, index) => `call-${index}`);
    for (const call of calls) {
      expect(await postReport(hub, makeReportBody(call, 'in-progress'))).toBe(200);
      expect(await postReport(hub, makeReportBody(call, 'ended-with-error', 'STT connection failed'))).toBe(
        200,
      );
    }
    expect(await postReport(hub, makeReportBody('first', 'ended'))).toBe(200);
    await receiver.switchOn();
    // While nobody answers, the pause between two tries doubles from 1 s: as long again as these reports took.
    const arrivals = await receiver.waitForAccepted(2 + 2 * calls.length, 60_000);
    for (const call of ['first', ...calls]) expectInOrder(arrivals, call);
  });
});

describe('a hub beside one that runs', () => {
  it('does not start on the same data directory, and harms nothing', async () => {
    const dataDir = makeDataDir();
    const first = await startHubHere(dataDir);
    await expect(startHubHere(dataDir)).rejects.toThrow(/another|already|in use/i);
    expect(await postReport(first, makeReportBody('still-there', 'in-progress'))).toBe(200);
    await first.stop();
    const second = await startHubHere(dataDir);
    expect((await callApi(second, 'GET', '/v1/calls/still-there')).status).toBe(200);
    await second.stop();
  });
});

function expectInOrder(arrivals: readonly Arrival[], callId: string): void {
  const sequences = arrivals
    .filter((arrival) => arrival.callId === callId)
    .map((arrival) => Number(arrival.headers['offhook-call-sequence']));
  expect(sequences).toEqual([1, 2]);
}

/** By our own verifiers, and by the independent package that receivers use. */
function expectSigned(arrival: Arrival, secret: string): void {
  const { body, headers } = arrival;
  const nowMs = Date.now();
  const text = (name: string): string => String(headers[name]);
  expect(
    verifyPublished({
      secrets: [secret],
      body,
      nowMs,
      timestamp: text('x-webhook-timestamp'),
      signature: text('x-webhook-signature'),
    }),
  ).toEqual({ ok: true });
  expect(
    verifyStandard({
      secrets: [secret],
      body,
      nowMs,
      id: text('webhook-id'),
      timestamp: text('webhook-timestamp'),
      signature: text('webhook-signature'),
    }),
  ).toEqual({ ok: true });
  expect(() =>
    new Webhook(secret).verify(body.toString('utf8'), {
      'webhook-id': text('webhook-id'),
      'webhook-timestamp': text('webhook-timestamp'),
      'webhook-signature': text('webhook-signature'),
    }),
  ).not.toThrow();
  expect(headers['x-webhook-event']).toBe('status-update');
  expect(headers['content-type']).toBe('application/json');
}

function toCompact(payload: string): string {
  return JSON.stringify(JSON.parse(payload));
}

function readPayloads(): Readonly<Record<'started' | 'ended' | 'failed', string>> {
  const read = (name: string): string =>
    readFileSync(new URL(`../../contract/vectors/payloads/${name}.json`, import.meta.url), 'utf8');
  return { started: read('in-progress'), ended: read('ended'), failed: read('ended-with-error') };
}
