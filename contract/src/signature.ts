import type { HmacKey } from './hmac.ts';

import { randomBytes, timingSafeEqual } from 'node:crypto';

import { createHmacKey } from './hmac.ts';

/**
 * Both signature schemes, for signing and for verifying (design section 4).
 *
 * - **published**: `X-Webhook-Signature: sha256=<hex>` over `timestamp.body`; the key is the whole secret string.
 * - **standard**: Standard Webhooks 1.0.0, `webhook-signature: v1,<base64>` over `id.timestamp.body`; the key is
 *   what the base64 after `whsec_` decodes to.
 *
 * Everything works on raw bytes. A body that was parsed and serialised again is another body, and decoding bytes
 * to text first makes different bodies equal (npm `standardwebhooks` signs `22 ff 22` and `22 fe 22` alike).
 */

/** A signature made longer ago, or further ahead, than this is refused. */
export const SIGNATURE_TOLERANCE_SECONDS = 300;
/** 200,000 signatures in one header cost the `standardwebhooks` package 253 ms; nobody rotates through more than a few. */
export const SIGNATURES_MAX = 8;
export const SIGNATURE_HEADER_BYTES_MAX = 4096;
/** Standard Webhooks 1.0.0: "between 24 bytes (192 bits) and 64 bytes (512 bits)". */
export const STANDARD_KEY_BYTES_MIN = 24;
export const STANDARD_KEY_BYTES_MAX = 64;
export const SECRET_PREFIX = 'whsec_';

const CREATED_KEY_BYTES = 32;
const ID_CHARACTERS_MAX = 256;

export const SIGNATURE_FAULT_CODES = [
  'secret_missing',
  'secret_malformed',
  'missing_id',
  'malformed_id',
  'missing_timestamp',
  'malformed_timestamp',
  'timestamp_out_of_tolerance',
  'missing_signature',
  'malformed_signature',
  'no_matching_signature',
] as const;
export type SignatureFaultCode = (typeof SIGNATURE_FAULT_CODES)[number];

export interface SignatureFault {
  readonly ok: false;
  readonly code: SignatureFaultCode;
  /** One sentence that says how to fix it; holds neither secret nor signature. */
  readonly detail: string;
}

export type SignatureResult = { readonly ok: true } | SignatureFault;

/** A secret or an argument that cannot be signed with: a fault of the program or its settings, never of the network. */
export class SignatureError extends Error {
  override readonly name = 'SignatureError';
  readonly code: SignatureFaultCode;

