/**
 * Slack as its documentation describes it, on this machine: incoming webhooks (plain-text answers), the Web API
 * (`ok: false` with status 200), one message per second and channel with a short burst, limits of blocks, and faults on
 * demand. Keeps messages as a channel shows them, and whom each would have pinged.
 */
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { HttpClient } from '../../hub/src/destinations/http/http-client.ts';
import type { HttpRequest, HttpResult } from '../../hub/src/destinations/http/exchange.ts';

export interface StandInMessage {
  readonly channel: string;
  readonly ts: string;
  readonly postedAtMs: number;
  text: string;
  blocks: readonly StandInBlock[];
  changes: number;
  isDeleted: boolean;
}

export interface StandInBlock {
  readonly type: string;
  readonly text?: { readonly type: string; readonly text: string; readonly emoji?: boolean };
  readonly elements?: readonly { readonly type: string; readonly text: string }[];
}

export interface StandInRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** What a form or a JSON body says, as one. */
  readonly payload: Readonly<Record<string, unknown>>;
  readonly rawBody: string;
  readonly atMs: number;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * `before`: instead of doing what was asked. `after`: it was done all the same. `lost`: it was done, and the connection
 * breaks before the answer.
 */
export type Fault =
  | AnswerFault
  | { readonly kind: 'lost' | 'dropped' }
  | { readonly kind: 'error'; readonly code: string };

export interface AnswerFault {
  readonly kind: 'before' | 'after';
  readonly status: number;
  readonly body?: string;
  readonly retryAfterS?: number;
}

export interface SlackStandInOptions {
  readonly nowMs?: () => number;
  /** Messages that may follow at once; Slack says "short bursts" without a number. */
  readonly burst?: number;
  /** How long in-process requests take. */
  readonly latency?: () => Promise<void>;
}

export const HOOK_PATH = '/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX';
export const BOT_TOKEN = 'xoxb-0000000000-TESTONLY';
export const HOOK_CHANNEL = 'C0HOOK0000';
const CHANGES_PER_MINUTE = 50;
const BLOCKS_MAX = 50;
const BLOCKS_CHARACTERS_MAX = 13_200;

export class SlackStandIn {
  readonly messages: StandInMessage[] = [];
  readonly requests: StandInRequest[] = [];
  /** What Slack refused for being too fast. */
  rateRefusals = 0;
  /** Taken one by one, by requests that would post or change something. */
  readonly faults: Fault[] = [];
  /** While set, every request is answered so. */
  outage: Fault | null = null;
  isHookRevoked = false;
  isTokenRevoked = false;
  isArchived = false;
  /** By id; the bot is a member. */
  readonly channels = new Map<string, string>([['C0ALERTS00', 'alerts']]);
  readonly #options: SlackStandInOptions;
  readonly #buckets = new Map<string, { tokens: number; atMs: number }>();
  #changes: number[] = [];
  #heldUntilMs = 0;
  #order = 0;
  #server: Server | null = null;
  #port = 0;

  constructor(options: SlackStandInOptions = {}) {
    this.#options = options;
  }

