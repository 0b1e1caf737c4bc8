/** The Pipedrive destination: one call log for every call that has ended. */
import { startBudget } from '../crm/budget.ts';
import { createCrmSender } from '../crm/crm-sender.ts';
import {
  type Answer,
  createPacedClient,
  type PacedClient,
  stopAt,
  toRetryAfterMs,
} from '../crm/paced-client.ts';
import { createPacerBook, type PaceLimit, type Pacer } from '../crm/pacer.ts';
import type { AttemptResult, DestinationGround, DestinationKind } from '../destination.ts';
import { type JsonClient, openJsonClient } from '../http/json-client.ts';
import type { KindOptions } from '../kind-options.ts';
import { keepMaskedSettings, maskSettings } from '../masked-settings.ts';
import { createAuthorizedClient } from '../oauth/authorized-client.ts';
import { createTokenKeeper, type TokenKeeper } from '../oauth/token-keeper.ts';
import { createCompanyBook } from './company-book.ts';
import { toKept } from './pipedrive-answer.ts';
import { createPipedrivePort } from './pipedrive-port.ts';
import {
  createPipedriveSettingsSchema,
  PIPEDRIVE_HOSTS,
  PIPEDRIVE_SECRETS,
  type PipedriveSettings,
} from './pipedrive-settings.ts';

/** Of the smallest plans, per 2 s. */
export const BURST_BY_API_TOKEN = 20;
export const BURST_BY_OAUTH = 80;
/** Of all plans. */
export const SEARCH_BURST = 10;
export const BURST_WINDOW_MS = 2_000;
/**
 * A quarter of the limit in a quarter of its window: a hub that is killed and started again begins without a memory of
 * what it has sent, and two full bursts in one window would be more than is allowed. The rest is left to other programs
 * of the same user.
 */
const SHARES = 4;
const SHARE_USED = 0.8;
/** Refused again right after a wait: then it is no burst but the allowance of the day. */
export const REFUSED_HOLD_MS_MAX = 10 * 60_000;

export function createPipedriveKind(options: KindOptions): DestinationKind<PipedriveSettings> {
  const keeper = createTokenKeeper(options);
  const pacers = createPacerBook();
  const turns = createPacerBook();
  const companies = createCompanyBook();
  return {
    kind: 'pipedrive',
    title: 'Pipedrive',
    summary: 'Logs every call that has ended, once, with its duration, outcome and person.',
    setup: [
      'In Pipedrive, as the user to whom the call logs shall belong: Personal preferences → API; copy the token. (If the page is not there, an admin has to allow API access.)',
      'The company domain is acme in acme.pipedrive.com.',
      'Or with OAuth, which may send four times as many requests: a private app in the Developer Hub with the scopes phone-integration, activities:read and contacts:read (contacts:full to create persons); give its client ID, client secret and refresh token instead of the API token.',
    ],
    settings: createPipedriveSettingsSchema(options.egress),
    defaults: { concurrency: 4, timeoutMs: 30_000 },
    signs: false,
    isEager: false,
    toPublicSettings: (settings) => maskSettings(settings, PIPEDRIVE_SECRETS),
    keepMasked: (stored, given) =>
      keepMaskedSettings(stored, given, { secrets: PIPEDRIVE_SECRETS, hosts: PIPEDRIVE_HOSTS }),
    describeTarget: (settings) => `${settings.company_domain}.pipedrive.com`,
    open(settings, ground) {
      const seat = companies.join(toApiUrl(settings).host, ground);
      const { client, searchPacer } = openApi(settings, ground, () => seat.leave());
      const port = createPipedrivePort({ settings, client, searchPacer, turns, seat });
      return createCrmSender(port, settings, ground);
    },
    async test(settings, ground, deadlineMs) {
      const { client } = openApi(settings, ground);
      try {
        return await testLogin(client, ground, deadlineMs);
      } finally {
        client.close();
      }
    },
  };

  function openApi(
    settings: PipedriveSettings,
    ground: DestinationGround,
    onClose = (): void => {},
  ): { readonly client: PacedClient; readonly searchPacer: Pacer } {
    const login = settings.api_token ?? `${settings.client_id} ${settings.refresh_token}`;
    const credential = `${toApiUrl(settings).origin} ${login}`;
    const byToken = settings.api_token !== undefined;
    const burst = settings.requests_per_2s ?? (byToken ? BURST_BY_API_TOKEN : BURST_BY_OAUTH);
    const all = pacers.take(credential, toPace(burst));
    const search = pacers.take(`${credential} search`, toPace(Math.min(SEARCH_BURST, burst)));
    const client = openClient(settings, ground, options, keeper, () => {
      all.release();
      search.release();
      onClose();
    });
    const { toHoldMs, watched } = watchRefusals(client, ground);
    return {
      client: createPacedClient({
        title: 'Pipedrive',
        client: watched,
        pacer: all.pacer,
        ground,
        toHoldMs,
        toKept,
      }),
      searchPacer: search.pacer,
    };
  }
}

