/** Zod's issues as the faults of a problem: where, what is there, what would be right, and what was probably meant. */
import type { z } from 'zod';
import type { Fault, Problem, ProblemCode } from '../ingest/problem.ts';

import { findNearest } from '../nearest-word.ts';
import { makeProblem } from '../ingest/problem.ts';
import { toPointer } from '../sources/json-door.ts';

/** A body with a thousand wrong fields is answered with these many of them. */
export const FAULTS_MAX = 20;

export function toFaults(
  issues: readonly z.core.$ZodIssue[],
  schema: z.ZodType,
  value: unknown,
  where: Fault['in'],
  basePath: readonly PropertyKey[] = [],
): readonly Fault[] {
  const faults: Fault[] = [];
  for (const issue of issues) {
    if (faults.length >= FAULTS_MAX) break;
    const path = [...basePath, ...issue.path];
    if (issue.code === 'unrecognized_keys') {
      const known = keysAt(schema, issue.path);
      for (const key of issue.keys.slice(0, FAULTS_MAX)) faults.push(toUnknownKey(key, known, path, where));
    } else {
      const found = valueAt(value, issue.path);
      faults.push({
        in: where,
        pointer: toPointer(path),
        detail: toDetail(issue, found),
        code: found === undefined ? 'missing' : toCode(issue),
      });
    }
  }
  return faults;
}

export function toFaultsProblem(code: ProblemCode, faults: readonly Fault[]): Problem {
  const [first] = faults;
  const name = first === undefined || first.pointer === '' ? 'The body' : first.pointer;
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : '';
  const detail = first?.detail ?? 'cannot be used.';
  // Sentences of this house go on from the field's name; those of a kind's settings begin with it, or say more of it.
  const field = name.slice(name.lastIndexOf('/') + 1);
  const rest = detail.startsWith(`${field} `) ? detail.slice(field.length + 1) : detail;
  const joint = rest !== detail || /^(?:is|has|must|cannot) /.test(detail) ? ' ' : ': ';
  return makeProblem(code, `${name}${joint}${rest}${more}`, { faults });
}

export function toUnknownKey(
  key: string,
  known: readonly string[],
  path: readonly PropertyKey[],
  where: Fault['in'],
): Fault {
  const nearest = findNearest(key, known);
  const meant =
    nearest === undefined
      ? known.length === 0
        ? 'Nothing is taken here.'
        : `Known are ${known.join(', ')}.`
      : `Did you mean "${nearest}"?`;
  return {
    in: where,
    pointer: toPointer([...path, key]),
    detail: `is not known here. ${meant}`,
    code: 'unknown_key',
  };
}

/** Zod says `custom` of whatever a schema checks with code of its own, which tells a program nothing. */
function toCode(issue: z.core.$ZodIssue): string {
  return issue.code === 'custom' ? 'invalid' : issue.code;
}

function toDetail(issue: z.core.$ZodIssue, found: unknown): string {
  // Zod's own sentences all begin alike; ours are written at the schema and are kept.
  const isOurs = !/^(?:Invalid|Too (?:small|big)|Unrecognized)/.test(issue.message);
  if (isOurs) return /[.?]$/.test(issue.message) ? issue.message : `${issue.message}.`;
  const there = describe(found);
  switch (issue.code) {
    case 'invalid_type':
      return `${there}; must be ${toArticle(issue.expected)}.`;
    case 'invalid_value':
      return `${there}; must be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map((value) => JSON.stringify(value)).join(', ')}.`;
    case 'too_small':
      return `${there}; must be at least ${issue.minimum}${toUnit(issue.origin)}.`;
    case 'too_big':
      return `${there}; must be at most ${issue.maximum}${toUnit(issue.origin)}.`;
    default:
      return `${there}; it cannot be used here.`;
  }
}

function toUnit(origin: string): string {
  if (origin === 'string') return ' characters long';
  return origin === 'array' || origin === 'record' || origin === 'object' ? ' entries long' : '';
}

function toArticle(expected: string): string {
  switch (expected) {
    case 'int':
      return 'a whole number';
    case 'object':
    case 'array':
      return `an ${expected}`;
    case 'record':
      return 'an object';
    case 'boolean':
      return 'true or false';
    default:
      return `a ${expected}`;
  }
}

/** Kind, never the value: it may be a secret or a phone number. */
function describe(value: unknown): string {
  if (value === undefined) return 'is missing';
  if (value === null) return 'is null';
  if (Array.isArray(value)) return `has ${value.length} entries`;
  if (typeof value === 'string') return value === '' ? 'is empty' : `is a text of ${value.length} characters`;
  return typeof value === 'object' ? 'is an object' : `is a ${typeof value}`;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const part of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, part)) return undefined;
    at = (at as Record<PropertyKey, unknown>)[part];
  }
  return at;
}

/** The keys an object of the schema may have, at a path of keys into it. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): readonly string[] {
  let at = unwrap(schema);
  for (const part of path) {
    const { shape, element } = at as { shape?: Record<PropertyKey, z.ZodType>; element?: z.ZodType };
    const next = typeof part === 'number' ? element : shape?.[part];
    if (next === undefined) return [];
    at = unwrap(next);
  }
  return Object.keys((at as { shape?: object }).shape ?? {});
}

function unwrap(schema: z.ZodType): z.ZodType {
  let at: unknown = schema;
  for (;;) {
    const { def } = at as { def: { innerType?: unknown; in?: unknown } };
    if (def.innerType !== undefined) at = def.innerType;
    else if (def.in !== undefined) at = def.in;
    else return at as z.ZodType;
  }
}
