/**
 * A local HTTP server that answers as HubSpot's API is documented to: tokens, scopes, limits, property types, unique
 * values, associations, a search index that lags behind. It can fail as networks do, before or after having done what
 * it was asked. Both spellings of paths are served, by date (2026-03) and v3/v4, since the official SDK uses the latter.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HubspotStandInOptions {
  readonly token?: string;
  /** Of the same account; they share what HubSpot counts by account. */
  readonly otherToken?: string;
  readonly scopes?: readonly string[];
  readonly portalId?: number;
  readonly requestsPer10s?: number;
  readonly searchesPerSecond?: number;
  readonly requestsPerDay?: number;
  /** How long a new or changed contact is not found by search. */
  readonly indexLagMs?: number;
  /** The unique call property exists from the start. */
  readonly hasKeyProperty?: boolean;
  /** HubSpot refuses a second unique value with 400; some of its objects with 409. */
  readonly conflictStatus?: 400 | 409;
  readonly ownerIds?: readonly string[];
  /** The endpoint that tells a token's scopes knows this kind of token. */
  readonly tellsScopes?: boolean;
  readonly nowMs?: () => number;
}

export interface StandInRequest {
  readonly method: string;
  /** As sent, with its query. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly json: unknown;
  readonly atMs: number;
  /** From 0, over all requests. */
  readonly number: number;
}

/** `after`: HubSpot has done what it was asked; `before`: it has done nothing. */
export type StandInFault =
  | {
      readonly kind: 'answer';
      readonly when: 'before' | 'after';
      readonly status: number;
      readonly body?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'cut'; readonly when: 'before' | 'after' }
  /** It never answers. */
  | { readonly kind: 'hang'; readonly when: 'before' | 'after' }
  /** The sender hears nothing, and what it asked is done so much later. */
  | { readonly kind: 'done-late'; readonly afterMs: number };

export interface StandInObject {
  readonly id: string;
  properties: Record<string, string>;
  readonly createdAtMs: number;
  updatedAtMs: number;
  archived: boolean;
  /** Ids of contacts. */
  readonly contacts: Set<string>;
}

export interface HubspotStandIn {
  readonly url: string;
  /** Asked before each request is served; null: none. */
  readonly faults: { decide: (request: StandInRequest) => StandInFault | null };
  readonly requests: readonly StandInRequest[];
  /** Requests carried out after they were cut off. */
  readonly doneLate: number;
  /** Call records that are not archived. */
  records(): readonly StandInObject[];
  /** How many such records each call has, by the key the hub gave it. */
  countByCall(): ReadonlyMap<string, number>;
  contacts(): readonly StandInObject[];
  addContact(properties: Readonly<Record<string, string>>): StandInObject;
  archiveCall(id: string): void;
  archiveContact(id: string): void;
  deleteProperty(name: string): void;
  hasProperty(name: string): boolean;
  /** The most that arrived within any 10 seconds, the most searches within any second, and how many were refused. */
  observed(): { readonly per10s: number; readonly searchesPerSecond: number; readonly refused: number };
  /** From now on. */
  change(
    options: Partial<Pick<HubspotStandInOptions, 'token' | 'scopes' | 'requestsPer10s' | 'indexLagMs'>>,
  ): void;
  close(): Promise<void>;
}

export const STAND_IN_TOKEN = 'pat-eu1-00000000-1111-2222-3333-444444444444';
export const STAND_IN_SCOPES = [
  'oauth',
  'crm.objects.contacts.read',
  'crm.objects.contacts.write',
  'crm.schemas.contacts.write',
] as const;

const KEY_PROPERTY = 'offhook_call_id';
const DAY_MS = 86_400_000;
const UNIQUE_PROPERTIES_MAX = 10;

