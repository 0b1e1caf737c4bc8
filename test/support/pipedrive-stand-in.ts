/**
 * Pipedrive as far as its documentation says how it behaves: OAuth, API tokens, call logs (written once, each also an
 * activity), persons and their search, limits per 2 s with their headers, errors in its own shape.
 */
import { randomBytes } from 'node:crypto';

import { RateWindow, type StandInAnswer, type StandInRequest, StandIn } from './stand-in-server.ts';

export interface PipedriveOptions {
  readonly apiToken?: string;
  readonly clientId?: string;
  readonly clientSecret?: string;
  readonly refreshToken?: string;
  readonly rotatesRefreshTokens?: boolean;
  readonly accessTokenMs?: number;
  /** Of all requests, in 2 s. */
  readonly burst?: number;
  /** Tokens for a day, spent by what an endpoint costs. */
  readonly dailyTokensMax?: number;
  readonly scopes?: readonly string[];
}

export interface StandInCallLog {
  readonly id: string;
  readonly activityId: number;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly addedAtMs: number;
}

interface Person {
  readonly id: number;
  readonly name: string;
  readonly phones: readonly string[];
  isDeleted: boolean;
}

const WINDOW_MS = 2_000;
export const SEARCH_BURST = 10;
const OUTCOMES = new Set([
  'connected',
  'no_answer',
  'left_message',
  'left_voicemail',
  'wrong_number',
  'busy',
]);
const FIELD_TYPES: Readonly<Record<string, 'string' | 'number'>> = {
  outcome: 'string',
  to_phone_number: 'string',
  from_phone_number: 'string',
  start_time: 'string',
  end_time: 'string',
  duration: 'string',
  subject: 'string',
  note: 'string',
  lead_id: 'string',
  user_id: 'number',
  activity_id: 'number',
  person_id: 'number',
  org_id: 'number',
  deal_id: 'number',
};
const REQUIRED = ['outcome', 'to_phone_number', 'start_time', 'end_time'];

export class PipedriveStandIn extends StandIn {
  readonly callLogs: StandInCallLog[] = [];
  /** Activities that people made, beside those of call logs. */
  readonly otherActivities: { readonly id: number; readonly subject: string; readonly addedAtMs: number }[] =
    [];
  readonly persons = new Map<number, Person>();
  readonly all: RateWindow;
  readonly search = new RateWindow(SEARCH_BURST, WINDOW_MS);
  grants = 0;
  /** Logins that were refused, since their refresh token was not the last one. */
  refusedGrants = 0;
  spentTokens = 0;
  readonly #options: PipedriveOptions;
  readonly #accessTokens = new Map<string, number>();
  #refreshToken: string;
  #serial = 0;

  private constructor(options: PipedriveOptions) {
    super();
    this.#options = options;
    this.#refreshToken = options.refreshToken ?? '4242:1:stand-in';
    this.all = new RateWindow(options.burst ?? 80, WINDOW_MS);
  }

  static async start(options: PipedriveOptions = {}): Promise<PipedriveStandIn> {
    const standIn = new PipedriveStandIn(options);
    await standIn.listen();
    return standIn;
  }

  get refreshToken(): string {
    return this.#refreshToken;
  }

  expireAccessTokens(): void {
    this.#accessTokens.clear();
  }

  /** Somebody logs in again: a new refresh token, and the one before is worth nothing. */
  logInAgain(): string {
    this.#refreshToken = `4242:1:${randomBytes(20).toString('hex')}`;
    return this.#refreshToken;
  }

  addPerson(name: string, phones: readonly string[]): number {
    this.#serial += 1;
    const id = this.#serial;
    this.persons.set(id, { id, name, phones, isDeleted: false });
    return id;
  }

