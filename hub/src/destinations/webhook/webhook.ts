/**
 * The webhook destination: one signed POST per attempt, with the headers of design section 4 over the exact bytes
 * of the event (or of a batch of events, where the receiver asked for that). Signed anew at each attempt, since receivers refuse a timestamp older than five minutes.
 */
import {
  BATCH_CONTENT_TYPE,
  BATCH_EVENT,
  BATCH_SIZE_HEADER,
  toBatchBody,
  toBatchId,
} from '@offhook/contract/event-batch';
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
import { NO_TIME, UNKNOWN_VALUE } from '../destination.ts';
import type {
  AttemptRequest,
  AttemptResult,
  BatchRule,
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
  BATCH_WAIT_MS,
  createWebhookSettingsSchema,
  describeWebhookTarget,
  keepMaskedWebhookSettings,
  toPublicWebhookSettings,
} from './webhook-settings.ts';

/** Receivers take bodies of 1 MB where nobody changed anything (nginx); more events than that hold rarely come together. */
export const BATCH_BYTES_MAX = 256 * 1024;

export function createWebhookKind(options: KindOptions): DestinationKind<WebhookSettings> {
  const { userAgent } = options;
  return {
    kind: 'webhook',
    title: 'Webhook',
    summary: 'Sends every change of a call to a URL of yours, signed, in order and until it is taken.',
    setup: [
      'Make an HTTPS address that answers 2xx within the timeout (15 s) and does its slow work afterwards.',
      'Give its URL. The signing secret is shown once, when the destination is created.',
      'In the receiver, verify the signature over the raw bytes, and drop every webhook-id it has seen before.',
    ],
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
      const fixed = { custom: settings.headers ?? {}, userAgent };
      return new WebhookSender(url, options.http.open(url), fixed, toBatchRule(settings) !== null);
    },
    toBatchRule,
    describeRequest: (settings, request) => describeRequest(settings, request, userAgent),
  };
}

class WebhookSender implements DestinationSender {
  readonly #path: string;
  readonly #target: HttpTarget;
  readonly #fixed: FixedHeaders;
  /** Whoever asked for batches gets nothing else, also where an event travels alone. */
  readonly #inBatches: boolean;
  #signer: { readonly secrets: SigningSecrets; readonly signer: Signer } | null = null;

  constructor(url: URL, target: HttpTarget, fixed: FixedHeaders, inBatches: boolean) {
    this.#path = url.pathname + url.search;
    this.#target = target;
    this.#fixed = fixed;
    this.#inBatches = inBatches;
  }

  attempt(request: AttemptRequest): Promise<AttemptResult> {
    return this.#post(request, this.#inBatches ? toBatchContent([request]) : toContent(request));
  }

  async attemptBatch(requests: readonly AttemptRequest[]): Promise<AttemptResult> {
    const [first] = requests;
    if (first === undefined) return settingsFailure('there is no event to send');
    return this.#post(first, toBatchContent(requests));
  }

  /** Not async, like its callers: each such layer costs three turns of the microtask queue per attempt. */
  #post(
    { nowMs, deadlineMs, secrets }: AttemptRequest,
    content: SignedContent & { readonly body: Uint8Array },
  ): Promise<AttemptResult> {
    let headers: string[];
    try {
      headers = toHeaders(content, nowMs, this.#fixed, this.#signerFor(secrets));
    } catch (error) {
      // The secret cannot sign.
      if (error instanceof SignatureError) return Promise.resolve(settingsFailure(error.message));
      throw error;
    }
    return this.#target.post({ path: this.#path, headers, body: content.body, deadlineMs });
  }

  async close(): Promise<void> {
    this.#target.close();
  }

  abandon(): void {
    this.#target.abandon();
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
  return { kind: 'failed', cause: 'settings', detail, timing: NO_TIME };
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
    // Which events shared a batch is not kept, so neither its id nor what was signed is known.
    const inBatches = toBatchRule(settings) !== null;
    const content = inBatches ? UNKNOWN_BATCH : toContent(request);
    const signer = inBatches || request.secrets === null ? null : createSigner(request.secrets);
    const list = toHeaders(content, request.nowMs, fixed, signer);
    return { method: 'POST', url: String(url), headers: toPairs(list) };
  } catch (error) {
    if (error instanceof SignatureError) return null;
    throw error;
  }
}

