/** The Salesforce destination: one Task of the subtype Call for every call. */
import { createCrmSender } from '../crm/crm-sender.ts';
import { startBudget } from '../crm/budget.ts';
import { createPacedClient, type PacedClient, stopAt } from '../crm/paced-client.ts';
import { createPacerBook, type Pacer } from '../crm/pacer.ts';
import type { AttemptResult, DestinationGround, DestinationKind } from '../destination.ts';
import { type JsonClient, openJsonClient } from '../http/json-client.ts';
import type { KindOptions } from '../kind-options.ts';
import { keepMaskedSettings, maskSettings } from '../masked-settings.ts';
import { createAuthorizedClient } from '../oauth/authorized-client.ts';
import { createTokenKeeper, type TokenKeeper } from '../oauth/token-keeper.ts';
import { toApiUrl } from './api-url.ts';
import { toErrors, toKept } from './salesforce-error.ts';
import { API_PATH, createSalesforcePort } from './salesforce-port.ts';
import {
  createSalesforceSettingsSchema,
  SALESFORCE_HOSTS,
  SALESFORCE_SECRETS,
  type SalesforceSettings,
} from './salesforce-settings.ts';

/** Salesforce documents no limit per second; this one of ours keeps a flood from eating the org's daily allowance at once. */
const PACE = { requests: 25, windowMs: 500 } as const;
const CLIENTS_MAX = 4;

export function createSalesforceKind(options: KindOptions): DestinationKind<SalesforceSettings> {
  const keeper = createTokenKeeper(options);
  const pacers = createPacerBook();
  const turns = createPacerBook();
  return {
    kind: 'salesforce',
    title: 'Salesforce',
    summary: 'Logs every call as a task, once, with its duration, outcome and contact or lead.',
    setup: [
      'Setup → External Client App Manager → New External Client App: enable OAuth, give any callback URL, and select the scope Manage user data via APIs (api).',
      "Enable the Client Credentials Flow. After saving, choose the user to run as on the app's Policies tab: it needs API Enabled, Access Activities and Edit Tasks, and may read contacts and leads.",
      'Copy the consumer key and the consumer secret, and the address under Setup → My Domain.',
      'Recommended: Object Manager → Activity → Fields → a text field of 255 characters, External ID and Unique, named Offhook_Call_ID; the External ID field is then Offhook_Call_ID__c.',
    ],
    settings: createSalesforceSettingsSchema(options.egress),
    defaults: { concurrency: 8, timeoutMs: 30_000 },
    signs: false,
    isEager: false,
    toPublicSettings: (settings) => maskSettings(settings, SALESFORCE_SECRETS),
    keepMasked: (stored, given) =>
      keepMaskedSettings(stored, given, { secrets: SALESFORCE_SECRETS, hosts: SALESFORCE_HOSTS }),
    describeTarget: (settings) => URL.parse(settings.instance_url)?.hostname ?? 'Salesforce',
    open(settings, ground) {
      const { client, pacer } = openApi(settings, ground);
      return createCrmSender(
        createSalesforcePort({ settings, client, pacer, turns, ground }),
        settings,
        ground,
      );
    },
    async test(settings, ground, deadlineMs) {
      const { client } = openApi(settings, ground);
      try {
        return await testLogin(settings, client, ground, deadlineMs);
      } finally {
        client.close();
      }
    },
  };

  function openApi(
    settings: SalesforceSettings,
    ground: DestinationGround,
  ): { readonly client: PacedClient; readonly pacer: Pacer } {
    const { pacer, release } = pacers.take(`${settings.instance_url} ${settings.client_id}`, PACE);
    const client = openClient(settings, ground, options, keeper, release);
    return { client: createPacedClient({ title: 'Salesforce', client, pacer, ground, toKept }), pacer };
  }
}

