/**
 * HubSpot's half of crm/: calls as records of the object `calls`, keyed by a unique property of our own, so that HubSpot
 * itself refuses a second record of one call. Its search is used for contacts only: its index lags behind by seconds.
 * In: a draft, an id, a number. Out: what became of it, or the end of the attempt.
 */
import { z } from 'zod';
import { ok, stop, stopFailed } from '../crm/budget.ts';
import type { Budget, CreateOutcome, CrmPort, Step, StopResult, UpdateOutcome } from '../crm/crm-port.ts';
import { toE164, toNationalDigits } from '../crm/e164.ts';
import type { Answer, PacedClient } from '../crm/paced-client.ts';
import type { Pacer } from '../crm/pacer.ts';
import { createSharedQuestions, type SharedQuestions } from '../crm/shared-question.ts';
import type { DestinationGround, DestinationMemory } from '../destination.ts';
import {
  isConflict,
  isPropertyMissing,
  readMissingScopes,
  readRecordId,
  RECORD_ID,
  refuse,
} from './hubspot-answer.ts';
import { CALL_TO_CONTACT, KEY_PROPERTY, toHubspotDraft, type HubspotDraft } from './hubspot-draft.ts';

/**
 * Versions by date are supported for 18 months at least; v3 and v4 until 2027 only. From 2026-09 on, rules that an
 * account's admins set for people are enforced on the API too, and a call would be refused for a field we do not know.
 */
export const API_VERSION = '2026-03';

export const READ_SCOPE = 'crm.objects.contacts.read';
export const WRITE_SCOPE = 'crm.objects.contacts.write';
/** Calls have no schema scope of their own for writing; HubSpot's reference lists that of contacts. */
export const SCHEMA_SCOPE = 'crm.schemas.contacts.write';

export interface HubspotPortOptions {
  readonly client: PacedClient;
  /** HubSpot allows five searches a second and account, which is known once an attempt is prepared. */
  takeSearchPacer(portalId: string): Pacer;
  readonly ground: Pick<DestinationGround, 'memory' | 'setTimer'>;
  readonly credentialKey: string;
  readonly ownerId: string | undefined;
}

export interface HubspotPort extends CrmPort<HubspotDraft> {
  prepare(budget: Budget): Promise<Step<string>>;
  /** The account that the token belongs to. */
  readAccount(budget: Budget): Promise<Step<HubspotAccount>>;
}

export interface HubspotAccount {
  readonly portalId: string;
  /** Where people see it: "app-eu1.hubspot.com". */
  readonly uiDomain: string;
}

const CALLS = `/crm/objects/${API_VERSION}/calls`;
const CONTACTS = `/crm/objects/${API_VERSION}/contacts`;
const CALL_PROPERTIES = `/crm/properties/${API_VERSION}/calls`;

/** Any of them may hold the number; the last two are HubSpot's own reading of it. */
const NUMBER_PROPERTIES = [
  'phone',
  'mobilephone',
  'hs_calculated_phone_number',
  'hs_calculated_mobile_number',
] as const;
const CONTACTS_FOUND_MAX = 100;

export function createHubspotPort(options: HubspotPortOptions): HubspotPort {
  return new Port(options);
}

class Port implements HubspotPort {
  readonly title = 'HubSpot';
  readonly refusesDuplicates = true;
  readonly #client: PacedClient;
  readonly #takeSearchPacer: HubspotPortOptions['takeSearchPacer'];
  readonly #memory: DestinationMemory;
  readonly #memoryKey: string;
  readonly #ownerId: string | undefined;
  #portalId: string | null = null;
  readonly #questions: SharedQuestions<string>;

  constructor({ client, takeSearchPacer, ground, credentialKey, ownerId }: HubspotPortOptions) {
    this.#client = client;
    this.#takeSearchPacer = takeSearchPacer;
    this.#memory = ground.memory;
    this.#questions = createSharedQuestions(ground);
    this.#memoryKey = `hubspot:${credentialKey}`;
    this.#ownerId = ownerId;
  }

  parseContactId(text: string): string | null {
    return RECORD_ID.test(text) ? text : null;
  }

