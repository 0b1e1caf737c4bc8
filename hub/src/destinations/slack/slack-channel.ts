/**
 * Where messages go: an incoming webhook, which can only post, or a channel through a bot token, where a message can be
 * changed afterwards. Both answer in their own words; here they become one.
 */
import { NO_TIME } from '../destination.ts';
import type { AttemptResult, AttemptTiming } from '../destination.ts';
import type { HttpClient } from '../http/http-client.ts';
import type { JsonAnswer } from '../http/json-client.ts';
import { openJsonClient, toAttemptResult } from '../http/json-client.ts';
import { explainRefusal, isCode, PAYLOAD_CODES, RATE_CODES, UNCHANGEABLE_CODES } from './slack-errors.ts';
import type { MessagePlace, SlackMessage } from './slack-message.ts';
import type { SlackSettings } from './slack-settings.ts';
import { cleanLine } from './slack-text.ts';

export type SlackAnswer =
  | { readonly kind: 'taken'; readonly place: MessagePlace | null; readonly timing: AttemptTiming }
  | { readonly kind: 'slow'; readonly retryAfterMs: number; readonly result: AttemptResult }
  /** The message that was to be changed is no more. */
  | { readonly kind: 'gone'; readonly result: AttemptResult }
  /** Slack takes messages, but not this one. */
  | { readonly kind: 'unfit'; readonly result: AttemptResult }
  | { readonly kind: 'failed'; readonly result: AttemptResult };

export interface SlackChannel {
  /** "#alerts", "the channel of the incoming webhook". */
  readonly name: string;
  readonly canChange: boolean;
  post(message: SlackMessage, deadlineMs: number): Promise<SlackAnswer>;
  change(place: MessagePlace, message: SlackMessage, deadlineMs: number): Promise<SlackAnswer>;
  /** Who the token belongs to, for people: "the workspace Acme, as offhook"; null where nobody can be asked. */
  identify(
    deadlineMs: number,
  ): Promise<{ readonly who: string | null } | Exclude<SlackAnswer, { kind: 'taken' }>>;
  close(): void;
  abandon(): void;
}

/** Slack always says how long; where a proxy does not. */
const RETRY_AFTER_MS_DEFAULT = 30_000;
const ANSWER_CHARACTERS_MAX = 200;

/** null where the settings name no place at all, which the schema refuses. */
export function openSlackChannel(
  http: HttpClient,
  settings: SlackSettings,
  userAgent: string,
): SlackChannel | null {
  if (settings.webhook_url !== undefined) {
    const url = URL.parse(settings.webhook_url);
    return url === null ? null : openHook(http, url, userAgent);
  }
  const url = URL.parse(settings.api_url);
  if (url === null || settings.bot_token === undefined || settings.channel === undefined) return null;
  return openBot(http, url, settings.bot_token, settings.channel, userAgent);
}

