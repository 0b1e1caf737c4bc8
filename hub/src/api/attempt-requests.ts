/**
 * The requests of past attempts, put together again: the body is kept, and so is all that the headers are made of,
 * but for the parent of the trace and secrets that were rotated away. The destination's kind writes them.
 */
import type { z } from 'zod';
import type { AttemptEntry, DeliveryEntry } from '../journal/reader.ts';
import type { AuditEntry } from '../journal/accounts.ts';
import type { Destination } from '../journal/destinations.ts';
import type { Journal } from '../journal/journal.ts';
import type { DestinationKindPort } from './ground.ts';
import type { attemptRequestView } from './delivery-views.ts';

/** What changed a destination since a time; null where the audit log is too long to tell. */
export interface ChangesSince {
  readonly rotatedAtMs: readonly number[];
  readonly changedAtMs: readonly number[];
}

const AUDIT_PAGE = 200;
/** 2,000 entries after an attempt are more than one page load should read. */
const AUDIT_PAGES_MAX = 10;

export async function readChangesSince(
  journal: Pick<Journal, 'listAudit'>,
  destination: Destination,
  sinceMs: number,
): Promise<ChangesSince | null> {
  if (destination.updatedAtMs < sinceMs) return { rotatedAtMs: [], changedAtMs: [] };
  const entries: AuditEntry[] = [];
  let cursor: string | null = null;
  for (let pages = 0; pages < AUDIT_PAGES_MAX; pages += 1) {
    const page = await journal.listAudit(destination.accountId, { limit: AUDIT_PAGE, cursor });
    entries.push(...page.items.filter((entry) => entry.subject === destination.id && entry.atMs >= sinceMs));
    const oldest = page.items.at(-1);
    if (page.nextCursor === null || oldest === undefined || oldest.atMs < sinceMs) {
      const toTimes = (action: string): readonly number[] =>
        entries.filter((entry) => entry.action === action).map((entry) => entry.atMs);
      return {
        rotatedAtMs: toTimes('destination.secret_rotated'),
        changedAtMs: toTimes('destination.updated'),
      };
    }
    cursor = page.nextCursor;
  }
  return null;
}

export function describeAttempt(
  kind: DestinationKindPort,
  destination: Destination,
  delivery: Pick<DeliveryEntry, 'eventId' | 'eventType' | 'sequence'> & { readonly body: Uint8Array },
  attempt: AttemptEntry,
  changes: ChangesSince | null,
  showsSignatures: boolean,
): z.output<typeof attemptRequestView> | null {
  const isAfter = (atMs: number): boolean => atMs >= attempt.startedAtMs;
  // Where nobody can tell, no signature is shown: a wrong one would send people looking for a fault that is not there.
  const isRotated = changes === null || changes.rotatedAtMs.some(isAfter);
  const { secret, previousSecret, previousSecretUntilMs } = destination;
  const overlaps = previousSecretUntilMs !== null && attempt.startedAtMs < previousSecretUntilMs;
  const described = kind.describeRequest?.(destination.settings, {
    eventId: delivery.eventId,
    eventType: delivery.eventType,
    sequence: delivery.sequence,
    attemptNumber: attempt.number,
    body: delivery.body,
    nowMs: attempt.startedAtMs,
    traceparent: null,
    secrets:
      isRotated || !showsSignatures ? null : { current: secret, previous: overlaps ? previousSecret : null },
  });
  if (described === undefined || described === null) return null;
  // Which events shared a batch is not kept, so that no key could be shown its signature.
  const inBatch = (kind.toBatchRule?.(destination.settings) ?? null) !== null;
  return {
    method: described.method,
    url: described.url,
    headers: described.headers.map(([name, value]): [string, string] => [name, value]),
    signature: toSignatureState({ inBatch, showsSignatures, isRotated }),
    settings_changed: changes === null || changes.changedAtMs.some(isAfter),
  };
}

function toSignatureState({
  inBatch,
  showsSignatures,
  isRotated,
}: {
  readonly inBatch: boolean;
  readonly showsSignatures: boolean;
  readonly isRotated: boolean;
}): z.output<typeof attemptRequestView>['signature'] {
  if (inBatch) return 'batch';
  if (!showsSignatures) return 'not for this key';
  return isRotated ? 'secret rotated since' : 'valid';
}