  addActivity(subject: string, addedAtMs = Date.now()): void {
    this.#serial += 1;
    this.otherActivities.push({ id: this.#serial, subject, addedAtMs });
  }

  /** By the call id in the note, which people read there. */
  countByCallId(): Map<string, StandInCallLog[]> {
    const byId = new Map<string, StandInCallLog[]>();
    for (const log of this.callLogs) {
      const id = /Call id:<\/strong> ([^<]+)/.exec(toText(log.fields['note']))?.[1] ?? '';
      byId.set(id, [...(byId.get(id) ?? []), log]);
    }
    return byId;
  }

  protected override answer(request: StandInRequest): StandInAnswer {
    const { method, path } = request;
    if (path === '/oauth/token') return this.#grant(request);
    const problem = this.#refuseLogin(request) ?? this.#refuseRate(request);
    if (problem !== null) return problem;
    const answer = this.#answerApi(request, `${method} ${path}`);
    const { limit } = this.all;
    return { ...answer, headers: { 'x-ratelimit-limit': String(limit), ...answer.headers } };
  }

  #grant({ method, headers, text }: StandInRequest): StandInAnswer {
    const no = (status: number, error: string): StandInAnswer => ({
      status,
      json: { success: false, error, message: error },
    });
    if (method !== 'POST') return no(405, 'method_not_allowed');
    const { clientId = 'client', clientSecret = 'secret' } = this.#options;
    const basic = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
    if (headers.authorization !== basic) return no(401, 'invalid_client');
    const form = new URLSearchParams(text);
    if (form.get('grant_type') !== 'refresh_token') return no(400, 'unsupported_grant_type');
    if (form.get('refresh_token') !== this.#refreshToken) {
      this.refusedGrants += 1;
      return no(400, 'invalid_grant');
    }
    if (this.#options.rotatesRefreshTokens === true)
      this.#refreshToken = `4242:2:${randomBytes(20).toString('hex')}`;
    this.grants += 1;
    const token = `v1u:${randomBytes(24).toString('base64url')}`;
    const lifetimeMs = this.#options.accessTokenMs ?? 3_599_000;
    this.#accessTokens.set(token, Date.now() + lifetimeMs);
    return {
      status: 200,
      json: {
        access_token: token,
        token_type: 'Bearer',
        refresh_token: this.#refreshToken,
        scope: this.#scopes.join(' '),
        expires_in: Math.ceil(lifetimeMs / 1_000),
        // An address that nobody may be led to by an answer.
        api_domain: 'https://evil.example',
      },
    };
  }

  get #scopes(): readonly string[] {
    return this.#options.scopes ?? ['base', 'phone-integration', 'contacts:full', 'activities:read'];
  }

  #refuseLogin({ headers }: StandInRequest): StandInAnswer | null {
    const { apiToken } = this.#options;
    if (apiToken !== undefined && headers['x-api-token'] === apiToken) return null;
    const token = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? '';
    if ((this.#accessTokens.get(token) ?? 0) > Date.now()) return null;
    return {
      status: 401,
      json: {
        success: false,
        error: 'unauthorized access',
        errorCode: 401,
        error_info: 'Please check developers.pipedrive.com',
      },
    };
  }

  #refuseRate({ path, method, atMs }: StandInRequest): StandInAnswer | null {
    const isSearch = path.endsWith('/search');
    const turns = [this.all.take(atMs), ...(isSearch ? [this.search.take(atMs)] : [])];
    const refused = turns.find((turn) => !turn.ok);
    this.spentTokens += isSearch ? 20 : method === 'POST' ? 10 : /\/\d+$/.test(path) ? 1 : 20;
    const isSpent = this.spentTokens > (this.#options.dailyTokensMax ?? Infinity);
    if (refused === undefined && !isSpent) return null;
    const headers = {
      'x-ratelimit-limit': String(this.all.limit),
      'x-ratelimit-remaining': '0',
      ...(refused !== undefined && { 'x-ratelimit-reset': String(Math.ceil(refused.resetMs / 1_000)) }),
    };
    return {
      status: 429,
      headers,
      json: { success: false, error: 'request over limit', errorCode: 429 },
    };
  }

  #answerApi(request: StandInRequest, route: string): StandInAnswer {
    const person = /^GET \/api\/v2\/persons\/(\d+)$/.exec(route)?.[1];
    if (person !== undefined) return this.#withScope('contacts:', () => this.#readPerson(Number(person)));
    switch (route) {
      case 'POST /api/v1/callLogs':
        return this.#withScope('phone-integration', () => this.#addCallLog(request.text));
      case 'GET /api/v1/callLogs':
        return this.#withScope('phone-integration', () => this.#listCallLogs(request.query));
      case 'GET /api/v2/activities':
        return this.#withScope('activities:', () => this.#listActivities(request.query));
      case 'GET /api/v2/persons/search':
        return this.#withScope('contacts:', () => this.#searchPersons(request.query));
      case 'POST /api/v2/persons':
        return this.#withScope('contacts:full', () => this.#addPersonBy(request.text));
      case 'GET /api/v1/users/me':
        return {
          status: 200,
          json: { success: true, data: { id: 1, name: 'Somebody', company_name: 'Stand-in Ltd' } },
        };
      default:
        return no(404, 'Unknown method.');
    }
  }

  #withScope(scope: string, answer: () => StandInAnswer): StandInAnswer {
    return this.#scopes.some((one) => one.startsWith(scope)) ? answer() : no(403, 'Scope and URL mismatch');
  }

