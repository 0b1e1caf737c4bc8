/**
 * The HubSpot destination: one call record per call, through a service key or private-app token. What is written and
 * when is crm/; what HubSpot is asked is hubspot-port.ts.
 */
import { z } from 'zod';
import { startBudget, stopFailed } from '../crm/budget.ts';
import { createCrmSender } from '../crm/crm-sender.ts';
import type { Budget, Step } from '../crm/crm-port.ts';
import { createPacedClient, type PacedClient } from '../crm/paced-client.ts';
import { createPacerBook, type PaceLimit, type Pacer } from '../crm/pacer.ts';
import type { AttemptResult, DestinationGround, DestinationKind } from '../destination.ts';
import { openJsonClient } from '../http/json-client.ts';
import type { KindOptions } from '../kind-options.ts';
import { toHoldMs, toKept, toMissingScopes } from './hubspot-answer.ts';
import { createHubspotPort, READ_SCOPE, WRITE_SCOPE, type HubspotPort } from './hubspot-port.ts';
import {
  createHubspotSettingsSchema,
  keepMaskedHubspotSettings,
  toCredentialKey,
  toPublicHubspotSettings,
  type HubspotSettings,
} from './hubspot-settings.ts';

/**
 * HubSpot counts five searches a second over everybody who uses the account, so destinations with other tokens of it
 * share this pace; one is left to others. This limit and
 * that of all requests are kept in shares of their window: a hub that was killed begins without a memory of what it has
 * sent, and two full bursts in one window would be more than is allowed.
 */
const SEARCH_LIMIT: PaceLimit = { requests: 2, windowMs: 500 };
const SHARE_MS = 1_000;
const WINDOW_MS = 10_000;

export function createHubspotKind(options: KindOptions): DestinationKind<HubspotSettings> {
  const pacers = createPacerBook();
  const searchPacers = createPacerBook();

  function connect(settings: HubspotSettings, ground: DestinationGround): Connection {
    const credentialKey = toCredentialKey(settings);
    const all = pacers.take(credentialKey, toPace(settings.requests_per_10s));
    let search: { readonly account: string; readonly pacer: Pacer; release(): void } | null = null;
    const takeSearchPacer = (portalId: string): Pacer => {
      const account = `${new URL(settings.api_url).host} ${portalId}`;
      if (search?.account !== account) {
        search?.release();
        search = { account, ...searchPacers.take(account, SEARCH_LIMIT) };
      }
      return search.pacer;
    };
    const release = (): void => {
      all.release();
      search?.release();
    };
    const client = createPacedClient({
      title: 'HubSpot',
      client: openJsonClient(options.http, new URL(settings.api_url), {
        Authorization: `Bearer ${settings.token}`,
        'User-Agent': options.userAgent,
      }),
      pacer: all.pacer,
      ground,
      toHoldMs: (answer) => toHoldMs(answer, ground.nowMs()),
      toKept,
    });
    const released: PacedClient = {
      ...client,
      close() {
        release();
        client.close();
      },
      abandon() {
        release();
        client.abandon();
      },
    };
    const port = createHubspotPort({
      client: released,
      takeSearchPacer,
      ground,
      credentialKey,
      ownerId: settings.owner_id,
    });
    return { client: released, port };
  }

  return {
    kind: 'hubspot',
    title: 'HubSpot',
    summary: 'Logs each call once as a call record, on the contact whose number it is.',
    setup: [
      'In HubSpot, as a super admin: Development → Keys → Service keys → create a service key.',
      'Give it the scopes crm.objects.contacts.read, crm.objects.contacts.write and crm.schemas.contacts.write.',
      'Copy its token. The check of the connection names missing scopes and creates the call property offhook_call_id; the third scope can be taken away afterwards.',
    ],
    settings: createHubspotSettingsSchema(options.egress),
    defaults: { concurrency: 8, timeoutMs: 30_000 },
    signs: false,
    isEager: false,
    toPublicSettings: toPublicHubspotSettings,
    keepMasked: keepMaskedHubspotSettings,
    describeTarget: () => 'HubSpot calls',
    open: (settings, ground) => createCrmSender(connect(settings, ground).port, settings, ground),
    async test(settings, ground, deadlineMs) {
      const { client, port } = connect(settings, ground);
      const budget = startBudget(ground, deadlineMs);
      try {
        return toResult(await check(client, port, settings.token, budget), budget.elapsedMs());
      } finally {
        client.close();
      }
    },
  };
}

/** Limits below one in a share are kept by longer ones. */
function toPace(requestsPer10s: number): PaceLimit {
  const requests = Math.max(1, Math.floor((requestsPer10s * SHARE_MS) / WINDOW_MS));
  return { requests, windowMs: Math.ceil((requests * WINDOW_MS) / requestsPer10s) };
}

interface Connection {
  readonly client: PacedClient;
  readonly port: HubspotPort;
}

/** Whose account it is, and that the token may do all that an attempt does; no call is written. */
async function check(
  client: PacedClient,
  port: HubspotPort,
  token: string,
  budget: Budget,
): Promise<Step<string>> {
  const account = await port.readAccount(budget);
  if (account.kind === 'stop') return account;
  const scopes = await checkScopes(client, token, budget);
  if (scopes.kind === 'stop') return scopes;
  const prepared = await port.prepare(budget);
  if (prepared.kind === 'stop') return prepared;
  const { portalId, uiDomain } = account.value;
  return { kind: 'ok', value: `HubSpot account ${portalId} (${uiDomain}) takes calls; ${scopes.value}` };
}

/** HubSpot tells what a token may do; where it does not (other kinds of tokens), reading is tried and writing is not. */
async function checkScopes(client: PacedClient, token: string, budget: Budget): Promise<Step<string>> {
  const step = await client.request(
    {
      method: 'POST',
      path: '/oauth/v2/private-apps/get/access-token-info',
      json: { tokenKey: token },
      isRepeatable: true,
    },
    budget,
  );
  if (step.kind === 'stop') return step;
  const told = TOKEN_INFO.safeParse(step.value.json);
  if (step.value.status !== 200 || !told.success)
    return { kind: 'ok', value: `HubSpot does not say whether the token has the scope ${WRITE_SCOPE}` };
  const missing = [READ_SCOPE, WRITE_SCOPE].filter((scope) => !told.data.scopes.includes(scope));
  if (missing.length > 0)
    return stopFailed('settings', toMissingScopes([missing.join(' and ')], WRITE_SCOPE));
  return { kind: 'ok', value: 'the token has the scopes it needs' };
}

const TOKEN_INFO = z.object({ scopes: z.array(z.string()).min(1).max(1_000) });

function toResult(step: Step<string>, totalMs: number): AttemptResult {
  const timing = { firstByteMs: null, totalMs };
  return step.kind === 'ok' ? { kind: 'done', detail: step.value, timing } : { ...step.result, timing };
}