  toDraft(record: Parameters<typeof toHubspotDraft>[0], contactId: string | null): HubspotDraft {
    return toHubspotDraft(record, contactId, this.#ownerId);
  }

  /** Once for a credential: whose account it is, and that calls can be told apart there. */
  async prepare(budget: Budget): Promise<Step<string>> {
    if (this.#portalId !== null) return ok(this.#portalId);
    return this.#questions.ask('prepare', budget, () => this.#prepare(budget));
  }

  async #prepare(budget: Budget): Promise<Step<string>> {
    const [known] = await this.#memory.read([this.#memoryKey]);
    if (known !== undefined) {
      this.#portalId = known;
      return ok(known);
    }
    const account = await this.readAccount(budget);
    if (account.kind === 'stop') return account;
    const property = await this.#ensureProperty(budget);
    if (property.kind === 'stop') return property;
    const { portalId } = account.value;
    await this.#memory.write([{ key: this.#memoryKey, value: portalId }]);
    this.#portalId = portalId;
    return ok(portalId);
  }

  async readAccount(budget: Budget): Promise<Step<HubspotAccount>> {
    const step = await this.#get(`/account-info/${API_VERSION}/details`, budget);
    if (step.kind === 'stop') return step;
    const parsed = ACCOUNT.safeParse(step.value.json);
    if (step.value.status !== 200 || !parsed.success) return refuse(step.value, READ_SCOPE);
    return ok(parsed.data);
  }

  /** The unique property that calls are known by, created where the account has none yet. */
  async #ensureProperty(budget: Budget): Promise<Step<null>> {
    const known = await this.#readProperty(budget);
    if (known.kind === 'stop' || known.value !== 'missing') return toNull(known);
    const group = await this.#readPropertyGroup(budget);
    if (group.kind === 'stop') return group;
    const step = await this.#client.request(
      { method: 'POST', path: CALL_PROPERTIES, json: toProperty(group.value) },
      budget,
    );
    if (step.kind === 'stop') return step;
    const answer = step.value;
    if (answer.status === 201 || answer.status === 200) return ok(null);
    if (answer.status === 403) return missingSchemaScope(answer);
    // Somebody else was quicker, or it is archived; what counts is whether it is there now.
    const again = await this.#readProperty(budget);
    if (again.kind === 'stop' || again.value === 'missing') return refuse(answer, SCHEMA_SCOPE);
    return ok(null);
  }

  async #readProperty(budget: Budget): Promise<Step<'usable' | 'missing'>> {
    const step = await this.#get(`${CALL_PROPERTIES}/${KEY_PROPERTY}`, budget);
    if (step.kind === 'stop') return step;
    if (step.value.status === 404) return ok('missing');
    const parsed = PROPERTY.safeParse(step.value.json);
    if (step.value.status !== 200 || !parsed.success) return refuse(step.value, READ_SCOPE);
    if (parsed.data.hasUniqueValue) return ok('usable');
    return stopFailed(
      'settings',
      `the call property ${KEY_PROPERTY} exists in HubSpot without unique values, so it cannot keep calls apart; delete it there and it is created anew`,
    );
  }

  /** Groups are named by the account's age, so ours goes where the title of calls is. */
  async #readPropertyGroup(budget: Budget): Promise<Step<string>> {
    const step = await this.#get(`${CALL_PROPERTIES}/hs_call_title`, budget);
    if (step.kind === 'stop') return step;
    const parsed = PROPERTY.safeParse(step.value.json);
    if (step.value.status !== 200 || !parsed.success) return refuse(step.value, READ_SCOPE);
    return ok(parsed.data.groupName);
  }

  async findRecord(callKey: string, budget: Budget): Promise<Step<string | null>> {
    return this.#findByKey(callKey, false, budget);
  }

  async #findByKey(callKey: string, archived: boolean, budget: Budget): Promise<Step<string | null>> {
    const query = `idProperty=${KEY_PROPERTY}${archived ? '&archived=true' : ''}`;
    const step = await this.#get(`${CALLS}/${encodeURIComponent(callKey)}?${query}`, budget);
    if (step.kind === 'stop') return step;
    if (step.value.status === 404) return ok(null);
    // By a property that is not there, or not unique, HubSpot finds nothing and says so with a 400.
    if (step.value.status === 400) await this.#forgetPreparation();
    const id = step.value.status === 200 ? readRecordId(step.value) : null;
    return id === null ? this.#refuse(step.value, READ_SCOPE) : ok(id);
  }

  async createRecord(draft: HubspotDraft, callKey: string, budget: Budget): Promise<Step<CreateOutcome>> {
    const { properties, contactId } = draft;
    const step = await this.#client.request(
      { method: 'POST', path: CALLS, json: { properties, associations: toAssociations(contactId) } },
      budget,
    );
    if (step.kind === 'stop') return step;
    const answer = step.value;
    const recordId = answer.status === 201 || answer.status === 200 ? readRecordId(answer) : null;
    if (recordId !== null) return ok({ kind: 'created', recordId });
    if (!isConflict(answer) || isPropertyMissing(answer, KEY_PROPERTY))
      return this.#refuse(answer, WRITE_SCOPE);
    return this.#explainConflict(answer, draft, callKey, budget);
  }

  /** HubSpot says no in several words and statuses; whether there is a record already, and the contact still, is a fact. */
  async #explainConflict(
    answer: Answer,
    { contactId }: HubspotDraft,
    callKey: string,
    budget: Budget,
  ): Promise<Step<CreateOutcome>> {
    for (const archived of [false, true]) {
      const step = await this.#findByKey(callKey, archived, budget);
      if (step.kind === 'stop') return step;
      // One in the bin still holds its key: the update that follows finds it gone, and that is remembered.
      if (step.value !== null) return ok({ kind: 'exists', recordId: step.value });
    }
    if (contactId !== null) {
      const step = await this.readContact(contactId, budget);
      if (step.kind === 'stop') return step;
      if (step.value === null) return ok({ kind: 'contact_gone' });
    }
    return this.#refuse(answer, WRITE_SCOPE);
  }

  async updateRecord(
    recordId: string,
    { properties, contactId }: HubspotDraft,
    wroteContactId: string | null | undefined,
    budget: Budget,
  ): Promise<Step<UpdateOutcome>> {
    const path = `${CALLS}/${encodeURIComponent(recordId)}`;
    const step = await this.#client.request({ method: 'PATCH', path, json: { properties } }, budget);
    if (step.kind === 'stop') return step;
    if (step.value.status === 404) return ok('gone');
    if (step.value.status !== 200 || readRecordId(step.value) === null)
      return this.#refuse(step.value, WRITE_SCOPE);
    if (contactId === null || contactId === wroteContactId) return ok('updated');
    if (wroteContactId !== null && wroteContactId !== undefined) {
      // Before the new link, not after it: ids of merged contacts lead to the one that stayed, and that may be the same.
      const unlinked = await this.#client.request(
        { method: 'DELETE', path: `${path}/associations/contacts/${encodeURIComponent(wroteContactId)}` },
        budget,
      );
      if (unlinked.kind === 'stop') return unlinked;
      const { status } = unlinked.value;
      if (status !== 404 && (status < 200 || status >= 300)) return this.#refuse(unlinked.value, WRITE_SCOPE);
    }
    const linked = await this.#client.request(
      { method: 'PUT', path: `${path}/associations/default/contacts/${encodeURIComponent(contactId)}` },
      budget,
    );
    if (linked.kind === 'stop') return linked;
    if (linked.value.status >= 200 && linked.value.status < 300) return ok('updated');
    if (!isConflict(linked.value)) return this.#refuse(linked.value, WRITE_SCOPE);
    const contact = await this.readContact(contactId, budget);
    if (contact.kind === 'stop') return contact;
    return contact.value === null ? ok('contact_gone') : this.#refuse(linked.value, WRITE_SCOPE);
  }

  async readContact(contactId: string, budget: Budget): Promise<Step<string | null>> {
    const step = await this.#get(`${CONTACTS}/${encodeURIComponent(contactId)}`, budget);
    if (step.kind === 'stop') return step;
    if (step.value.status === 404) return ok(null);
    const id = step.value.status === 200 ? readRecordId(step.value) : null;
    return id === null ? this.#refuse(step.value, READ_SCOPE) : ok(id);
  }

  async findContact(number: string, budget: Budget): Promise<Step<string | null>> {
    const json = toContactSearch(number, await toNationalDigits(number));
    const account = await this.prepare(budget);
    if (account.kind === 'stop') return account;
    const step = await this.#client.request(
      { method: 'POST', path: `${CONTACTS}/search`, json, isRepeatable: true },
      budget,
      [this.#takeSearchPacer(account.value)],
    );
    if (step.kind === 'stop') return step;
    const parsed = FOUND.safeParse(step.value.json);
    if (step.value.status !== 200 || !parsed.success) return this.#refuse(step.value, READ_SCOPE);
    return ok(await pickContact(parsed.data.results, number));
  }

  async createContact(number: string, budget: Budget): Promise<Step<string>> {
    const step = await this.#client.request(
      { method: 'POST', path: CONTACTS, json: { properties: { phone: number }, associations: [] } },
      budget,
    );
    if (step.kind === 'stop') return step;
    const id = step.value.status === 201 || step.value.status === 200 ? readRecordId(step.value) : null;
    return id === null ? this.#refuse(step.value, WRITE_SCOPE) : ok(id);
  }

  close(): void {
    this.#client.close();
  }

  abandon(): void {
    this.#client.abandon();
  }

  #get(path: string, budget: Budget): Promise<Step<Answer>> {
    return this.#client.request({ method: 'GET', path }, budget);
  }

  async #refuse(answer: Answer, scope: string): Promise<StopResult> {
    if (isPropertyMissing(answer, KEY_PROPERTY)) await this.#forgetPreparation();
    return refuse(answer, scope);
  }

  /** Somebody deleted the property: the next attempt makes it anew. */
  async #forgetPreparation(): Promise<void> {
    this.#portalId = null;
    await this.#memory.write([{ key: this.#memoryKey, value: null }]);
  }
}

