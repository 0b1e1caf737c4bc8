/**
 * Pipedrive as one of the CRMs: call logs, which are written once and never changed. Pipedrive neither refuses a second
 * log of a call nor takes an id of ours, so a try that may have got through is looked for among the activities since the
 * call was first heard of: every call log is one, and that list is the only one whose order and window are documented.
 */
import { NO_TIME } from '../destination.ts';
import { z } from 'zod';
import { ok, stop, stopLater } from '../crm/budget.ts';
import type {
  Budget,
  ContactId,
  CreateOutcome,
  CrmPort,
  Look,
  Step,
  StopResult,
  UpdateOutcome,
} from '../crm/crm-port.ts';
import type { PacedClient } from '../crm/paced-client.ts';
import type { Pacer, PacerBook } from '../crm/pacer.ts';
import { matchPhone, toPhoneNotations } from '../crm/phone-notations.ts';
import type { CallRecord } from '../crm/call-record.ts';
import { type CallLogDraft, toCallLogDraft, toReference } from './call-log.ts';
import type { CompanySeat } from './company-book.ts';
import { toErrorText, toFields, toId, toItems, toStop, toText, toUnreadable } from './pipedrive-answer.ts';
import type { PipedriveSettings } from './pipedrive-settings.ts';

export interface PipedrivePortOptions {
  readonly settings: PipedriveSettings;
  readonly client: PacedClient;
  /** Searches have a limit of their own. */
  readonly searchPacer: Pacer;
  readonly turns: PacerBook;
  readonly seat: CompanySeat;
}

/** Clocks differ; an activity's time is Pipedrive's. */
export const LOOK_BACK_MS = 10 * 60_000;
/** A page must stay within what of an answer is read, and activities have notes. */
export const LOOK_PAGE_ITEMS = 50;
/** Of one attempt; the next goes on from there. Each page costs as much of the day's allowance as two call logs. */
export const LOOK_PAGES_MAX = 40;
/** Of one look-up: 8,000 of Pipedrive's tokens, about a quarter of what the smallest plan has a day. */
export const LOOK_PAGES_TOTAL_MAX = 400;
/** What was under way when a page was read may show later with an earlier time. */
const LOOK_OVERLAP_MS = 60_000;
const LOOK_PAGE_SHRINKS_BY = 7;
const LOOK_AGAIN_MS = 1_000;
const FOUND_MAX = 20;

/** A way through the activities, newest first, down to those from before a moment. */
interface LookProgress {
  readonly sinceMs: number;
  /** By Pipedrive's clock, the newest when this way began: what was added later stands before its first page. */
  readonly newestMs: number | null;
  readonly limit: number;
  /** null: at its first page. */
  readonly cursor: string | null;
  /** Over all ways of this look-up. */
  readonly pages: number;
}

export function createPipedrivePort(options: PipedrivePortOptions): CrmPort<CallLogDraft> {
  return new PipedrivePort(options);
}

class PipedrivePort implements CrmPort<CallLogDraft> {
  readonly title = 'Pipedrive';
  readonly refusesDuplicates = false;
  readonly turns: PacerBook;
  readonly keepsRecords = true;
  readonly #settings: PipedriveSettings;
  readonly #client: PacedClient;
  readonly #searchPacer: Pacer;
  readonly #seat: CompanySeat;
  /** Its look-up is dear: left out where nobody else is there whose record it could find, as the last attempt saw it. */
  looksOnlyInDoubt = true;

  constructor({ settings, client, searchPacer, turns, seat }: PipedrivePortOptions) {
    this.#settings = settings;
    this.#client = client;
    this.#searchPacer = searchPacer;
    this.turns = turns;
    this.#seat = seat;
  }

  parseContactId(text: string): ContactId | null {
    return /^[1-9]\d{0,14}$/.test(text) ? text : null;
  }