function toPace(burst: number): PaceLimit {
  const requests = Math.max(1, Math.floor((burst * SHARE_USED) / SHARES));
  return { requests, windowMs: BURST_WINDOW_MS / SHARES };
}

/** Pipedrive bans who goes on asking after a 429, so each one in a row is waited for twice as long. */
function watchRefusals(
  client: JsonClient,
  ground: DestinationGround,
): { readonly watched: JsonClient; toHoldMs(answer: Answer): number } {
  let inRow = 0;
  return {
    watched: {
      ...client,
      async request(request) {
        const answer = await client.request(request);
        if (answer.kind === 'answered') inRow = answer.status === 429 ? inRow + 1 : 0;
        return answer;
      },
    },
    toHoldMs(answer) {
      const ownMs = Math.min(BURST_WINDOW_MS * 2 ** Math.max(0, inRow - 1), REFUSED_HOLD_MS_MAX);
      return Math.max(ownMs, answer.retryAfter === null ? 0 : toRetryAfterMs(answer, ground.nowMs()));
    },
  };
}

function openClient(
  settings: PipedriveSettings,
  ground: DestinationGround,
  { http, userAgent }: KindOptions,
  keeper: TokenKeeper,
  onClose: () => void,
): JsonClient {
  const {
    api_token: apiToken,
    client_id: clientId,
    client_secret: clientSecret,
    refresh_token: refreshToken,
  } = settings;
  const headers = { 'User-Agent': userAgent, ...(apiToken !== undefined && { 'x-api-token': apiToken }) };
  const api = openJsonClient(http, toApiUrl(settings), headers);
  if (apiToken !== undefined) {
    return {
      request: (request) => api.request(request),
      close() {
        api.close();
        onClose();
      },
      abandon() {
        api.abandon();
        onClose();
      },
    };
  }
  const loginUrl = new URL(settings.login_url);
  const session = keeper.open(
    {
      product: 'Pipedrive',
      remedy: 'install the app again and put the new refresh token into the settings of this destination',
      tokenUrl: new URL(`${loginUrl.pathname.replace(/\/+$/, '')}/oauth/token`, loginUrl),
      clientId: clientId ?? '',
      clientSecret: clientSecret ?? '',
      refreshToken: refreshToken ?? '',
      clientSecretIn: 'basic',
    },
    ground,
  );
  return {
    ...createAuthorizedClient(session, ground, () => api),
    close() {
      session.close();
      api.close();
      onClose();
    },
    abandon() {
      session.abandon();
      api.abandon();
      onClose();
    },
  };
}

/** The token endpoint names an address, too; the one in the settings serves the same company, and nobody can bend it. */
function toApiUrl({ api_url: url, company_domain: company }: PipedriveSettings): URL {
  return new URL(url ?? `https://${company}.pipedrive.com`);
}

async function testLogin(
  client: PacedClient,
  ground: DestinationGround,
  deadlineMs: number,
): Promise<AttemptResult> {
  const budget = startBudget(ground, deadlineMs);
  const me = await client.request({ method: 'GET', path: '/api/v1/users/me' }, budget);
  const timing = (): AttemptResult['timing'] => ({ firstByteMs: null, totalMs: budget.elapsedMs() });
  if (me.kind === 'stop') return { ...me.result, timing: timing() };
  if (me.value.status !== 200) return { ...stopAt(me.value).result, timing: timing() };
  const { data } = (me.value.json ?? {}) as { readonly data?: { readonly company_name?: unknown } | null };
  const company = typeof data?.company_name === 'string' ? ` as ${data.company_name.slice(0, 80)}` : '';
  return { kind: 'done', detail: `Logged in to Pipedrive${company}`, timing: timing() };
}
