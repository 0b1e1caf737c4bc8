/** What a webhook destination is set to: parsed at the API door, where a problem can still be told to the person who made it. */
import { z } from 'zod';
import type { FieldMeta } from '../destination.ts';
import type { EgressGuard } from '../egress/address-rules.ts';
import { MASK } from '../masked-settings.ts';
import { createUrlSchema } from '../url-problem.ts';

export interface WebhookSettings {
  readonly url: string;
  /** Sent with every attempt; values are treated as secrets. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Several events in one request, at most so many; undefined: one each. */
  readonly batch_events_max?: number | undefined;
  /** How long an event may wait for others to go with; BATCH_WAIT_MS where undefined. */
  readonly batch_wait_ms?: number | undefined;
}

export const BATCH_EVENTS_MAX = 100;
export const BATCH_WAIT_MS = 200;
export const BATCH_WAIT_MS_MAX = 5_000;
export const CUSTOM_HEADERS_MAX = 20;
export const CUSTOM_HEADER_BYTES_MAX = 4_096;
const ENCODED_MASK = encodeURIComponent(MASK);

export function createWebhookSettingsSchema(guard: EgressGuard): z.ZodType<WebhookSettings> {
  return z.strictObject({
    url: createUrlSchema(guard, 'url').meta(URL_META),
    headers: z
      .record(z.string(), z.string())
      .superRefine((headers, context) => {
        for (const problem of headerProblems(headers)) context.addIssue({ code: 'custom', message: problem });
      })
      .optional()
      .meta(HEADERS_META),
    batch_events_max: z.int().min(2).max(BATCH_EVENTS_MAX).optional().meta(BATCH_EVENTS_META),
    batch_wait_ms: z.int().min(0).max(BATCH_WAIT_MS_MAX).optional().meta(BATCH_WAIT_META),
  });
}

const URL_META = {
  title: 'URL',
  description: 'Where each event is POSTed to, https://…',
  placeholder: 'https://example.com/webhooks/status-update',
} satisfies FieldMeta;
const HEADERS_META = {
  title: 'Headers',
  description: 'Authorization and X-… headers sent with every attempt; their values are kept secret',
  secret: true,
  advanced: true,
} satisfies FieldMeta;

const BATCH_EVENTS_META = {
  title: 'Events per request',
  description:
    'Sends up to so many events in one request, in a body of its own form; left out, each event is a request',
  unit: 'events',
  advanced: true,
} satisfies FieldMeta;
const BATCH_WAIT_META = {
  title: 'Wait for a batch',
  description: `How long an event may wait for others to share its request; ${BATCH_WAIT_MS} where left out`,
  placeholder: String(BATCH_WAIT_MS),
  unit: 'ms',
  advanced: true,
} satisfies FieldMeta;

/** The settings as people may see them: header values and query values can be keys, so only their names are shown. */
export function toPublicWebhookSettings(settings: WebhookSettings): Record<string, unknown> {
  const { url, headers, batch_events_max, batch_wait_ms } = settings;
  return {
    url: maskUrl(url),
    ...(headers !== undefined && { headers: mapValues(headers) }),
    ...(batch_events_max !== undefined && { batch_events_max }),
    ...(batch_wait_ms !== undefined && { batch_wait_ms }),
  };
}

/** Where it goes, for lists: what stands behind the "?" can be a key, so it is left out. */
export function describeWebhookTarget({ url: text }: WebhookSettings): string {
  const url = URL.parse(text);
  return url === null ? MASK : url.origin + url.pathname;
}

/**
 * Masked values that come back as they were shown stay what they are, so that a form can be saved without knowing them;
 * but only for the same host: whoever may change the address must not have what is secret sent to another one.
 */
export function keepMaskedWebhookSettings(stored: WebhookSettings, given: unknown): unknown {
  if (typeof given !== 'object' || given === null || !('url' in given) || typeof given.url !== 'string')
    return given;
  const from = URL.parse(stored.url);
  const to = URL.parse(given.url);
  if (from === null || to === null || from.origin !== to.origin) return given;
  for (const [name, known] of from.searchParams) {
    if (to.searchParams.get(name) === MASK) to.searchParams.set(name, known);
  }
  const url = given.url.includes(ENCODED_MASK) || given.url.includes(MASK) ? to.href : given.url;
  const isSame = given.url === maskUrl(stored.url);
  const headers = 'headers' in given ? given.headers : undefined;
  if (typeof headers !== 'object' || headers === null) return { ...given, url: isSame ? stored.url : url };
  const kept = Object.entries(headers).map(([name, value]) => [
    name,
    value === MASK ? (stored.headers?.[name] ?? value) : value,
  ]);
  return { ...given, url: isSame ? stored.url : url, headers: Object.fromEntries(kept) as unknown };
}

/**
 * An allow list, since some headers change what a receiver's proxy does with the request: Authorization, the usual
 * names of keys, and X-… except those below.
 */
const HEADERS_ALLOWED: ReadonlySet<string> = new Set([
  'authorization',
  'api-key',
  'apikey',
  'cf-access-client-id',
  'cf-access-client-secret',
  'ngrok-skip-browser-warning',
]);
/** Ours, those that proxies and frameworks obey, and those that make a cloud's metadata service answer. */
const PREFIXES_REFUSED: readonly string[] = [
  'x-webhook-',
  'x-offhook-',
  'x-forwarded-',
  'x-original-',
  'x-rewrite-',
  'x-real-ip',
  'x-http-method',
  'x-method-override',
  'x-accel-',
  'x-sendfile',
  'x-aws-',
  'x-google-',
  'x-amz-',
  'x-goog-',
];

function headerProblems(headers: Readonly<Record<string, string>>): string[] {
  const problems: string[] = [];
  const entries = Object.entries(headers);
  if (entries.length > CUSTOM_HEADERS_MAX)
    problems.push(`headers has ${entries.length} entries; at most ${CUSTOM_HEADERS_MAX} are sent`);
  const seen = new Set<string>();
  let bytes = 0;
  for (const [name, value] of entries) {
    const lower = name.toLowerCase();
    bytes += name.length + value.length;
    if (!/^[A-Za-z0-9-]{1,64}$/.test(name))
      problems.push('a header name may hold letters, digits and "-" only, at most 64 of them');
    else if (!isAllowedHeader(lower)) {
      problems.push(
        `header ${name} cannot be set: Authorization, Api-Key and X-… names can, except those the hub or proxies give a meaning to`,
      );
    } else if (value === MASK) {
      problems.push(`header ${name} is ${MASK}; write its value, since it is kept only for the same host`);
    } else if (seen.has(lower)) problems.push(`header ${name} is given twice`);
    else if (!/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(value)) {
      problems.push(
        `header ${name} must have a value of visible ASCII characters, without spaces at its ends`,
      );
    }
    seen.add(lower);
  }
  if (bytes > CUSTOM_HEADER_BYTES_MAX)
    problems.push(`headers are ${bytes} bytes long together; at most ${CUSTOM_HEADER_BYTES_MAX} are sent`);
  return problems;
}

function isAllowedHeader(lower: string): boolean {
  if (HEADERS_ALLOWED.has(lower)) return true;
  return (
    lower.startsWith('x-') && lower.length > 2 && !PREFIXES_REFUSED.some((prefix) => lower.startsWith(prefix))
  );
}

function mapValues(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.keys(headers).map((name) => [name, MASK]));
}

function maskUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null) return MASK;
  if (url.search === '') return text;
  const query = [...url.searchParams.keys()].map((name) => `${encodeURIComponent(name)}=${MASK}`).join('&');
  return `${url.origin}${url.pathname}?${query}`;
}
