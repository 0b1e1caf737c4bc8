/**
 * Follows the hub's stream and forwards each event to a server on this machine, signed with one secret that stays the
 * same from run to run. In order: the next event goes out once the last one was answered. What the local server
 * answers is shown and changes nothing in the hub.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import {
  ATTEMPT_HEADER,
  CALL_SEQUENCE_HEADER,
  STANDARD_ID_HEADER,
  STANDARD_SIGNATURE_HEADER,
  STANDARD_TIMESTAMP_HEADER,
  STATUS_UPDATE_EVENT,
  WEBHOOK_EVENT_HEADER,
  WEBHOOK_SIGNATURE_HEADER,
  WEBHOOK_TIMESTAMP_HEADER,
} from '@offhook/contract/headers';
import { createSecret, createSigner, parseStandardSecret } from '@offhook/contract/signature';
import type { Signer } from '@offhook/contract/signature';

import { createApiClient, toCause } from '../api-client.ts';
import type { ApiClient } from '../api-client.ts';
import type { CommandContext } from '../context.ts';
import { CommandFailure, EXIT } from '../failure.ts';
import { toPlainText } from '../output.ts';
import { readMessages } from '../sse.ts';
import type { EventView } from '../views.ts';

/** Three heartbeats of the hub: a connection that slept with the laptop is silent, not closed. */
const SILENCE_MS = 45_000;
const RECONNECT_MS_MIN = 500;
const RECONNECT_MS_MAX = 10_000;
const FORWARD_MS = 30_000;
const DEFAULT_PATH = '/webhooks/status-update';

export async function listen(
  context: CommandContext,
  options: Readonly<Record<string, unknown>>,
  [target]: readonly string[],
): Promise<number> {
  const { output, signal } = context;
  const secret = keepSecret(context);
  if (options['printSecret'] === true) {
    output.line(secret);
    return EXIT.ok;
  }
  const url = target === undefined ? null : toTargetUrl(target);
  const signer = createSigner({ current: secret, previous: null });
  const client = createApiClient(context);
  let lastRow: string | null = null;
  let isFirst = true;

  for (let waitMs = RECONNECT_MS_MIN; !signal.aborted;) {
    try {
      await follow(
        context,
        client,
        toWhere(lastRow, options['since']),
        async (message) => {
          if (message.event === 'status-update')
            await show(context, JSON.parse(message.data) as EventView, url, signer);
          else if (message.event === 'resync')
            output.note('This listener fell behind, and events were left out; `--since` shows them.');
          lastRow = message.id ?? lastRow;
        },
        () => {
          output.note(
            isFirst
              ? `Ready: listening to ${client.baseUrl}${url === null ? '' : `, forwarding to ${url}, signed with ${secret}`} (Ctrl-C to end)`
              : 'Connected again; what was missed comes first.',
          );
          isFirst = false;
          waitMs = RECONNECT_MS_MIN;
        },
      );
      if (!signal.aborted) output.note('The hub closed the stream: connecting again …');
    } catch (error) {
      if (signal.aborted) break;
      // At the first try there is no stream to get back to: a wrong address or key should be said, not retried.
      if (isFirst || (error instanceof CommandFailure && error.exitCode === EXIT.refused)) throw error;
      output.note(`The stream broke (${toPlainText(toCause(error)).split('\n')[0]}): connecting again …`);
    }
    await sleep(waitMs, undefined, { signal }).catch(() => {});
    waitMs = Math.min(waitMs * 2, RECONNECT_MS_MAX);
  }
  return EXIT.interrupted;
}

interface Where {
  readonly headers: Record<string, string>;
  readonly since: string | undefined;
}

function toWhere(lastRow: string | null, since: unknown): Where {
  return {
    headers: lastRow === null ? {} : { 'last-event-id': lastRow },
    since: lastRow === null && typeof since === 'string' ? since : undefined,
  };
}

/** One connection, until it ends, falls silent or is aborted. */
async function follow(
  context: CommandContext,
  client: ApiClient,
  where: Where,
  take: (message: {
    readonly id: string | null;
    readonly event: string;
    readonly data: string;
  }) => Promise<void>,
  opened: () => void,
): Promise<void> {
  const silence = new AbortController();
  let timer = setTimeout(() => {}, 0);
  const alive = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(new Error('nothing came for 45 s')), SILENCE_MS);
  };
  try {
    alive();
    const response = await client.open('/v1/stream', {
      headers: where.headers,
      query: { since: where.since },
      signal: AbortSignal.any([context.signal, silence.signal]),
    });
    opened();
    if (response.body === null) return;
    for await (const message of readMessages(response.body, alive)) {
      // A slow local server is no silence of the hub.
      clearTimeout(timer);
      await take(message);
      alive();
    }
  } finally {
    clearTimeout(timer);
  }
}