export async function startHubspotStandIn(options: HubspotStandInOptions = {}): Promise<HubspotStandIn> {
  const standIn = new StandIn(options);
  const server = createServer((request, response) => {
    standIn.serve(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  standIn.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  standIn.onClose = () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return standIn;
}

interface Property {
  readonly name: string;
  readonly label: string;
  readonly groupName: string;
  readonly type: 'string' | 'number' | 'datetime' | 'enumeration';
  readonly fieldType: string;
  readonly hasUniqueValue: boolean;
  readonly options: readonly string[];
}

interface Reply {
  readonly status: number;
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

class StandIn implements HubspotStandIn {
  url = '';
  onClose: () => Promise<void> = async () => {};
  readonly faults: HubspotStandIn['faults'] = { decide: () => null };
  readonly requests: StandInRequest[] = [];
  doneLate = 0;
  readonly #calls = new Map<string, StandInObject>();
  readonly #contacts = new Map<string, StandInObject>();
  readonly #properties = new Map<string, Property>(CALL_PROPERTIES.map((one) => [one.name, one]));
  readonly #countedAtMs: number[] = [];
  readonly #searchedAtMs: number[] = [];
  readonly #nowMs: () => number;
  #options: Required<Omit<HubspotStandInOptions, 'nowMs'>>;
  #nextId = 40_000_000_001;
  #refused = 0;

  constructor(options: HubspotStandInOptions) {
    this.#nowMs = options.nowMs ?? (() => performance.now());
    this.#options = {
      token: STAND_IN_TOKEN,
      otherToken: '',
      scopes: STAND_IN_SCOPES,
      portalId: 4_711_001,
      requestsPer10s: 100,
      searchesPerSecond: 5,
      requestsPerDay: 250_000,
      indexLagMs: 0,
      hasKeyProperty: false,
      conflictStatus: 400,
      ownerIds: ['75771234'],
      tellsScopes: true,
      ...options,
    };
    if (this.#options.hasKeyProperty) {
      this.#properties.set(KEY_PROPERTY, {
        ...stringProperty(KEY_PROPERTY),
        hasUniqueValue: true,
      });
    }
  }

  records(): readonly StandInObject[] {
    return [...this.#calls.values()].filter((call) => !call.archived);
  }

  countByCall(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { properties } of this.records()) {
      const key = properties[KEY_PROPERTY] ?? '';
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    return counts;
  }

  contacts(): readonly StandInObject[] {
    return [...this.#contacts.values()].filter((contact) => !contact.archived);
  }

  addContact(properties: Readonly<Record<string, string>>): StandInObject {
    return this.#add(this.#contacts, toContactProperties(properties, this.#nowMs()));
  }

  archiveCall(id: string): void {
    const call = this.#calls.get(id);
    if (call !== undefined) call.archived = true;
  }

  archiveContact(id: string): void {
    const contact = this.#contacts.get(id);
    if (contact !== undefined) contact.archived = true;
  }

  deleteProperty(name: string): void {
    this.#properties.delete(name);
    for (const call of this.#calls.values()) delete call.properties[name];
  }

  hasProperty(name: string): boolean {
    return this.#properties.has(name);
  }

  observed(): { readonly per10s: number; readonly searchesPerSecond: number; readonly refused: number } {
    return {
      per10s: countMost(this.#countedAtMs, 10_000),
      searchesPerSecond: countMost(this.#searchedAtMs, 1_000),
      refused: this.#refused,
    };
  }

  change(options: Partial<HubspotStandInOptions>): void {
    this.#options = { ...this.#options, ...options };
  }

  close(): Promise<void> {
    return this.onClose();
  }

  async serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('utf8');
    const request: StandInRequest = {
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      headers: incoming.headers,
      json: parse(text),
      atMs: this.#nowMs(),
      number: this.requests.length,
    };
    this.requests.push(request);
    const fault = this.faults.decide(request);
    if (fault?.kind === 'done-late') {
      // Limits count arrivals, whenever the work is done.
      const url = new URL(request.path, 'http://stand-in');
      if (this.#refuse(request, url, text) === null)
        setTimeout(() => {
          this.#route(request, toDatedPath(url.pathname), url.searchParams);
          this.doneLate += 1;
        }, fault.afterMs);
      incoming.socket.destroy();
      return;
    }
    const reply = fault === null || fault.when === 'after' ? this.#answer(request, text) : null;
    if (fault?.kind === 'cut') {
      incoming.socket.destroy();
      return;
    }
    if (fault?.kind === 'hang') return;
    if (fault?.kind === 'answer') {
      response.writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers });
      response.end(fault.body ?? JSON.stringify(problem('internal error', 'INTERNAL_ERROR').json));
      return;
    }
    if (reply === null) return;
    response.writeHead(reply.status, { 'content-type': 'application/json;charset=utf-8', ...reply.headers });
    response.end(reply.json === undefined ? '' : JSON.stringify(reply.json));
  }

  #answer(request: StandInRequest, text: string): Reply {
    const url = new URL(request.path, 'http://stand-in');
    const path = toDatedPath(url.pathname);
    if (path === '/oauth/v2/private-apps/get/access-token-info') return this.#tellToken(request);
    return this.#refuse(request, url, text) ?? this.#route(request, path, url.searchParams);
  }

  /** For what is said before anything is done; null: nothing is. */
  #refuse(request: StandInRequest, url: URL, text: string): Reply | null {
    const { token, otherToken } = this.#options;
    if (![token, otherToken].some((one) => request.headers.authorization === `Bearer ${one}`)) {
      return {
        status: 401,
        ...problem('Authentication credentials not found.', 'INVALID_AUTHENTICATION'),
      };
    }
    const limited = this.#limit(request, toDatedPath(url.pathname));
    if (limited !== null) return limited;
    if (text !== '' && request.json === undefined)
      return { status: 400, ...problem('Invalid input JSON', 'VALIDATION_ERROR') };
    return null;
  }

  #tellToken({ json }: StandInRequest): Reply {
    const { token, scopes, portalId, tellsScopes } = this.#options;
    if (!tellsScopes || asRecord(json)['tokenKey'] !== token)
      return { status: 404, ...problem('token not found', 'OBJECT_NOT_FOUND') };
    return { status: 200, json: { userId: 1, hubId: portalId, appId: 2, scopes } };
  }

  #limit({ atMs }: StandInRequest, path: string): Reply | null {
    const isSearch = path.endsWith('/search');
    const { requestsPer10s, requestsPerDay, searchesPerSecond } = this.#options;
    const refusal =
      countSince(this.#countedAtMs, atMs - DAY_MS) >= requestsPerDay
        ? { policy: 'DAILY', retryAfter: null }
        : countSince(this.#countedAtMs, atMs - 10_000) >= requestsPer10s
          ? { policy: 'TEN_SECONDLY_ROLLING', retryAfter: '1' }
          : isSearch && countSince(this.#searchedAtMs, atMs - 1_000) >= searchesPerSecond
            ? { policy: 'SECONDLY', retryAfter: '1' }
            : null;
    if (refusal === null) {
      this.#countedAtMs.push(atMs);
      if (isSearch) this.#searchedAtMs.push(atMs);
      return null;
    }
    this.#refused += 1;
    return {
      status: 429,
      json: {
        status: 'error',
        message: `You have reached your ${refusal.policy.toLowerCase()} limit.`,
        errorType: 'RATE_LIMIT',
        correlationId: randomUUID(),
        policyName: refusal.policy,
      },
      headers: refusal.retryAfter === null ? {} : { 'retry-after': refusal.retryAfter },
    };
  }

  #route(request: StandInRequest, path: string, query: URLSearchParams): Reply {
    const { method, json } = request;
    const parts = path.split('/').slice(1).map(decodeURIComponent);
    const [area, object, , type = '', id = ''] = parts;
    if (method === 'GET' && path === '/account-info/2026-03/details') return this.#tellAccount();
    if (area === 'crm' && object === 'properties') return this.#routeProperties(method, parts.slice(3), json);
    if (area !== 'crm' || object !== 'objects' || (type !== 'calls' && type !== 'contacts'))
      return notFound();
    const missing = this.#missingScope(
      method === 'GET' || id === 'search' ? 'crm.objects.contacts.read' : 'crm.objects.contacts.write',
    );
    if (missing !== null) return missing;
    const rest = parts.slice(4);
    if (rest.length === 0 && method === 'POST') return this.#create(type, json);
    if (rest.length === 1 && id === 'search' && method === 'POST') return this.#search(type, json);
    if (rest.join('/') === 'batch/upsert' && method === 'POST') return this.#upsert(type, json);
    if (rest.length === 1 && method === 'GET') return this.#read(type, id, query);
    if (rest.length === 1 && method === 'PATCH') return this.#update(type, id, json, query);
    if (rest.length === 5 && rest[1] === 'associations' && rest[2] === 'default' && method === 'PUT')
      return this.#associate(id, rest[3] ?? '', rest[4] ?? '');
    if (rest.length === 4 && rest[1] === 'associations' && rest[2] === 'contacts' && method === 'DELETE') {
      // What is not linked is not linked afterwards either.
      this.#calls.get(id)?.contacts.delete(rest[3] ?? '');
      return { status: 204 };
    }
    return notFound();
  }

  #tellAccount(): Reply {
    const { portalId } = this.#options;
    return {
      status: 200,
      json: {
        portalId,
        accountType: 'STANDARD',
        timeZone: 'Europe/Amsterdam',
        uiDomain: 'app-eu1.hubspot.com',
      },
    };
  }

  #routeProperties(method: string, [type, name]: readonly string[], json: unknown): Reply {
    if (type !== 'calls') return notFound();
    if (method === 'GET' && name !== undefined) {
      const missing = this.#missingScope('crm.objects.contacts.read');
      if (missing !== null) return missing;
      const property = this.#properties.get(name);
      return property === undefined ? notFound() : { status: 200, json: describeProperty(property) };
    }
    if (method !== 'POST' || name !== undefined) return notFound();
    const missing = this.#missingScope('crm.schemas.contacts.write');
    return missing ?? this.#createProperty(asRecord(json));
  }

  #createProperty(given: Record<string, unknown>): Reply {
    for (const field of ['name', 'label', 'groupName', 'type', 'fieldType']) {
      if (typeof given[field] !== 'string')
        return {
          status: 400,
          ...problem(`Some required fields were not set: [${field}]`, 'VALIDATION_ERROR'),
        };
    }
    const { name, groupName, label } = given as Record<string, string>;
    if (groupName !== CALL_GROUP)
      return {
        status: 400,
        ...problem(`The property group ${groupName} does not exist`, 'VALIDATION_ERROR'),
      };
    if (this.#properties.has(name ?? ''))
      return {
        status: 409,
        ...problem(`A property named '${name}' already exists.`, 'OBJECT_ALREADY_EXISTS'),
      };
    const isUnique = given['hasUniqueValue'] === true;
    const unique = [...this.#properties.values()].filter((property) => property.hasUniqueValue).length;
    if (isUnique && unique >= UNIQUE_PROPERTIES_MAX)
      return { status: 400, ...problem('The unique property limit has been reached', 'VALIDATION_ERROR') };
    const property: Property = {
      ...stringProperty(name ?? ''),
      label: label ?? '',
      hasUniqueValue: isUnique,
    };
    this.#properties.set(property.name, property);
    return { status: 201, json: describeProperty(property) };
  }

  #create(type: 'calls' | 'contacts', json: unknown): Reply {
    const { properties, associations } = asRecord(json);
    const given = toStrings(properties);
    if (given === null)
      return { status: 400, ...problem('Invalid input JSON: properties', 'VALIDATION_ERROR') };
    if (type === 'contacts') {
      const contact = this.addContact(given);
      return { status: 201, json: describe(contact) };
    }
    if (given['hs_timestamp'] === undefined)
      return invalidProperties([
        { name: 'hs_timestamp', error: 'REQUIRED_FIELD', message: 'hs_timestamp is required' },
      ]);
    const refusal = this.#refuseProperties(given, null);
    if (refusal !== null) return refusal;
    const contacts = this.#readAssociations(associations);
    if (contacts === null)
      return { status: 400, ...problem('One or more associations are not valid', 'VALIDATION_ERROR') };
    const call = this.#add(this.#calls, given);
    for (const contact of contacts) call.contacts.add(contact);
    return { status: 201, json: describe(call) };
  }

  #readAssociations(given: unknown): readonly string[] | null {
    if (given === undefined) return [];
    if (!Array.isArray(given)) return null;
    const contacts: string[] = [];
    for (const one of given) {
      const { to, types } = asRecord(one);
      const id = asRecord(to)['id'];
      const [type] = Array.isArray(types) ? types : [];
      const { associationCategory, associationTypeId } = asRecord(type);
      if (associationCategory !== 'HUBSPOT_DEFINED' || associationTypeId !== 194) return null;
      if (typeof id !== 'string' || this.#contacts.get(id)?.archived !== false) return null;
      contacts.push(id);
    }
    return contacts;
  }

  #refuseProperties(given: Readonly<Record<string, string>>, own: StandInObject | null): Reply | null {
    const problems: { name: string; error: string; message: string }[] = [];
    for (const [name, value] of Object.entries(given)) {
      const property = this.#properties.get(name);
      if (property === undefined) {
        problems.push({ name, error: 'PROPERTY_DOESNT_EXIST', message: `Property "${name}" does not exist` });
      } else {
        const error = this.#refuseValue(property, value);
        if (error !== null) problems.push({ name, error, message: `${value} is not valid` });
        const holder = property.hasUniqueValue ? this.#findByValue(name, value) : null;
        if (holder !== null && holder !== own) {
          const conflict = {
            name,
            error: 'CONFLICTING_UNIQUE_VALUE',
            message: `${value} already has that value.`,
          };
          return invalidProperties([conflict], this.#options.conflictStatus);
        }
      }
    }
    return problems.length === 0 ? null : invalidProperties(problems);
  }

  #refuseValue(property: Property, value: string): string | null {
    if (value === '') return null;
    if (property.name === 'hubspot_owner_id')
      return this.#options.ownerIds.includes(value) ? null : 'INVALID_OWNER_ID';
    switch (property.type) {
      case 'number':
        return Number.isFinite(Number(value)) ? null : 'INVALID_NUMBER';
      case 'datetime':
        return /^\d{10,14}$/.test(value) || /^\d{4}-\d\d-\d\dT/.test(value) ? null : 'INVALID_DATE';
      case 'enumeration':
        return property.options.includes(value) ? null : 'INVALID_OPTION';
      case 'string':
        return value.length <= 65_536 ? null : 'STRING_TOO_LONG';
    }
  }

  /** Values are folded as search does; records in the bin keep theirs. */
  #findByValue(name: string, value: string): StandInObject | null {
    const folded = value.trim().toLowerCase();
    for (const call of this.#calls.values()) {
      if (call.properties[name]?.trim().toLowerCase() === folded) return call;
    }
    return null;
  }

  #find(type: 'calls' | 'contacts', id: string, query: URLSearchParams): StandInObject | Reply {
    const idProperty = query.get('idProperty');
    if (idProperty !== null) {
      if (this.#properties.get(idProperty)?.hasUniqueValue !== true)
        return {
          status: 400,
          ...problem(`Unable to get by non-unique property ${idProperty}`, 'VALIDATION_ERROR'),
        };
    }
    const found =
      idProperty === null
        ? (type === 'calls' ? this.#calls : this.#contacts).get(id)
        : this.#findByValue(idProperty, id);
    if (found === undefined || found === null || found.archived !== (query.get('archived') === 'true'))
      return notFound();
    return found;
  }

  #read(type: 'calls' | 'contacts', id: string, query: URLSearchParams): Reply {
    const found = this.#find(type, id, query);
    return 'status' in found ? found : { status: 200, json: describe(found) };
  }

  #update(type: 'calls' | 'contacts', id: string, json: unknown, query: URLSearchParams): Reply {
    const found = this.#find(type, id, query);
    if ('status' in found) return found;
    const given = toStrings(asRecord(json)['properties']);
    if (given === null)
      return { status: 400, ...problem('Invalid input JSON: properties', 'VALIDATION_ERROR') };
    const refusal = type === 'calls' ? this.#refuseProperties(given, found) : null;
    if (refusal !== null) return refusal;
    found.properties = { ...found.properties, ...given };
    found.updatedAtMs = this.#nowMs();
    return { status: 200, json: describe(found) };
  }

  #upsert(type: 'calls' | 'contacts', json: unknown): Reply {
    const { inputs } = asRecord(json);
    const results = (Array.isArray(inputs) ? inputs : []).map((input) => {
      const { id, idProperty, properties } = asRecord(input);
      const query = new URLSearchParams({ idProperty: String(idProperty) });
      const found = this.#find(type, String(id), query);
      if (!('status' in found)) return this.#update(type, found.id, { properties }, new URLSearchParams());
      return this.#create(type, { properties: { ...asRecord(properties), [String(idProperty)]: id } });
    });
    const failed = results.find(({ status }) => status >= 400);
    return (
      failed ?? { status: 200, json: { status: 'COMPLETE', results: results.map((reply) => reply.json) } }
    );
  }

  #associate(callId: string, type: string, contactId: string): Reply {
    const call = this.#calls.get(callId);
    const contact = this.#contacts.get(contactId);
    if (
      type !== 'contacts' ||
      call === undefined ||
      call.archived ||
      contact === undefined ||
      contact.archived
    )
      return notFound();
    call.contacts.add(contactId);
    return { status: 200, json: { status: 'COMPLETE', results: [] } };
  }

  #search(type: 'calls' | 'contacts', json: unknown): Reply {
    const { filterGroups, limit } = asRecord(json);
    const groups = (Array.isArray(filterGroups) ? filterGroups : []) as {
      filters: { propertyName: string; operator: string; value: string }[];
    }[];
    if (groups.length > 5 || Number(limit ?? 10) > 200)
      return { status: 400, ...problem('too many filter groups, or too large a limit', 'VALIDATION_ERROR') };
    const indexedBefore = this.#nowMs() - this.#options.indexLagMs;
    const all = [...(type === 'calls' ? this.#calls : this.#contacts).values()].filter(
      (one) => !one.archived && one.updatedAtMs <= indexedBefore,
    );
    const found = all
      .filter((one) =>
        groups.some(({ filters }) =>
          filters.every(({ propertyName, operator, value }) => {
            return operator === 'EQ' && one.properties[propertyName]?.toLowerCase() === value.toLowerCase();
          }),
        ),
      )
      .sort((a, b) => b.updatedAtMs - a.updatedAtMs)
      .slice(0, Number(limit ?? 10));
    return { status: 200, json: { total: found.length, results: found.map(describe) } };
  }

  #add(into: Map<string, StandInObject>, properties: Record<string, string>): StandInObject {
    const now = this.#nowMs();
    const object: StandInObject = {
      id: String(this.#nextId++),
      properties: { ...properties },
      createdAtMs: now,
      updatedAtMs: now,
      archived: false,
      contacts: new Set(),
    };
    into.set(object.id, object);
    return object;
  }

  #missingScope(scope: string): Reply | null {
    if (this.#options.scopes.includes(scope)) return null;
    return {
      status: 403,
      json: {
        status: 'error',
        message: "This app hasn't been granted all required scopes to make this call.",
        correlationId: randomUUID(),
        errors: [
          {
            message: 'One or more of the following scopes are required.',
            context: { requiredGranularScopes: [scope] },
          },
        ],
        links: { scopes: 'https://developers.hubspot.com/scopes' },
        category: 'MISSING_SCOPES',
      },
    };
  }
}

