/**
 * Salesforce as far as its documentation says how it behaves: token endpoint (client credentials and refresh tokens that
 * may rotate and are revoked when used twice), Task and Contact by REST, a unique External ID, the few SOQL and SOSL
 * queries that we use, parsed strictly, errors in its own words, the daily allowance.
 */
import { randomBytes } from 'node:crypto';

import { type StandInAnswer, type StandInRequest, StandIn } from './stand-in-server.ts';

export interface SalesforceOptions {
  readonly clientId?: string;
  readonly clientSecret?: string;
  /** Valid from the start; null: only client credentials. */
  readonly refreshToken?: string | null;
  readonly rotatesRefreshTokens?: boolean;
  readonly accessTokenMs?: number;
  /** A custom field of Activity with the attributes External ID and Unique. */
  readonly externalIdField?: string | null;
  readonly dailyRequestsMax?: number;
  /** Where it says that its API is; its own address where none is given. */
  readonly instanceUrl?: string;
}

export interface StandInTask {
  readonly id: string;
  readonly fields: Record<string, unknown>;
  readonly createdAtMs: number;
  writes: number;
  isDeleted: boolean;
}

export interface StandInPerson {
  readonly id: string;
  readonly fields: Record<string, unknown>;
  isDeleted: boolean;
}

const VERSION = 'v67.0';
const TASK_TEXT: Readonly<Record<string, number>> = {
  Subject: 255,
  Status: 40,
  CallObject: 255,
  CallDisposition: 255,
  Description: 32_000,
};
const TASK_FIELDS = [
  ...Object.keys(TASK_TEXT),
  'Id',
  'TaskSubtype',
  'ActivityDate',
  'CallType',
  'CallDurationInSeconds',
  'WhoId',
  'WhatId',
  'CreatedDate',
];
const READ_ONLY = new Set(['Id', 'CreatedDate']);
/** Properties "Create" without "Update" in the object reference. */
const CREATE_ONLY = new Set(['TaskSubtype']);
const PERSON_FIELDS: Readonly<Record<string, readonly string[]>> = {
  Contact: ['Id', 'LastName', 'Phone', 'MobilePhone', 'HomePhone', 'OtherPhone', 'LastModifiedDate'],
  Lead: [
    'Id',
    'LastName',
    'Company',
    'Phone',
    'MobilePhone',
    'LastModifiedDate',
    'IsConverted',
    'ConvertedContactId',
  ],
};

export class SalesforceStandIn extends StandIn {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly tasks = new Map<string, StandInTask>();
  readonly people = new Map<string, StandInPerson>();
  /** Fields that the login may not see, as with field-level security. */
  readonly hiddenFields = new Set<string>();
  grants = 0;
  revocations = 0;
  malformedQueries = 0;
  readonly #options: SalesforceOptions;
  /** Access tokens and when they end. */
  readonly #accessTokens = new Map<string, number>();
  #refreshToken: string | null;
  readonly #usedRefreshTokens = new Set<string>();
  #requests = 0;
  #serial = 0;

  private constructor(options: SalesforceOptions) {
    super();
    this.#options = options;
    this.clientId = options.clientId ?? '3MVG9stand.in';
    this.clientSecret = options.clientSecret ?? 'stand-in-secret';
    this.#refreshToken = options.refreshToken ?? null;
  }

  static async start(options: SalesforceOptions = {}): Promise<SalesforceStandIn> {
    const standIn = new SalesforceStandIn(options);
    await standIn.listen();
    return standIn;
  }

  expireAccessTokens(): void {
    this.#accessTokens.clear();
  }

  addContact(fields: Readonly<Record<string, unknown>>): string {
    return this.#addPerson('003', { LastName: 'Somebody', ...fields });
  }

  addLead(fields: Readonly<Record<string, unknown>>): string {
    return this.#addPerson('00Q', { LastName: 'Somebody', Company: 'Some', IsConverted: false, ...fields });
  }

  /** By the value of CallObject, deleted ones left out. */
  countByCallKey(): Map<string, StandInTask[]> {
    const byKey = new Map<string, StandInTask[]>();
    for (const task of this.tasks.values()) {
      if (task.isDeleted) continue;
      const key = toText(task.fields['CallObject']);
      byKey.set(key, [...(byKey.get(key) ?? []), task]);
    }
    return byKey;
  }

