/** The three stand-ins as the proof sees them: their destinations, faults for them, and what they hold in the end. */
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
  readonly kind: 'hubspot' | 'salesforce' | 'pipedrive';
  readonly settings: Readonly<Record<string, unknown>>;
  /** Its ids of the known customers. */
  readonly contacts: readonly string[];
  readonly metadataKey: string;
  /** Asked at every request to its API; whether it creates a record of a call, and its number. */
  setFaults(decide: (isCreation: boolean) => Trouble | null): void;
  /** Access tokens end now; nothing where there are none. */
  expireTokens(): void;
  listRecords(call: PlannedCall): readonly WrittenRecord[];
  countRecords(): number;
  readonly requests: () => number;
  readRates(): readonly Rate[];
  close(): Promise<void>;
}

/** In words that fit all three. */
export type Trouble =
  | 'busy'
  | 'too-many'
  | 'cut'
  | 'done-busy'
  | 'done-cut'
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

const HUBSPOT_PER_10S = 190;
const PIPEDRIVE_PER_2S = 80;
/** Salesforce's limit of long-running requests of an org. */
const SALESFORCE_AT_ONCE = 25;
const ACCESS_TOKEN_MS = 5_000;

export async function startCrms(customers: number): Promise<readonly Crm[]> {
  return [await startHubspot(customers), await startSalesforce(customers), await startPipedrive(customers)];
}

async function startHubspot(customers: number): Promise<Crm> {
  const standIn: HubspotStandIn = await startHubspotStandIn({ requestsPer10s: HUBSPOT_PER_10S });
  const contacts = eachCustomer(
    customers,
    (_written, index) =>
      standIn.addContact({
        phone: toCustomerNumber(index).replace('+316', index % 2 === 0 ? '+31 6 ' : '+316'),
      }).id,
  );
  const byKey = new Map<string, ReturnType<HubspotStandIn['records']>[number][]>();
  return {
    kind: 'hubspot',
    contacts,
    metadataKey: 'hubspot_id',
    settings: {
      token: STAND_IN_TOKEN,
      api_url: standIn.url,
      write_when: 'started',
      web_calls: 'attach_by_metadata',
      metadata_key: 'hubspot_id',
      requests_per_10s: HUBSPOT_PER_10S - 10,
    },
    setFaults(decide) {
      standIn.faults.decide = ({ method, path }) => {
        const isCreation = method === 'POST' && /\/objects\/(?:[^/]+\/)?calls(?:\?|$)/.test(path);
        return toHubspotFault(decide(isCreation));
      };
    },
    expireTokens() {},
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
        { name: 'hubspotPer10s', peak: per10s, limit: HUBSPOT_PER_10S, refused },
        { name: 'hubspotSearchesPerS', peak: searchesPerSecond, limit: 5, refused: 0 },
      ];
    },
    close: () => standIn.close(),
  };
}

async function startSalesforce(customers: number): Promise<Crm> {
  const standIn = await SalesforceStandIn.start({ accessTokenMs: ACCESS_TOKEN_MS });
  const contacts = eachCustomer(customers, (written, index) =>
    index % 4 === 0 ? standIn.addLead({ Phone: written }) : standIn.addContact({ MobilePhone: written }),
  );
  let byKey: ReturnType<SalesforceStandIn['countByCallKey']> | null = null;
  return {
    kind: 'salesforce',
    contacts,
    metadataKey: 'salesforce_id',
    settings: {
      instance_url: standIn.url,
      client_id: standIn.clientId,
      client_secret: standIn.clientSecret,
      write_when: 'started',
      web_calls: 'attach_by_metadata',
      metadata_key: 'salesforce_id',
    },
    setFaults(decide) {
      standIn.fault = ({ method, path }) =>
        toFault(decide(method === 'POST' && path.endsWith('/sobjects/Task')), {
          locked: { status: 400, json: [{ errorCode: 'UNABLE_TO_LOCK_ROW', message: 'unable to lock' }] },
          unauthorized: {
            status: 401,
            json: [{ errorCode: 'INVALID_SESSION_ID', message: 'Session expired' }],
          },
        });
    },
    expireTokens: () => standIn.expireAccessTokens(),
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
      { name: 'salesforceAtOnce', peak: standIn.server.underWayMax, limit: SALESFORCE_AT_ONCE, refused: 0 },
    ],
    close: () => standIn.close(),
  };
}

async function startPipedrive(customers: number): Promise<Crm> {
  const standIn = await PipedriveStandIn.start({ burst: PIPEDRIVE_PER_2S, accessTokenMs: ACCESS_TOKEN_MS });
  // Its search does not know the notation with 00.
  const contacts = eachCustomer(customers, (written) =>
    String(standIn.addPerson('Somebody', [written.replace(/^00/, '+')])),
  );
  const byReference = new Map<string, PipedriveStandIn['callLogs']>();
  return {
    kind: 'pipedrive',
    contacts,
    metadataKey: 'pipedrive_id',
    settings: {
      company_domain: 'standin',
      api_url: standIn.url,
      login_url: standIn.url,
      client_id: 'client',
      client_secret: 'secret',
      refresh_token: standIn.refreshToken,
      web_calls: 'attach_by_metadata',
      metadata_key: 'pipedrive_id',
    },
    setFaults(decide) {
      standIn.fault = ({ method, path }) =>
        toFault(decide(method === 'POST' && path.endsWith('/callLogs')), {
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
        name: 'pipedrivePer2s',
        peak: standIn.all.peak,
        limit: PIPEDRIVE_PER_2S,
        refused: standIn.all.refused,
      },
      {
        name: 'pipedriveSearchesPer2s',
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