const ACCOUNT = z.object({
  portalId: z.union([z.string().regex(RECORD_ID), z.int().positive().transform(String)]),
  uiDomain: z
    .string()
    .regex(/^[a-z0-9.-]{1,80}$/)
    .catch('app.hubspot.com'),
});

const PROPERTY = z.object({
  groupName: z.string().regex(/^\w{1,100}$/),
  hasUniqueValue: z.boolean().catch(false),
});

const TEXT = z.string().nullish().catch(null);
const FOUND = z.object({
  results: z
    .array(
      z.object({
        id: z.string().regex(RECORD_ID),
        properties: z.object({
          phone: TEXT,
          mobilephone: TEXT,
          hs_calculated_phone_number: TEXT,
          hs_calculated_mobile_number: TEXT,
          lastmodifieddate: TEXT,
        }),
      }),
    )
    .max(CONTACTS_FOUND_MAX),
});

type FoundContact = z.infer<typeof FOUND>['results'][number];

function toProperty(groupName: string): Record<string, unknown> {
  return {
    name: KEY_PROPERTY,
    label: 'Offhook call id',
    description: 'Keeps calls apart that Offhook writes. Deleting it makes Offhook lose track of them.',
    groupName,
    type: 'string',
    fieldType: 'text',
    hasUniqueValue: true,
    formField: false,
  };
}

