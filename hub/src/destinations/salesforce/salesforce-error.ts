/** What Salesforce says when it does not do what was asked: a list of codes, and what each of them means for us. Pure. */
import type { Answer } from '../crm/paced-client.ts';

export interface SalesforceError {
  readonly code: string;
  readonly message: string;
  readonly fields: readonly string[];
}

export type Trouble =
  /** The daily allowance of the org is used up. */
  | { readonly kind: 'limit' }
  /** Too many requests of the org take long at the same time. */
  | { readonly kind: 'crowded' }
  /** Somebody else was writing to the same row. */
  | { readonly kind: 'locked' }
  /** The record itself. */
  | { readonly kind: 'gone' }
  /** What the record was to hang on. */
  | { readonly kind: 'link_gone' }
  | { readonly kind: 'duplicate'; readonly recordId: string | null }
  /** Says no until somebody changes something in Salesforce or in the settings: a sentence that tells what. */
  | { readonly kind: 'setup'; readonly detail: string }
  | { readonly kind: 'other' };

const LINK_CODES = new Set([
  'INVALID_CROSS_REFERENCE_KEY',
  'INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY',
  'INSUFFICIENT_ACCESS_OR_READONLY',
  'ENTITY_IS_DELETED',
  'MALFORMED_ID',
  'FIELD_INTEGRITY_EXCEPTION',
]);

const KEPT_ERRORS_MAX = 20;

/** hasLink: the request named a contact or the like. names: of the fields we send. */
export function toTrouble(answer: Answer, { hasLink }: { readonly hasLink: boolean }): Trouble {
  const errors = toErrors(answer.json);
  const [first] = errors;
  if (first === undefined) return { kind: 'other' };
  const { code, fields } = first;
  const isAboutLink = fields.includes('WhoId') || fields.includes('WhatId');
  // "ConcurrentRequests (Concurrent API Requests) Limit exceeded.", "TotalRequests Limit exceeded."
  if (code === 'REQUEST_LIMIT_EXCEEDED')
    return { kind: first.message.startsWith('Concurrent') ? 'crowded' : 'limit' };
  if (code === 'UNABLE_TO_LOCK_ROW') return { kind: 'locked' };
  if (code === 'DUPLICATE_VALUE' || code === 'DUPLICATE_EXTERNAL_ID')
    return { kind: 'duplicate', recordId: /\b00T[A-Za-z0-9]{12,15}\b/.exec(first.message)?.[0] ?? null };
  if (hasLink && LINK_CODES.has(code) && (isAboutLink || (fields.length === 0 && answer.status !== 404)))
    return { kind: 'link_gone' };
  if (answer.status === 404 && (code === 'ENTITY_IS_DELETED' || code === 'NOT_FOUND'))
    return { kind: 'gone' };
  if (code === 'ENTITY_IS_DELETED') return { kind: 'gone' };
  const detail = toSetupDetail(first);
  return detail === null ? { kind: 'other' } : { kind: 'setup', detail };
}

/** What the timeline shows of an answer. */
export function toKept({ status, json }: Answer): Readonly<Record<string, unknown>> | null {
  const errors = toErrors(json).slice(0, KEPT_ERRORS_MAX);
  if (errors.length === 0) return null;
  const fields = new Set(errors.flatMap((error) => error.fields.slice(0, KEPT_ERRORS_MAX)));
  return { status, codes: [...new Set(errors.map(({ code }) => code))], fields: [...fields] };
}

/** Only codes and names of fields: messages repeat values, and values are numbers and words of callers. */
function toSetupDetail({ code, fields, message }: SalesforceError): string | null {
  const named = fields.length === 0 ? '' : ` ${fields.join(', ')}`;
  switch (code) {
    case 'INVALID_FIELD':
    case 'INVALID_FIELD_FOR_INSERT_UPDATE': {
      const name = fields[0] ?? /'([A-Za-z0-9_]{1,80})'/.exec(message)?.[1] ?? 'one of the fields';
      return `Salesforce does not let this login use the field ${name} (${code}); give its user access to it, by a permission set or the field's own security`;
    }
    case 'INVALID_TYPE':
    case 'INSUFFICIENT_ACCESS':
    case 'INSUFFICIENT_ACCESS_OR_READONLY':
    case 'CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY':
      return `Salesforce does not let this login write tasks (${code}); give its user the permissions Edit Tasks and Access Activities`;
    case 'API_DISABLED_FOR_ORG':
    case 'API_CURRENTLY_DISABLED':
      return `Salesforce has the API switched off for this org or user (${code}); its edition must have it, and the user the permission API Enabled`;
    case 'REQUIRED_FIELD_MISSING':
      return `Salesforce wants a field that calls do not have:${named} (${code}); make it optional or give it a default`;
    case 'FIELD_CUSTOM_VALIDATION_EXCEPTION':
      return `a validation rule in Salesforce refuses the record (${code}${named}); let it pass records of the user of this login`;
    case 'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST':
      return `Salesforce knows no such value in${named === '' ? ' a picklist' : named} (${code}); set the names of the states as your org has them`;
    default:
      return null;
  }
}

export function toErrors(json: unknown): readonly SalesforceError[] {
  if (!Array.isArray(json)) return [];
  return json.flatMap((one: unknown) => {
    if (typeof one !== 'object' || one === null) return [];
    const { errorCode, message, fields } = one as Record<string, unknown>;
    if (typeof errorCode !== 'string' || !/^[A-Z][A-Z0-9_]{1,79}$/.test(errorCode)) return [];
    const names = Array.isArray(fields) ? fields : [];
    return [
      {
        code: errorCode,
        message: typeof message === 'string' ? message : '',
        fields: names.filter(
          (name): name is string => typeof name === 'string' && /^[A-Za-z]\w{0,79}$/.test(name),
        ),
      },
    ];
  });
}