  static async start(options: SlackStandInOptions = {}): Promise<SlackStandIn> {
    const standIn = new SlackStandIn(options);
    const server = createServer((request, response) => void standIn.#serve(request, response));
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    standIn.#server = server;
    standIn.#port = (server.address() as AddressInfo).port;
    return standIn;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  }

  get origin(): string {
    return this.#server === null ? 'https://slack.test' : `http://127.0.0.1:${this.#port}`;
  }

  get hookUrl(): string {
    return this.origin + HOOK_PATH;
  }

  /** What a person reads in the channel, message by message. */
  get shown(): readonly string[] {
    return this.messages.filter(({ isDeleted }) => !isDeleted).map(toShown);
  }

  /** Whom the messages would have pinged, by text or blocks. */
  get pings(): readonly string[] {
    return this.messages.flatMap(toPings);
  }

  deleteMessage(index: number): void {
    const message = this.messages[index];
    if (message !== undefined) message.isDeleted = true;
  }

  /** The same without a socket, for tests whose clock is simulated. */
  createHttpClient(): HttpClient {
    const send = async (request: HttpRequest): Promise<HttpResult> => {
      await this.#options.latency?.();
      const headers = toHeaders(request.headers);
      const body = Buffer.from(request.body ?? []).toString('utf8');
      const answer = this.#answer(request.method, request.path, headers, body);
      const timing = { firstByteMs: 1, totalMs: 1 };
      if (answer === null)
        return { kind: 'failed', cause: 'reset', detail: 'the server closed the connection', timing };
      return {
        kind: 'answered',
        status: answer.status,
        retryAfter: answer.headers['retry-after'] ?? null,
        abort: false,
        responseBody: Buffer.from(answer.body),
        timing,
      };
    };
    return {
      idleSockets: 0,
      open: () => ({
        send,
        post: (request) => send({ ...request, method: 'POST' }),
        close() {},
        abandon() {},
      }),
    };
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString('utf8');
    const answer = this.#answer(request.method ?? '', request.url ?? '', request.headers, body);
    if (answer === null) {
      response.destroy();
      return;
    }
    response.writeHead(answer.status, answer.headers).end(answer.body);
  }

  #answer(method: string, path: string, headers: IncomingHttpHeaders, rawBody: string): Answer | null {
    const payload = parsePayload(headers['content-type'] ?? '', rawBody);
    const atMs = this.#nowMs();
    this.requests.push({ method, path, headers, payload: payload ?? {}, rawBody, atMs });
    const isApi = path.startsWith('/api/');
    const say = (code: string, hookStatus: number): Answer =>
      isApi ? toJson({ ok: false, error: code }) : toText(hookStatus, code);
    const fault = path === '/api/auth.test' ? null : (this.outage ?? this.faults.shift() ?? null);
    if (fault?.kind === 'dropped') return null;
    if (fault?.kind === 'error') return say(fault.code, 400);
    if (fault?.kind === 'before') return toFaultAnswer(fault);
    if (method !== 'POST') return say('invalid_method', 405);
    if (payload === null) return say(isApi ? 'invalid_json' : 'invalid_payload', 400);
    const done = isApi
      ? this.#callApi(path.slice('/api/'.length), headers, payload)
      : this.#postByHook(path, payload);
    if (fault?.kind === 'lost') return null;
    return fault?.kind === 'after' ? toFaultAnswer(fault) : done;
  }