function toAssociations(contactId: string | null): readonly unknown[] {
  if (contactId === null) return [];
  return [
    {
      to: { id: contactId },
      types: [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId: CALL_TO_CONTACT }],
    },
  ];
}

/** Groups are alternatives. HubSpot's searchable copies of a number leave its country code out. */
function toContactSearch(number: string, nationalDigits: string | null): Record<string, unknown> {
  const equals = (propertyName: string, value: string): unknown => ({
    filters: [{ propertyName, operator: 'EQ', value }],
  });
  return {
    filterGroups: [
      equals('phone', number),
      equals('mobilephone', number),
      ...(nationalDigits === null
        ? []
        : [
            equals('hs_searchable_calculated_phone_number', nationalDigits),
            equals('hs_searchable_calculated_mobile_number', nationalDigits),
          ]),
    ],
    sorts: [{ propertyName: 'lastmodifieddate', direction: 'DESCENDING' }],
    properties: [...NUMBER_PROPERTIES, 'lastmodifieddate'],
    limit: CONTACTS_FOUND_MAX,
  };
}

/** Only a contact whose number is this one with its country: the same local digits are somebody else's elsewhere. */
async function pickContact(results: readonly FoundContact[], number: string): Promise<string | null> {
  const matching: FoundContact[] = [];
  for (const contact of results) {
    const numbers = await Promise.all(NUMBER_PROPERTIES.map((name) => toE164(contact.properties[name])));
    if (numbers.includes(number)) matching.push(contact);
  }
  matching.sort((a, b) => toTimeMs(b) - toTimeMs(a) || a.id.length - b.id.length || (a.id < b.id ? -1 : 1));
  return matching[0]?.id ?? null;
}

function toTimeMs({ properties }: FoundContact): number {
  const atMs = Date.parse(properties.lastmodifieddate ?? '');
  return Number.isNaN(atMs) ? 0 : atMs;
}

function missingSchemaScope(answer: Answer): StopResult {
  const named = readMissingScopes(answer);
  const scope =
    named.length === 0 || named.includes(SCHEMA_SCOPE) ? SCHEMA_SCOPE : named.slice(0, 3).join(' or ');
  return stopFailed(
    'settings',
    `the access token may not create the call property ${KEY_PROPERTY}, without which calls cannot be kept apart: add the scope ${scope} to it, or create the property in HubSpot by hand (calls, single-line text, unique values)`,
  );
}

function toNull(step: Step<unknown>): Step<null> {
  return step.kind === 'stop' ? stop(step.result) : ok(null);
}
