/** What a Slack destination is set to: parsed at the API door, where a problem can still be told to the person who made it. */
import { z } from 'zod';
import type { FieldMeta } from '../destination.ts';
import type { EgressGuard } from '../egress/address-rules.ts';
import { keepMaskedSettings, MASK, maskSettings, refuseMasks } from '../masked-settings.ts';
import { createUrlSchema } from '../url-problem.ts';

export const POST_WAYS = ['webhook', 'bot'] as const;
export type PostWay = (typeof POST_WAYS)[number];

export interface SlackSettings {
  /** Missing in settings stored before there was a choice: whichever credential is there says it. */
  readonly post_by?: PostWay | undefined;
  readonly webhook_url?: string | undefined;
  readonly bot_token?: string | undefined;
  readonly channel?: string | undefined;
  readonly cool_down_s: number;
  readonly recovery_s: number;
  readonly min_calls: number;
  readonly mention?: string | undefined;
  readonly api_url: string;
}

export const COOL_DOWN_S_DEFAULT = 300;
export const RECOVERY_S_DEFAULT = 600;
/** When each of so many calls failed is remembered, so that "within the cool-down" is exact. */
export const MIN_CALLS_MAX = 100;
const API_URL_DEFAULT = 'https://slack.com';
const DAY_S = 86_400;

export function createSlackSettingsSchema(guard: EgressGuard): z.ZodType<SlackSettings> {
  return z
    .strictObject({
      // Not Zod's own default, since settings that hold a bot's token only are a bot's, as they always were.
      post_by: z
        .enum(POST_WAYS)
        .optional()
        .meta({
          title: 'Post by',
          description: 'A webhook is made in two minutes; a bot keeps its messages up to date.',
          choices: { webhook: 'Incoming webhook', bot: 'Bot' },
          default: 'webhook',
        } satisfies FieldMeta & { default: PostWay }),
      webhook_url: createUrlSchema(guard, 'webhook_url').optional().meta({
        title: 'Incoming webhook URL',
        description: 'Slack shows it under “Incoming Webhooks” of the app.',
        secret: true,
        placeholder: 'https://hooks.slack.com/services/…',
        when: BY_WEBHOOK,
      }),
      bot_token: z
        .string()
        .max(TOKEN_CHARACTERS_MAX, `bot_token is longer than ${TOKEN_CHARACTERS_MAX} characters`)
        .refine((token) => token === MASK || BOT_TOKEN.test(token), {
          message:
            'bot_token is no Slack token; it begins with xoxb- and stands under “OAuth & Permissions” of the app',
        })
        .optional()
        .meta({
          title: 'Bot token',
          description: 'With scope chat:write. A message is then kept up to date instead of followed up.',
          secret: true,
          placeholder: 'xoxb-…',
          when: BY_BOT,
        }),
      channel: z
        .string()
        .regex(
          CHANNEL,
          'channel is a name such as #alerts, or an id such as C0123456789, without spaces, at most 80 characters',
        )
        .optional()
        .meta({
          title: 'Channel',
          description: 'Where it posts. The app must be a member.',
          placeholder: '#alerts',
          when: BY_BOT,
        }),
      cool_down_s: z.int().min(10).max(DAY_S).default(COOL_DOWN_S_DEFAULT).meta({
        title: 'Cool-down',
        description:
          'After a message about an error, further calls that fail with it are gathered for this long.',
        unit: 's',
        advanced: true,
      }),
      recovery_s: z.int().min(0).max(DAY_S).default(RECOVERY_S_DEFAULT).meta({
        title: 'Recovered after',
        description: 'Without a further call that failed with the same error; 0: never say so.',
        unit: 's',
        advanced: true,
      }),
      min_calls: z.int().min(1).max(MIN_CALLS_MAX).default(1).meta({
        title: 'Alert from',
        description:
          'So many calls must fail with the same error within one cool-down before anything is posted.',
        unit: 'calls',
        advanced: true,
      }),
      mention: z
        .string()
        .regex(
          MENTION,
          'mention is here, channel, or the id of a person (U…) or user group (S…); names do not ping anybody in Slack',
        )
        .optional()
        .meta({
          title: 'Ping',
          description:
            'Pinged when a destination is disabled, a source falls silent or the error rate is high; never for single calls. here, channel, or an id such as U0123456789 or S0123456789.',
          placeholder: 'here',
          advanced: true,
        }),
      api_url: createUrlSchema(guard, 'api_url').default(API_URL_DEFAULT).meta({
        title: 'API address',
        identifies: true,
        description: 'Of the Web API, for proxies and for GovSlack (https://slack-gov.com).',
        advanced: true,
        when: BY_BOT,
      }),
    })
    .superRefine((settings, context) => {
      refuseMasks(settings, ['bot_token'], context);
      for (const { path, message } of findProblems(settings))
        context.addIssue({ code: 'custom', path: [path], message });
    })
    .transform((settings) => ({ ...settings, post_by: toPostWay(settings) }));
}

