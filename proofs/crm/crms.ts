/**
 * The stand-ins as the proof sees them: their destinations, faults for them, and what they hold in the end. Five of them,
 * since what is promised differs: HubSpot and a Salesforce with an External ID refuse a second record themselves; a
 * Salesforce without, and a Pipedrive, take any number, and the hub alone sees to it that there is one.
 */
import { toCallKey } from '../../hub/src/destinations/crm/call-record.ts';
import { toReference } from '../../hub/src/destinations/pipedrive/call-log.ts';
import {
  type HubspotStandIn,
  STAND_IN_TOKEN,
  type StandInFault,
  startHubspotStandIn,
} from '../../test/support/hubspot-stand-in.ts';
import { PipedriveStandIn, SEARCH_BURST } from '../../test/support/pipedrive-stand-in.ts';
import { SalesforceStandIn } from '../../test/support/salesforce-stand-in.ts';
import type { Fault } from '../../test/support/stand-in-server.ts';
import { type PlannedCall, toCustomerNumber, toWritten } from './calls.ts';

export interface Crm {
  readonly name: string;
  readonly kind: 'hubspot' | 'salesforce' | 'pipedrive';
  /**
   * A second destination of the same account: from when it is there, when it is deleted, made again, and deleted for
   * good; in shares of the time in which calls come. Events reach both; each call is to be one record all the same.
   */
  readonly twin: readonly [number, number, number, number] | null;
  /** Requests may be carried out after their sender has stopped waiting. */
  readonly comesLate: boolean;
  /** Reports of these ends only. */
  readonly statuses: readonly string[] | null;
  readonly settings: Readonly<Record<string, unknown>>;
  /** Its ids of the known customers. */
  readonly contacts: readonly string[];
  readonly metadataKey: string;
  /** Asked at every request to its API, with what it does. */
  setFaults(decide: (act: Act) => Trouble | null): void;
  /** Access tokens end now; nothing where there are none. */
  expireTokens(): void;
  /** New settings where a login was lost that only people can renew; null: none was. */
  renewLogin(): Readonly<Record<string, unknown>> | null;
  /** Whom the CRM made for a number that nobody had: all of them, for there must be one. null: it is to make none. */
  listMade(number: string): readonly string[] | null;
  listRecords(call: PlannedCall): readonly WrittenRecord[];
  countRecords(): number;
  readonly requests: () => number;
  readRates(): readonly Rate[];
  close(): Promise<void>;
}

export type Act = 'creates-record' | 'creates-contact' | 'logs-in' | 'other';

/** In words that fit all of them. */
export type Trouble =
  | 'busy'
  | 'too-many'
  | 'cut'
  | 'done-busy'
  | 'done-cut'
  | { readonly doneAfterMs: number }
  | 'slow'
  | 'unauthorized'
  | 'locked';

export interface WrittenRecord {
  readonly durationMs: number | null;
  readonly direction: 'inbound' | 'outbound';
  readonly isError: boolean;
  readonly contact: string | null;
}

export interface Rate {
  readonly name: string;
  readonly peak: number;
  readonly limit: number;
  readonly refused: number;
}

/** Of the plans that have more, and of the others. */
const HUBSPOT_PER_10S = { wide: 190, default: 100 } as const;
const PIPEDRIVE_PER_2S = 80;
/** Salesforce's limit of long-running requests of an org. */
const SALESFORCE_AT_ONCE = 25;
const ACCESS_TOKEN_MS = 5_000;

/** hubspotPace: that of the plan with more, or the default. */
export async function startCrms(customers: number, hubspotPace: 'default' | 'wide'): Promise<readonly Crm[]> {
  const idField = 'Offhook_Call_ID__c';
  return [
    await startHubspot(customers, hubspotPace),
    await startSalesforce(customers, null),
    await startSalesforce(customers, idField),
    await startPipedrive(customers, false),
    await startPipedrive(customers, true),
  ];
}