/** One gate for each of these. */
export function toPlaceKey(settings: SlackSettings): string {
  return settings.webhook_url !== undefined
    ? settings.webhook_url
    : [settings.api_url, settings.bot_token, settings.channel?.replace(/^#/, '')].join(' ');
}

function openHook(http: HttpClient, url: URL, userAgent: string): SlackChannel {
  const name = 'the channel of the incoming webhook';
  const origin = new URL(url.origin);
  const client = openJsonClient(http, origin, { 'User-Agent': userAgent, Accept: '*/*' });
  return {
    name,
    canChange: false,
    async post(message, deadlineMs) {
      const answer = await client.request({
        method: 'POST',
        path: url.pathname + url.search,
        json: { ...message, ...INERT, ...UNFURLED },
        deadlineMs,
      });
      return readHookAnswer(answer, name);
    },
    // Nobody asks a hook for this; said as a value all the same.
    change: async () => ({
      kind: 'gone',
      result: refuse('refused', 'an incoming webhook cannot change messages', NO_TIME),
    }),
    identify: async () => ({ who: null }),
    close: () => client.close(),
    abandon: () => client.abandon(),
  };
}

function openBot(
  http: HttpClient,
  url: URL,
  token: string,
  channel: string,
  userAgent: string,
): SlackChannel {
  const name = channel.startsWith('#') || CHANNEL_ID.test(channel) ? channel : `#${channel}`;
  const client = openJsonClient(http, url, { 'User-Agent': userAgent, Authorization: `Bearer ${token}` });
  const call = async (
    method: string,
    json: Record<string, unknown>,
    deadlineMs: number,
  ): Promise<ApiAnswer> =>
    readApiAnswer(await client.request({ method: 'POST', path: `/api/${method}`, json, deadlineMs }), name);
  return {
    name,
    canChange: true,
    async post(message, deadlineMs) {
      const answer = await call(
        'chat.postMessage',
        { channel, ...message, ...INERT, ...UNFURLED },
        deadlineMs,
      );
      if (!('taken' in answer)) return answer;
      const { json, timing } = answer.taken;
      const place = { channel: json['channel'], ts: json['ts'] };
      return { kind: 'taken', place: isPlace(place) ? place : null, timing };
    },
    async change(place, message, deadlineMs) {
      const answer = await call('chat.update', { ...place, ...message, ...INERT }, deadlineMs);
      if ('taken' in answer) return { kind: 'taken', place, timing: answer.taken.timing };
      return 'code' in answer && UNCHANGEABLE_CODES.has(answer.code)
        ? { kind: 'gone', result: answer.result }
        : answer;
    },
    async identify(deadlineMs) {
      const answer = await call('auth.test', {}, deadlineMs);
      if (!('taken' in answer)) return answer;
      const { team, user } = answer.taken.json;
      const of = (value: unknown): string => (typeof value === 'string' ? cleanLine(value, 80) : 'unknown');
      return { who: `workspace ${of(team)}, app ${of(user)}` };
    },
    close: () => client.close(),
    abandon: () => client.abandon(),
  };
}

/** Names in a text stay text; `chat.update` would otherwise read them as a person's client does. */
const INERT = { link_names: false, parse: 'none' } as const;
const UNFURLED = { unfurl_links: false, unfurl_media: false } as const;
const CHANNEL_ID = /^[CDG][A-Z0-9]{7,}$/;

type ApiAnswer = { readonly taken: Taken } | Refused | Exclude<SlackAnswer, { kind: 'taken' }>;

interface Refused {
  readonly kind: 'unfit' | 'failed';
  readonly result: AttemptResult;
  readonly code: string;
}

interface Taken {
  readonly json: Readonly<Record<string, unknown>>;
  readonly timing: AttemptTiming;
}

function readHookAnswer(answer: JsonAnswer, name: string): SlackAnswer {
  if (answer.kind === 'failed') return { kind: 'failed', result: answer };
  const { status, timing } = answer;
  if (status >= 200 && status < 300) return { kind: 'taken', place: null, timing };
  if (status === 429) return toSlow(answer);
  const text = Buffer.from(answer.body ?? [])
    .toString('utf8')
    .slice(0, ANSWER_CHARACTERS_MAX)
    .trim();
  // Only what Slack itself says is explained: a proxy's 404 is a page, and its status says enough.
  if (status < 500 && isCode(text)) return toRefused(text, name, timing);
  return { kind: 'failed', result: toAttemptResult(answer) };
}

function readApiAnswer(answer: JsonAnswer, name: string): ApiAnswer {
  if (answer.kind === 'failed') return { kind: 'failed', result: answer };
  const { json, status, timing } = answer;
  if (status === 429) return toSlow(answer);
  if (!isObject(json)) {
    const isOk = status >= 200 && status < 300;
    return {
      kind: 'failed',
      result: isOk
        ? refuse('refused', 'what answered is not Slack’s API: no JSON object came', timing)
        : toAttemptResult(answer),
    };
  }
  if (json['ok'] === true) return { taken: { json, timing } };
  const code = typeof json['error'] === 'string' ? json['error'] : '';
  if (RATE_CODES.has(code)) return toSlow(answer);
  if (code === '' && status >= 400) return { kind: 'failed', result: toAttemptResult(answer) };
  return toRefused(code, name, timing);
}

function toSlow(answer: Extract<JsonAnswer, { kind: 'answered' }>): SlackAnswer & { kind: 'slow' } {
  const { retryAfter, timing } = answer;
  const seconds = retryAfter !== null && /^\d{1,9}$/.test(retryAfter) ? Number(retryAfter) : null;
  return {
    kind: 'slow',
    retryAfterMs: seconds === null ? RETRY_AFTER_MS_DEFAULT : seconds * 1_000,
    // Where the code says so with status 200, the status is what the hub's lanes understand.
    result: { kind: 'answered', status: 429, retryAfter, abort: false, responseBody: null, timing },
  };
}

function toRefused(code: string, name: string, timing: AttemptTiming): Refused {
  const { cause, detail } = explainRefusal(code, name);
  const result = refuse(cause, detail, timing);
  return { kind: PAYLOAD_CODES.has(code) ? 'unfit' : 'failed', result, code };
}

function refuse(cause: 'settings' | 'refused', detail: string, timing: AttemptTiming): AttemptResult {
  return { kind: 'failed', cause, detail, timing };
}

function isPlace(place: { channel: unknown; ts: unknown }): place is MessagePlace {
  return typeof place.channel === 'string' && typeof place.ts === 'string';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
