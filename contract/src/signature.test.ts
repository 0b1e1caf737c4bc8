import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';

import type { SignatureResult } from './signature.ts';

import {
  createSecret,
  createSigner,
  parseStandardSecret,
  SignatureError,
  signPublished,
  signStandard,
  verifyPublished,
  verifyStandard,
} from './signature.ts';

interface VectorCase {
  readonly name: string;
  readonly secrets: readonly string[];
  readonly id?: string | null;
  readonly timestamp: string | null;
  readonly signature: string | null;
  readonly nowSeconds: number;
  readonly body?: string;
  readonly bodyBase64?: string;
  readonly expect: string;
  readonly signs?: boolean;
}

const published = readVectors('published-signature.json');
const standard = readVectors('standard-signature.json');

describe('the published signature', () => {
  it.each(published)('$name: $expect', (vector) => {
    const { secrets, timestamp, signature } = vector;
    const result = verifyPublished({
      secrets,
      body: toBody(vector),
      timestamp,
      signature,
      nowMs: vector.nowSeconds * 1000,
    });
    expect(toCode(result)).toBe(vector.expect);
  });

  it.each(published.filter(({ signs }) => signs))('signing gives the vector: $name', (vector) => {
    expect(signPublished(vector.secrets[0] ?? '', Number(vector.timestamp), toBody(vector))).toBe(
      vector.signature,
    );
  });

  it('takes any secret that is not blank, since the sender chose it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), fc.uint8Array(), (secret, body) => {
        fc.pre(secret.trim() !== '');
        const signature = signPublished(secret, NOW_SECONDS, body);
        expect(
          verifyPublished({
            secrets: [secret],
            body,
            timestamp: String(NOW_SECONDS),
            signature,
            nowMs: NOW_MS,
          }),
        ).toEqual({ ok: true });
      }),
    );
  });

  it('refuses a parsed body instead of failing inside the HMAC', () => {
    const body = { message: {} } as unknown as Uint8Array;
    const result = verifyPublished({
      secrets: ['a secret'],
      body,
      timestamp: '1765627200',
      signature: 'sha256=0',
      nowMs: NOW_MS,
    });
    expect(result).toMatchObject({ ok: false, detail: expect.stringContaining('raw bytes') });
  });

  it('refuses everything when the clock that is handed in is not a number', () => {
    const body = Buffer.from('{}');
    const signature = signPublished('a secret', NOW_SECONDS, body);
    const result = verifyPublished({
      secrets: ['a secret'],
      body,
      timestamp: String(NOW_SECONDS),
      signature,
      nowMs: Number.NaN,
    });
    expect(toCode(result)).toBe('timestamp_out_of_tolerance');
  });
});

describe('the standard signature', () => {
  it.each(standard)('$name: $expect', (vector) => {
    const { secrets, id, timestamp, signature } = vector;
    const result = verifyStandard({
      secrets,
      body: toBody(vector),
      id,
      timestamp,
      signature,
      nowMs: vector.nowSeconds * 1000,
    });
    expect(toCode(result)).toBe(vector.expect);
  });

  it.each(standard.filter(({ signs }) => signs))('signing gives the vector: $name', (vector) => {
    expect(signStandard(vector.secrets, vector.id ?? '', Number(vector.timestamp), toBody(vector))).toBe(
      vector.signature,
    );
  });

  it('is accepted by the Standard Webhooks reference library', () => {
    const secret = createSecret();
    const body = Buffer.from('{"text":"電話 ☎️"}');
    const nowSeconds = Math.floor(Date.now() / 1000);
    const headers = {
      'webhook-id': 'evt_1',
      'webhook-timestamp': String(nowSeconds),
      'webhook-signature': signStandard([secret], 'evt_1', nowSeconds, body),
    };
    expect(new Webhook(secret).verify(body, headers)).toEqual({ text: '電話 ☎️' });
  });

  it('refuses a header of 200,000 signatures without looking at them', () => {
    const secret = createSecret();
    const body = Buffer.from('{}');
    const signature = Array.from({ length: 200_000 }, () => `v1,${'A'.repeat(43)}=`).join(' ');
    const result = verifyStandard({
      secrets: [secret],
      body,
      id: 'evt_1',
      timestamp: String(NOW_SECONDS),
      signature,
      nowMs: NOW_MS,
    });
    expect(toCode(result)).toBe('malformed_signature');
  });

  it('signs no id that is not ours and no timestamp in milliseconds', () => {
    const secret = createSecret();
    const body = Buffer.from('{}');
    expect(() => signStandard([secret], 'evt.1', NOW_SECONDS, body)).toThrow(SignatureError);
    expect(() => signStandard([secret], '', NOW_SECONDS, body)).toThrow(SignatureError);
    expect(() => signStandard([secret], 'evt_1', NOW_MS, body)).toThrow(SignatureError);
    expect(() => signStandard([], 'evt_1', NOW_SECONDS, body)).toThrow(SignatureError);
    expect(() => signPublished(' ', NOW_SECONDS, body)).toThrow(SignatureError);
  });
});