const CALL_GROUP = 'call';

function stringProperty(name: string): Property {
  const type = 'string' as const;
  return {
    name,
    label: name,
    groupName: CALL_GROUP,
    type,
    fieldType: 'text',
    hasUniqueValue: false,
    options: [],
  };
}

const CALL_PROPERTIES: readonly Property[] = [
  ...['hs_call_title', 'hs_call_body', 'hs_call_from_number', 'hs_call_to_number', 'hs_call_disposition'].map(
    stringProperty,
  ),
  stringProperty('hubspot_owner_id'),
  { ...stringProperty('hs_timestamp'), type: 'datetime' },
  { ...stringProperty('hs_call_duration'), type: 'number' },
  { ...stringProperty('hs_call_direction'), type: 'enumeration', options: ['INBOUND', 'OUTBOUND'] },
  {
    ...stringProperty('hs_call_status'),
    type: 'enumeration',
    options: [
      'BUSY',
      'CALLING_CRM_USER',
      'CANCELED',
      'COMPLETED',
      'CONNECTING',
      'FAILED',
      'IN_PROGRESS',
      'NO_ANSWER',
      'QUEUED',
      'RINGING',
    ],
  },
];

/** As HubSpot does it: the searchable copy leaves the country code out. (Here: one digit for +1, else two.) */
function toContactProperties(given: Readonly<Record<string, string>>, atMs: number): Record<string, string> {
  const properties: Record<string, string> = {
    lastmodifieddate: new Date(1_795_000_000_000 + atMs).toISOString(),
    ...given,
  };
  for (const [from, into] of [
    ['phone', 'phone_number'],
    ['mobilephone', 'mobile_number'],
  ] as const) {
    const number = given[from];
    if (number === undefined) continue;
    const digits = number.replaceAll(/\D/g, '');
    const isInternational = number.trim().startsWith('+');
    if (isInternational) properties[`hs_calculated_${into}`] = `+${digits}`;
    properties[`hs_searchable_calculated_${into}`] = isInternational
      ? digits.slice(digits.startsWith('1') ? 1 : 2)
      : digits;
  }
  return properties;
}

