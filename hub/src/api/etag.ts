import { createHash, createHmac, randomBytes } from 'node:crypto';

export function toEtag(text: string): string {
  return quote(createHash('sha256').update(text).digest('base64url'));
}

/**
 * For those who see the text masked: of a plain hash they could guess what is behind the mask, number by number and
 * without asking us. The key lives as long as the process, so that after a restart If-Match asks to read again.
 */
export function toMaskedEtag(text: string): string {
  return quote(createHmac('sha256', MASKED_KEY).update(text).digest('base64url'));
}

const MASKED_KEY = randomBytes(32);

function quote(digest: string): string {
  return `"${digest.slice(0, 22)}"`;
}

/** Whether a list of ETags (If-Match, If-None-Match) names this one; weak ones match for reading. */
export function holdsEtag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === '*') return true;
  return header.split(',').some((one) => one.trim().replace(/^W\//, '') === etag);
}