  #postByHook(path: string, payload: Readonly<Record<string, unknown>>): Answer {
    if (path !== HOOK_PATH) return toText(404, 'no_team');
    if (this.isHookRevoked) return toText(404, 'no_service');
    if (this.isArchived) return toText(410, 'channel_is_archived');
    const problem = findProblem(payload);
    if (problem !== null) return toText(400, problem === 'no_text' ? problem : 'invalid_payload');
    const wait = this.#spend(HOOK_CHANNEL);
    if (wait !== null) return toText(429, 'rate_limited', wait);
    this.#post(HOOK_CHANNEL, payload);
    return toText(200, 'ok');
  }

  #callApi(method: string, headers: IncomingHttpHeaders, payload: Readonly<Record<string, unknown>>): Answer {
    const token = headers.authorization?.replace(/^Bearer /, '') ?? payload['token'];
    if (token === undefined) return toJson({ ok: false, error: 'not_authed' });
    if (token !== BOT_TOKEN) return toJson({ ok: false, error: 'invalid_auth' });
    if (this.isTokenRevoked) return toJson({ ok: false, error: 'token_revoked' });
    switch (method) {
      case 'auth.test':
        return toJson({
          ok: true,
          url: 'https://acme.slack.com/',
          team: 'Acme',
          user: 'offhook',
          bot_id: 'B01',
        });
      case 'chat.postMessage':
        return this.#postMessage(payload);
      case 'chat.update':
        return this.#updateMessage(payload);
      default:
        return toJson({ ok: false, error: 'unknown_method' });
    }
  }

  #postMessage(payload: Readonly<Record<string, unknown>>): Answer {
    const channel = this.#findChannel(payload['channel']);
    if (channel === null) return toJson({ ok: false, error: 'channel_not_found' });
    if (channel === 'outside') return toJson({ ok: false, error: 'not_in_channel' });
    if (this.isArchived) return toJson({ ok: false, error: 'is_archived' });
    const problem = findProblem(payload);
    if (problem !== null) return toJson({ ok: false, error: problem });
    const wait = this.#spend(channel);
    if (wait !== null)
      return { ...toJson({ ok: false, error: 'ratelimited' }), status: 429, headers: toWait(wait) };
    const { ts } = this.#post(channel, payload);
    return toJson({ ok: true, channel, ts, message: { text: payload['text'] } });
  }

  #updateMessage(payload: Readonly<Record<string, unknown>>): Answer {
    const nowMs = this.#nowMs();
    this.#changes = this.#changes.filter((atMs) => atMs > nowMs - 60_000);
    if (this.#changes.length >= CHANGES_PER_MINUTE) {
      this.rateRefusals += 1;
      return { ...toJson({ ok: false, error: 'ratelimited' }), status: 429, headers: toWait(10) };
    }
    this.#changes.push(nowMs);
    // Unlike chat.postMessage it takes ids only.
    const { channel, ts } = payload;
    if (typeof channel !== 'string' || !this.channels.has(channel))
      return toJson({ ok: false, error: 'channel_not_found' });
    const message = this.messages.find((one) => one.ts === ts && one.channel === channel && !one.isDeleted);
    if (message === undefined) return toJson({ ok: false, error: 'message_not_found' });
    const problem = findProblem(payload);
    if (problem !== null) return toJson({ ok: false, error: problem });
    message.text = toWords(payload['text']);
    message.blocks = (payload['blocks'] ?? []) as readonly StandInBlock[];
    message.changes += 1;
    return toJson({ ok: true, channel, ts, text: message.text });
  }

  #findChannel(given: unknown): string | null {
    if (typeof given !== 'string') return null;
    const name = given.replace(/^#/, '');
    if (name === 'private-talk') return 'outside';
    for (const [id, known] of this.channels) if (id === given || known === name) return id;
    return null;
  }

  #post(channel: string, payload: Readonly<Record<string, unknown>>): StandInMessage {
    this.#order += 1;
    const postedAtMs = this.#nowMs();
    const message: StandInMessage = {
      channel,
      ts: `${Math.floor(postedAtMs / 1_000)}.${String(this.#order).padStart(6, '0')}`,
      postedAtMs,
      text: toWords(payload['text']),
      blocks: (payload['blocks'] ?? []) as readonly StandInBlock[],
      changes: 0,
      isDeleted: false,
    };
    this.messages.push(message);
    return message;
  }

  /** Seconds to wait, or null where the message may be posted. */
  #spend(channel: string): number | null {
    const nowMs = this.#nowMs();
    const burst = this.#options.burst ?? 1;
    const bucket = this.#buckets.get(channel) ?? { tokens: burst, atMs: nowMs };
    bucket.tokens = Math.min(burst, bucket.tokens + (nowMs - bucket.atMs) / 1_000);
    bucket.atMs = nowMs;
    this.#buckets.set(channel, bucket);
    if (nowMs < this.#heldUntilMs || bucket.tokens < 1 - 1e-9) {
      this.rateRefusals += 1;
      return Math.max(1, Math.ceil((this.#heldUntilMs - nowMs) / 1_000));
    }
    bucket.tokens -= 1;
    return null;
  }

  /** Everything is refused for so long, as Slack does with those that do not listen. */
  holdFor(seconds: number): void {
    this.#heldUntilMs = this.#nowMs() + seconds * 1_000;
  }

  #nowMs(): number {
    return this.#options.nowMs?.() ?? Date.now();
  }
}

// ── what a channel shows ──

export function toShown({ blocks, text }: Pick<StandInMessage, 'blocks' | 'text'>): string {
  if (blocks.length === 0) return render(text);
  return blocks
    .flatMap((block) => [...(block.text === undefined ? [] : [block.text]), ...(block.elements ?? [])])
    .map((part) => (part.type === 'mrkdwn' ? render(part.text) : unescape(part.text)))
    .join('\n');
}

