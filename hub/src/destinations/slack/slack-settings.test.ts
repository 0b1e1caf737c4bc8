import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createEgressGuard } from '../egress/address-rules.ts';
import { MASK } from '../masked-settings.ts';
import {
  createSlackSettingsSchema,
  describeSlackTarget,
  keepMaskedSlackSettings,
  toPublicSlackSettings,
} from './slack-settings.ts';

const schema = createSlackSettingsSchema(createEgressGuard({ allow: [], allowLoopback: false }));
const HOOK = 'https://hooks.slack.com/services/T0/B0/s3cret';
const BOT = { bot_token: 'xoxb-1-s3cret', channel: '#alerts' };

function problems(settings: object): readonly string[] {
  const { error } = schema.safeParse(settings);
  return error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];
}

describe('the settings of a Slack destination', () => {
  it('are an incoming webhook, or a bot token and a channel', () => {
    expect(schema.parse({ webhook_url: HOOK })).toEqual({
      post_by: 'webhook',
      webhook_url: HOOK,
      cool_down_s: 300,
      recovery_s: 600,
      min_calls: 1,
      api_url: 'https://slack.com',
    });
    expect(schema.parse(BOT)).toMatchObject(BOT);
    expect(problems({ webhook_url: 'https://hooks.slack-gov.com/services/T0/B0/x' })).toEqual([]);
    for (const channel of ['alerts', '#alarme-überall', 'C0123456789', '#通知'])
      expect(problems({ ...BOT, channel })).toEqual([]);
    for (const mention of ['here', 'channel', 'U0123456789', 'S0123456789'])
      expect(problems({ ...BOT, mention })).toEqual([]);
  });

  it('say what is missing, doubled or wrong, and how to put it right', () => {
    expect(problems({})).toEqual(['webhook_url: give webhook_url, or bot_token and channel']);
    expect(problems({ bot_token: BOT.bot_token })[0]).toMatch(/^channel: channel is missing/);
    expect(problems({ webhook_url: HOOK, bot_token: BOT.bot_token })[0]).toMatch(/^bot_token: .*not both/);
    expect(problems({ webhook_url: HOOK, channel: '#a' })[0]).toMatch(
      /^channel: an incoming webhook posts to the channel/,
    );
    expect(problems({ ...BOT, bot_token: 'hunter2' })[0]).toMatch(/begins with xoxb-/);
    expect(problems({ webhook_url: 'http://hooks.slack.com/services/x' })[0]).toMatch(
      /^webhook_url: .*use https/,
    );
    expect(problems({ ...BOT, api_url: 'https://169.254.169.254/' })[0]).toMatch(/^api_url: /);
    for (const channel of ['', '# a', '<!channel>', '#a,#b', 'x'.repeat(82)])
      expect([channel, problems({ ...BOT, channel }).length]).toEqual([channel, 1]);
    for (const mention of ['@bob', 'everyone', '<!here>', 'u123'])
      expect([mention, problems({ ...BOT, mention }).length]).toEqual([mention, 1]);
    for (const over of [
      { cool_down_s: 9 },
      { recovery_s: -1 },
      { min_calls: 0 },
      { min_calls: 1.5 },
      { colour: 'red' },
    ])
      expect(problems({ ...BOT, ...over })).toHaveLength(1);
  });

  it('may say how it posts, and are taken as they were before they could', () => {
    expect(problems({ post_by: 'webhook', webhook_url: HOOK })).toEqual([]);
    expect(problems({ post_by: 'bot', ...BOT })).toEqual([]);
    expect(problems({ post_by: 'bot' })).toEqual([
      expect.stringMatching(/^bot_token: bot_token is missing/),
      expect.stringMatching(/^channel: channel is missing/),
    ]);
    expect(problems({ post_by: 'webhook' })[0]).toMatch(/^webhook_url: webhook_url is missing/);
    expect(problems({ post_by: 'webhook', ...BOT })).toEqual([
      expect.stringMatching(/^webhook_url: webhook_url is missing/),
      expect.stringMatching(/^bot_token: post_by is webhook.*leave it out, or set post_by to bot/),
      expect.stringMatching(/^channel: an incoming webhook posts to the channel/),
    ]);
    expect(problems({ post_by: 'bot', ...BOT, webhook_url: HOOK })[0]).toMatch(
      /^webhook_url: post_by is bot.*leave it out, or set post_by to webhook/,
    );
    expect(problems({ post_by: 'pigeon', ...BOT })[0]).toMatch(/^post_by: /);
    expect(schema.parse(BOT)).toMatchObject({ post_by: 'bot' });
    expect(schema.parse({ webhook_url: HOOK })).toMatchObject({ post_by: 'webhook' });
    // As they were stored before: what people and the form see says it all the same.
    const { post_by: _, ...stored } = schema.parse(BOT);
    expect(toPublicSlackSettings(stored)).toMatchObject({ post_by: 'bot' });
    const edited = schema.parse(keepMaskedSlackSettings(stored, toPublicSlackSettings(stored)));
    expect(edited).toEqual({ ...stored, post_by: 'bot' });
  });

  it('show no credential', () => {
    const hook = toPublicSlackSettings(schema.parse({ webhook_url: HOOK }));
    expect(hook['webhook_url']).toBe(`https://hooks.slack.com/services/${MASK}`);
    const other = toPublicSlackSettings(
      schema.parse({ webhook_url: 'https://chat.example/hooks/s3cret?key=s3cret' }),
    );
    expect(other['webhook_url']).toBe(`https://chat.example/${MASK}`);
    const bot = toPublicSlackSettings(schema.parse(BOT));
    expect(bot).toMatchObject({ bot_token: MASK, channel: '#alerts' });
    expect(JSON.stringify([hook, other, bot])).not.toContain('s3cret');
    expect(describeSlackTarget(schema.parse({ webhook_url: HOOK }))).toBe(
      'incoming webhook at hooks.slack.com',
    );
    expect(describeSlackTarget(schema.parse(BOT))).toBe('#alerts');
  });

  it('that come back masked stay what they were, but never follow another address', () => {
    const hook = schema.parse({ webhook_url: HOOK });
    expect(
      schema.parse(keepMaskedSlackSettings(hook, { ...toPublicSlackSettings(hook), cool_down_s: 60 })),
    ).toEqual({
      ...hook,
      cool_down_s: 60,
    });
    const bot = schema.parse(BOT);
    const shown = toPublicSlackSettings(bot);
    expect(schema.parse(keepMaskedSlackSettings(bot, { ...shown, channel: '#other' }))).toEqual({
      ...bot,
      channel: '#other',
    });
    expect(
      problems(keepMaskedSlackSettings(bot, { ...shown, api_url: 'https://evil.example' }) as object)[0],
    ).toMatch(/^bot_token: .*write its value/);
    const moved = { webhook_url: `https://evil.example/services/${MASK}` };
    expect(problems(keepMaskedSlackSettings(hook, moved) as object)[0]).toMatch(/write the value itself/);
    for (const given of [null, 7, 'text', [], {}])
      expect(keepMaskedSlackSettings(hook, given)).toEqual(given);
  });

  it("give the dashboard's form a JSON Schema", () => {
    const { properties, required } = z.toJSONSchema(schema, { io: 'input' }) as {
      properties: Record<
        string,
        { title?: string; secret?: boolean; advanced?: boolean; default?: unknown; when?: unknown }
      >;
      required?: readonly string[];
    };
    expect(Object.keys(properties)).toEqual([
      'post_by',
      'webhook_url',
      'bot_token',
      'channel',
      'cool_down_s',
      'recovery_s',
      'min_calls',
      'mention',
      'api_url',
    ]);
    for (const field of Object.values(properties)) expect(field.title).toBeTypeOf('string');
    expect(properties['webhook_url']?.secret).toBe(true);
    expect(properties['bot_token']?.secret).toBe(true);
    expect(properties['post_by']).toMatchObject({
      type: 'string',
      enum: ['webhook', 'bot'],
      default: 'webhook',
      choices: { webhook: 'Incoming webhook', bot: 'Bot' },
    });
    expect(properties['webhook_url']?.when).toEqual({ field: 'post_by', is: ['webhook'] });
    for (const name of ['bot_token', 'channel', 'api_url'])
      expect(properties[name]?.when).toEqual({ field: 'post_by', is: ['bot'] });
    // All that a person sees at first: one question, and what the answer needs.
    expect(Object.keys(properties).filter((name) => properties[name]?.advanced !== true)).toEqual([
      'post_by',
      'webhook_url',
      'bot_token',
      'channel',
    ]);
    expect(properties['cool_down_s']?.default).toBe(300);
    expect(required ?? []).toEqual([]);
  });
});
