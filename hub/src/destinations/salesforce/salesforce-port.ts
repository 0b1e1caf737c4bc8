/**
 * Salesforce as one of the CRMs: tasks by REST, the record of a call by its CallObject, or by an External ID field where
 * one is set, contacts and leads by SOSL.
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
import { type Answer, type PacedClient, REQUEST_MS_MIN, stopAt } from '../crm/paced-client.ts';
import type { Pacer, PacerBook } from '../crm/pacer.ts';
import { matchPhone, toPhoneNotations } from '../crm/phone-notations.ts';
import type { DestinationGround } from '../destination.ts';
import { type JsonRequest, toAttemptResult } from '../http/json-client.ts';
import { toTrouble } from './salesforce-error.ts';
import type { SalesforceSettings } from './salesforce-settings.ts';
import { toSoqlLiteral, toSoslDigits } from './soql.ts';
import { type TaskDraft, toLinkedObject, toTaskChange, toTaskDraft } from './task.ts';

export interface SalesforcePortOptions {
  readonly settings: SalesforceSettings;
  readonly client: PacedClient;
  readonly pacer: Pacer;
  readonly turns: PacerBook;
  readonly ground: DestinationGround;
}

/** Summer '26; Salesforce keeps a version for at least three years. */
export const API_PATH = '/services/data/v67.0';
/** The allowance is counted over 24 hours and comes back bit by bit. */
export const LIMIT_HOLD_MS = 15 * 60_000;
/** Requests count as long ones after 20 s. */
export const CROWDED_HOLD_MS = 20_000;
export const LOCKED_TRIES_MAX = 3;
const LOCKED_WAIT_MS = 200;
const FOUND_MAX = 50;

export function createSalesforcePort(options: SalesforcePortOptions): CrmPort<TaskDraft> {
  return new SalesforcePort(options);
}

type PortRequest = Omit<JsonRequest, 'deadlineMs'>;

class SalesforcePort implements CrmPort<TaskDraft> {
  readonly title = 'Salesforce';
  readonly refusesDuplicates: boolean;
  readonly turns: PacerBook;
  readonly #settings: SalesforceSettings;
  readonly #client: PacedClient;
  readonly #pacer: Pacer;
  readonly #ground: DestinationGround;

  constructor({ settings, client, pacer, turns, ground }: SalesforcePortOptions) {
    this.#settings = settings;
    this.#client = client;
    this.#pacer = pacer;
    this.#ground = ground;
    this.turns = turns;
    this.refusesDuplicates = settings.external_id_field !== undefined;
  }

  parseContactId(text: string): ContactId | null {
    return toLinkedObject(text) === null ? null : text;
  }

