/** What a body may be: JSON, not compressed. Returns null for that, else the problem to answer with. */
import type { Problem } from './problem.ts';

import { makeProblem } from './problem.ts';

/** No request decompression: a few kB could unpack to gigabytes, and reports are small as they are. */
export function checkContentType(
  contentType: string | undefined,
  contentEncoding: string | undefined,
): Problem | null {
  if (
    contentEncoding !== undefined &&
    contentEncoding !== '' &&
    contentEncoding.toLowerCase() !== 'identity'
  ) {
    return ENCODED;
  }
  if (contentType === 'application/json') return null;
  if (contentType === undefined) return MISSING;
  const end = contentType.indexOf(';');
  const essence = (end === -1 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
  return essence === 'application/json' || /^application\/[a-z0-9.-]+\+json$/.test(essence) ? null : OTHER;
}

const MISSING = makeProblem('media_type_unsupported', 'Send Content-Type: application/json.');
const OTHER = makeProblem(
  'media_type_unsupported',
  'Only JSON is taken here: send Content-Type: application/json.',
);
const ENCODED = makeProblem(
  'media_type_unsupported',
  'Compressed bodies are not taken: leave Content-Encoding out.',
);
