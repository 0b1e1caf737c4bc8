/**
 * Proof P12, signatures. Events with any text are signed by us and checked by our verifier, by the two libraries that
 * receivers use, and by an HMAC written here from RFC 2104; then single bits of what was signed are flipped, and our
 * verifier must accept none of it.
 *
 * How independent the checkers are: npm `standardwebhooks` brings its own SHA-256 in JavaScript; npm `svix` 2 is a
 * second package around the first one; the HMAC below shares only OpenSSL's SHA-256 with what it checks.
 */
import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import { Webhook as SvixWebhook } from 'svix';

import type { EventContent } from '../contract/src/body.ts';
import type { Signer } from '../contract/src/signature.ts';

import { toStatusUpdateBody } from '../contract/src/body.ts';
import { createSigner, verifyPublished, verifyStandard } from '../contract/src/signature.ts';

export interface ProofResult {
  readonly passed: boolean;
  readonly figures: Record<string, number | string>;
}

const FULL_EVENTS = 10_000;
const FULL_BIT_FLIPS = 100_000;

export async function proveSignatures(options: {
  readonly size: 'full' | 'small';
  readonly seed: number;
}): Promise<ProofResult> {
  const share = options.size === 'full' ? 1 : 20;
  const events = fc.sample(signedEvent(), { seed: options.seed, numRuns: FULL_EVENTS / share });
  // Retries are signed anew at another time, so the libraries, which read the wall clock, get one of their own.
  const nowSeconds = Math.floor(Date.now() / 1000);
  const counts = {
    events: 0,
    rotationPairs: 0,
    ours: 0,
    standardwebhooks: 0,
    svix: 0,
    rfc2104: 0,
    retries: 0,
  };
  for (const event of events) {
    const signed = sign(event, nowSeconds);
    counts.events += 1;
    if (event.previous !== null) counts.rotationPairs += 1;
    if (isAcceptedByUs(event, signed)) counts.ours += 1;
    if (isAcceptedBy(StandardWebhook, event, signed)) counts.standardwebhooks += 1;
    if (isAcceptedBy(SvixWebhook, event, signed)) counts.svix += 1;
    if (isEqualToRfc2104(event, signed)) counts.rfc2104 += 1;
    const retry = sign(event, nowSeconds - event.retriedSecondsAgo);
    if (isAcceptedByUs(event, retry) && isAcceptedBy(StandardWebhook, event, retry)) counts.retries += 1;
    // Lets a test runner or a progress line breathe; 10,000 events take about 4 s.
    if (counts.events % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const flips = flipBits(events, nowSeconds, FULL_BIT_FLIPS / share, options.seed);
  const passed =
    counts.events === FULL_EVENTS / share &&
    counts.rotationPairs > 0 &&
    [counts.ours, counts.standardwebhooks, counts.svix, counts.rfc2104, counts.retries].every(
      (count) => count === counts.events,
    ) &&
    flips.tried === FULL_BIT_FLIPS / share &&
    flips.accepted === 0;
  return {
    passed,
    figures: {
      seed: options.seed,
      events: counts.events,
      'events signed by two secrets': counts.rotationPairs,
      'accepted by our verifier': counts.ours,
      'accepted by standardwebhooks': counts.standardwebhooks,
      'accepted by svix': counts.svix,
      'equal to RFC 2104 by hand': counts.rfc2104,
      'retries signed anew and accepted': counts.retries,
      'bits flipped': flips.tried,
      'flipped and accepted': flips.accepted,
      ...Object.fromEntries(Object.entries(flips.byPart).map(([part, count]) => [`flips in ${part}`, count])),
    },
  };
}

interface EventToSign {
  readonly content: EventContent;
  readonly id: string;
  readonly current: string;
  readonly previous: string | null;
  readonly retriedSecondsAgo: number;
}

interface SignedEvent {
  readonly body: Uint8Array;
  readonly timestampSeconds: number;
  readonly published: string;
  readonly standard: string;
}

function sign(event: EventToSign, timestampSeconds: number): SignedEvent {
  const signer: Signer = createSigner({ current: event.current, previous: event.previous });
  const body = toStatusUpdateBody(event.content);
  return {
    body,
    timestampSeconds,
    published: signer.signPublished(timestampSeconds, body),
    standard: signer.signStandard(event.id, timestampSeconds, body),
  };
}

/** A receiver knows the old secret, the new one, or both; each must be let in as long as the rotation lasts. */
function isAcceptedByUs(event: EventToSign, signed: SignedEvent): boolean {
  const { body, timestampSeconds } = signed;
  const common = { body, timestamp: String(timestampSeconds), nowMs: timestampSeconds * 1000 };
  const known = event.previous === null ? [event.current] : [event.current, event.previous];
  const knows = [known, ...known.map((secret) => [secret])];
  return (
    knows.every(
      (secrets) => verifyStandard({ ...common, secrets, id: event.id, signature: signed.standard }).ok,
    ) && verifyPublished({ ...common, secrets: known, signature: signed.published }).ok
  );
}

function isAcceptedBy(
  library: typeof StandardWebhook | typeof SvixWebhook,
  event: EventToSign,
  { body, timestampSeconds, standard }: SignedEvent,
): boolean {
  const headers = {
    'webhook-id': event.id,
    'webhook-timestamp': String(timestampSeconds),
    'webhook-signature': standard,
  };
  const known = event.previous === null ? [event.current] : [event.current, event.previous];
  return known.every((secret) => {
    try {
      new library(secret).verify(Buffer.from(body), headers);
      return true;
    } catch {
      return false;
    }
  });
}

function isEqualToRfc2104(
  event: EventToSign,
  { body, timestampSeconds, published, standard }: SignedEvent,
): boolean {
  const content = (prefix: string): Buffer => Buffer.concat([Buffer.from(prefix), body]);
  const secrets = event.previous === null ? [event.current] : [event.current, event.previous];
  const standardByHand = secrets.map((secret) => {
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
    return `v1,${hmacSha256(key, content(`${event.id}.${timestampSeconds}.`)).toString('base64')}`;
  });
  const publishedKey = Buffer.from(event.previous ?? event.current);
  const publishedByHand = `sha256=${hmacSha256(publishedKey, content(`${timestampSeconds}.`)).toString('hex')}`;
  return standard === standardByHand.join(' ') && published === publishedByHand;
}

/** RFC 2104 as its text says: H(K xor opad, H(K xor ipad, text)), with blocks of 64 bytes. */
function hmacSha256(key: Buffer, text: Buffer): Buffer {
  const block = Buffer.alloc(64);
  (key.length > block.length ? createHash('sha256').update(key).digest() : key).copy(block);
  const inner = createHash('sha256')
    .update(block.map((byte) => byte ^ 0x36))
    .update(text)
    .digest();
  return createHash('sha256')
    .update(block.map((byte) => byte ^ 0x5c))
    .update(inner)
    .digest();
}

const FLIPPED_PARTS = ['body', 'id', 'timestamp', 'standard signature', 'published signature'] as const;
type FlippedPart = (typeof FLIPPED_PARTS)[number];

interface Flips {
  readonly tried: number;
  readonly accepted: number;
  readonly byPart: Record<FlippedPart, number>;
}

/**
 * One bit of one part each, chosen by the seed, parts in turn. Only events with one secret: while a rotation lasts, the
 * other signature rightly still lets an event in whose first one was hurt.
 */
function flipBits(events: readonly EventToSign[], nowSeconds: number, count: number, seed: number): Flips {
  const single = events
    .filter(({ previous }) => previous === null)
    .map((event) => ({ event, signed: sign(event, nowSeconds) }));
  const random = seededRandom(seed);
  const byPart: Record<FlippedPart, number> = {
    body: 0,
    id: 0,
    timestamp: 0,
    'standard signature': 0,
    'published signature': 0,
  };
  let tried = 0;
  let accepted = 0;
  while (tried < count && single.length > 0) {
    const { event, signed } = single[Math.floor(random() * single.length)] as (typeof single)[number];
    const part = FLIPPED_PARTS[tried % FLIPPED_PARTS.length] as FlippedPart;
    if (isFlipAccepted(part, event, signed, random)) accepted += 1;
    byPart[part] += 1;
    tried += 1;
  }
  return { tried, accepted, byPart };
}

/** Body and timestamp are under both signatures, so a flip there must be refused by both verifiers. */
function isFlipAccepted(
  part: FlippedPart,
  event: EventToSign,
  signed: SignedEvent,
  random: () => number,
): boolean {
  const given = {
    body: part === 'body' ? flipBit(signed.body, random) : signed.body,
    timestamp: flipText(part === 'timestamp', String(signed.timestampSeconds), random),
    nowMs: signed.timestampSeconds * 1000,
    secrets: [event.current],
    // What is proven is the signature, not the window around the clock.
    toleranceSeconds: Number.MAX_SAFE_INTEGER,
  };
  const standard = verifyStandard({
    ...given,
    id: flipText(part === 'id', event.id, random),
    signature: flipText(part === 'standard signature', signed.standard, random),
  });
  const published = verifyPublished({
    ...given,
    signature: flipText(part === 'published signature', signed.published, random),
  });
  switch (part) {
    case 'body':
    case 'timestamp':
      return standard.ok || published.ok;
    case 'id':
    case 'standard signature':
      return standard.ok;
    case 'published signature':
      return published.ok;
  }
}

function flipText(isFlipped: boolean, text: string, random: () => number): string {
  // latin1, as headers arrive: one byte is one character.
  return isFlipped ? Buffer.from(flipBit(Buffer.from(text, 'latin1'), random)).toString('latin1') : text;
}

function flipBit(bytes: Uint8Array, random: () => number): Uint8Array {
  const flipped = Uint8Array.from(bytes);
  const bit = Math.floor(random() * flipped.length * 8);
  flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
  return flipped;
}

/** mulberry32: small, and the same on every machine. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Any text a source may send: whole characters of every plane, but no NUL, which the door refuses. */
function signedEvent(): fc.Arbitrary<EventToSign> {
  const text = fc.string({ unit: 'binary', maxLength: 60 }).map((value) => value.replaceAll('\0', ' '));
  const optional = fc.option(text, { nil: null });
  const secret = fc
    .uint8Array({ minLength: 24, maxLength: 64 })
    .map((bytes) => `whsec_${Buffer.from(bytes).toString('base64')}`);
  const content: fc.Arbitrary<EventContent> = fc.record({
    timestamp: fc
      .date({ noInvalidDate: true, min: new Date(0), max: new Date(253_402_300_799_999) })
      .map((date) => date.toISOString()),
    callId: text,
    type: text,
    status: fc.constantFrom('in-progress', 'ended', 'ended-with-error'),
    phoneNumber: fc.option(fc.record({ number: optional, name: optional }), { nil: null }),
    customer: fc.option(fc.record({ number: optional }), { nil: null }),
    error: optional,
    endReason: optional,
    assistant: fc.option(
      fc.record({
        id: optional,
        name: optional,
        metadata: fc.dictionary(text, fc.jsonValue(), { maxKeys: 4 }),
      }),
      { nil: null },
    ),
  });
  return fc.record({
    content,
    id: fc.stringMatching(/^evt_[0-9A-Za-z_-]{1,60}$/),
    current: secret,
    previous: fc.option(secret, { nil: null, freq: 3 }),
    // Within the tolerance of ±300 s, less what the run itself may take.
    retriedSecondsAgo: fc.integer({ min: 1, max: 200 }),
  });
}
