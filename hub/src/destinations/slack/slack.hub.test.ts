/** Slack as one destination of a whole hub: engine, journal, API and restarts are the real ones. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { callApi, makeReportBody, postReport } from '../../../../test/support/hub-client.ts';
import { makeDataDir, startHubHere } from '../../../../test/support/hub-process.ts';
import { BOT_TOKEN, SlackStandIn } from '../../../../test/support/slack-stand-in.ts';
import { waitFor } from '../../../../test/support/wait-for.ts';
import type { Hub } from '../../main.ts';

let slack: SlackStandIn;
let hub: Hub;
const dataDir = makeDataDir();

beforeEach(async () => {
  slack = await SlackStandIn.start();
  hub = await startHubHere(dataDir);
});

afterEach(async () => {
  await hub.stop();
  await slack.stop();
});

async function fail(callId: string, error: string): Promise<void> {
  expect(await postReport(hub, makeReportBody(callId, 'in-progress'))).toBe(200);
  expect(await postReport(hub, makeReportBody(callId, 'ended-with-error', error))).toBe(200);
}

const headlines = (): readonly string[] => slack.shown.map((text) => text.split('\n')[0] ?? '');

describe('a hub with a bot in a channel', () => {
  it('tells of each failed call once, over a restart, and masks the token', async () => {
    const { status, body } = await callApi<{ id: string }>(hub, 'POST', '/v1/destinations', {
      kind: 'slack',
      name: 'Alerts',
      settings: { bot_token: BOT_TOKEN, channel: '#alerts', api_url: slack.origin },
    });
    expect([status, body]).toEqual([201, expect.anything()]);
    expect(JSON.stringify(body)).not.toContain(BOT_TOKEN);
    const tried = await callApi(hub, 'POST', `/v1/destinations/${body.id}/test`);
    expect(tried).toMatchObject({ status: 200 });
    expect(slack.shown[0]).toContain('Offhook can reach this channel.');

    for (let call = 0; call < 20; call += 1) await fail(`call-${call}`, 'STT connection failed');
    await waitFor(() => headlines()[1] === ':red_circle: 20 calls failed', 'all twenty in one message');
    await hub.stop();
    hub = await startHubHere(dataDir);
    for (let call = 20; call < 30; call += 1) await fail(`call-${call}`, 'STT connection failed');
    await waitFor(() => headlines()[1] === ':red_circle: 30 calls failed', 'all thirty in the same message');

    expect(slack.messages).toHaveLength(2);
    expect(slack.rateRefusals).toBe(0);
    // Slack shows a message before the hub has read its answer.
    const readStates = async (): Promise<readonly string[]> => {
      const path = `/v1/deliveries?q=destination:${body.id}&limit=100`;
      const { body: deliveries } = await callApi<{ data: readonly { state: string }[] }>(hub, 'GET', path);
      return deliveries.data.map(({ state }) => state);
    };
    await waitFor(
      async () => (await readStates()).every((state) => state === 'delivered'),
      'all are delivered',
    );
    expect(await readStates()).toHaveLength(30);
  });
});
