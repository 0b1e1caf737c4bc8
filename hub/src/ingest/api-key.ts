/**
 * API keys: `ohk_`, 32 random bytes in base62, and their CRC32 in base62. The prefix lets secret scanners
 * find leaked keys, the checksum lets them (and our door) tell a key from a lookalike without asking anyone.
 * The journal holds only the SHA-256 of the whole text; a key has 256 random bits, so no slow hash is needed.
 */
import { hash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { AdminJournal, ApiKey } from '../journal/accounts.ts';

export const API_KEY_PREFIX = 'ohk_';
/** A key that somebody chose by hand (OFFHOOK_API_KEY) has at least this many characters. */
export const API_KEY_CHARACTERS_MIN = 24;
export const API_KEY_CHARACTERS_MAX = 256;
export const BOOTSTRAP_KEY_NAME = 'bootstrap';

const SECRET_BYTES = 32;
/** 62^43 > 2^256 and 62^6 > 2^32. */
const SECRET_DIGITS = 43;
const CHECKSUM_DIGITS = 6;
const HINT_CHARACTERS = 8;
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

export interface NewApiKeyText {
  /** Shown once and never kept. */
  readonly text: string;
  readonly hash: Uint8Array;
  readonly hint: string;
}

export function createApiKeyText(bytes: Uint8Array = randomBytes(SECRET_BYTES)): NewApiKeyText {
  const secret = toBase62(BigInt(`0x${Buffer.from(bytes).toString('hex')}`), SECRET_DIGITS);
  const text = API_KEY_PREFIX + secret + toChecksum(secret);
  return { text, hash: hashApiKey(text), hint: toHint(text) };
}

export function hashApiKey(text: string): Uint8Array {
  return hash('sha256', text, 'buffer');
}

/** False for what cannot be a key of ours, without looking anything up. */
export function isPlausibleApiKey(text: string): boolean {
  if (text.length < API_KEY_CHARACTERS_MIN || text.length > API_KEY_CHARACTERS_MAX) return false;
  const isOurs = text.length === API_KEY_PREFIX.length + SECRET_DIGITS + CHECKSUM_DIGITS;
  if (!isOurs || !/^ohk_[0-9A-Za-z]+$/.test(text)) return true;
  const secret = text.slice(API_KEY_PREFIX.length, -CHECKSUM_DIGITS);
  return toChecksum(secret) === text.slice(-CHECKSUM_DIGITS);
}

/** First characters, for people to tell keys apart; fewer of a short one, so that they never give half of it away. */
export function toHint(text: string): string {
  return text.slice(0, Math.min(HINT_CHARACTERS, Math.floor(text.length / 4)));
}

/**
 * Makes the admin key of the settings known to the journal. An earlier bootstrap key is revoked: whoever changes
 * OFFHOOK_API_KEY means the old one to stop working.
 */
export async function ensureBootstrapKey(journal: AdminJournal, text: string): Promise<ApiKey> {
  const actor = { kind: 'hub', id: 'hub' } as const;
  const bytes = hashApiKey(text);
  const found = await journal.findKey(bytes);
  const key =
    found !== undefined && found.revokedAtMs === null
      ? found
      : await journal.createKey(
          {
            accountId: 'default',
            name: BOOTSTRAP_KEY_NAME,
            scopes: ['admin'],
            hint: toHint(text),
            expiresAtMs: null,
            hash: bytes,
          },
          actor,
        );
  for (const other of await journal.listKeys('default')) {
    if (other.name === BOOTSTRAP_KEY_NAME && other.id !== key.id && other.revokedAtMs === null) {
      await journal.revokeKey('default', other.id, actor);
    }
  }
  return key;
}

function toChecksum(secret: string): string {
  return toBase62(BigInt(crc32(secret)), CHECKSUM_DIGITS);
}

function toBase62(value: bigint, digits: number): string {
  let text = '';
  for (let rest = value, index = 0; index < digits; index += 1) {
    text = DIGITS.charAt(Number(rest % 62n)) + text;
    rest /= 62n;
  }
  return text;
}
