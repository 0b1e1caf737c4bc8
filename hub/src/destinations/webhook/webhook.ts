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
  STATUS_UPDATE_EVENT,
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
import type { EgressGuard } from '../egress/address-rules.ts';
import { createGuardedConnect } from '../egress/guarded-connect.ts';
import type { Resolver } from '../egress/resolver.ts';
import { createHttpClient } from '../http/http-client.ts';
import type { HttpTarget } from '../http/http-client.ts';
import type { WebhookSettings } from './webhook-settings.ts';
import {
  createWebhookSettingsSchema,
  keepMaskedSettings,
  toPublicWebhookSettings,
} from './webhook-settings.ts';

export interface WebhookKindOptions {
  readonly egress: EgressGuard;
  readonly resolver: Resolver;
  /** `Offhook/<version>`. */
  readonly userAgent: string;
  readonly idleSocketsMax?: number;
  readonly socketAgeMsMax?: number;
  /** PEM certificates trusted instead of the built-in roots; for tests. */
  readonly trustedCertificates?: readonly string[];
}

export function createWebhookKind(options: WebhookKindOptions): DestinationKind<WebhookSettings> {
  const http = createHttpClient({
    ...options,
    connect: createGuardedConnect({ guard: options.egress, ...options }),
  });
  return {
    kind: 'webhook',
    settings: createWebhookSettingsSchema(options.egress),
    toPublicSettings: toPublicWebhookSettings,
    keepMasked: keepMaskedSettings,
    open(settings) {
      const url = URL.parse(settings.url);
      // Parsed at the API door, so this can only be a journal edited by hand; said per attempt, where people look.
      if (url === null) return new UnusableSender('the URL of this destination cannot be read');
      return new WebhookSender(
        url,
        http.open(url),
        toFixedHeaders(settings.headers ?? {}, options.userAgent),
      );
    },
    describeRequest: (settings, request) => describeRequest(settings, request, options.userAgent),
  };
}

class WebhookSender implements DestinationSender {
  readonly #path: string;
  readonly #target: HttpTarget;
  readonly #fixedHeaders: readonly string[];
  #signer: { readonly secrets: SigningSecrets; readonly signer: Signer } | null = null;

  constructor(url: URL, target: HttpTarget, fixed: readonly string[]) {
    this.#path = url.pathname + url.search;
    this.#target = target;
    this.#fixedHeaders = fixed;
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
      return [...this.#fixedHeaders, ...toAttemptHeaders(request, this.#signerFor(request.secrets))];
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
    const list = [
      ...toFixedHeaders((headers ?? {}) as Record<string, string>, userAgent),
      ...toAttemptHeaders(request, request.secrets === null ? null : createSigner(request.secrets)),
    ];
    return { method: 'POST', url: String(url), headers: toPairs(list) };
  } catch (error) {
    if (error instanceof SignatureError) return null;
    throw error;
  }
}

/** signer: null where what it signed with is no longer known. */
function toAttemptHeaders(
  request: Pick<AttemptRequest, 'nowMs' | 'eventId' | 'sequence' | 'attemptNumber' | 'body'> & {
    readonly traceparent: string | null;
  },
  signer: Signer | null,
): string[] {
  const timestampSeconds = Math.floor(request.nowMs / 1_000);
  const timestamp = String(timestampSeconds);
  return [
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
    CALL_SEQUENCE_HEADER,
    String(request.sequence),
    ATTEMPT_HEADER,
    String(request.attemptNumber),
    TRACEPARENT_HEADER,
    request.traceparent ?? UNKNOWN_VALUE,
  ];
}

function toFixedHeaders(headers: Readonly<Record<string, string>>, userAgent: string): string[] {
  return [
    'User-Agent',
    userAgent,
    'Content-Type',
    'application/json',
    WEBHOOK_EVENT_HEADER,
    STATUS_UPDATE_EVENT,
    ...Object.entries(headers).flat(),
  ];
}

/** Names and values take turns in what is sent. */
function toPairs(list: readonly string[]): readonly (readonly [string, string])[] {
  return list.flatMap((name, index) => (index % 2 === 0 ? [[name, list[index + 1] ?? ''] as const] : []));
}
