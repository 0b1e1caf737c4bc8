/**
 * Pipedrive as one of the CRMs: call logs, which are written once and never changed. Pipedrive neither refuses a second
 * log of a call nor takes an id of ours, so a try that may have got through is looked for among the activities since the
 * call was first heard of: every call log is one, and that list is the only one whose order and window are documented.
 */
import { ok, stop, stopFailed } from '../crm/budget.ts';
import type {
  Budget,
  ContactId,
  CreateOutcome,
  CrmPort,
  Step,
  StopResult,
  UpdateOutcome,
} from '../crm/crm-port.ts';
import { type Answer, type PacedClient, stopAt } from '../crm/paced-client.ts';
import type { Pacer } from '../crm/pacer.ts';
import { matchPhone, toPhoneNotations } from '../crm/phone-notations.ts';
import type { CallRecord } from '../crm/call-record.ts';
import { toAttemptResult } from '../http/json-client.ts';
import { type CallLogDraft, toCallLogDraft, toReference } from './call-log.ts';
import type { PipedriveSettings } from './pipedrive-settings.ts';

export interface PipedrivePortOptions {
  readonly settings: PipedriveSettings;
  readonly client: PacedClient;
  /** Searches have a limit of their own. */
  readonly searchPacer: Pacer;
}

/** Clocks differ; an activity's time is Pipedrive's. */
export const LOOK_BACK_MS = 10 * 60_000;
/** Each costs as much as two call logs; beyond them a doubt of days in a busy company ends in a second log. */
export const LOOK_PAGES_MAX = 40;
/** A page must stay within what of an answer is read, and activities have notes. */
export const LOOK_PAGE_ITEMS = 50;
const LOOK_PAGE_SHRINKS_BY = 7;
const FOUND_MAX = 20;

export function createPipedrivePort(options: PipedrivePortOptions): CrmPort<CallLogDraft> {
  return new PipedrivePort(options);
}

class PipedrivePort implements CrmPort<CallLogDraft> {
  readonly title = 'Pipedrive';
  readonly refusesDuplicates = false;
  readonly looksOnlyInDoubt = true;
  readonly keepsRecords = true;
  readonly #settings: PipedriveSettings;
  readonly #client: PacedClient;
  readonly #searchPacer: Pacer;

  constructor({ settings, client, searchPacer }: PipedrivePortOptions) {
    this.#settings = settings;
    this.#client = client;
    this.#searchPacer = searchPacer;
  }

  parseContactId(text: string): ContactId | null {
    return /^[1-9]\d{0,14}$/.test(text) ? text : null;
  }

  toDraft: CrmPort<CallLogDraft>['toDraft'] = (record, contactId) =>
    toCallLogDraft(record, contactId, this.#settings.user_id);

  async prepare(): Promise<Step<string | null>> {
    return ok(this.#settings.company_domain);
  }

  async findRecord(callKey: string, budget: Budget, record: CallRecord): Promise<Step<string | null>> {
    const reference = toReference(callKey);
    const sinceMs = record.knownSinceMs - LOOK_BACK_MS;
    let limit = LOOK_PAGE_ITEMS;
    let cursor: string | null = null;
    for (let page = 1; page <= LOOK_PAGES_MAX; page += 1) {
      const query = new URLSearchParams({
        updated_since: new Date(sinceMs).toISOString().replace(/\.\d+Z$/, 'Z'),
        sort_by: 'add_time',
        sort_direction: 'desc',
        limit: String(limit),
        ...(cursor !== null && { cursor }),
      });
      const step = await this.#client.request(
        { method: 'GET', path: `/api/v2/activities?${query.toString()}` },
        budget,
      );
      if (step.kind === 'stop') return step;
      if (step.value.status !== 200) return toStop(step.value, 'activities:read');
      const activities = toItems(toFields(step.value.json)['data']);
      if (activities === null) {
        if (limit === 1) return toUnreadable();
        limit = Math.ceil(limit / LOOK_PAGE_SHRINKS_BY);
        continue;
      }
      const found = activities.find(
        ({ subject }) => typeof subject === 'string' && subject.endsWith(reference),
      );
      if (found !== undefined) return ok(toId(found['id']));
      const last = Date.parse(toText(activities.at(-1)?.['add_time']) ?? '');
      cursor = toText(toFields(toFields(step.value.json)['additional_data'])['next_cursor']);
      if (cursor === null || last < sinceMs) return ok(null);
    }
    return ok(null);
  }

  async createRecord(draft: CallLogDraft, _callKey: string, budget: Budget): Promise<Step<CreateOutcome>> {
    const step = await this.#client.request(
      { method: 'POST', path: '/api/v1/callLogs', json: draft },
      budget,
    );
    if (step.kind === 'stop') return step;
    const answer = step.value;
    if (answer.status === 200 || answer.status === 201) {
      const data = toFields(toFields(answer.json)['data']);
      // People find the activity in Pipedrive, the log only by the API.
      const recordId = toId(data['activity_id']) ?? toId(data['id']);
      return recordId === null ? toUnreadable() : ok({ kind: 'created', recordId });
    }
    const isAboutPerson = answer.status >= 400 && answer.status < 500 && /person/i.test(toErrorText(answer));
    if (draft.person_id !== undefined && isAboutPerson) return ok({ kind: 'contact_gone' });
    return toStop(answer, 'phone-integration');
  }

