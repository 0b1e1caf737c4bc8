/** What a token endpoint says, as a value; nothing of its body goes further, since it holds or may repeat credentials. */
import type { JsonAnswer } from '../http/json-client.ts';

export type TokenGrant =
  | {
      readonly kind: 'granted';
      readonly accessToken: string;
      /** Where the server says how long it lasts. */
      readonly lifetimeMs: number | null;
      /** A new one, which may be the only valid one from now on. */
      readonly refreshToken: string | null;
      /** Salesforce: where this login's API is. The server's word, not ours. */
      readonly instanceUrl: string | null;
    }
  /** It will say so again until somebody changes something. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** The answer as the result of the request that wanted a token: without its body. */
  | { readonly kind: 'failed'; readonly answer: JsonAnswer };

/** A remembered value holds 16,384 characters and Salesforce's own tokens stay below 2,000. */
const TOKEN_CHARACTERS_MAX = 8_192;
const VISIBLE_ASCII = /^[\x21-\x7e]+$/;
const LIFETIME_S_MAX = 10 * 365 * 24 * 3_600;

export function toTokenGrant(answer: JsonAnswer): TokenGrant {
  if (answer.kind === 'failed') return { kind: 'failed', answer };
  const { status, timing } = answer;
  const fields = toFields(answer.json);
  if (status >= 200 && status < 300) {
    const accessToken = toToken(fields['access_token']);
    if (accessToken === null) {
      const detail = 'the token endpoint answered without an access token';
      return { kind: 'failed', answer: { kind: 'failed', cause: 'protocol', detail, timing } };
    }
    return {
      kind: 'granted',
      accessToken,
      lifetimeMs: toLifetimeMs(fields['expires_in']),
      refreshToken: toToken(fields['refresh_token']),
      instanceUrl: typeof fields['instance_url'] === 'string' ? fields['instance_url'] : null,
    };
  }
  const description = toDescription(fields['error_description']);
  // Salesforce says a busy login with the status and code of a refused one.
  const isBusy = status === 429 || /rate exceeded|try again/i.test(description ?? '');
  if (isBusy) return { kind: 'failed', answer: { ...answer, status: 429, json: undefined, body: null } };
  if (status >= 500 || status === 408)
    return { kind: 'failed', answer: { ...answer, json: undefined, body: null } };
  const error = fields['error'];
  const code = typeof error === 'string' && /^[a-z_]{1,40}$/.test(error) ? error : `answered ${status}`;
  return { kind: 'refused', reason: description === null ? code : `${code}: ${description}` };
}

function toFields(json: unknown): Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null ? (json as Readonly<Record<string, unknown>>) : {};
}

/** It goes into a header, so nothing that could end one. */
function toToken(value: unknown): string | null {
  if (typeof value !== 'string' || value.length > TOKEN_CHARACTERS_MAX) return null;
  return VISIBLE_ASCII.test(value) ? value : null;
}

function toLifetimeMs(value: unknown): number | null {
  const seconds = typeof value === 'string' && value !== '' ? Number(value) : value;
  if (typeof seconds !== 'number' || !(seconds > 0)) return null;
  return Math.min(seconds, LIFETIME_S_MAX) * 1_000;
}

/** "expired access/refresh token", "inactive user": helpful where it is plain words, dropped where it could hold a credential. */
function toDescription(value: unknown): string | null {
  if (typeof value !== 'string' || !/^[a-z ,.'/-]{1,100}$/i.test(value)) return null;
  return value.split(/[\s/]/).every((word) => word.length <= 20) ? value : null;
}