describe('secrets', () => {
  it('made by us hold 32 random bytes and serve both schemes', () => {
    const secret = createSecret();
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(createSecret()).not.toBe(secret);
    const parsed = parseStandardSecret(secret);
    expect(parsed.ok && parsed.key.bytes).toBe(32);
  });

  it('are never repeated by the sentence that refuses them', () => {
    const secret = 'whsec_this is no base64 at all';
    const parsed = parseStandardSecret(secret);
    expect(parsed).toMatchObject({ ok: false, code: 'secret_malformed' });
    expect(JSON.stringify(parsed)).not.toContain('no base64');
  });

  it('that cannot sign for a Standard Webhooks receiver are refused before the first attempt', () => {
    expect(() => createSigner({ current: 'whsec_test_secret_12345', previous: null })).toThrow(
      SignatureError,
    );
    expect(() => createSigner({ current: createSecret(), previous: '' })).toThrow(SignatureError);
  });
});

describe('a prepared signer', () => {
  it('signs as the plain functions do', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 2000 }),
        fc.integer({ min: 1e9, max: 9_999_999_999 }),
        (body, timestamp) => {
          const secret = createSecret();
          const signer = createSigner({ current: secret, previous: null });
          expect(signer.signPublished(timestamp, body)).toBe(signPublished(secret, timestamp, body));
          expect(signer.signStandard('evt_1', timestamp, body)).toBe(
            signStandard([secret], 'evt_1', timestamp, body),
          );
        },
      ),
    );
  });

  it('lets receivers with the old and with the new secret in while a rotation lasts', () => {
    const [current, previous] = [createSecret(), createSecret()];
    const signer = createSigner({ current, previous });
    const body = Buffer.from('{}');
    const timestamp = String(NOW_SECONDS);
    const standardInput = {
      body,
      id: 'evt_1',
      timestamp,
      signature: signer.signStandard('evt_1', NOW_SECONDS, body),
      nowMs: NOW_MS,
    };
    expect(verifyStandard({ ...standardInput, secrets: [current] })).toEqual({ ok: true });
    expect(verifyStandard({ ...standardInput, secrets: [previous] })).toEqual({ ok: true });
    const publishedInput = {
      body,
      timestamp,
      signature: signer.signPublished(NOW_SECONDS, body),
      nowMs: NOW_MS,
    };
    expect(verifyPublished({ ...publishedInput, secrets: [previous] })).toEqual({ ok: true });
    expect(toCode(verifyPublished({ ...publishedInput, secrets: [current] }))).toBe('no_matching_signature');
  });

  it('signs what it is given again on every attempt: a retry a day later carries a new timestamp', () => {
    const signer = createSigner({ current: createSecret(), previous: null });
    const body = Buffer.from('{}');
    expect(signer.signStandard('evt_1', NOW_SECONDS, body)).not.toBe(
      signer.signStandard('evt_1', NOW_SECONDS + 86_400, body),
    );
  });
});

const NOW_SECONDS = 1_765_627_200;
const NOW_MS = NOW_SECONDS * 1000;

function readVectors(file: string): readonly VectorCase[] {
  const path = new URL(`../vectors/${file}`, import.meta.url);
  return (JSON.parse(readFileSync(path, 'utf8')) as { cases: VectorCase[] }).cases;
}

function toBody({ body, bodyBase64 }: VectorCase): Uint8Array {
  return bodyBase64 === undefined ? Buffer.from(body ?? '') : Buffer.from(bodyBase64, 'base64');
}

function toCode(result: SignatureResult): string {
  return result.ok ? 'ok' : result.code;
}