  #addCallLog(text: string): StandInAnswer {
    const fields = parseObject(text);
    if (fields === null) return no(400, 'Bad request');
    for (const [name, value] of Object.entries(fields)) {
      const type = FIELD_TYPES[name];
      if (type === undefined) return no(400, `"${name}" is not allowed`);
      if (typeof value !== type) return no(400, `"${name}" must be a ${type}`);
    }
    const missing = REQUIRED.find((name) => fields[name] === undefined || fields[name] === '');
    if (missing !== undefined) return no(400, `"${missing}" is required`);
    if (!OUTCOMES.has(toText(fields['outcome']))) return no(400, '"outcome" must be one of its values');
    for (const name of ['start_time', 'end_time'])
      if (!/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/.test(toText(fields[name])))
        return no(400, `"${name}" must be YYYY-MM-DD HH:MM:SS`);
    if (toText(fields['end_time']) < toText(fields['start_time']))
      return no(400, '"end_time" is before "start_time"');
    if (fields['duration'] !== undefined && !/^\d+$/.test(toText(fields['duration'])))
      return no(400, '"duration" must be seconds');
    if (toText(fields['subject']).length > 255) return no(400, '"subject" is too long');
    const person = fields['person_id'];
    if (person !== undefined && this.persons.get(Number(person))?.isDeleted !== false)
      return no(404, 'Person not found');
    this.#serial += 1;
    const log: StandInCallLog = {
      id: randomBytes(16).toString('hex'),
      activityId: this.#serial,
      fields,
      addedAtMs: Date.now(),
    };
    this.callLogs.push(log);
    return { status: 200, json: { success: true, data: toLogData(log) } };
  }

  #listCallLogs(query: URLSearchParams): StandInAnswer {
    const start = Number(query.get('start') ?? 0);
    const limit = Number(query.get('limit') ?? 50);
    if (limit > 50) return no(400, '"limit" must be less than or equal to 50');
    const page = this.callLogs.slice(start, start + limit);
    const more = start + limit < this.callLogs.length;
    const pagination = {
      start,
      limit,
      more_items_in_collection: more,
      ...(more && { next_start: start + limit }),
    };
    return {
      status: 200,
      json: { success: true, data: page.map(toLogData), additional_data: { pagination } },
    };
  }

  #listActivities(query: URLSearchParams): StandInAnswer {
    const limit = Number(query.get('limit') ?? 100);
    if (!Number.isInteger(limit) || limit < 1 || limit > 500) return no(400, 'limit must be at most 500');
    const since = query.get('updated_since');
    if (since !== null && !/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/.test(since))
      return no(400, 'updated_since must be in RFC3339 format');
    const sortBy = query.get('sort_by') ?? 'id';
    if (!['id', 'add_time', 'update_time', 'due_date'].includes(sortBy))
      return no(400, 'sort_by is not supported');
    const person = query.get('person_id');
    const activities = [
      ...this.callLogs.map(({ activityId: id, fields, addedAtMs }) => ({
        id,
        subject: toText(fields['subject']),
        addedAtMs,
        personId: toText(fields['person_id'] ?? ''),
      })),
      ...this.otherActivities.map((one) => ({ ...one, personId: '' })),
    ]
      .filter(({ personId }) => person === null || personId === person)
      .filter(({ addedAtMs }) => since === null || addedAtMs >= Date.parse(since))
      .sort((a, b) => a.addedAtMs - b.addedAtMs || a.id - b.id);
    if (query.get('sort_direction') === 'desc') activities.reverse();
    const start =
      query.get('cursor') === null ? 0 : Number(Buffer.from(query.get('cursor') ?? '', 'base64').toString());
    const page = activities.slice(start, start + limit);
    const isLast = start + limit >= activities.length;
    return {
      status: 200,
      json: {
        success: true,
        data: page.map(({ id, subject, addedAtMs }) => ({
          id,
          subject,
          type: 'call',
          done: true,
          add_time: new Date(addedAtMs).toISOString().replace(/\.\d+Z$/, 'Z'),
        })),
        additional_data: {
          next_cursor: isLast ? null : Buffer.from(String(start + limit)).toString('base64'),
        },
      },
    };
  }

  /** Phones are compared without their punctuation, from their beginning. */
  #searchPersons(query: URLSearchParams): StandInAnswer {
    const term = query.get('term') ?? '';
    if (term.length < 2) return no(400, 'Search term must be at least 2 characters long');
    if (query.get('fields') !== 'phone') return no(400, 'only phone is looked for here');
    const digits = term.replaceAll(/\D/g, '');
    const items = [...this.persons.values()]
      .filter((person) => !person.isDeleted)
      .filter(({ phones }) => phones.some((phone) => phone.replaceAll(/\D/g, '').startsWith(digits)))
      .slice(0, Number(query.get('limit') ?? 100))
      .map(({ id, name, phones }) => ({
        result_score: 0.5,
        item: { id, type: 'person', name, phones, emails: [], visible_to: 3 },
      }));
    return { status: 200, json: { success: true, data: { items }, additional_data: { next_cursor: null } } };
  }

  #readPerson(id: number): StandInAnswer {
    const person = this.persons.get(id);
    if (person === undefined || person.isDeleted) return no(404, 'Person not found');
    return { status: 200, json: { success: true, data: { id, name: person.name, is_deleted: false } } };
  }

  #addPersonBy(text: string): StandInAnswer {
    const fields = parseObject(text);
    const { name, phones } = fields ?? {};
    if (typeof name !== 'string' || !Array.isArray(phones)) return no(400, 'Bad request');
    const id = this.addPerson(
      name,
      phones.map((phone) => String((phone as { value?: unknown }).value)),
    );
    return { status: 201, json: { success: true, data: { id, name } } };
  }
}

function toLogData({ id, activityId, fields }: StandInCallLog): Record<string, unknown> {
  return { id, activity_id: activityId, ...fields, has_recording: false, company_id: 1 };
}

function toText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
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

function no(status: number, error: string): StandInAnswer {
  return { status, json: { success: false, error, errorCode: status, error_info: '' } };
}
