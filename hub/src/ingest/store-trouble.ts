import { JournalError } from '../journal/journal-error.ts';
import type { Problem } from './problem.ts';

import { makeProblem } from './problem.ts';

/** What a caller is told when the journal takes nothing: nothing was written, and when to come again. */
export function toStoreProblem(error: unknown): Problem | null {
  if (!(error instanceof JournalError)) return null;
  switch (error.code) {
    case 'busy':
      return BUSY;
    case 'full':
      return FULL;
    case 'broken':
    case 'closed':
      return DOWN;
    case 'unsupported':
    case 'sealed':
      return null;
  }
}

const BUSY = makeProblem(
  'store_unavailable',
  'Too many writes wait for the disk. Nothing was kept of this request: send it again.',
  { headers: { 'Retry-After': '1' } },
);
/** Space comes back by hand or by retention, neither within seconds. */
const FULL = makeProblem(
  'store_unavailable',
  'The disk of the journal is full. Nothing was kept of this request: send it again later.',
  { headers: { 'Retry-After': '30' } },
);
const DOWN = makeProblem(
  'store_unavailable',
  'The journal is not open for writing. Nothing was kept of this request: send it again.',
  { headers: { 'Retry-After': '5' } },
);
