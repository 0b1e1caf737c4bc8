import type { Problem } from '../ingest/problem.ts';
import type { DestinationKindPort, DestinationKindsPort } from './ground.ts';

import { makeFault } from '../ingest/problem.ts';
import { findNearest } from '../nearest-word.ts';
import { toFaults, toFaultsProblem } from './faults.ts';

type FoundKind = { readonly kind: 'found'; readonly destinationKind: DestinationKindPort } | Problem;

/** where: the body's `/kind`, or the part of the path. */
export function findKind(
  kinds: DestinationKindsPort,
  name: string,
  where: 'body' | 'path' = 'body',
): FoundKind {
  const destinationKind = kinds.get(name);
  if (destinationKind !== null && destinationKind !== undefined) return { kind: 'found', destinationKind };
  const known = kinds.all.map((one) => one.kind);
  const nearest = findNearest(name, known);
  const meant =
    nearest === undefined ? `It must be one of ${known.join(', ')}.` : `Did you mean "${nearest}"?`;
  return makeFault(
    where === 'body' ? 'invalid_body' : 'not_found',
    where,
    '/kind',
    `"${name.slice(0, 40)}" is no kind. ${meant}`,
    'unknown_kind',
  );
}

/** stored: what masked values stand for. */
export function parseSettings(
  kind: DestinationKindPort,
  written: unknown,
  stored?: unknown,
): { readonly kind: 'parsed'; readonly settings: unknown } | Problem {
  const given = stored === undefined ? written : kind.keepMasked(stored, written);
  const checked = kind.settings.safeParse(given);
  if (checked.success) return { kind: 'parsed', settings: checked.data };
  return toFaultsProblem(
    'invalid_body',
    toFaults(checked.error.issues, kind.settings, given, 'body', ['settings']),
  );
}