  async updateRecord(): Promise<Step<UpdateOutcome>> {
    return ok('updated');
  }

  async readContact(contactId: ContactId, budget: Budget): Promise<Step<ContactId | null>> {
    const step = await this.#client.request({ method: 'GET', path: `/api/v2/persons/${contactId}` }, budget);
    if (step.kind === 'stop') return step;
    if (step.value.status === 404 || step.value.status === 410) return ok(null);
    if (step.value.status !== 200) return toStop(step.value, 'contacts:read');
    const person = toFields(toFields(step.value.json)['data']);
    return ok(person['is_deleted'] === true ? null : toId(person['id']));
  }

  /** Pipedrive does not say which of several was changed last; the oldest it is. */
  async findContact(number: string, budget: Budget): Promise<Step<ContactId | null>> {
    const notations = await toPhoneNotations(number);
    // With its country first: that is certain, and mostly enough.
    for (const term of new Set([number, notations.trunk])) {
      const query = new URLSearchParams({ term, fields: 'phone', limit: String(FOUND_MAX) });
      const request = { method: 'GET', path: `/api/v2/persons/search?${query.toString()}` } as const;
      const step = await this.#client.request(request, budget, [this.#searchPacer]);
      if (step.kind === 'stop') return step;
      if (step.value.status !== 200) return toStop(step.value, 'contacts:read');
      const items = toItems(toFields(toFields(step.value.json)['data'])['items']);
      if (items === null) return toUnreadable();
      const found = items
        .flatMap((one) => {
          const person = toFields(one['item']);
          const id = toId(person['id']);
          const phones = Array.isArray(person['phones']) ? person['phones'] : [];
          const matches = new Set(phones.map((phone) => matchPhone(String(phone), notations)));
          const rank = matches.has('international') ? 0 : matches.has('national') ? 1 : null;
          return id === null || rank === null ? [] : [{ id, rank }];
        })
        .sort((a, b) => a.rank - b.rank || Number(a.id) - Number(b.id));
      if (found[0] !== undefined) return ok(found[0].id);
    }
    return ok(null);
  }

  async createContact(number: string, budget: Budget): Promise<Step<ContactId>> {
    const json = { name: number, phones: [{ value: number, primary: true, label: 'work' }] };
    const step = await this.#client.request({ method: 'POST', path: '/api/v2/persons', json }, budget);
    if (step.kind === 'stop') return step;
    if (step.value.status !== 200 && step.value.status !== 201) return toStop(step.value, 'contacts:full');
    const id = toId(toFields(toFields(step.value.json)['data'])['id']);
    return id === null ? toUnreadable() : ok(id);
  }

  close(): void {
    this.#client.close();
  }

  abandon(): void {
    this.#client.abandon();
  }
}

function toStop(answer: Answer, scope: string): StopResult {
  if (answer.status === 403 && /scope/i.test(toErrorText(answer)))
    return stopFailed(
      'settings',
      `the Pipedrive app of this login lacks the scope ${scope}; add it and log in again`,
    );
  // Of one thing that is gone; to a lane it would say that nobody wants to hear from us again.
  if (answer.status === 410) return stop(toAttemptResult({ ...answer, status: 404 }));
  return stopAt(answer);
}

function toErrorText({ json }: Answer): string {
  const { error, error_info: info } = toFields(json);
  return [error, info].filter((text) => typeof text === 'string').join(' ');
}

function toFields(json: unknown): Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null ? (json as Readonly<Record<string, unknown>>) : {};
}

/** A list that is empty may also be given as null. */
function toItems(value: unknown): readonly Readonly<Record<string, unknown>>[] | null {
  if (value === null) return [];
  return Array.isArray(value) ? value.map(toFields) : null;
}

function toText(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function toId(value: unknown): string | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value > 0 ? String(value) : null;
  return typeof value === 'string' && /^[\w-]{1,64}$/.test(value) ? value : null;
}

function toUnreadable(): StopResult {
  return stopFailed('protocol', 'Pipedrive answered, but not as its documentation says');
}
