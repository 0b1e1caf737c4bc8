import { mkdtempSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Hub } from '../../hub/src/main.ts';
import { addWebhook, callApi, makeReportBody, postReport } from '../../test/support/hub-client.ts';
import { findFreePort } from '../../test/support/free-port.ts';
import { startHubHere } from '../../test/support/hub-process.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { createPrintedEffects } from './effects.ts';
import type { Effects } from './effects.ts';
import { openInbox } from './inbox.ts';
import type { Inbox } from './inbox.ts';
import { createReceiver } from './receiver.ts';
import type { Receiver } from './receiver.ts';

let hub: Hub;
let inbox: Inbox;
let inboxFile: string;
let receiver: Receiver;
let server: Server;
let lines: string[];
let secret: string;
let destinationId: string;
let effects: ReturnType<typeof createPrintedEffects>;

beforeEach(async () => {
  const directory = mkdtempSync(join(tmpdir(), 'offhook-example-'));
  hub = await startHubHere(join(directory, 'data'));
  inboxFile = join(directory, 'inbox.sqlite');
  lines = [];
  effects = createPrintedEffects((line) => lines.push(line));
  // The port first, since the secret is only known once the destination exists.
  const port = await findFreePort();
  const destination = await addWebhook(hub, `http://127.0.0.1:${port}/webhooks/status-update`, {
    retry_schedule_s: Array.from({ length: 50 }, () => 0.1),
  });
  ({ secret, id: destinationId } = destination);
  await open(effects, port);
});

afterEach(async () => {
  await close();
  await hub.stop();
});

async function open(withEffects: Effects, port: number): Promise<void> {
  inbox = openInbox(inboxFile);
  receiver = createReceiver({
    secrets: [secret],
    inbox,
    effects: withEffects,
    report: (line) => lines.push(line),
  });
  server = receiver.app.listen(port, '127.0.0.1');
  await once(server, 'listening');
}

async function close(): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await receiver.stop();
  inbox.close();
}

describe('the Express receiver', () => {
  it('does for each status what the source document says, and leaves no call active that has ended', async () => {
    await postReport(hub, makeReportBody('one', 'in-progress'));
    await postReport(hub, makeReportBody('two', 'in-progress'));
    await postReport(hub, makeReportBody('one', 'ended'));
    await postReport(hub, makeReportBody('two', 'ended-with-error', 'STT connection failed'));
    await waitFor(() => lines.includes('Alert: Call error: STT connection failed'), 'the alert');
    await waitFor(() => lines.filter((line) => line.startsWith('CRM')).length === 4, 'four CRM lines');
    expect(effects.activeCalls.size).toBe(0);
    expect(lines.filter((line) => line.startsWith('CRM'))).toContain(
      'CRM: +31612345678 in-progress at 2025-12-13T12:00:00.000Z',
    );
  });

  it('takes numbers that are null and an error without a reason', async () => {
    const report = JSON.parse(makeReportBody('web', 'ended-with-error')) as {
      message: { customer: { number: string | null }; call: { type: string } };
    };
    report.message.customer.number = null;
    report.message.call.type = 'web_call';
    await postReport(hub, JSON.stringify(report));
    await waitFor(() => lines.includes('Alert: Call error: no reason given'), 'the alert');
    expect(lines[0]).toMatch(/^CRM: no number ended-with-error/);
  });

  it('works once on an event that is sent again', async () => {
    await postReport(hub, makeReportBody('again', 'in-progress'));
    await waitFor(() => lines.includes('Active calls: 1'), 'the first time');
    const { body } = await callApi<{ data: { id: string }[] }>(hub, 'GET', '/v1/deliveries');
    await waitFor(async () => {
      const retried = await callApi<{ outcome: string }>(
        hub,
        'POST',
        `/v1/deliveries/${body.data[0]?.id}/retry`,
      );
      return retried.body.outcome === 'created';
    }, 'a second delivery of the event');
    await waitFor(async () => {
      const { body: page } = await callApi<{ data: { state: string }[] }>(hub, 'GET', '/v1/deliveries');
      return page.data.length === 2 && page.data.every((delivery) => delivery.state === 'delivered');
    }, 'both deliveries are delivered');
    await postReport(hub, makeReportBody('later', 'in-progress'));
    await waitFor(() => lines.includes('Active calls: 2'), 'a later event');
    expect(lines.filter((line) => line.startsWith('CRM'))).toHaveLength(2);
  });

  it('refuses what is not signed', async () => {
    const { port } = server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}/webhooks/status-update`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: makeReportBody('forged', 'in-progress'),
    });
    expect(response.status).toBe(401);
    expect(inbox.next()).toBeUndefined();
  });

  it('finishes after a restart what a failing CRM left undone', async () => {
    const { port } = server.address() as AddressInfo;
    await close();
    await open({ ...effects, logActivity: () => Promise.reject(new Error('CRM is down')) }, port);
    await postReport(hub, makeReportBody('patient', 'in-progress'));
    await waitFor(() => lines.some((line) => line.endsWith('failed: CRM is down')), 'the failure');
    // The hub was told 200 and is done with it: the inbox alone holds the work now.
    await waitFor(async () => {
      const { body } = await callApi<{ pending: number }>(hub, 'GET', `/v1/destinations/${destinationId}`);
      return body.pending === 0;
    }, 'nothing is pending in the hub');
    await close();
    await open(effects, port);
    await waitFor(() => lines.includes('Active calls: 1'), 'the work is done');
  });
});
