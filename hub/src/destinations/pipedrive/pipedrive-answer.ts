/** What Pipedrive's answers say, read as if anybody could have written them. */
import { stop, stopFailed } from '../crm/budget.ts';
import type { StopResult } from '../crm/crm-port.ts';
import { type Answer, stopAt } from '../crm/paced-client.ts';
import { toAttemptResult } from '../http/json-client.ts';

/** Ours; an error's text names them among words and values. */
const FIELDS = [
  'subject',
  'outcome',
  'from_phone_number',
  'to_phone_number',
  'start_time',
  'end_time',
  'duration',
  'person_id',
  'user_id',
  'note',
  'name',
  'phones',
  'term',
  'updated_since',
  'cursor',
  'limit',
] as const;
const CODE = /^[A-Z][A-Z0-9_]{1,80}$/;

/** Of an error, what no value can stand in: Pipedrive's codes and the names of fields. */
export function toKept(answer: Answer): Readonly<Record<string, unknown>> | null {
  const { errorCode, code } = toFields(answer.json);
  const text = toErrorText(answer);
  const fields = FIELDS.filter((name) => new RegExp(String.raw`(?<!\w)${name}(?!\w)`).test(text));
  const kept = {
    ...(typeof errorCode === 'number' && Number.isSafeInteger(errorCode) && { errorCode }),
    ...(typeof code === 'string' && CODE.test(code) && { code }),
    ...(fields.length > 0 && { fields }),
  };
  return Object.keys(kept).length === 0 ? null : kept;
}

export function toStop(answer: Answer, scope: string): StopResult {
  if (answer.status === 403 && /scope/i.test(toErrorText(answer)))
    return stopFailed(
      'settings',
      `the Pipedrive app of this login lacks the scope ${scope}; add it and log in again`,
    );
  // Of one thing that is gone; to a lane it would say that nobody wants to hear from us again.
  if (answer.status === 410) return stop(toAttemptResult({ ...answer, status: 404 }));
  return stopAt(answer);
}

export function toUnreadable(): StopResult {
  return stopFailed('protocol', 'Pipedrive answered, but not as its documentation says');
}

export function toErrorText({ json }: Answer): string {
  const { error, error_info: info } = toFields(json);
  return [error, info].filter((text) => typeof text === 'string').join(' ');
}

export function toFields(json: unknown): Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null ? (json as Readonly<Record<string, unknown>>) : {};
}

/** A list that is empty may also be given as null. */
export function toItems(value: unknown): readonly Readonly<Record<string, unknown>>[] | null {
  if (value === null) return [];
  return Array.isArray(value) ? value.map(toFields) : null;
}

export function toText(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

export function toId(value: unknown): string | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value > 0 ? String(value) : null;
  return typeof value === 'string' && /^[\w-]{1,64}$/.test(value) ? value : null;
}
