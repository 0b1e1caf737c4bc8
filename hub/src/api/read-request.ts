import type { z } from 'zod';
import type { Fault, Problem } from '../ingest/problem.ts';

import { toRefusalProblem } from '../ingest/problem.ts';
import { parseJsonDoor } from '../sources/json-door.ts';
import { refuseBody } from '../sources/source.ts';
import { FAULTS_MAX, toFaults, toFaultsProblem, toUnknownKey } from './faults.ts';

export type ReadValue = { readonly kind: 'read'; readonly value: unknown } | Problem;

/** In: the bytes of a body. Out: what the schema makes of it, or every fault with its place. */
export function readBody(schema: z.ZodType, bytes: Uint8Array): ReadValue {
  const parsed = parseJsonDoor(bytes);
  if (!parsed.ok) return toRefusalProblem(refuseBody([parsed.fault]));
  const checked = schema.safeParse(parsed.value);
  if (checked.success) return { kind: 'read', value: checked.data };
  return toFaultsProblem('invalid_body', toFaults(checked.error.issues, schema, parsed.value, 'body'));
}

/** A parameter that is not known, or given twice, is a fault: silently ignored it would widen what was asked for. */
export function readQuery(
  schema: z.ZodObject | undefined,
  query: Readonly<Record<string, unknown>>,
): ReadValue {
  const known = schema === undefined ? [] : Object.keys(schema.shape);
  const faults: Fault[] = Object.keys(query).flatMap((name) => {
    if (!known.includes(name)) return [toUnknownKey(name, known, [], 'query')];
    if (typeof query[name] === 'string') return [];
    return [
      {
        in: 'query' as const,
        pointer: `/${name}`,
        detail: 'is given twice: give it once.',
        code: 'repeated',
      },
    ];
  });
  const usable = Object.fromEntries(
    Object.entries(query).filter(([name, value]) => known.includes(name) && typeof value === 'string'),
  );
  const checked = schema?.safeParse(usable);
  if (schema !== undefined && checked?.success === false) {
    // What is given twice is not missing as well.
    const issues = checked.error.issues.filter((issue) => !isRepeated(query[String(issue.path[0])]));
    faults.push(...toFaults(issues, schema, usable, 'query'));
  }
  if (faults.length > 0) return toFaultsProblem('invalid_query', faults.slice(0, FAULTS_MAX));
  return { kind: 'read', value: checked?.data };
}

function isRepeated(value: unknown): boolean {
  return value !== undefined && typeof value !== 'string';
}