export function toPings({ text, blocks }: Pick<StandInMessage, 'blocks' | 'text'>): readonly string[] {
  const marked = blocks.flatMap((block) => [
    ...(block.text === undefined ? [] : [block.text]),
    ...(block.elements ?? []),
  ]);
  return [text, ...marked.map((part) => part.text)].flatMap((one) =>
    [...one.matchAll(/<(!here|!channel|!everyone|!subteam\^[^>|]*|@[^>|]*)(?:\|[^>]*)?>/g)].map(
      ([, whom = '']) => whom,
    ),
  );
}

function render(marked: string): string {
  return unescape(
    marked
      .replaceAll(/<!date\^(\d+)\^[^|>]*\|[^>]*>/g, (_, seconds: string) =>
        new Date(Number(seconds) * 1_000).toISOString().slice(11, 19),
      )
      .replaceAll(/<(https?:[^|>]*)\|([^>]*)>/g, '$2'),
  );
}

function unescape(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

// ── what Slack takes ──

function findProblem(payload: Readonly<Record<string, unknown>>): string | null {
  const { text, blocks } = payload;
  if (blocks !== undefined && !Array.isArray(blocks)) return 'invalid_blocks_format';
  const list = (blocks ?? []) as readonly StandInBlock[];
  if (list.length === 0 && (typeof text !== 'string' || text === '')) return 'no_text';
  if (typeof text === 'string' && text.length > 40_000) return 'msg_too_long';
  if (list.length > BLOCKS_MAX) return 'invalid_blocks';
  if (JSON.stringify(list).length > BLOCKS_CHARACTERS_MAX) return 'msg_blocks_too_long';
  return list.every(isBlock) ? null : 'invalid_blocks';
}

function isBlock({ type, text, elements }: StandInBlock): boolean {
  switch (type) {
    case 'header':
      return text?.type === 'plain_text' && isText(text.text, 150);
    case 'section':
      return text !== undefined && isTextType(text.type) && isText(text.text, 3_000);
    case 'context':
      return (
        elements !== undefined &&
        elements.length > 0 &&
        elements.length <= 10 &&
        elements.every((one) => isTextType(one.type) && isText(one.text, 3_000))
      );
    case 'divider':
      return true;
    default:
      return false;
  }
}

function toWords(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function isText(text: unknown, charactersMax: number): boolean {
  return typeof text === 'string' && text.trim() !== '' && text.length <= charactersMax;
}

function isTextType(type: string): boolean {
  return type === 'plain_text' || type === 'mrkdwn';
}

function parsePayload(contentType: string, rawBody: string): Readonly<Record<string, unknown>> | null {
  try {
    if (contentType.startsWith('application/x-www-form-urlencoded')) {
      const form = Object.fromEntries(new URLSearchParams(rawBody));
      if (form['payload'] !== undefined) return JSON.parse(form['payload']) as Record<string, unknown>;
      // As Slack reads forms: what is an array or an object comes as JSON, what is a truth value as its word.
      return Object.fromEntries(
        Object.entries(form).map(([name, value]) => [
          name,
          /^(?:[[{]|true$|false$)/.test(value) ? (JSON.parse(value) as unknown) : value,
        ]),
      );
    }
    const value = JSON.parse(rawBody) as unknown;
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function toHeaders(list: readonly string[]): IncomingHttpHeaders {
  const headers: Record<string, string> = {};
  for (let index = 0; index < list.length; index += 2)
    headers[list[index]?.toLowerCase() ?? ''] = list[index + 1] ?? '';
  return headers;
}

function toFaultAnswer(fault: AnswerFault): Answer {
  return toText(fault.status, fault.body ?? 'trouble', fault.retryAfterS);
}

function toText(status: number, body: string, retryAfterS?: number): Answer {
  const wait = retryAfterS === undefined ? {} : { 'retry-after': String(retryAfterS) };
  return { status, headers: { 'content-type': 'text/html', ...wait }, body };
}

function toJson(value: unknown): Answer {
  return {
    status: 200,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify(value),
  };
}

function toWait(seconds: number): Readonly<Record<string, string>> {
  return { 'content-type': 'application/json; charset=utf-8', 'retry-after': String(seconds) };
}