async function show(
  context: CommandContext,
  event: EventView,
  url: string | null,
  signer: Signer,
): Promise<void> {
  const { output } = context;
  if (!output.json) {
    output.line(
      `${output.paint('dim', toClock())} --> ${toPlainText(event.status)} [${event.id}] call ${toPlainText(event.call_id)}`,
    );
  }
  const answer = url === null ? null : await forward(event, url, signer);
  if (output.json) {
    output.value({ ...event, message: toMessage(event), ...(answer !== null && { forwarded: answer }) });
    return;
  }
  if (answer === null) return;
  const isGood = answer.status !== null && answer.status >= 200 && answer.status < 300;
  const verdict = output.paint(isGood ? 'green' : 'red', `[${answer.status ?? 'ERR'}]`);
  output.line(
    `${output.paint('dim', toClock())} <-- ${verdict} POST ${url} [${event.id}]${answer.detail === null ? '' : ` ${toPlainText(answer.detail)}`}`,
  );
}

interface ForwardAnswer {
  readonly status: number | null;
  readonly detail: string | null;
}

async function forward(event: EventView, url: string, signer: Signer): Promise<ForwardAnswer> {
  const body = Buffer.from(event.body);
  const timestampSeconds = Math.floor(Date.now() / 1000);
  try {
    const response = await fetch(url, {
      method: 'POST',
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(FORWARD_MS),
      headers: {
        'content-type': 'application/json',
        [WEBHOOK_EVENT_HEADER]: STATUS_UPDATE_EVENT,
        [WEBHOOK_TIMESTAMP_HEADER]: String(timestampSeconds),
        [WEBHOOK_SIGNATURE_HEADER]: signer.signPublished(timestampSeconds, body),
        [STANDARD_ID_HEADER]: event.id,
        [STANDARD_TIMESTAMP_HEADER]: String(timestampSeconds),
        [STANDARD_SIGNATURE_HEADER]: signer.signStandard(event.id, timestampSeconds, body),
        [CALL_SEQUENCE_HEADER]: String(event.sequence),
        [ATTEMPT_HEADER]: '1',
      },
    });
    await response.body?.cancel();
    return { status: response.status, detail: null };
  } catch (error) {
    return { status: null, detail: toCause(error) };
  }
}

/** `3000`, `localhost:3000` or a whole address. */
export function toTargetUrl(target: string): string {
  const text = /^\d{1,5}$/.test(target)
    ? `http://localhost:${target}`
    : /^https?:\/\//.test(target)
      ? target
      : `http://${target}`;
  if (!URL.canParse(text))
    throw new CommandFailure(
      EXIT.usage,
      `"${toPlainText(target)}" is no port and no address such as localhost:3000/hook.`,
    );
  const url = new URL(text);
  if (url.pathname === '/' && !target.endsWith('/')) url.pathname = DEFAULT_PATH;
  return url.href;
}

/** Made once and kept with the user, so that the receiver under development needs it only once. */
function keepSecret(context: CommandContext): string {
  const { settings, env } = context;
  if (settings.listenSecret !== null) {
    const parsed = parseStandardSecret(settings.listenSecret);
    if (!parsed.ok)
      throw new CommandFailure(EXIT.usage, `OFFHOOK_LISTEN_SECRET cannot be used: ${parsed.detail}`);
    return settings.listenSecret;
  }
  const directory = join(env['XDG_CONFIG_HOME'] || join(env['HOME'] || homedir(), '.config'), 'offhook');
  const path = join(directory, 'listen-secret');
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    // The first run on this machine.
  }
  const secret = createSecret();
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  writeFileSync(path, `${secret}\n`, { mode: 0o600 });
  return secret;
}

function toMessage(event: EventView): unknown {
  return (JSON.parse(event.body) as { readonly message: unknown }).message;
}

function toClock(): string {
  return new Date().toTimeString().slice(0, 8);
}
