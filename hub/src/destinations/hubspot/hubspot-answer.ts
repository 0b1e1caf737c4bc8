/** What HubSpot's answers say, read as if anybody could have written them. */
import { z } from 'zod';
import { stopFailed } from '../crm/budget.ts';
import type { StopResult } from '../crm/crm-port.ts';
import { HOLD_MS_MAX, stopAt, toRetryAfterMs, type Answer } from '../crm/paced-client.ts';

export const RECORD_ID = /^\d{1,20}$/;

const RECORD = z.object({ id: z.union([z.string().regex(RECORD_ID), z.int().positive().transform(String)]) });

/** The id of the record that an answer holds; null where it holds none. */
export function readRecordId(answer: Answer): string | null {
  const parsed = RECORD.safeParse(answer.json);
  return parsed.success ? parsed.data.id : null;
}

const CODE = /^[A-Z][A-Z0-9_.]{1,80}$/;
const FIELD = /^[a-z]\w{0,99}$/i;
const ERROR_ITEMS_MAX = 20;
const KEPT = z.object({
  category: z.string().regex(CODE).optional().catch(undefined),
  subCategory: z.string().regex(CODE).optional().catch(undefined),
  policyName: z.string().regex(CODE).optional().catch(undefined),
  message: z.string().catch(''),
  errors: z.array(z.unknown()).catch([]),
});
/** Validation of properties puts a list into the text of its message: `…: [{"error":"INVALID_LONG","name":"hs_x"}]`. */
const KEPT_ERROR = z.object({
  code: z.string().regex(CODE).optional().catch(undefined),
  error: z.string().regex(CODE).optional().catch(undefined),
  in: z.string().regex(FIELD).optional().catch(undefined),
  name: z.string().regex(FIELD).optional().catch(undefined),
  context: z
    .object({ propertyName: z.array(z.string()).catch([]) })
    .catch({ propertyName: [] })
    .transform(({ propertyName }) => propertyName.filter((name) => FIELD.test(name))),
});

/** Of an error, what no value can stand in: HubSpot's codes and the names of properties. */
export function toKept(answer: Answer): Readonly<Record<string, unknown>> | null {
  const parsed = KEPT.safeParse(answer.json);
  if (!parsed.success) return null;
  const { category, subCategory, policyName, message, errors } = parsed.data;
  const items = [...errors, ...readList(message)].slice(0, ERROR_ITEMS_MAX).flatMap((error) => {
    const item = KEPT_ERROR.safeParse(error);
    return item.success ? [item.data] : [];
  });
  const codes = new Set(items.flatMap(({ code, error }) => [code, error]).filter(isSaid));
  const fields = new Set(items.flatMap((item) => [item.in, ...item.context, item.name]).filter(isSaid));
  const kept = {
    ...(category !== undefined && { category }),
    ...(subCategory !== undefined && { subCategory }),
    ...(policyName !== undefined && { policy: policyName }),
    ...(codes.size > 0 && { errors: [...codes] }),
    ...(fields.size > 0 && { fields: [...fields] }),
  };
  return Object.keys(kept).length === 0 ? null : kept;
}

function isSaid(text: string | undefined): text is string {
  return text !== undefined;
}

function readList(message: string): readonly unknown[] {
  try {
    const list = JSON.parse(message.slice(message.indexOf('['))) as unknown;
    return Array.isArray(list) ? list : [];
  } catch {
    return [];
  }
}

const SCOPES = z.array(z.string().regex(/^[a-z0-9._-]{1,80}$/)).max(40);
const PROBLEM = z.object({
  category: z.string().catch(''),
  policyName: z.string().catch(''),
  message: z.string().catch(''),
  errors: z
    .array(
      z.object({
        context: z
          .object({
            requiredGranularScopes: SCOPES.catch([]),
            requiredScopes: SCOPES.catch([]),
            missingScopes: SCOPES.catch([]),
          })
          .catch({ requiredGranularScopes: [], requiredScopes: [], missingScopes: [] }),
      }),
    )
    .max(40)
    .catch([]),
});

function readProblem(answer: Answer): z.infer<typeof PROBLEM> | null {
  const parsed = PROBLEM.safeParse(answer.json);
  return parsed.success ? parsed.data : null;
}

/** Scopes of which HubSpot says that one would do; empty where it names none. */
export function readMissingScopes(answer: Answer): readonly string[] {
  const named = (readProblem(answer)?.errors ?? []).flatMap(({ context }) => [
    ...context.requiredGranularScopes,
    ...context.missingScopes,
    ...context.requiredScopes,
  ]);
  return [...new Set(named)];
}

/** The request cannot be used; scope: what it needs, where HubSpot does not say so itself. */
export function refuse(answer: Answer, scope: string): StopResult {
  const { status } = answer;
  if (status === 401)
    return stopFailed(
      'settings',
      'HubSpot does not take the access token (401): it was rotated or deleted; set the new one',
    );
  if (status === 403 && readProblem(answer)?.category === 'MISSING_SCOPES') {
    const named = readMissingScopes(answer);
    return stopFailed(
      'settings',
      toMissingScopes(named.includes(scope) ? [scope] : named.slice(0, 3), scope),
    );
  }
  if (status >= 200 && status < 300)
    return stopFailed('protocol', `HubSpot answered ${status} with something other than its API describes`);
  return stopAt(answer);
}

export function toMissingScopes(scopes: readonly string[], scope: string): string {
  const names = scopes.length === 0 ? scope : scopes.join(' or ');
  return `the access token lacks the scope ${names}; add it to the key or app in HubSpot (Development)`;
}

const TEN_SECONDS_MS = 10_000;

/**
 * How long a 429 asks to wait. The daily limit resets at midnight in the account's time zone, which we do not know: one
 * try an hour finds it.
 */
export function toHoldMs(answer: Answer, nowMs: number): number {
  if (answer.retryAfter !== null) return toRetryAfterMs(answer, nowMs);
  const policy = readProblem(answer)?.policyName ?? '';
  if (policy === 'DAILY') return HOLD_MS_MAX;
  return policy.startsWith('TEN_SECONDLY') ? TEN_SECONDS_MS : toRetryAfterMs(answer, nowMs);
}

/** 4xx that may mean "there is one already" or "that contact is gone": words differ, so the caller looks for itself. */
export function isConflict({ status }: Answer): boolean {
  return status === 400 || status === 404 || status === 409;
}

/** The call key's property is not there (any more). */
export function isPropertyMissing(answer: Answer, property: string): boolean {
  if (answer.status !== 400) return false;
  const message = readProblem(answer)?.message ?? '';
  return message.includes('PROPERTY_DOESNT_EXIST') && message.includes(property);
}