function toDatedPath(path: string): string {
  return path
    .replace(/^\/crm\/v[34]\/objects\//, '/crm/objects/2026-03/')
    .replace(/^\/crm\/v3\/properties\//, '/crm/properties/2026-03/')
    .replace(/^\/account-info\/v3\//, '/account-info/2026-03/');
}

function describe(object: StandInObject): unknown {
  const { id, properties, createdAtMs, updatedAtMs, archived } = object;
  return {
    id,
    properties: { hs_object_id: id, ...properties },
    createdAt: new Date(createdAtMs).toISOString(),
    updatedAt: new Date(updatedAtMs).toISOString(),
    archived,
  };
}

function describeProperty({ options, ...property }: Property): unknown {
  return { ...property, description: '', options: options.map((value) => ({ label: value, value })) };
}

function problem(message: string, category: string): { readonly json: unknown } {
  return { json: { status: 'error', message, correlationId: randomUUID(), category } };
}

function invalidProperties(
  problems: readonly { readonly name: string; readonly error: string; readonly message: string }[],
  status = 400,
): Reply {
  const list = problems.map((one) => ({ isValid: false, ...one }));
  return {
    status,
    ...problem(`Property values were not valid: ${JSON.stringify(list)}`, 'VALIDATION_ERROR'),
  };
}

function notFound(): Reply {
  return { status: 404, ...problem('resource not found', 'OBJECT_NOT_FOUND') };
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function toStrings(value: unknown): Record<string, string> | null {
  const entries = Object.entries(asRecord(value));
  return entries.every(([, text]) => typeof text === 'string')
    ? (Object.fromEntries(entries) as Record<string, string>)
    : null;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function countSince(times: readonly number[], since: number): number {
  let count = 0;
  for (let index = times.length - 1; index >= 0 && (times[index] ?? 0) > since; index -= 1) count += 1;
  return count;
}

function countMost(times: readonly number[], windowMs: number): number {
  let most = 0;
  let first = 0;
  for (const [index, at] of times.entries()) {
    while ((times[first] ?? 0) <= at - windowMs) first += 1;
    most = Math.max(most, index - first + 1);
  }
  return most;
}