function toBatchRule({
  batch_events_max: eventsMax,
  batch_wait_ms: waitMs,
}: WebhookSettings): BatchRule | null {
  if (eventsMax === undefined) return null;
  return { eventsMax, waitMs: waitMs ?? BATCH_WAIT_MS, bytesMax: BATCH_BYTES_MAX };
}

interface FixedHeaders {
  readonly custom: Readonly<Record<string, string>>;
  readonly userAgent: string;
}

/** What is signed, and what is said about it. */
interface SignedContent {
  readonly contentType: string;
  readonly event: string;
  readonly id: string;
  /** null: no longer known. */
  readonly body: Uint8Array | null;
  /** Names and values behind the signatures. */
  readonly facts: readonly string[];
}

function toContent(
  request: Pick<
    DescribedAttempt,
    'eventId' | 'eventType' | 'sequence' | 'attemptNumber' | 'traceparent' | 'body'
  >,
) {
  const { eventId: id, eventType: event, sequence, attemptNumber, traceparent, body } = request;
  // Operational events have no place in the order of a call.
  const facts = sequence > 0 ? [CALL_SEQUENCE_HEADER, String(sequence)] : [];
  facts.push(ATTEMPT_HEADER, String(attemptNumber), TRACEPARENT_HEADER, traceparent ?? UNKNOWN_VALUE);
  return { contentType: 'application/json', event, id, body, facts };
}

function toBatchContent(requests: readonly AttemptRequest[]) {
  const [first] = requests;
  const facts = [BATCH_SIZE_HEADER, String(requests.length)];
  // Each event has a trace of its own, and a request can carry only one.
  if (first !== undefined && requests.length === 1) facts.push(TRACEPARENT_HEADER, first.traceparent);
  return {
    contentType: BATCH_CONTENT_TYPE,
    event: BATCH_EVENT,
    id: toBatchId(requests.map(({ eventId }) => eventId)),
    body: toBatchBody(requests),
    facts,
  };
}

const UNKNOWN_BATCH: SignedContent = {
  contentType: BATCH_CONTENT_TYPE,
  event: BATCH_EVENT,
  id: UNKNOWN_VALUE,
  body: null,
  facts: [BATCH_SIZE_HEADER, UNKNOWN_VALUE],
};

/** signer: null where what it signed with is no longer known. */
function toHeaders(
  { contentType, event, id, body, facts }: SignedContent,
  nowMs: number,
  { custom, userAgent }: FixedHeaders,
  signer: Signer | null,
): string[] {
  const timestampSeconds = Math.floor(nowMs / 1_000);
  const timestamp = String(timestampSeconds);
  const list = ['User-Agent', userAgent, 'Content-Type', contentType, WEBHOOK_EVENT_HEADER, event];
  for (const name in custom) list.push(name, custom[name] ?? '');
  const isSigned = signer !== null && body !== null;
  list.push(
    WEBHOOK_TIMESTAMP_HEADER,
    timestamp,
    WEBHOOK_SIGNATURE_HEADER,
    isSigned ? signer.signPublished(timestampSeconds, body) : UNKNOWN_VALUE,
    STANDARD_ID_HEADER,
    id,
    STANDARD_TIMESTAMP_HEADER,
    timestamp,
    STANDARD_SIGNATURE_HEADER,
    isSigned ? signer.signStandard(id, timestampSeconds, body) : UNKNOWN_VALUE,
    ...facts,
  );
  return list;
}

/** Names and values take turns in what is sent. */
function toPairs(list: readonly string[]): readonly (readonly [string, string])[] {
  return list.flatMap((name, index) => (index % 2 === 0 ? [[name, list[index + 1] ?? ''] as const] : []));
}