  #addPerson(prefix: string, fields: Record<string, unknown>): string {
    const id = this.#makeId(prefix);
    const changed = new Date(Date.now() + this.#serial).toISOString();
    this.people.set(id, { id, fields: { Id: id, LastModifiedDate: changed, ...fields }, isDeleted: false });
    return id;
  }

  #makeId(prefix: string): string {
    this.#serial += 1;
    return `${prefix}xx${String(this.#serial).padStart(10, '0')}AAA`;
  }

  protected override answer(request: StandInRequest): StandInAnswer {
    const { method, segments } = request;
    if (request.path === '/services/oauth2/token')
      return method === 'POST'
        ? this.#grant(request)
        : refuse(405, 'METHOD_NOT_ALLOWED', 'HTTP Method not allowed');
    const [services, data, version, kind, ...rest] = segments;
    if (services !== 'services' || data !== 'data' || version !== VERSION) return notFound();
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    if ((this.#accessTokens.get(token) ?? 0) <= Date.now())
      return refuse(401, 'INVALID_SESSION_ID', 'Session expired or invalid');
    this.#requests += 1;
    const max = this.#options.dailyRequestsMax ?? Infinity;
    if (this.#requests > max) return refuse(403, 'REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.');
    const answer = this.#answerData(request, kind ?? '', rest);
    return { ...answer, headers: { 'sforce-limit-info': `api-usage=${this.#requests}/${max}` } };
  }

  #grant({ text, headers }: StandInRequest): StandInAnswer {
    const no = (error: string, description: string): StandInAnswer => ({
      status: 400,
      json: { error, error_description: description },
    });
    if (headers['content-type'] !== 'application/x-www-form-urlencoded')
      return no('invalid_request', 'must be form encoded');
    const form = new URLSearchParams(text);
    if (form.get('client_id') !== this.clientId) return no('invalid_client_id', 'client identifier invalid');
    if (form.get('client_secret') !== this.clientSecret)
      return no('invalid_client', 'invalid client credentials');
    const rotated: { refresh_token?: string } = {};
    if (form.get('grant_type') === 'refresh_token') {
      const given = form.get('refresh_token') ?? '';
      if (this.#usedRefreshTokens.has(given)) {
        // A used one is taken for theft: whoever holds the current one is locked out as well.
        this.revocations += 1;
        this.#refreshToken = null;
        this.#accessTokens.clear();
      }
      if (given !== this.#refreshToken) return no('invalid_grant', 'expired access/refresh token');
      if (this.#options.rotatesRefreshTokens === true) {
        this.#usedRefreshTokens.add(given);
        this.#refreshToken = `5Aep${randomBytes(24).toString('base64url')}`;
        rotated.refresh_token = this.#refreshToken;
      }
    } else if (form.get('grant_type') !== 'client_credentials') {
      return no('unsupported_grant_type', 'grant type not supported');
    }
    this.grants += 1;
    const token = `00Dxx!${randomBytes(24).toString('base64url')}`;
    this.#accessTokens.set(token, Date.now() + (this.#options.accessTokenMs ?? 3_600_000));
    return {
      status: 200,
      json: {
        access_token: token,
        ...rotated,
        signature: 'c2lnbmF0dXJl',
        scope: 'api',
        instance_url: this.#options.instanceUrl ?? this.url,
        id: `${this.url}/id/00Dxx0000000001AAA/005xx0000000001AAA`,
        token_type: 'Bearer',
        issued_at: String(Date.now()),
      },
    };
  }

  #answerData(request: StandInRequest, kind: string, rest: readonly string[]): StandInAnswer {
    const { method } = request;
    if (kind === 'query' && method === 'GET') return this.#query(request.query.get('q') ?? '');
    if (kind === 'search' && method === 'GET') return this.#search(request.query.get('q') ?? '');
    if (kind !== 'sobjects') return notFound();
    const [object = '', ...path] = rest;
    if (object === 'Task') return this.#answerTask(request, path);
    if (object in PERSON_FIELDS) return this.#answerPerson(request, object, path);
    return notFound();
  }

  #answerTask({ method, text }: StandInRequest, path: readonly string[]): StandInAnswer {
    const [first, ...more] = path;
    if (more.length > 0) return notFound();
    const fields = parseObject(text);
    if (fields === null) return refuse(400, 'JSON_PARSER_ERROR', 'Unexpected character in the request body');
    if (first === undefined) {
      if (method !== 'POST') return refuse(405, 'METHOD_NOT_ALLOWED', 'HTTP Method not allowed');
      const problem = this.#checkTask(fields);
      if (problem !== null) return problem;
      const external = this.#options.externalIdField;
      const taken =
        external === null || external === undefined || fields[external] === undefined
          ? undefined
          : this.#findExternal(external, toText(fields[external]))[0];
      if (taken !== undefined)
        return refuse(
          400,
          'DUPLICATE_VALUE',
          `duplicate value found: ${external} duplicates value on record with id: ${taken.id}`,
        );
      return { status: 201, json: { id: this.#createTask(fields), success: true, errors: [] } };
    }
    if (method !== 'PATCH') return refuse(405, 'METHOD_NOT_ALLOWED', 'HTTP Method not allowed');
    const task = this.tasks.get(first);
    if (task === undefined) return notFound();
    if (task.isDeleted) return refuse(404, 'ENTITY_IS_DELETED', 'entity is deleted');
    const problem = checkUpdate(fields) ?? this.#checkTask(fields);
    if (problem !== null) return problem;
    this.#updateTask(task, fields);
    return { status: 204 };
  }

  /** Without regard to case, as External IDs are compared unless they are set otherwise. */
  #findExternal(field: string, value: string): StandInTask[] {
    return [...this.tasks.values()].filter(
      (task) => !task.isDeleted && toText(task.fields[field]).toLowerCase() === value.toLowerCase(),
    );
  }

  #createTask(fields: Record<string, unknown>): string {
    const id = this.#makeId('00T');
    const createdAtMs = Date.now();
    const CreatedDate = new Date(createdAtMs).toISOString();
    this.tasks.set(id, {
      id,
      fields: { ...fields, Id: id, CreatedDate },
      createdAtMs,
      writes: 1,
      isDeleted: false,
    });
    return id;
  }

  #updateTask(task: StandInTask, fields: Record<string, unknown>): void {
    Object.assign(task.fields, fields);
    task.writes += 1;
  }

  #checkTask(fields: Record<string, unknown>): StandInAnswer | null {
    const custom = this.#options.externalIdField;
    for (const [name, value] of Object.entries(fields)) {
      const isKnown = TASK_FIELDS.includes(name) || name === custom;
      if (!isKnown || this.hiddenFields.has(name))
        return refuse(400, 'INVALID_FIELD', `No such column '${name}' on sobject of type Task`);
      if (READ_ONLY.has(name))
        return refuse(400, 'INVALID_FIELD_FOR_INSERT_UPDATE', 'Unable to create/update fields', [name]);
      const max = TASK_TEXT[name];
      if (max !== undefined && typeof value !== 'string')
        return refuse(
          400,
          'JSON_PARSER_ERROR',
          `Cannot deserialize instance of string from ${typeof value} value`,
        );
      if (max !== undefined && toText(value).length > max)
        return refuse(400, 'STRING_TOO_LONG', `${name}: data value too large: ${toText(value)}`, [name]);
    }
    const { TaskSubtype, CallType, CallDurationInSeconds, ActivityDate, WhoId, WhatId } = fields;
    if (TaskSubtype !== undefined && !['Task', 'Call', 'Email'].includes(toText(TaskSubtype)))
      return refuse(
        400,
        'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST',
        'bad value for restricted picklist field',
        ['TaskSubtype'],
      );
    if (CallType !== undefined && !['Inbound', 'Outbound', 'Internal'].includes(toText(CallType)))
      return refuse(
        400,
        'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST',
        'bad value for restricted picklist field',
        ['CallType'],
      );
    if (CallDurationInSeconds !== undefined && !Number.isInteger(CallDurationInSeconds))
      return refuse(400, 'JSON_PARSER_ERROR', 'Cannot deserialize instance of int');
    if (ActivityDate !== undefined && !isDay(ActivityDate))
      return refuse(400, 'JSON_PARSER_ERROR', `Cannot deserialize instance of date from VALUE_STRING value`);
    return (
      this.#checkLink('WhoId', WhoId, ['003', '00Q']) ??
      this.#checkLink('WhatId', WhatId, ['001', '006', '500'])
    );
  }

  #checkLink(name: string, value: unknown, prefixes: readonly string[]): StandInAnswer | null {
    if (value === undefined || value === null) return null;
    const id = toText(value);
    if (!/^[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?$/.test(id) || !prefixes.includes(id.slice(0, 3)))
      return refuse(400, 'MALFORMED_ID', `${name}: id value of incorrect type: ${id}`, [name]);
    const person = this.people.get(id);
    if (person === undefined)
      return refuse(400, 'INVALID_CROSS_REFERENCE_KEY', 'invalid cross reference id', [name]);
    return person.isDeleted ? refuse(400, 'ENTITY_IS_DELETED', 'entity is deleted', [name]) : null;
  }

  #answerPerson(request: StandInRequest, object: string, path: readonly string[]): StandInAnswer {
    const [id] = path;
    if (request.method === 'POST' && id === undefined) {
      const fields = parseObject(request.text);
      if (fields === null)
        return refuse(400, 'JSON_PARSER_ERROR', 'Unexpected character in the request body');
      if (typeof fields['LastName'] !== 'string' || fields['LastName'] === '')
        return refuse(400, 'REQUIRED_FIELD_MISSING', 'Required fields are missing: [LastName]', ['LastName']);
      const made = object === 'Contact' ? this.addContact(fields) : this.addLead(fields);
      return { status: 201, json: { id: made, success: true, errors: [] } };
    }
    if (request.method !== 'GET' || id === undefined)
      return refuse(405, 'METHOD_NOT_ALLOWED', 'HTTP Method not allowed');
    const person = this.people.get(id);
    if (person === undefined || person.isDeleted) return notFound();
    const names = (request.query.get('fields') ?? 'Id').split(',');
    const unknown = names.find((name) => !(PERSON_FIELDS[object] ?? []).includes(name));
    if (unknown !== undefined)
      return refuse(400, 'INVALID_FIELD', `No such column '${unknown}' on sobject of type ${object}`);
    return {
      status: 200,
      json: Object.fromEntries(names.map((name) => [name, person.fields[name] ?? null])),
    };
  }

  #query(soql: string): StandInAnswer {
    const query = parseSoql(soql);
    if (query === null) {
      this.malformedQueries += 1;
      return refuse(400, 'MALFORMED_QUERY', 'unexpected token');
    }
    if (query.object === 'Organization')
      return { status: 200, json: { totalSize: 1, done: true, records: [{ Name: 'Stand-in Ltd' }] } };
    if (query.object !== 'Task')
      return refuse(400, 'INVALID_TYPE', `sObject type '${query.object}' is not supported.`);
    const known = new Set([...TASK_FIELDS, this.#options.externalIdField ?? '']);
    for (const name of this.hiddenFields) known.delete(name);
    const names = [...query.fields, ...(query.where === null ? [] : [query.where.field])];
    const unknown = names.find((name) => !known.has(name));
    if (unknown !== undefined)
      return refuse(400, 'INVALID_FIELD', `No such column '${unknown}' on entity 'Task'.`);
    const { where } = query;
    const records = [...this.tasks.values()]
      .filter((task) => !task.isDeleted)
      .filter(
        (task) =>
          where === null || toText(task.fields[where.field]).toLowerCase() === where.value.toLowerCase(),
      )
      .slice(0, query.limit)
      .map((task) => Object.fromEntries(query.fields.map((name) => [name, task.fields[name] ?? null])));
    return { status: 200, json: { totalSize: records.length, done: true, records } };
  }

  #search(sosl: string): StandInAnswer {
    const search = parseSosl(sosl);
    if (search === null) {
      this.malformedQueries += 1;
      return refuse(400, 'MALFORMED_SEARCH', 'search term must be longer than one character');
    }
    const searchRecords: unknown[] = [];
    for (const { object, fields } of search.returning) {
      const unknown = fields.find((name) => !(PERSON_FIELDS[object] ?? []).includes(name));
      if (unknown !== undefined)
        return refuse(400, 'INVALID_FIELD', `No such column '${unknown}' on entity '${object}'.`);
      for (const person of this.people.values()) {
        const isOfObject = person.id.startsWith(object === 'Contact' ? '003' : '00Q');
        if (!isOfObject || person.isDeleted || person.fields['IsConverted'] === true) continue;
        const phones = new Set(
          Object.entries(person.fields)
            .filter(([name]) => name.endsWith('Phone'))
            .map(([, value]) => toText(value).replaceAll(/\D/g, '')),
        );
        if (!search.terms.some((term) => phones.has(term))) continue;
        searchRecords.push({
          attributes: { type: object, url: `/services/data/${VERSION}/sobjects/${object}/${person.id}` },
          ...Object.fromEntries(fields.map((name) => [name, person.fields[name] ?? null])),
        });
      }
    }
    return { status: 200, json: { searchRecords: searchRecords.slice(0, search.limit) } };
  }
}

