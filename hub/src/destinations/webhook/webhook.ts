/**
 * The webhook destination: one signed POST per attempt, with the headers of design section 4 over the exact bytes
 * of the event. Signed anew at each attempt, since receivers refuse a timestamp older than five minutes.
 */
import {
  ATTEMPT_HEADER,
  CALL_SEQUENCE_HEADER,
  STANDARD_ID_HEADER,
  STANDARD_SIGNATURE_HEADER,
  STANDARD_TIMESTAMP_HEADER,
  TRACEPARENT_HEADER,
  WEBHOOK_EVENT_HEADER,
  WEBHOOK_SIGNATURE_HEADER,
  WEBHOOK_TIMESTAMP_HEADER,
} from '@offhook/contract/headers';
import type { Signer } from '@offhook/contract/signature';
import { createSigner, SignatureError } from '@offhook/contract/signature';
import { UNKNOWN_VALUE } from '../destination.ts';
import type {
  AttemptRequest,
  AttemptResult,
  DescribedAttempt,
  DescribedRequest,
  DestinationKind,
  DestinationSender,
  SigningSecrets,
} from '../destination.ts';
import type { HttpTarget } from '../http/http-client.ts';
import type { KindOptions } from '../kind-options.ts';
import type { WebhookSettings } from './webhook-settings.ts';
import {
  createWebhookSettingsSchema,
  describeWebhookTarget,
  keepMaskedWebhookSettings,
  toPublicWebhookSettings,
} from './webhook-settings.ts';

export function createWebhookKind(options: KindOptions): DestinationKind<WebhookSettings> {
  const { userAgent } = options;
  return {
    kind: 'webhook',
    title: 'Webhook',
    summary: 'Sends every change of a call to a URL of yours, signed, in order and until it is taken.',
    settings: createWebhookSettingsSchema(options.egress),
    defaults: {},
    signs: true,
    isEager: false,
    toPublicSettings: toPublicWebhookSettings,
    keepMasked: keepMaskedWebhookSettings,
    describeTarget: describeWebhookTarget,
    open(settings) {
      const url = URL.parse(settings.url);
      // Parsed at the API door, so this can only be a journal edited by hand; said per attempt, where people look.
      if (url === null) return new UnusableSender('the URL of this destination cannot be read');
      return new WebhookSender(url, options.http.open(url), { custom: settings.headers ?? {}, userAgent });
    },
    describeRequest: (settings, request) => describeRequest(settings, request, userAgent),
  };
}

class WebhookSender implements DestinationSender {
  readonly #path: string;
  readonly #target: HttpTarget;
  readonly #fixed: FixedHeaders;
  #signer: { readonly secrets: SigningSecrets; readonly signer: Signer } | null = null;

  constructor(url: URL, target: HttpTarget, fixed: FixedHeaders) {
    this.#path = url.pathname + url.search;
    this.#target = target;
    this.#fixed = fixed;
  }

  async attempt(request: AttemptRequest): Promise<AttemptResult> {
    const headers = this.#headers(request);
    if (typeof headers === 'string') return settingsFailure(headers);
    return this.#target.post({
      path: this.#path,
      headers,
      body: request.body,
      deadlineMs: request.deadlineMs,
    });
  }

  async close(): Promise<void> {
    this.#target.close();
  }

  abandon(): void {
    this.#target.abandon();
  }

  /** The headers, or why the secret cannot sign. */
  #headers(request: AttemptRequest): string[] | string {
    try {
      return toHeaders(request, this.#fixed, this.#signerFor(request.secrets));
    } catch (error) {
      if (error instanceof SignatureError) return error.message;
      throw error;
    }
  }

  #signerFor(secrets: SigningSecrets): Signer {
    const ready = this.#signer;
    if (
      ready !== null &&
      ready.secrets.current === secrets.current &&
      ready.secrets.previous === secrets.previous
    ) {
      return ready.signer;
    }
    const signer = createSigner(secrets);
    this.#signer = { secrets, signer };
    return signer;
  }
}

class UnusableSender implements DestinationSender {
  readonly #detail: string;

  constructor(detail: string) {
    this.#detail = detail;
  }

  async attempt(): Promise<AttemptResult> {
    return settingsFailure(this.#detail);
  }

  async close(): Promise<void> {}

  abandon(): void {}
}

function settingsFailure(detail: string): AttemptResult {
  return { kind: 'failed', cause: 'settings', detail, timing: { firstByteMs: null, totalMs: 0 } };
}

function describeRequest(
  settings: WebhookSettings,
  request: DescribedAttempt,
  userAgent: string,
): DescribedRequest | null {
  if (URL.parse(settings.url) === null) return null;
  const { url, headers } = toPublicWebhookSettings(settings);
  try {
    const fixed = { custom: (headers ?? {}) as Record<string, string>, userAgent };
    const list = toHeaders(request, fixed, request.secrets === null ? null : createSigner(request.secrets));
    return { method: 'POST', url: String(url), headers: toPairs(list) };
  } catch (error) {
    if (error instanceof SignatureError) return null;
    throw error;
  }
}

interface FixedHeaders {
  readonly custom: Readonly<Record<string, string>>;
  readonly userAgent: string;
}

/** signer: null where what it signed with is no longer known. */
function toHeaders(
  request: Omit<DescribedAttempt, 'secrets'>,
  { custom, userAgent }: FixedHeaders,
  signer: Signer | null,
): string[] {
  const timestampSeconds = Math.floor(request.nowMs / 1_000);
  const timestamp = String(timestampSeconds);
  const list = ['User-Agent', userAgent, 'Content-Type', 'application/json'];
  list.push(WEBHOOK_EVENT_HEADER, request.eventType);
  for (const name in custom) list.push(name, custom[name] ?? '');
  list.push(
    WEBHOOK_TIMESTAMP_HEADER,
    timestamp,
    WEBHOOK_SIGNATURE_HEADER,
    signer?.signPublished(timestampSeconds, request.body) ?? UNKNOWN_VALUE,
    STANDARD_ID_HEADER,
    request.eventId,
    STANDARD_TIMESTAMP_HEADER,
    timestamp,
    STANDARD_SIGNATURE_HEADER,
    signer?.signStandard(request.eventId, timestampSeconds, request.body) ?? UNKNOWN_VALUE,
  );
  // Operational events have no place in the order of a call.
  if (request.sequence > 0) list.push(CALL_SEQUENCE_HEADER, String(request.sequence));
  list.push(ATTEMPT_HEADER, String(request.attemptNumber));
  list.push(TRACEPARENT_HEADER, request.traceparent ?? UNKNOWN_VALUE);
  return list;
}

/** Names and values take turns in what is sent. */
function toPairs(list: readonly string[]): readonly (readonly [string, string])[] {
  return list.flatMap((name, index) => (index % 2 === 0 ? [[name, list[index + 1] ?? ''] as const] : []));
}
