import type { KeyObject } from 'node:crypto';

import { createHmac, createSecretKey, hash } from 'node:crypto';

/** A secret made ready for HMAC-SHA256 over a short text and a body. */
export interface HmacKey {
  readonly bytes: number;
  /** `prefix` must be ASCII. */
  sign(prefix: string, body: Uint8Array, encoding: 'hex' | 'base64'): string;
}

/**
 * RFC 2104 by its two hashes, each one shot: 1.1 µs for 300 bytes where `createHmac` takes 2.2 µs, and in the hub
 * 4 µs, since each Hmac object is known to the garbage collector of two worlds. Making the key takes 0.2 µs.
 */
export function createHmacKey(secret: Uint8Array): HmacKey {
  const padded = Buffer.alloc(BLOCK_BYTES);
  padded.set(secret.length > BLOCK_BYTES ? hash('sha256', secret, 'buffer') : secret);
  const innerPad = new Uint8Array(BLOCK_BYTES);
  const outer = Buffer.allocUnsafe(BLOCK_BYTES + DIGEST_BYTES);
  for (let at = 0; at < BLOCK_BYTES; at += 1) {
    const byte = padded[at] as number;
    innerPad[at] = byte ^ 0x36;
    outer[at] = byte ^ 0x5c;
  }
  let key: KeyObject | null = null;
  return {
    bytes: secret.length,
    sign(prefix, body, encoding) {
      const bodyAt = BLOCK_BYTES + prefix.length;
      const end = bodyAt + body.length;
      if (end > scratch.length) {
        key ??= createSecretKey(secret);
        return createHmac('sha256', key).update(prefix).update(body).digest(encoding);
      }
      scratch.set(innerPad);
      scratch.write(prefix, BLOCK_BYTES, 'latin1');
      scratch.set(body, bodyAt);
      // As text: a Buffer for the digest took 0.7 µs longer.
      outer.write(hash('sha256', scratch.subarray(0, end), 'binary'), BLOCK_BYTES, 'binary');
      return hash('sha256', outer, encoding);
    },
  };
}

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;
/** One for all keys, since nothing here waits. Longer bodies are rare, and for them the copy would cost more than it saves. */
const scratch = Buffer.alloc(16 * 1024);
