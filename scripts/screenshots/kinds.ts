/** A Slack, a HubSpot and a Redis of this machine, and the destinations that go there: set up as a person would. */
import type { HubAccess } from '../../test/support/hub-client.ts';

import { findRedisServer, startRedisServer } from '../../proofs/redis/redis-server.ts';
import { callApi } from '../../test/support/hub-client.ts';
import { STAND_IN_TOKEN, startHubspotStandIn } from '../../test/support/hubspot-stand-in.ts';
import { BOT_TOKEN, SlackStandIn } from '../../test/support/slack-stand-in.ts';

export interface Kinds {
  /** What somebody types who adds another HubSpot. */
  readonly hubspot: { readonly token: string; readonly url: string };
  stop(): Promise<void>;
}

export async function startKinds(hub: HubAccess): Promise<Kinds> {
  const [hubspot, slack] = await Promise.all([startHubspotStandIn(), SlackStandIn.start()]);
  const redis = findRedisServer() === null ? null : await startRedisServer();
  const add = async (kind: string, name: string, settings: unknown): Promise<void> => {
    const { status, body } = await callApi(hub, 'POST', '/v1/destinations', { kind, name, settings });
    if (status !== 201) throw new Error(`${name} was refused: ${JSON.stringify(body)}`);
  };
  await add('slack', 'Operations', { bot_token: BOT_TOKEN, channel: '#alerts', api_url: slack.origin });
  await add('hubspot', 'Sales', { token: STAND_IN_TOKEN, api_url: hubspot.url });
  if (redis !== null) await add('redis', 'Active calls', { url: `redis://127.0.0.1:${redis.port}` });
  return {
    hubspot: { token: STAND_IN_TOKEN, url: hubspot.url },
    async stop() {
      await Promise.all([hubspot.close(), slack.stop(), redis?.kill()]);
    },
  };
}
