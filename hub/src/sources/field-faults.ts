import type { z } from 'zod';

import type { FieldFault } from './source.ts';

import { toPointer } from './json-door.ts';

/** A body with a thousand wrong fields is answered with these many of them. */
export const FIELD_FAULTS_MAX = 20;

/** Zod's issues as faults that name the place, what is there, and what would be right. */
export function toFieldFaults(
  issues: readonly z.core.$ZodIssue[],
  value: unknown,
  basePath: readonly PropertyKey[] = [],
): readonly FieldFault[] {
  return issues.slice(0, FIELD_FAULTS_MAX).map((issue) => {
    const found = valueAt(value, issue.path);
    return {
      pointer: toPointer([...basePath, ...issue.path]),
      detail: `${describe(found)}; ${issue.message}.`,
      code: found === undefined ? 'missing' : isLengthIssue(issue) ? 'wrong_length' : 'wrong_type',
    };
  });
}

export function timestampFault(path: readonly PropertyKey[]): FieldFault {
  return {
    pointer: toPointer(path),
    detail:
      'is not a time; must be RFC 3339 such as "2025-12-13T12:00:00.000Z", or Unix seconds or milliseconds.',
    code: 'malformed_timestamp',
  };
}

function isLengthIssue(issue: z.core.$ZodIssue): boolean {
  return issue.code === 'too_small' || issue.code === 'too_big';
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const part of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = (at as Record<PropertyKey, unknown>)[part];
  }
  return at;
}

/** Kind and size, never the value: faults are logged and sent, and values may be phone numbers. */
function describe(value: unknown): string {
  if (value === undefined) return 'is missing';
  if (value === null) return 'is null';
  if (Array.isArray(value)) return 'is an array';
  if (typeof value === 'string')
    return value === '' ? 'is empty' : `is a string of ${value.length} characters`;
  return typeof value === 'object' ? 'is an object' : `is a ${typeof value}`;
}
