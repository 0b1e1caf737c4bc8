/**
 * Seals secrets at rest with AES-256-GCM. A sealed value is: version (1 byte), key id (4 bytes), nonce (12),
 * tag (16), cipher text. The key id is a hash of the key: a wrong master key is told apart from a broken value.
 * Random nonces are safe here: a journal seals thousands of secrets, far from the 2^32 bound of one key.
 */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';

import { JournalError } from './journal-error.ts';

/** Seals secrets at rest; `aad` binds a sealed value to its place, so that it cannot be moved to another row. */
export interface SecretBox {
  seal(plain: string, aad: string): Uint8Array;
  /** Throws JournalError `sealed` where key or place do not fit. */
  open(sealed: Uint8Array, aad: string): string;
}

const MASTER_KEY_BYTES = 32;
const VERSION = 1;
const KEY_ID_BYTES = 4;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = 1 + KEY_ID_BYTES + NONCE_BYTES + TAG_BYTES;

export function createSecretBox(masterKey: Uint8Array): SecretBox {
  if (masterKey.length !== MASTER_KEY_BYTES) {
    throw new JournalError('sealed', `The master key must be ${MASTER_KEY_BYTES} bytes long.`);
  }
  const key = Buffer.from(masterKey);
  const keyId = createHmac('sha256', key).update('offhook key id').digest().subarray(0, KEY_ID_BYTES);
  return {
    seal(plain, aad) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, nonce);
      cipher.setAAD(Buffer.from(aad));
      const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
      return Buffer.concat([Buffer.of(VERSION), keyId, nonce, cipher.getAuthTag(), sealed]);
    },
    open(sealed, aad) {
      const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.length);
      if (bytes.length < HEADER_BYTES || bytes[0] !== VERSION) {
        throw new JournalError('sealed', 'A sealed secret is damaged.');
      }
      if (!bytes.subarray(1, 1 + KEY_ID_BYTES).equals(keyId)) {
        throw new JournalError('sealed', 'This journal was sealed with another master key.');
      }
      const nonceEnd = 1 + KEY_ID_BYTES + NONCE_BYTES;
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(1 + KEY_ID_BYTES, nonceEnd), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(Buffer.from(aad));
      decipher.setAuthTag(bytes.subarray(nonceEnd, HEADER_BYTES));
      try {
        return Buffer.concat([decipher.update(bytes.subarray(HEADER_BYTES)), decipher.final()]).toString(
          'utf8',
        );
      } catch (error) {
        throw new JournalError('sealed', 'A sealed secret was changed or moved to another place.', {
          cause: error,
        });
      }
    },
  };
}
