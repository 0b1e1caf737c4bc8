/**
 * Requests to an API that speaks JSON, over the client that no server can hold up. In: a method, a path, a value. Out:
 * the status and what the body says, or why there was no answer; never an exception for what the network does.
 */
import type { AttemptResult, AttemptTiming } from '../destination.ts';
import { RESPONSE_BYTES_KEPT_MAX, type HttpMethod } from './exchange.ts';
import type { HttpClient } from './http-client.ts';

export interface JsonClient {
  request(request: JsonRequest): Promise<JsonAnswer>;
  /** Lets requests under way finish. */
  close(): void;
  /** Cuts requests under way off; their promises never settle. */
  abandon(): void;
}

export interface JsonRequest {
  readonly method: HttpMethod;
  /** Path and query behind the URL of the client, beginning with a slash. */
  readonly path: string;
  /** Beside the fixed ones, which they override by the same spelling. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  /** Sent as application/x-www-form-urlencoded, which token endpoints want. */
  readonly form?: Readonly<Record<string, string>>;
  readonly deadlineMs: number;
  /** As HttpRequest says it: by default all but POST. */
  readonly isRepeatable?: boolean;
}

export type JsonAnswer =
  | {
      readonly kind: 'answered';
      readonly status: number;
      /** The raw Retry-After value, if any. */
      readonly retryAfter: string | null;
      /** undefined where the body is no JSON, or broke off. */
      readonly json: unknown;
      readonly body: Uint8Array | null;
      readonly timing: AttemptTiming;
    }
  | Extract<AttemptResult, { kind: 'failed' }>;

export const JSON_BYTES_MAX = 256 * 1024;

/** fixedHeaders go with every request: Authorization, User-Agent, a version of the API. */
export function openJsonClient(
  http: HttpClient,
  url: URL,
  fixedHeaders: Readonly<Record<string, string>>,
): JsonClient {
  const target = http.open(url);
  // An `api_url` may have a path of its own, where a proxy serves several APIs.
  const prefix = url.pathname.replace(/\/+$/, '');
  return {
    async request({ method, path, headers, json, form, deadlineMs, isRepeatable }) {
      const content = toContent(json, form);
      const result = await target.send({
        method,
        path: prefix + path,
        headers: Object.entries({
          Accept: 'application/json',
          ...fixedHeaders,
          ...(content !== null && { 'Content-Type': content.type }),
          ...headers,
        }).flat(),
        body: content?.bytes ?? null,
        deadlineMs,
        keptBytesMax: JSON_BYTES_MAX,
        ...(isRepeatable !== undefined && { isRepeatable }),
      });
      if (result.kind === 'failed') return result;
      const { status, retryAfter, responseBody: body, timing } = result;
      return { kind: 'answered', status, retryAfter, json: parseJson(body), body, timing };
    },
    close: () => target.close(),
    abandon: () => target.abandon(),
  };
}

/** A request's answer as the result of the attempt it was made for; at most as much of the body as an attempt keeps. */
export function toAttemptResult(answer: JsonAnswer): AttemptResult {
  if (answer.kind === 'failed') return answer;
  const { status, retryAfter, body, timing } = answer;
  return {
    kind: 'answered',
    status,
    retryAfter,
    abort: false,
    responseBody: body === null ? null : body.slice(0, RESPONSE_BYTES_KEPT_MAX),
    timing,
  };
}

function toContent(
  json: unknown,
  form: Readonly<Record<string, string>> | undefined,
): { readonly type: string; readonly bytes: Uint8Array } | null {
  if (form !== undefined) {
    const text = new URLSearchParams(form).toString();
    return { type: 'application/x-www-form-urlencoded', bytes: Buffer.from(text) };
  }
  if (json === undefined) return null;
  return { type: 'application/json; charset=utf-8', bytes: Buffer.from(JSON.stringify(json)) };
}

function parseJson(body: Uint8Array | null): unknown {
  if (body === null) return undefined;
  try {
    return JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}