/** The path of an incoming webhook is its credential. */
export function toPublicSlackSettings(settings: SlackSettings): Record<string, unknown> {
  const { webhook_url: hook } = settings;
  return {
    ...maskSettings(settings, ['bot_token']),
    post_by: toPostWay(settings),
    ...(hook !== undefined && { webhook_url: maskHook(hook) }),
  };
}

export function keepMaskedSlackSettings(stored: SlackSettings, given: unknown): unknown {
  const kept = keepMaskedSettings(stored, given, { secrets: ['bot_token'], hosts: ['api_url'] });
  if (typeof kept !== 'object' || kept === null || !('webhook_url' in kept)) return kept;
  const { webhook_url: hook } = stored;
  const isShown = hook !== undefined && (kept.webhook_url === maskHook(hook) || kept.webhook_url === MASK);
  return isShown ? { ...kept, webhook_url: hook } : kept;
}

export function describeSlackTarget(settings: SlackSettings): string {
  if (settings.webhook_url !== undefined)
    return `incoming webhook at ${URL.parse(settings.webhook_url)?.host ?? 'an unreadable URL'}`;
  return settings.channel ?? 'no channel';
}

function toPostWay({ post_by, bot_token }: SlackSettings): PostWay {
  return post_by ?? (bot_token === undefined ? 'webhook' : 'bot');
}

interface SettingsProblem {
  readonly path: 'webhook_url' | 'bot_token' | 'channel';
  readonly message: string;
}

function findProblems(settings: SlackSettings): readonly SettingsProblem[] {
  const { post_by, webhook_url, bot_token, channel } = settings;
  const problems: SettingsProblem[] = [];
  const add = (path: SettingsProblem['path'], message: string): void => void problems.push({ path, message });
  // Without a word about it, one credential says which it is; two, or none, cannot.
  if (post_by === undefined && webhook_url !== undefined && bot_token !== undefined)
    return [
      {
        path: 'bot_token',
        message: 'give webhook_url or bot_token, not both: leave one of them out',
      },
    ];
  if (toPostWay(settings) === 'webhook') {
    if (webhook_url === undefined)
      add(
        'webhook_url',
        post_by === undefined
          ? 'give webhook_url, or bot_token and channel'
          : 'webhook_url is missing: copy it from “Incoming Webhooks” of the app',
      );
    if (bot_token !== undefined)
      add('bot_token', 'post_by is webhook, which takes no token: leave it out, or set post_by to bot');
    if (channel !== undefined)
      add(
        'channel',
        'an incoming webhook posts to the channel it was made for; leave channel out, or use a bot token',
      );
    return problems;
  }
  if (webhook_url !== undefined)
    add('webhook_url', 'post_by is bot, which posts by its token: leave it out, or set post_by to webhook');
  if (bot_token === undefined)
    add('bot_token', 'bot_token is missing: it stands under “OAuth & Permissions” of the app');
  if (channel === undefined)
    add('channel', 'channel is missing: name the channel the bot posts to, such as #alerts');
  return problems;
}

const BY_WEBHOOK = { field: 'post_by', is: ['webhook'] } as const;
const BY_BOT = { field: 'post_by', is: ['bot'] } as const;
const TOKEN_CHARACTERS_MAX = 255;
const BOT_TOKEN = /^xox[a-z.]*-[\w.-]+$/;
/** Names may hold letters of any script; a name with a comma, quote or bracket is none. */
const CHANNEL = /^#?[^\s#@<>&,:;"'`|()[\]{}/\\]{1,80}$/u;
const MENTION = /^(?:here|channel|[UWS][A-Z0-9]{6,20})$/;

function maskHook(text: string): string {
  const url = URL.parse(text);
  if (url === null) return MASK;
  return `${url.origin}/${url.pathname.startsWith('/services/') ? 'services/' : ''}${MASK}`;
}