  constructor(code: SignatureFaultCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** A new secret that serves both schemes: `whsec_` and the base64 of 32 random bytes. */
export function createSecret(): string {
  return SECRET_PREFIX + randomBytes(CREATED_KEY_BYTES).toString('base64');
}

/** The value of X-Webhook-Signature. Any non-blank secret serves, since the published scheme uses the string itself as key. */
export function signPublished(secret: string, timestampSeconds: number, body: Uint8Array): string {
  requirePublishedSecret(secret);
  requireTimestamp(timestampSeconds);
  return publishedSignature(createHmacKey(Buffer.from(secret)), timestampSeconds, body);
}

/** The value of webhook-signature: one `v1,<base64>` per secret, in the order given, separated by spaces. */
export function signStandard(
  secrets: readonly string[],
  id: string,
  timestampSeconds: number,
  body: Uint8Array,
): string {
  if (secrets.length === 0)
    throw new SignatureError('secret_missing', 'There is no secret to sign with: give at least one.');
  requireSigningId(id);
  requireTimestamp(timestampSeconds);
  const prefix = `${id}.${timestampSeconds}.`;
  return secrets.map((secret) => standardSignature(requireStandardKey(secret), prefix, body)).join(' ');
}

export interface Signer {
  /** The value of X-Webhook-Signature. */
  signPublished(timestampSeconds: number, body: Uint8Array): string;
  /** The value of webhook-signature. */
  signStandard(id: string, timestampSeconds: number, body: Uint8Array): string;
}

/**
 * Secrets made ready once and used for every attempt. While a rotation lasts (`previous` is set) both sign in
 * webhook-signature, and X-Webhook-Signature, which can carry only one, stays with the old secret.
 */
export function createSigner(secrets: {
  readonly current: string;
  readonly previous: string | null;
}): Signer {
  const publishedSecret = secrets.previous ?? secrets.current;
  requirePublishedSecret(publishedSecret);
  const publishedKey = createHmacKey(Buffer.from(publishedSecret));
  const currentKey = requireStandardKey(secrets.current);
  const previousKey = secrets.previous === null ? null : requireStandardKey(secrets.previous);
  return {
    signPublished(timestampSeconds, body) {
      requireTimestamp(timestampSeconds);
      return publishedSignature(publishedKey, timestampSeconds, body);
    },
    signStandard(id, timestampSeconds, body) {
      requireSigningId(id);
      requireTimestamp(timestampSeconds);
      const prefix = `${id}.${timestampSeconds}.`;
      const signature = standardSignature(currentKey, prefix, body);
      return previousKey === null
        ? signature
        : `${signature} ${standardSignature(previousKey, prefix, body)}`;
    },
  };
}

export type StandardSecretResult = { readonly ok: true; readonly key: HmacKey } | SignatureFault;

/**
 * The key of the standard scheme. As in the Standard Webhooks libraries the `whsec_` prefix may be missing; the rest
 * must be base64 of 24 to 64 bytes. Any other text is refused, although the published scheme takes it: the
 * receiver's library would decode it differently or not at all, and the signatures would never match.
 */
export function parseStandardSecret(secret: string): StandardSecretResult {
  const encoded = secret.startsWith(SECRET_PREFIX) ? secret.slice(SECRET_PREFIX.length) : secret;
  if (encoded.trim() === '')
    return fault(
      'secret_missing',
      'The signing secret is empty: set one, made for example by `createSecret()`.',
    );
  const bytes = Buffer.from(encoded, 'base64');
  // Buffer.from skips what is not base64, so the check is that encoding leads back to the same text.
  const isBase64 = bytes.toString('base64').replace(/=+$/, '') === encoded.replace(/={1,2}$/, '');
  if (!isBase64 || bytes.length < STANDARD_KEY_BYTES_MIN || bytes.length > STANDARD_KEY_BYTES_MAX) {
    return fault(
      'secret_malformed',
      `The signing secret must be "${SECRET_PREFIX}" followed by the base64 of ${STANDARD_KEY_BYTES_MIN} to ${STANDARD_KEY_BYTES_MAX} bytes.`,
    );
  }
  return { ok: true, key: createHmacKey(bytes) };
}

/** What a header may hold: null and undefined mean that it was not sent. */
type HeaderValue = string | null | undefined;

export interface PublishedSignatureInput {
  /** All that are valid now. Any match will do; one blank secret among them refuses everything. */
  readonly secrets: readonly string[];
  /** The raw bytes as received, never a parsed body. */
  readonly body: Uint8Array;
  /** X-Webhook-Timestamp. */
  readonly timestamp: HeaderValue;
  /** X-Webhook-Signature, with or without `sha256=` (older senders leave it out). */
  readonly signature: HeaderValue;
  /** The receiver's clock, Unix ms. */
  readonly nowMs: number;
  readonly toleranceSeconds?: number;
}

export function verifyPublished(input: PublishedSignatureInput): SignatureResult {
  const secretsFault = checkPublishedSecrets(input.secrets) ?? checkBody(input.body);
  if (secretsFault !== null) return secretsFault;
  const { signature, timestamp } = input;
  if (isMissing(signature)) {
    return fault(
      'missing_signature',
      'The X-Webhook-Signature header is missing: the sender has no secret set, or a proxy removed the header.',
    );
  }
  const timestampFault = checkTimestamp(
    timestamp,
    'X-Webhook-Timestamp',
    input.nowMs,
    input.toleranceSeconds,
  );
  if (timestampFault !== null) return timestampFault;
  // Lower case only: it is what the published SDK sends and compares, and a header with one flipped bit stays refused.
  if (!/^(?:sha256=)?[0-9a-f]{64}$/.test(signature)) {
    return fault(
      'malformed_signature',
      'X-Webhook-Signature must be "sha256=" and the 64 lower-case hex digits of one HMAC-SHA256.',
    );
  }
  const given = Buffer.from(signature.slice(-64), 'latin1');
  let matches = false;
  for (const secret of input.secrets) {
    const expected = createHmacKey(Buffer.from(secret)).sign(`${timestamp}.`, input.body, 'hex');
    matches = timingSafeEqual(given, Buffer.from(expected, 'latin1')) || matches;
  }
  return matches ? OK : NO_MATCH_PUBLISHED;
}

export interface StandardSignatureInput {
  /** All that are valid now. Any match will do; one unusable secret among them refuses everything. */
  readonly secrets: readonly string[];
  /** The raw bytes as received, never a parsed body. */
  readonly body: Uint8Array;
  /** webhook-id. */
  readonly id: HeaderValue;
  /** webhook-timestamp. */
  readonly timestamp: HeaderValue;
  /** webhook-signature: a list separated by spaces. */
  readonly signature: HeaderValue;
  /** The receiver's clock, Unix ms. */
  readonly nowMs: number;
  readonly toleranceSeconds?: number;
}

export function verifyStandard(input: StandardSignatureInput): SignatureResult {
  if (input.secrets.length === 0) return NO_SECRET;
  const keys: HmacKey[] = [];
  for (const secret of input.secrets) {
    const parsed = parseStandardSecret(secret);
    if (!parsed.ok) return parsed;
    keys.push(parsed.key);
  }
  const bodyFault = checkBody(input.body);
  if (bodyFault !== null) return bodyFault;
  const { id, signature, timestamp } = input;
  if (isMissing(id))
    return fault(
      'missing_id',
      'The webhook-id header is missing: pass on all three webhook-* headers as received.',
    );
  // A dot in the id would let id, timestamp and body be cut in another place under the same signature.
  if (id.length > ID_CHARACTERS_MAX || !/^[!-\-/-~]+$/.test(id)) {
    return fault(
      'malformed_id',
      `webhook-id must be 1 to ${ID_CHARACTERS_MAX} visible ASCII characters without a dot.`,
    );
  }
  if (isMissing(signature)) {
    return fault(
      'missing_signature',
      'The webhook-signature header is missing: pass on all three webhook-* headers as received.',
    );
  }
  const timestampFault = checkTimestamp(timestamp, 'webhook-timestamp', input.nowMs, input.toleranceSeconds);
  if (timestampFault !== null) return timestampFault;
  const listed =
    signature.length > SIGNATURE_HEADER_BYTES_MAX ? [] : signature.split(' ', SIGNATURES_MAX + 1);
  if (listed.length === 0 || listed.length > SIGNATURES_MAX) {
    return fault(
      'malformed_signature',
      `webhook-signature may hold at most ${SIGNATURES_MAX} signatures and ${SIGNATURE_HEADER_BYTES_MAX} bytes.`,
    );
  }
  // Other versions (v1a, v2 …) may stand beside ours. The encoded text is compared, not the decoded bytes: base64 has
  // two unused bits here, so four texts decode to the same digest and three of them were never sent by anyone.
  const given = listed
    .filter((entry) => /^v1,[A-Za-z0-9+/]{43}=$/.test(entry))
    .map((entry) => Buffer.from(entry, 'latin1'));
  if (given.length === 0) {
    return fault(
      'malformed_signature',
      'webhook-signature holds no "v1," signature with the base64 of 32 bytes.',
    );
  }
  const prefix = `${id}.${timestamp}.`;
  let matches = false;
  for (const key of keys) {
    const expected = Buffer.from(standardSignature(key, prefix, input.body), 'latin1');
    for (const one of given) matches = timingSafeEqual(one, expected) || matches;
  }
  return matches ? OK : NO_MATCH_STANDARD;
}

const OK: SignatureResult = { ok: true };
const NO_SECRET = fault(
  'secret_missing',
  'No secret is set to verify with: set the one the sender signs with.',
);
const MISMATCH_REMEDY =
  "check that the secret is the sender's and that the bytes are the ones received, not a body that was parsed and written again.";
const NO_MATCH_PUBLISHED = fault(
  'no_matching_signature',
  `X-Webhook-Signature does not match: ${MISMATCH_REMEDY}`,
);
const NO_MATCH_STANDARD = fault(
  'no_matching_signature',
  `No signature in webhook-signature matches: ${MISMATCH_REMEDY}`,
);

function publishedSignature(key: HmacKey, timestampSeconds: number, body: Uint8Array): string {
  return `sha256=${key.sign(`${timestampSeconds}.`, body, 'hex')}`;
}

function standardSignature(key: HmacKey, prefix: string, body: Uint8Array): string {
  return `v1,${key.sign(prefix, body, 'base64')}`;
}

function checkPublishedSecrets(secrets: readonly string[]): SignatureFault | null {
  if (secrets.length === 0) return NO_SECRET;
  return secrets.some((secret) => secret.trim() === '')
    ? fault(
        'secret_missing',
        'One of the secrets to verify with is empty: set it or take it out of the list.',
      )
    : null;
}

/** Callers in JavaScript hand in `req.body` by mistake; an object would otherwise fail deep inside the HMAC. */
function checkBody(body: unknown): SignatureFault | null {
  return body instanceof Uint8Array
    ? null
    : fault(
        'no_matching_signature',
        'The body must be the raw bytes as received: read them before any JSON parser does.',
      );
}

function checkTimestamp(
  timestamp: HeaderValue,
  header: string,
  nowMs: number,
  toleranceSeconds = SIGNATURE_TOLERANCE_SECONDS,
): SignatureFault | null {
  if (isMissing(timestamp))
    return fault('missing_timestamp', `The ${header} header is missing: pass it on as received.`);
  // parseInt and Number also take "1795312893abc", " 1795312893" and "+1795312893".
  if (!/^\d{10}$/.test(timestamp))
    return fault('malformed_timestamp', `${header} must be Unix seconds: ten digits and nothing else.`);
  const distanceSeconds = Math.abs(Math.floor(nowMs / 1000) - Number(timestamp));
  // Written so that a clock that is not a number refuses.
  if (distanceSeconds <= toleranceSeconds) return null;
  return fault(
    'timestamp_out_of_tolerance',
    `${header} is ${distanceSeconds} s away from this clock, more than ${toleranceSeconds} s: check both clocks, and sign each retry anew.`,
  );
}

function isMissing(value: HeaderValue): value is null | undefined | '' {
  return value === undefined || value === null || value === '';
}

function requirePublishedSecret(secret: string): void {
  if (secret.trim() === '')
    throw new SignatureError('secret_missing', 'The signing secret is empty: set one before signing.');
}

function requireStandardKey(secret: string): HmacKey {
  const parsed = parseStandardSecret(secret);
  if (!parsed.ok) throw new SignatureError(parsed.code, parsed.detail);
  return parsed.key;
}

function requireSigningId(id: string): void {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(id)) {
    throw new SignatureError(
      'malformed_id',
      'An id to sign must be 1 to 64 letters, digits, "_" or "-"; a dot would blur where the id ends.',
    );
  }
}

/** Ten digits: milliseconds handed in by mistake would be signed, and refused by every receiver. */
function requireTimestamp(timestampSeconds: number): void {
  if (!Number.isInteger(timestampSeconds) || timestampSeconds < 1e9 || timestampSeconds >= 1e10) {
    throw new SignatureError(
      'malformed_timestamp',
      'A timestamp to sign must be whole Unix seconds (ten digits), not milliseconds.',
    );
  }
}

function fault(code: SignatureFaultCode, detail: string): SignatureFault {
  return { ok: false, code, detail };
}