function openClient(
  settings: SalesforceSettings,
  ground: DestinationGround,
  { http, userAgent }: KindOptions,
  keeper: TokenKeeper,
  onClose: () => void,
): JsonClient {
  const settingsUrl = new URL(settings.instance_url);
  const prefix = settingsUrl.pathname.replace(/\/+$/, '');
  const session = keeper.open(
    {
      product: 'Salesforce',
      remedy:
        settings.refresh_token === undefined
          ? 'check the consumer key and secret, and that the app has the client-credentials flow with a user to run as'
          : 'log in again and put the new refresh token into the settings of this destination',
      tokenUrl: new URL(`${prefix}/services/oauth2/token`, settingsUrl),
      clientId: settings.client_id,
      clientSecret: settings.client_secret,
      refreshToken: settings.refresh_token ?? null,
      clientSecretIn: 'form',
    },
    ground,
  );
  /** By origin; an org that moves leaves one behind. */
  const clients = new Map<string, JsonClient>();
  const toClient = (url: URL): JsonClient => {
    const known = clients.get(url.origin);
    if (known !== undefined) return known;
    if (clients.size >= CLIENTS_MAX) closeAll();
    const client = openJsonClient(http, url, { 'User-Agent': userAgent });
    clients.set(url.origin, client);
    return client;
  };
  const closeAll = (): void => {
    for (const client of clients.values()) client.close();
    clients.clear();
  };
  const authorized = createAuthorizedClient(session, ground, ({ instanceUrl }) =>
    toClient(toApiUrl(settingsUrl, instanceUrl)),
  );
  return {
    ...authorized,
    close() {
      session.close();
      closeAll();
      onClose();
    },
    abandon() {
      session.abandon();
      for (const client of clients.values()) client.abandon();
      onClose();
    },
  };
}

/** Logs in, and asks for the two things that calls need: the fields of a task, and whose org it is. */
async function testLogin(
  { external_id_field: externalId }: SalesforceSettings,
  client: PacedClient,
  ground: DestinationGround,
  deadlineMs: number,
): Promise<AttemptResult> {
  const field = externalId ?? 'CallObject';
  const budget = startBudget(ground, deadlineMs);
  const ask = (soql: string): ReturnType<PacedClient['request']> =>
    client.request({ method: 'GET', path: `${API_PATH}/query?q=${encodeURIComponent(soql)}` }, budget);
  const tasks = await ask(
    `SELECT Id, ${field}, CallType, CallDurationInSeconds, CallDisposition FROM Task WHERE ${field} = 'offhook-test' LIMIT 1`,
  );
  const timing = (): AttemptResult['timing'] => ({ firstByteMs: null, totalMs: budget.elapsedMs() });
  if (tasks.kind === 'stop') return { ...tasks.result, timing: timing() };
  const [error] = toErrors(tasks.value.json);
  if (error?.code === 'INVALID_FIELD') {
    const detail = `the login works, but its user cannot read one of the fields ${field}, CallType, CallDurationInSeconds and CallDisposition of Task; give it access to them`;
    return { kind: 'failed', cause: 'settings', detail, timing: timing() };
  }
  if (tasks.value.status !== 200) return { ...stopAt(tasks.value).result, timing: timing() };
  const org = await ask('SELECT Name FROM Organization LIMIT 1');
  const name = org.kind === 'ok' ? toOrgName(org.value.json) : null;
  const whose = name === null ? '' : ` as ${name}`;
  const advice =
    externalId === undefined
      ? '. With an External ID field Salesforce itself would refuse a second record of a call'
      : '';
  return {
    kind: 'done',
    detail: `Logged in to Salesforce${whose}; tasks can be read${advice}`,
    timing: timing(),
  };
}

function toOrgName(json: unknown): string | null {
  const { records } = (json ?? {}) as { readonly records?: readonly { readonly Name?: unknown }[] };
  const name = Array.isArray(records) ? records[0]?.Name : undefined;
  return typeof name === 'string' ? name.slice(0, 80) : null;
}
