/** The cookie that holds a session's token. */
import { hash, randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

const TOKEN_BYTES = 32;
const TOKEN = /^ohs_[\w-]{43}$/;

export interface NewSessionToken {
  /** Goes to the browser and is never kept. */
  readonly text: string;
  readonly hash: Uint8Array;
}

export function createSessionToken(bytes: Uint8Array = randomBytes(TOKEN_BYTES)): NewSessionToken {
  const text = `ohs_${Buffer.from(bytes).toString('base64url')}`;
  return { text, hash: hash('sha256', text, 'buffer') };
}

/** Null where no session's cookie came, or one that cannot be ours. */
export function readSessionToken({ cookie, host }: IncomingHttpHeaders): string | null {
  if (cookie === undefined) return null;
  const name = toName(host);
  let token: string | null = null;
  for (const pair of cookie.split(';')) {
    const end = pair.indexOf('=');
    const key = pair.slice(0, end).trim();
    const value = pair.slice(end + 1).trim();
    if (!TOKEN.test(value)) continue;
    // No other host, and nobody without TLS, can have set this one.
    if (key === SECURE_PREFIX + name) return value;
    if (key === name) token ??= value;
  }
  return token;
}

export function toSessionCookie(headers: IncomingHttpHeaders, token: string, lifeMs: number): string {
  return toCookie(headers, token, Math.floor(lifeMs / 1000));
}

export function toEndedCookie(headers: IncomingHttpHeaders): string {
  return toCookie(headers, '', 0);
}

function toCookie(headers: IncomingHttpHeaders, value: string, maxAgeS: number): string {
  const isSecure = cameByHttps(headers);
  const name = (isSecure ? SECURE_PREFIX : '') + toName(headers.host);
  return `${name}=${value}; Path=/; Max-Age=${maxAgeS}; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`;
}

const SECURE_PREFIX = '__Host-';

/** Cookies are not separated by port: two hubs on one machine must not sign each other out. */
function toName(host: string | undefined): string {
  const port = /:(\d{1,5})$/.exec(host ?? '')?.[1];
  return port === undefined ? 'offhook_session' : `offhook_session_${port}`;
}

/** The hub itself speaks HTTP; a proxy before it says what it was asked in, and so does the browser. */
function cameByHttps(headers: IncomingHttpHeaders): boolean {
  const forwarded = String(headers['x-forwarded-proto'] ?? '').split(',', 1)[0];
  if (forwarded !== undefined && forwarded !== '') return forwarded.trim().toLowerCase() === 'https';
  return headers.origin?.startsWith('https://') === true;
}