  toDraft: CrmPort<TaskDraft>['toDraft'] = (record, contactId) =>
    toTaskDraft(record, contactId, this.#settings);

  /** An org has its own My Domain. */
  async prepare(): Promise<Step<string | null>> {
    return ok(URL.parse(this.#settings.instance_url)?.host ?? null);
  }

  async findRecord(callKey: string, budget: Budget): Promise<Step<string | null>> {
    const field = this.#settings.external_id_field ?? 'CallObject';
    const soql = `SELECT Id, ${field} FROM Task WHERE ${field} = ${toSoqlLiteral(callKey)} ORDER BY CreatedDate ASC, Id ASC LIMIT 5`;
    const step = await this.#request(
      { method: 'GET', path: `${API_PATH}/query?q=${encodeURIComponent(soql)}` },
      budget,
    );
    if (step.kind === 'stop') return step;
    if (step.value.status !== 200) return this.#stopAt(step.value);
    // Salesforce compares without regard to case, our keys are not all of one case.
    const records = toRecords(step.value.json, 'records');
    if (records === null) return toUnreadable();
    const found = records.find((one) => one[field] === callKey);
    return ok(found === undefined ? null : toText(found['Id']));
  }

  async createRecord(draft: TaskDraft, callKey: string, budget: Budget): Promise<Step<CreateOutcome>> {
    const field = this.#settings.external_id_field;
    // Not an upsert: where the record exists that would write what can be written once only, and be refused for it.
    const json = field === undefined ? draft : { ...draft, [field]: callKey };
    const step = await this.#request({ method: 'POST', path: `${API_PATH}/sobjects/Task`, json }, budget);
    if (step.kind === 'stop') return step;
    const answer = step.value;
    if (answer.status === 200 || answer.status === 201) {
      const recordId = toText(toFields(answer.json)['id']);
      return recordId === null ? toUnreadable() : ok({ kind: 'created', recordId });
    }
    const trouble = toTrouble(answer, { hasLink: hasLink(draft) });
    if (trouble.kind === 'link_gone') return ok({ kind: 'contact_gone' });
    return trouble.kind === 'duplicate'
      ? this.#findDuplicate(trouble.recordId, callKey, budget)
      : this.#stopAt(answer);
  }

  /** Salesforce names the record that stands in the way, or says "<unknown>". */
  async #findDuplicate(
    recordId: string | null,
    callKey: string,
    budget: Budget,
  ): Promise<Step<CreateOutcome>> {
    if (recordId !== null) return ok({ kind: 'exists', recordId });
    const found = await this.findRecord(callKey, budget);
    if (found.kind === 'stop') return found;
    if (found.value !== null) return ok({ kind: 'exists', recordId: found.value });
    return stopFailed(
      'refused',
      'Salesforce refuses a second record of this call (DUPLICATE_VALUE), but shows the first one to nobody with this login; give its user access to tasks of others',
    );
  }

  async updateRecord(
    recordId: string,
    draft: TaskDraft,
    _wroteContactId: ContactId | null | undefined,
    budget: Budget,
  ): Promise<Step<UpdateOutcome>> {
    const path = `${API_PATH}/sobjects/Task/${encodeURIComponent(recordId)}`;
    const step = await this.#request({ method: 'PATCH', path, json: toTaskChange(draft) }, budget);
    if (step.kind === 'stop') return step;
    if (step.value.status === 204 || step.value.status === 200) return ok('updated');
    const trouble = toTrouble(step.value, { hasLink: hasLink(draft) });
    if (trouble.kind === 'gone') return ok('gone');
    if (trouble.kind === 'link_gone') return ok('contact_gone');
    return this.#stopAt(step.value);
  }

  async readContact(contactId: ContactId, budget: Budget): Promise<Step<ContactId | null>> {
    const object = toLinkedObject(contactId);
    if (object === null) return ok(null);
    const fields = object.name === 'Lead' ? 'Id,IsConverted,ConvertedContactId' : 'Id';
    const path = `${API_PATH}/sobjects/${object.name}/${contactId}?fields=${fields}`;
    const step = await this.#request({ method: 'GET', path }, budget);
    if (step.kind === 'stop') return step;
    const answer = step.value;
    if (answer.status === 404) return ok(null);
    if (answer.status !== 200) {
      const { kind } = toTrouble(answer, { hasLink: false });
      return kind === 'gone' ? ok(null) : this.#stopAt(answer);
    }
    const record = toFields(answer.json);
    // A task cannot hang on a lead that has become a contact.
    return ok(record['IsConverted'] === true ? toText(record['ConvertedContactId']) : toText(record['Id']));
  }

  async findContact(
    number: string,
    budget: Budget,
    ownNumber: string | null,
  ): Promise<Step<ContactId | null>> {
    const notations = await toPhoneNotations(number, ownNumber);
    const terms = toSoslDigits(notations.searched);
    if (terms === null) return ok(null);
    const sosl = `FIND ${terms} IN PHONE FIELDS RETURNING Contact(Id, ${CONTACT_PHONES.join(', ')}, LastModifiedDate ORDER BY LastModifiedDate DESC), Lead(Id, ${LEAD_PHONES.join(', ')}, LastModifiedDate WHERE IsConverted = false ORDER BY LastModifiedDate DESC) LIMIT ${FOUND_MAX}`;
    const path = `${API_PATH}/search?q=${encodeURIComponent(sosl)}`;
    const step = await this.#request({ method: 'GET', path }, budget);
    if (step.kind === 'stop') return step;
    if (step.value.status !== 200) return this.#stopAt(step.value);
    const records = toRecords(step.value.json, 'searchRecords');
    if (records === null) return toUnreadable();
    const found = records
      .flatMap((record) => {
        const id = toText(record['Id']);
        const matches = new Set(
          CONTACT_PHONES.map((name) => matchPhone(toText(record[name]) ?? '', notations)),
        );
        const rank = matches.has('international') ? 0 : matches.has('national') ? 1 : null;
        if (id === null || rank === null) return [];
        return [
          { id, rank, isLead: id.startsWith('00Q'), changed: toText(record['LastModifiedDate']) ?? '' },
        ];
      })
      .sort(
        (a, b) =>
          a.rank - b.rank ||
          Number(a.isLead) - Number(b.isLead) ||
          compare(b.changed, a.changed) ||
          compare(a.id, b.id),
      );
    return ok(found[0]?.id ?? null);
  }

  async createContact(number: string, budget: Budget): Promise<Step<ContactId>> {
    // A contact must have a last name, and the number is all we know.
    const json = { LastName: number, Phone: number };
    const step = await this.#request({ method: 'POST', path: `${API_PATH}/sobjects/Contact`, json }, budget);
    if (step.kind === 'stop') return step;
    if (step.value.status !== 201 && step.value.status !== 200) return this.#stopAt(step.value);
    const id = toText(toFields(step.value.json)['id']);
    return id === null ? toUnreadable() : ok(id);
  }

  close(): void {
    this.#client.close();
  }

  abandon(): void {
    this.#client.abandon();
  }

  /** Rows that somebody else is writing to are free again in a moment. */
  async #request(request: PortRequest, budget: Budget): Promise<Step<Answer>> {
    for (let tries = 1; ; tries += 1) {
      const step = await this.#client.request(request, budget);
      if (step.kind === 'stop' || step.value.status < 400) return step;
      if (toTrouble(step.value, { hasLink: false }).kind !== 'locked' || tries === LOCKED_TRIES_MAX)
        return step;
      const waitMs = LOCKED_WAIT_MS * tries * (0.5 + this.#ground.random());
      if (waitMs + REQUEST_MS_MIN > budget.remainingMs()) return step;
      await new Promise<void>((resolve) => {
        this.#ground.setTimer(resolve, waitMs);
      });
    }
  }

  /** An answer that ends the attempt, in words where its status alone would mislead. */
  #stopAt(answer: Answer): StopResult {
    const trouble = toTrouble(answer, { hasLink: false });
    switch (trouble.kind) {
      case 'limit': {
        // Said with a 403 as if something were forbidden; it is the org's daily limit, so what a 429 means.
        this.#pacer.hold(this.#ground.monotonicMs() + LIMIT_HOLD_MS);
        const retryAfter = String(LIMIT_HOLD_MS / 1_000);
        return stop(toAttemptResult({ ...answer, status: 429, retryAfter }));
      }
      case 'crowded':
        this.#pacer.hold(this.#ground.monotonicMs() + CROWDED_HOLD_MS);
        return stop(toAttemptResult({ ...answer, status: 429, retryAfter: String(CROWDED_HOLD_MS / 1_000) }));
      case 'locked':
        return stopFailed('refused', 'Salesforce could not lock a row that somebody else was writing to');
      case 'setup':
        return stopFailed('settings', trouble.detail);
      case 'gone':
      case 'link_gone':
      case 'duplicate':
      case 'other':
        return stopAt(answer);
    }
  }
}

const LEAD_PHONES = ['Phone', 'MobilePhone'] as const;
const CONTACT_PHONES = [...LEAD_PHONES, 'HomePhone', 'OtherPhone'] as const;

function hasLink(draft: TaskDraft): boolean {
  return draft.WhoId !== undefined || draft.WhatId !== undefined;
}

function toFields(json: unknown): Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null ? (json as Readonly<Record<string, unknown>>) : {};
}

function toRecords(json: unknown, name: string): readonly Readonly<Record<string, unknown>>[] | null {
  const list = toFields(json)[name];
  return Array.isArray(list) ? list.map(toFields) : null;
}

function toText(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A 2xx whose body broke off or is none of Salesforce's: what was asked may have been done. */
function toUnreadable(): StopResult {
  return stopFailed('protocol', 'Salesforce answered, but not as its documentation says');
}
