/** Whether a result that ends an attempt leaves no doubt: what was asked was not done, and will not be. Pure. */
import type { AttemptResult } from '../destination.ts';

export function isClearRefusal(result: AttemptResult): boolean {
  switch (result.kind) {
    case 'done':
      return false;
    case 'later':
      return true;
    case 'answered':
      return result.status >= 400 && result.status < 500 && result.status !== 408;
    case 'failed':
      return CLEAR_CAUSES.has(result.cause);
  }
}

/** Never sent, or refused in so many words. A connection that was cut, or an answer too late, may have been understood. */
const CLEAR_CAUSES: ReadonlySet<string> = new Set([
  'settings',
  'blocked',
  'dns',
  'connect',
  'tls',
  'refused',
]);