async function startHubspot(customers: number, pace: 'default' | 'wide'): Promise<Crm> {
  const limit = HUBSPOT_PER_10S[pace];
  const standIn: HubspotStandIn = await startHubspotStandIn({ requestsPer10s: limit });
  const contacts = eachCustomer(
    customers,
    (_written, index) =>
      standIn.addContact({
        phone: toCustomerNumber(index).replace('+316', index % 2 === 0 ? '+31 6 ' : '+316'),
      }).id,
  );
  const byKey = new Map<string, ReturnType<HubspotStandIn['records']>[number][]>();
  return {
    name: 'hubspot',
    kind: 'hubspot',
    twin: [0.3, 0.4, 0.45, 0.55],
    comesLate: true,
    statuses: null,
    contacts,
    metadataKey: 'hubspot_id',
    settings: {
      token: STAND_IN_TOKEN,
      api_url: standIn.url,
      write_when: 'started',
      web_calls: 'attach_by_metadata',
      metadata_key: 'hubspot_id',
      ...(pace === 'wide' && { requests_per_10s: limit - 10 }),
    },
    setFaults(decide) {
      standIn.faults.decide = ({ method, path }) => {
        const isCreation = method === 'POST' && /\/objects\/(?:[^/]+\/)?calls(?:\?|$)/.test(path);
        return toHubspotFault(decide(isCreation ? 'creates-record' : 'other'));
      };
    },
    expireTokens() {},
    renewLogin: () => null,
    listMade: () => null,
    listRecords({ callId }) {
      if (byKey.size === 0)
        for (const record of standIn.records()) {
          const key = record.properties['offhook_call_id'] ?? '';
          byKey.set(key, [...(byKey.get(key) ?? []), record]);
        }
      return (byKey.get(toCallKey(callId)) ?? []).map(({ properties, contacts: of }) => ({
        durationMs: toNumber(properties['hs_call_duration']),
        direction: properties['hs_call_direction'] === 'INBOUND' ? 'inbound' : 'outbound',
        isError: properties['hs_call_status'] === 'FAILED',
        contact: [...of][0] ?? null,
      }));
    },
    countRecords: () => standIn.records().length,
    requests: () => standIn.requests.length,
    readRates() {
      const { per10s, searchesPerSecond, refused } = standIn.observed();
      return [
        { name: `hubspotPer10s (${pace})`, peak: per10s, limit, refused },
        { name: 'hubspotSearchesPerS', peak: searchesPerSecond, limit: 5, refused: 0 },
      ];
    },
    close: () => standIn.close(),
  };
}

/** idField: null: none, so one destination that finds its tasks by looking, and makes the contacts that are missing. */
async function startSalesforce(customers: number, idField: string | null): Promise<Crm> {
  const standIn = await SalesforceStandIn.start({ accessTokenMs: ACCESS_TOKEN_MS, externalIdField: idField });
  const name = idField === null ? 'salesforce' : 'salesforceById';
  const contacts = eachCustomer(customers, (written, index) =>
    index % 4 === 0 ? standIn.addLead({ Phone: written }) : standIn.addContact({ MobilePhone: written }),
  );
  let byKey: ReturnType<SalesforceStandIn['countByCallKey']> | null = null;
  return {
    name,
    kind: 'salesforce',
    twin: idField === null ? null : [0, 0.4, 0.5, 1],
    comesLate: true,
    statuses: null,
    contacts,
    metadataKey: name,
    settings: {
      instance_url: standIn.url,
      client_id: standIn.clientId,
      client_secret: standIn.clientSecret,
      write_when: 'started',
      web_calls: 'attach_by_metadata',
      metadata_key: name,
      ...(idField === null ? { unknown_contacts: 'create_contact' } : { external_id_field: idField }),
    },
    setFaults(decide) {
      const toAct = (method: string, path: string): Act => {
        if (path.endsWith('/token')) return 'logs-in';
        if (method !== 'POST') return 'other';
        if (path.endsWith('/sobjects/Task')) return 'creates-record';
        return path.endsWith('/sobjects/Contact') ? 'creates-contact' : 'other';
      };
      standIn.fault = ({ method, path }) =>
        toFault(decide(toAct(method, path)), {
          locked: { status: 400, json: [{ errorCode: 'UNABLE_TO_LOCK_ROW', message: 'unable to lock' }] },
          unauthorized: {
            status: 401,
            json: [{ errorCode: 'INVALID_SESSION_ID', message: 'Session expired' }],
          },
        });
    },
    expireTokens: () => standIn.expireAccessTokens(),
    renewLogin: () => null,
    listMade: (number) =>
      idField !== null
        ? null
        : [...standIn.people.values()].filter(({ fields }) => fields['Phone'] === number).map(({ id }) => id),
    listRecords({ callId }) {
      byKey ??= standIn.countByCallKey();
      return (byKey.get(toCallKey(callId)) ?? []).map(({ fields }) => ({
        durationMs: toNumber(fields['CallDurationInSeconds'], 1_000),
        direction: fields['CallType'] === 'Inbound' ? 'inbound' : 'outbound',
        isError: fields['CallDisposition'] === 'Ended with error',
        contact: typeof fields['WhoId'] === 'string' ? fields['WhoId'] : null,
      }));
    },
    countRecords: () => standIn.tasks.size,
    requests: () => standIn.server.seen.length,
    readRates: () => [
      { name: `${name}AtOnce`, peak: standIn.server.underWayMax, limit: SALESFORCE_AT_ONCE, refused: 0 },
    ],
    close: () => standIn.close(),
  };
}

/**
 * isShared: two destinations, which look for each call before they write it: through all activities of the last ten
 * minutes, which are the whole proof here, so they are told of fewer calls. Else one, whose refresh token is rotated.
 */
