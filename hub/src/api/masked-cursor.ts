/**
 * Cursors for those who see numbers masked. A list that is sorted by number goes on after the last one shown, so its
 * cursor is that number: it is sealed on the way out and opened on the way in, with a key that lives as long as the
 * process. Other cursors hold rows and times and pass as they are.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
const KEY = randomBytes(32);
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** No base64url has a dot. */
const PREFIX = 'm.';

export function sealCursor(cursor: string): string {
  if (!/^\+\d+$/.test(Buffer.from(cursor, 'base64url').toString('latin1'))) return cursor;
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, KEY, nonce, { authTagLength: TAG_BYTES });
  const sealed = Buffer.concat([nonce, cipher.update(cursor, 'latin1'), cipher.final(), cipher.getAuthTag()]);
  return PREFIX + sealed.toString('base64url');
}

/** What cannot be opened stays as it is: the list refuses it as it refuses any cursor that is not its own. */
export function openCursor(text: string): string {
  if (!text.startsWith(PREFIX)) return text;
  const sealed = Buffer.from(text.slice(PREFIX.length), 'base64url');
  if (sealed.length <= NONCE_BYTES + TAG_BYTES) return text;
  const decipher = createDecipheriv(CIPHER, KEY, sealed.subarray(0, NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  try {
    const opened = decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES));
    return Buffer.concat([opened, decipher.final()]).toString('latin1');
  } catch {
    return text;
  }
}
