/**
 * What the source document says people do with these webhooks, as its sample code does it in one handler: an active
 * call in Redis and on a dashboard, an alert in Slack, an activity in the CRM, an event in the log. Here each of them is
 * a destination of a real hub, with a real Redis and stand-ins of the other two.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { RedisServer } from '../../../proofs/redis/redis-server.ts';
import { findRedisServer, startRedisServer } from '../../../proofs/redis/redis-server.ts';
import { hasChromium } from '../../support/browser.ts';
import { postReport } from '../../support/hub-client.ts';
import type { HubspotStandIn } from '../../support/hubspot-stand-in.ts';
import { STAND_IN_TOKEN, startHubspotStandIn } from '../../support/hubspot-stand-in.ts';
import { SlackStandIn } from '../../support/slack-stand-in.ts';
import { waitFor } from '../../support/wait-for.ts';
import { setStage } from './stage.ts';

const CALL_ID = '5c4d030f-43e3-4e65-899e-8148521e660f';
const STARTED = readPayload('in-progress');
const FAILED = readPayload('ended-with-error');

const hasRedis = findRedisServer() !== null;
if (!hasRedis) console.warn('Skipped for lack of redis-server: the four uses of the source document.');

const stage = setStage();
let redis: RedisServer;
let slack: SlackStandIn;
let hubspot: HubspotStandIn;

function readPayload(name: string): string {
  return readFileSync(new URL(`../../../contract/vectors/payloads/${name}.json`, import.meta.url), 'utf8');
}

async function add(kind: string, settings: Readonly<Record<string, string>>): Promise<void> {
  const { status, body } = await stage.call('POST', '/v1/destinations', { kind, settings });
  if (status !== 201) throw new Error(`The ${kind} destination was refused: ${JSON.stringify(body)}`);
}

async function listSet(): Promise<readonly string[]> {
  return (await redis.command('SMEMBERS', 'active_calls')) as string[];
}

describe.skipIf(!hasChromium || !hasRedis)('the four uses of the source document', () => {
  beforeAll(async () => {
    [redis, slack, hubspot] = await Promise.all([
      startRedisServer(),
      SlackStandIn.start(),
      startHubspotStandIn(),
    ]);
    hubspot.addContact({ firstname: 'Ada', phone: '+31612345678' });
  });
  afterAll(async () => {
    await Promise.all([redis?.kill(), slack?.stop(), hubspot?.close()]);
  });

  it('come true once each: active in Redis and on the wall, one alert, one activity, the event in the log', async () => {
    await add('redis', { url: `redis://127.0.0.1:${redis.port}` });
    await add('slack', { webhook_url: slack.hookUrl });
    await add('hubspot', { token: STAND_IN_TOKEN, api_url: hubspot.url });
    const { page } = await stage.open('/live');

    // The call starts.
    expect(await postReport(stage, STARTED)).toBe(200);
    await waitFor(async () => (await listSet()).includes(CALL_ID), 'the call in the set');
    expect(await listSet()).toEqual([CALL_ID]);
    await page.locator(`[data-call-id="${CALL_ID}"]`).waitFor();
    expect(hubspot.records(), 'nothing to log while it runs').toHaveLength(0);

    // It fails; and, as platforms do, everything is told again, the start late.
    for (const payload of [FAILED, FAILED, STARTED]) expect(await postReport(stage, payload)).toBe(200);
    await waitFor(async () => (await listSet()).length === 0, 'the set is empty');
    await waitFor(() => slack.messages.length > 0, 'the alert');
    await waitFor(() => hubspot.records().length > 0, 'the activity');
    await waitFor(async () => {
      const { body } = await stage.call<{ data: { state: string }[] }>('GET', '/v1/deliveries');
      return body.data.length > 0 && body.data.every(({ state }) => state === 'delivered');
    }, 'every delivery is delivered');

    expect(await listSet()).toEqual([]);
    expect(slack.shown).toHaveLength(1);
    expect(slack.shown[0]).toContain('STT connection failed');
    expect(slack.shown[0]).not.toContain('+31612345678');
    const [record] = hubspot.records();
    expect(hubspot.records()).toHaveLength(1);
    expect(record?.properties).toMatchObject({
      hs_call_direction: 'INBOUND',
      hs_call_duration: String(5 * 60_000),
      hs_call_status: 'FAILED',
      hs_call_from_number: '+31612345678',
      hs_call_to_number: '+31850835037',
    });
    expect(record?.properties['hs_call_body']).toContain('STT connection failed');
    expect(record?.contacts.size).toBe(1);

    const log = await fetch(`${stage.address}/v1/export/events?format=ndjson`, {
      headers: { authorization: `Bearer ${stage.apiKey}` },
    });
    const events = (await log.text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { call_id: string; status: string; body: string });
    expect(events.map(({ call_id, status }) => [call_id, status])).toEqual([
      [CALL_ID, 'ended-with-error'],
      [CALL_ID, 'in-progress'],
    ]);
    expect(events[0]?.body).toContain('"error":"STT connection failed"');

    // The page of the call says what was done where.
    await page.goto(`${stage.address}/calls/${CALL_ID}`);
    await page
      .getByText(/HubSpot/)
      .first()
      .waitFor();
  });
});