interface Soql {
  readonly fields: readonly string[];
  readonly object: string;
  readonly where: { readonly field: string; readonly value: string } | null;
  readonly limit: number;
}

/** SELECT fields FROM object [WHERE field = 'text'] [ORDER BY …] [LIMIT n], and nothing else. */
export function parseSoql(soql: string): Soql | null {
  const match =
    /^SELECT ([\w, ]+) FROM (\w+)(?: WHERE (\w+) = '((?:[^'\\]|\\['"\\nrtbf])*)')?(?: ORDER BY \w+(?: ASC| DESC)?(?:, \w+(?: ASC| DESC)?)*)?(?: LIMIT (\d{1,5}))?$/.exec(
      soql,
    );
  if (match === null) return null;
  const [, list = '', object = '', field, literal, limit] = match;
  const value = (literal ?? '').replaceAll(/\\(.)/g, '$1');
  return {
    fields: list.split(',').map((name) => name.trim()),
    object,
    where: field === undefined ? null : { field, value },
    limit: limit === undefined ? 2_000 : Number(limit),
  };
}

interface Sosl {
  readonly terms: readonly string[];
  readonly returning: readonly { readonly object: string; readonly fields: readonly string[] }[];
  readonly limit: number;
}

/** FIND {word OR word} IN PHONE FIELDS RETURNING object(fields [WHERE …] [ORDER BY …]), … [LIMIT n] */
export function parseSosl(sosl: string): Sosl | null {
  const match = /^FIND \{([^{}]+)\} IN PHONE FIELDS RETURNING (.+?)(?: LIMIT (\d{1,4}))?$/.exec(sosl);
  if (match === null) return null;
  const [, find = '', list = '', limit] = match;
  const terms = find.split(' OR ');
  // & | ! ( ) { } [ ] ^ " ~ * ? : \ ' + - would have to be escaped; our terms are runs of digits.
  if (!terms.every((term) => /^[A-Za-z0-9]{2,}$/.test(term))) return null;
  const specs = list.match(/\w+\([^()]*\)/g) ?? [];
  if (specs.join(', ') !== list) return null;
  const returning = specs.map((spec) => {
    const [, object = '', inner = ''] = /^(\w+)\(([^()]*)\)$/.exec(spec) ?? [];
    const fields = inner
      .replace(/ WHERE .*$| ORDER BY .*$/, '')
      .split(',')
      .map((name) => name.trim());
    return { object, fields };
  });
  return { terms, returning, limit: limit === undefined ? 2_000 : Number(limit) };
}

function checkUpdate(fields: Record<string, unknown>): StandInAnswer | null {
  const fixed = Object.keys(fields).filter((name) => CREATE_ONLY.has(name));
  if (fixed.length === 0) return null;
  const message = `Unable to create/update fields: ${fixed.join(', ')}. Please check the security settings of this field and verify that it is read/write for your profile or permission set.`;
  return refuse(400, 'INVALID_FIELD_FOR_INSERT_UPDATE', message, fixed);
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

function toText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

function isDay(value: unknown): boolean {
  return typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(Date.parse(value));
}

function refuse(
  status: number,
  errorCode: string,
  message: string,
  fields?: readonly string[],
): StandInAnswer {
  return { status, json: [{ message, errorCode, ...(fields !== undefined && { fields }) }] };
}

function notFound(): StandInAnswer {
  return refuse(404, 'NOT_FOUND', 'The requested resource does not exist');
}
