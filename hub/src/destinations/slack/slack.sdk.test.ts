/** What we send against what Slack's own libraries send for the same content, over real sockets. */
import { IncomingWebhook } from '@slack/webhook';
import { WebClient } from '@slack/web-api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BOT_TOKEN, SlackStandIn } from '../../../../test/support/slack-stand-in.ts';
import type { StandInRequest } from '../../../../test/support/slack-stand-in.ts';
import { waitFor } from '../../../../test/support/wait-for.ts';
import type { AttemptResult, DestinationKind, DestinationSender } from '../destination.ts';
import { createEgressGuard } from '../egress/address-rules.ts';
import { createResolver } from '../egress/resolver.ts';
import { createKindOptions } from '../kind-options.ts';
import { createTestGround } from '../test-ground.ts';
import { createSlackKind } from './slack.ts';
import type { SlackSettings } from './slack-settings.ts';

let slack: SlackStandIn;
let sender: DestinationSender;
let kind: DestinationKind<SlackSettings>;

beforeEach(async () => {
  slack = await SlackStandIn.start({ burst: 100 });
  kind = createSlackKind(
    createKindOptions({
      egress: createEgressGuard({ allow: [], allowLoopback: true }),
      resolver: createResolver(),
      userAgent: 'Offhook/1.2.3',
    }),
  );
});

afterEach(async () => {
  await sender.close();
  await slack.stop();
});

function open(settings: Partial<SlackSettings>): void {
  sender = kind.open(kind.settings.parse(settings), createTestGround());
}

let order = 0;

function fail(error: string): Promise<AttemptResult> {
  order += 1;
  const message = {
    type: 'status-update',
    timestamp: new Date().toISOString(),
    call: { id: `call-${order}`, type: 'inbound_phone_call', status: 'ended-with-error' },
    phone_number: { number: '+31850835037', name: 'Größe & <Co>' },
    customer: { number: null },
    error,
  };
  return sender.attempt({
    eventId: `evt_${order}`,
    eventType: 'status-update',
    sequence: 2,
    attemptNumber: 1,
    body: Buffer.from(JSON.stringify({ message })),
    nowMs: Date.now(),
    traceparent: '00-00-00-00',
    deadlineMs: 15_000,
    secrets: { current: 'whsec_x', previous: null },
  });
}

function toMediaType({ headers }: StandInRequest): string | undefined {
  return headers['content-type']?.split(';')[0];
}

describe('a message through an incoming webhook', () => {
  it('is what @slack/webhook sends', async () => {
    open({ webhook_url: slack.hookUrl });
    expect(await fail('Größe 😀 "quoted" <!channel>')).toMatchObject({ kind: 'done' });
    const [ours] = slack.requests;
    await new IncomingWebhook(slack.hookUrl).send(ours?.payload as never);
    const [, theirs] = slack.requests;
    expect(ours?.method).toBe(theirs?.method);
    expect(ours?.path).toBe(theirs?.path);
    expect(toMediaType(ours as StandInRequest)).toBe(toMediaType(theirs as StandInRequest));
    expect(ours?.rawBody).toBe(theirs?.rawBody);
    expect(ours?.headers['user-agent']).toBe('Offhook/1.2.3');
    expect(slack.shown[0]).toBe(slack.shown[1]);
  });
});

describe('a message by a bot', () => {
  it('is what @slack/web-api sends, posted and changed', async () => {
    open({ bot_token: BOT_TOKEN, channel: '#alerts', api_url: slack.origin, recovery_s: 0 });
    expect(await fail('Größe 😀 "quoted" <!channel>')).toMatchObject({ kind: 'done' });
    await fail('Größe 😀 "quoted" <!channel>');
    await waitFor(() => slack.requests.length === 2, 'the change', 10_000);
    const client = new WebClient(BOT_TOKEN, {
      slackApiUrl: `${slack.origin}/api/`,
      retryConfig: { retries: 0 },
    });
    const [posted, changed] = slack.requests;
    await client.chat.postMessage(posted?.payload as never);
    await client.chat.update(changed?.payload as never);
    const [, , theirPost, theirChange] = slack.requests;
    for (const [ours, theirs] of [
      [posted, theirPost],
      [changed, theirChange],
    ]) {
      expect(ours?.method).toBe(theirs?.method);
      expect(ours?.path).toBe(theirs?.path);
      expect(ours?.headers.authorization).toBe(theirs?.headers.authorization);
      // They send a form, whose values are JSON; Slack takes both and reads the same out of them.
      expect(ours?.payload).toEqual(theirs?.payload);
      expect(toMediaType(ours as StandInRequest)).toBe('application/json');
      expect(ours?.headers['content-type']).toMatch(/charset=utf-8/i);
    }
    expect(slack.messages[0]?.changes).toBe(2);
    expect(slack.shown[0]).toContain('2 calls failed');
  });

  it('asks who the token belongs to as @slack/web-api does', async () => {
    open({ bot_token: BOT_TOKEN, channel: '#alerts', api_url: slack.origin });
    const settings = kind.settings.parse({ bot_token: BOT_TOKEN, channel: '#alerts', api_url: slack.origin });
    expect(await kind.test?.(settings, createTestGround({ destinationName: 'Alerts' }), 5_000)).toMatchObject(
      {
        kind: 'done',
        detail: 'Posted to #alerts (workspace Acme, app offhook)',
      },
    );
    await new WebClient(BOT_TOKEN, { slackApiUrl: `${slack.origin}/api/` }).auth.test();
    const [ours, , theirs] = slack.requests;
    expect([ours?.method, ours?.path, ours?.headers.authorization]).toEqual([
      theirs?.method,
      theirs?.path,
      theirs?.headers.authorization,
    ]);
    expect(ours?.payload).toEqual(theirs?.payload);
  });
});

describe('over real sockets', () => {
  it('an answer that never comes, a refusal and a wait are told apart', async () => {
    open({ webhook_url: slack.hookUrl });
    slack.faults.push({ kind: 'lost' });
    expect(await fail('a')).toMatchObject({ kind: 'failed', cause: 'reset' });
    slack.isHookRevoked = true;
    expect(await fail('a')).toMatchObject({ kind: 'failed', cause: 'settings', detail: /no longer exists/ });
    slack.isHookRevoked = false;
    slack.faults.push({ kind: 'before', status: 429, retryAfterS: 2 });
    expect(await fail('a')).toMatchObject({ kind: 'done', detail: /Counted/ });
    await waitFor(() => slack.messages.length === 2, 'the message after the wait', 10_000);
    expect(slack.shown.map((text) => text.split('\n')[0])).toEqual([
      ':red_circle: A call failed',
      ':red_circle: A call failed',
    ]);
  });
});