  toDraft: CrmPort<CallLogDraft>['toDraft'] = (record, contactId) =>
    toCallLogDraft(record, contactId, this.#settings.user_id);

  async prepare(): Promise<Step<string | null>> {
    this.looksOnlyInDoubt = await this.#seat.isAlone();
    return ok(this.#settings.company_domain);
  }

  /**
   * Page by page, over several attempts where it takes them. By person it would be shorter, and by time of change, too;
   * but people move activities to others and edit them, so that finding nothing there says nothing.
   */
  async findRecord(
    callKey: string,
    budget: Budget,
    record: CallRecord,
    look: Look,
  ): Promise<Step<string | null>> {
    const reference = toReference(callKey);
    const resumed = parseProgress(look.progress);
    let at = resumed ?? beginAt(record.knownSinceMs - LOOK_BACK_MS, 0);
    let isShort = resumed === null;
    for (let read = 0; read < LOOK_PAGES_MAX; read += 1) {
      if (at.pages >= LOOK_PAGES_TOTAL_MAX) return toTooMany(LOOK_PAGES_TOTAL_MAX * LOOK_PAGE_ITEMS);
      const page = await this.#readPage(at, null, reference, budget);
      if (page.kind === 'stop') {
        if (read > 0) await look.keep(JSON.stringify(at));
        return page;
      }
      const { value } = page;
      if (value.kind === 'found') return ok(value.recordId);
      if (value.kind === 'read')
        at = { ...at, cursor: value.cursor, newestMs: at.newestMs ?? value.newestMs, pages: at.pages + 1 };
      // The cursor ends sooner than we came back, or the page holds more than is read of an answer.
      else if (value.kind === 'cursor_refused') at = { ...at, cursor: null, pages: at.pages + 1 };
      else if (at.limit === 1) return toUnreadable();
      else at = { ...at, limit: Math.ceil(at.limit / LOOK_PAGE_SHRINKS_BY), pages: at.pages + 1 };
      if (value.kind === 'read' && value.isLast) {
        if (isShort) {
          if (resumed !== null) await look.keep(null);
          return ok(null);
        }
        // What was added while this way went on over several attempts: another one, down to where it began.
        at = beginAt((at.newestMs ?? at.sinceMs) - LOOK_OVERLAP_MS, at.pages);
        isShort = true;
      } else if (read === 0 && resumed === null && look.contactId !== null) {
        const theirs = await this.#readPage(at, look.contactId, reference, budget);
        if (theirs.kind === 'stop') return theirs;
        if (theirs.value.kind === 'found') return ok(theirs.value.recordId);
      }
    }
    await look.keep(JSON.stringify(at));
    return stopLater(
      LOOK_AGAIN_MS,
      'Looks on through the activities in Pipedrive: the call may be among them already',
    );
  }

  /** personId: of one person only, from the newest on. */
  async #readPage(
    { sinceMs, limit, cursor }: LookProgress,
    personId: ContactId | null,
    reference: string,
    budget: Budget,
  ): Promise<Step<LookPage>> {
    const from = personId === null ? cursor : null;
    const query = new URLSearchParams({
      ...(personId !== null && { person_id: personId }),
      updated_since: new Date(sinceMs).toISOString().replace(/\.\d+Z$/, 'Z'),
      sort_by: 'add_time',
      sort_direction: 'desc',
      limit: String(limit),
      ...(from !== null && { cursor: from }),
    });
    const step = await this.#client.request(
      { method: 'GET', path: `/api/v2/activities?${query.toString()}` },
      budget,
    );
    if (step.kind === 'stop') return step;
    if (step.value.status === 400 && from !== null) return ok({ kind: 'cursor_refused' });
    if (step.value.status !== 200) return toStop(step.value, 'activities:read');
    const { data, additional_data: more } = toFields(step.value.json);
    const activities = toItems(data);
    if (activities === null) return ok({ kind: 'unreadable' });
    const found = activities.find(
      ({ subject }) => typeof subject === 'string' && subject.endsWith(reference),
    );
    const recordId = toId(found?.['id']);
    if (recordId !== null) return ok({ kind: 'found', recordId });
    const next = toText(toFields(more)['next_cursor']);
    const newestMs = toTimeMs(activities[0]);
    const lastMs = toTimeMs(activities.at(-1));
    const isLast = next === null || (lastMs !== null && lastMs < sinceMs);
    return ok({ kind: 'read', cursor: next, newestMs, isLast });
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
  async findContact(
    number: string,
    budget: Budget,
    ownNumber: string | null,
  ): Promise<Step<ContactId | null>> {
    const notations = await toPhoneNotations(number, ownNumber);
    const { searched, trunk } = notations;
    // With its country first: that is certain, and mostly enough. Each further notation is a dear search for everybody.
    for (const term of [number, ...searched.filter((one) => one === trunk)]) {
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

type LookPage =
  | { readonly kind: 'found'; readonly recordId: string }
  | {
      readonly kind: 'read';
      readonly cursor: string | null;
      readonly newestMs: number | null;
      readonly isLast: boolean;
    }
  | { readonly kind: 'cursor_refused' }
  | { readonly kind: 'unreadable' };

function toTimeMs(activity: Readonly<Record<string, unknown>> | undefined): number | null {
  const atMs = Date.parse(toText(activity?.['add_time']) ?? '');
  return Number.isNaN(atMs) ? null : atMs;
}

const PROGRESS = z.object({
  sinceMs: z.number(),
  newestMs: z.number().nullable(),
  limit: z.int().positive(),
  cursor: z.string().nullable(),
  pages: z.int(),
});

function beginAt(sinceMs: number, pages: number): LookProgress {
  return { sinceMs, newestMs: null, limit: LOOK_PAGE_ITEMS, cursor: null, pages };
}

function parseProgress(text: string | null): LookProgress | null {
  if (text === null) return null;
  try {
    return PROGRESS.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** Two logs of a call are worse than none, and people can tell what we cannot. */
function toTooMany(activities: number): StopResult {
  return stop({
    kind: 'done',
    detail: `Not written: more than ${activities} activities were added in Pipedrive since, too many to find out whether the call was logged already`,
    timing: NO_TIME,
  });
}