async function startPipedrive(customers: number, isShared: boolean): Promise<Crm> {
  const standIn = await PipedriveStandIn.start({
    burst: PIPEDRIVE_PER_2S,
    accessTokenMs: ACCESS_TOKEN_MS,
    rotatesRefreshTokens: !isShared,
  });
  const name = isShared ? 'pipedriveShared' : 'pipedrive';
  let lost = 0;
  // Its search does not know the notation with 00.
  const contacts = eachCustomer(customers, (written) =>
    String(standIn.addPerson('Somebody', [written.replace(/^00/, '+')])),
  );
  const byReference = new Map<string, PipedriveStandIn['callLogs']>();
  // The paces are the defaults, which are those of a login by OAuth on the smallest plan.
  const settings = {
    company_domain: 'standin',
    api_url: standIn.url,
    login_url: standIn.url,
    client_id: 'client',
    client_secret: 'secret',
    refresh_token: standIn.refreshToken,
    web_calls: 'attach_by_metadata',
    metadata_key: name,
  };
  return {
    name,
    kind: 'pipedrive',
    twin: isShared ? [0, 0.4, 0.5, 1] : null,
    // What one destination left under way another one cannot know of.
    comesLate: !isShared,
    statuses: isShared ? ['ended-with-error'] : null,
    contacts,
    metadataKey: name,
    settings,
    renewLogin() {
      if (standIn.refusedGrants === lost) return null;
      lost = standIn.refusedGrants;
      return { ...settings, refresh_token: standIn.logInAgain() };
    },
    listMade: () => null,
    setFaults(decide) {
      const toAct = (method: string, path: string): Act => {
        if (path.endsWith('/token')) return 'logs-in';
        return method === 'POST' && path.endsWith('/callLogs') ? 'creates-record' : 'other';
      };
      standIn.fault = ({ method, path }) =>
        toFault(decide(toAct(method, path)), {
          locked: { status: 500, json: { success: false, error: 'internal error' } },
          unauthorized: { status: 401, json: { success: false, error: 'unauthorized access' } },
        });
    },
    expireTokens: () => standIn.expireAccessTokens(),
    listRecords({ callId }) {
      if (byReference.size === 0)
        for (const log of standIn.callLogs) {
          const key = String(log.fields['subject']).slice(-11);
          byReference.set(key, [...(byReference.get(key) ?? []), log]);
        }
      return (byReference.get(toReference(toCallKey(callId))) ?? []).map(({ fields }) => ({
        durationMs: toNumber(fields['duration'], 1_000),
        direction: String(fields['subject']).startsWith('Outbound') ? 'outbound' : 'inbound',
        isError: String(fields['subject']).includes(', ended with error'),
        contact: fields['person_id'] === undefined ? null : String(fields['person_id'] as number),
      }));
    },
    countRecords: () => standIn.callLogs.length,
    requests: () => standIn.server.seen.length,
    readRates: () => [
      {
        name: `${name}Per2s`,
        peak: standIn.all.peak,
        limit: PIPEDRIVE_PER_2S,
        refused: standIn.all.refused,
      },
      {
        name: `${name}SearchesPer2s`,
        peak: standIn.search.peak,
        limit: SEARCH_BURST,
        refused: standIn.search.refused,
      },
    ],
    close: () => standIn.close(),
  };
}

function eachCustomer(customers: number, add: (written: string, index: number) => string): readonly string[] {
  return Array.from({ length: customers }, (_, index) =>
    add(toWritten(toCustomerNumber(index), index), index),
  );
}

function toFault(
  trouble: Trouble | null,
  own: Readonly<Record<'locked' | 'unauthorized', { readonly status: number; readonly json: unknown }>>,
): Fault | null {
  if (typeof trouble === 'object' && trouble !== null)
    return { kind: 'done-late', delayMs: trouble.doneAfterMs };
  switch (trouble) {
    case null:
      return null;
    case 'busy':
      return { kind: 'refuse', answer: { status: 503 } };
    case 'too-many':
      return { kind: 'refuse', answer: { status: 429, headers: { 'retry-after': '1' } } };
    case 'cut':
      return { kind: 'cut' };
    case 'done-busy':
      return { kind: 'done-refuse', answer: { status: 502 } };
    case 'done-cut':
      return { kind: 'done-cut' };
    case 'slow':
      return { kind: 'slow', delayMs: 400 };
    case 'unauthorized':
    case 'locked':
      return { kind: 'refuse', answer: own[trouble] };
  }
}

function toHubspotFault(trouble: Trouble | null): StandInFault | null {
  if (typeof trouble === 'object' && trouble !== null)
    return { kind: 'done-late', afterMs: trouble.doneAfterMs };
  switch (trouble) {
    case null:
    case 'slow':
      return null;
    case 'busy':
    case 'locked':
      return { kind: 'answer', when: 'before', status: 503 };
    case 'too-many':
      return { kind: 'answer', when: 'before', status: 429, headers: { 'retry-after': '1' } };
    case 'unauthorized':
      return { kind: 'answer', when: 'before', status: 401 };
    case 'cut':
      return { kind: 'cut', when: 'before' };
    case 'done-busy':
      return { kind: 'answer', when: 'after', status: 502 };
    case 'done-cut':
      return { kind: 'cut', when: 'after' };
  }
}

function toNumber(value: unknown, factor = 1): number | null {
  if (typeof value !== 'string' && typeof value !== 'number') return null;
  return Number(value) * factor;
}
