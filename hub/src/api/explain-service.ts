/**
 * What an attempt means at the products that other people run, and at Redis: there is no handler to mend there, but a
 * token, a scope, a limit or a server. In: what is known of the attempt, with the cause as far as it was found. Out: the
 * explanation, or null where the words for webhooks fit as well.
 */
import { startSentence } from './sentence-start.ts';

export interface Explanation {
  readonly title: string;
  readonly hint: string;
}

interface Service {
  readonly title: string;
  /** What to do where the credentials are refused. */
  readonly credentials: string;
  readonly permissions: string;
  readonly limit: string;
  /** 400 and 422. */
  readonly content: string;
  readonly missing: string;
}

const SERVICES: Readonly<Record<string, Service>> = {
  slack: {
    title: 'Slack',
    credentials:
      'The webhook URL or the bot token is not valid any more: make a new one in the Slack app and set it in the settings of the destination.',
    permissions:
      'The workspace or the channel does not let this app post: check the permissions of the app (chat:write for a bot) and whether an admin restricts the channel.',
    limit: 'Slack takes about one message a second and channel. It is tried again when Slack allows it.',
    content: 'Check the channel and the webhook URL in the settings of the destination, then test it.',
    missing:
      'The channel, or the webhook URL, is gone: choose another channel, or make a new incoming webhook in the Slack app.',
  },
  hubspot: {
    title: 'HubSpot',
    credentials:
      'The token of the service key or private app was rotated or revoked: copy the current one from HubSpot (Development, Keys, Service keys) into the settings of the destination.',
    permissions:
      'The service key or private app lacks a scope; crm.objects.contacts.read, crm.objects.contacts.write and crm.schemas.contacts.write are needed. After a change HubSpot may give it a new token.',
    limit:
      'HubSpot limits all requests of the account together, those of other integrations too. It is tried again when HubSpot allows it.',
    content:
      'A property it was sent does not exist or takes other values: its answer below names it. Required properties of calls that somebody added are the usual cause.',
    missing: 'The record or property is gone in HubSpot; its answer below says which.',
  },
  salesforce: {
    title: 'Salesforce',
    credentials:
      'The app or its login was changed or revoked: authorize it again and set the new credentials in the settings of the destination.',
    permissions:
      'The user lacks a permission (API access, or creating tasks), or the requests of the day are used up: its answer below says which.',
    limit: 'Salesforce asks for fewer requests. It is tried again when Salesforce allows it.',
    content:
      'A validation rule or a required field of the org refuses the record: its answer below names it. Exempt the user of the integration, or change the rule.',
    missing: 'The object or field does not exist, or the user may not see it; its answer below says which.',
  },
  pipedrive: {
    title: 'Pipedrive',
    credentials:
      'The token was reset or the app was removed: set the current credentials in the settings of the destination.',
    permissions: 'The user or the app may not do this: check its permissions and the scopes of the app.',
    limit:
      'Pipedrive limits requests by the day and by two seconds, for the whole company. It is tried again when Pipedrive allows it.',
    content: 'Pipedrive refuses a field: its answer below names it.',
    missing: 'The record is gone in Pipedrive; its answer below says which.',
  },
};

export interface ServiceFacts {
  readonly status: number | null;
  readonly cause: string | null;
  readonly detail: string | null;
}

export function explainService(kind: string | null, facts: ServiceFacts): Explanation | null {
  if (kind === 'redis') return explainRedis(facts);
  const service = kind === null ? undefined : SERVICES[kind];
  if (service === undefined) return null;
  return facts.status === null ? explainCauseOf(service, facts) : explainStatusOf(service, facts.status);
}

function explainStatusOf(service: Service, status: number): Explanation | null {
  const { title } = service;
  switch (status) {
    case 400:
    case 422:
      return { title: `${status}: ${title} cannot use what it was sent`, hint: service.content };
    case 401:
      return { title: `401: ${title} refuses the credentials`, hint: service.credentials };
    case 403:
      return { title: `403: ${title} does not allow this`, hint: service.permissions };
    case 404:
      return { title: `404: ${title} does not find it`, hint: service.missing };
    case 409:
      return {
        title: `409: ${title} says that the record was changed meanwhile`,
        hint: 'Somebody else wrote to it in the same moment. It is tried again by itself.',
      };
    case 410:
      return {
        title: `410: ${title} has closed this address for good`,
        hint: `It disables the destination. ${service.missing} Then resume it.`,
      };
    case 429:
      return { title: `429: ${title} asks for fewer requests`, hint: service.limit };
    default:
      return status >= 500 && status < 600
        ? {
            title: `${status}: ${title} failed`,
            hint: `Something broke on its side; its status page may say more. It is tried again by itself.`,
          }
        : null;
  }
}

const NOT_REACHED_HINT =
  'Where api_url is set, check it; otherwise check that this hub reaches the internet. It is tried again by itself.';

function explainCauseOf({ title }: Service, { cause, detail }: ServiceFacts): Explanation | null {
  switch (cause) {
    case 'timeout':
      return {
        title: `${title} did not answer in time`,
        hint: 'It may have done what was asked; that is looked up before anything is done twice. It is tried again by itself.',
      };
    case 'dns':
    case 'connect':
    case 'tls':
      return { title: `${title} cannot be reached`, hint: toHint(detail, NOT_REACHED_HINT) };
    case 'reset':
      return {
        title: `The connection to ${title} broke before an answer came`,
        hint: 'It may have done what was asked; that is looked up before anything is done twice. It is tried again by itself.',
      };
    case 'protocol':
    case 'settings':
    case 'refused':
      return splitDetail(detail, `${title} refuses it`);
    default:
      return null;
  }
}

const REDIS_UNREACHED_HINT =
  'Check host, port and TLS in the settings of the destination, and that this hub may reach it. Once it is back the set is made right by itself.';

function explainRedis({ status, cause, detail }: ServiceFacts): Explanation | null {
  if (status !== null) return null;
  switch (cause) {
    case 'timeout':
    case 'dns':
    case 'connect':
    case 'tls':
    case 'reset':
      return { title: toTitle(detail, 'Redis cannot be reached'), hint: REDIS_UNREACHED_HINT };
    case 'protocol':
    case 'settings':
    case 'refused':
      return splitDetail(detail, 'Redis refuses it');
    default:
      return null;
  }
}

const MENDED_HINT = 'A test shows whether it is mended; what was given up until then can be sent again.';

/**
 * Kinds say what is wrong and, behind a semicolon or a colon, what to do about it. Lists do not know the cause, so that
 * what a service says is explained alike whatever the cause was.
 */
function splitDetail(detail: string | null, fallback: string): Explanation {
  const [, what, remedy] = /^(.+?)(?:; |: )(.+)$/s.exec(detail ?? '') ?? [];
  if (what === undefined || remedy === undefined)
    return { title: toTitle(detail, fallback), hint: MENDED_HINT };
  return {
    title: toTitle(what, fallback),
    hint: `${toTitle(remedy, '').replace(/\.$/, '')}. ${MENDED_HINT}`,
  };
}

function toTitle(detail: string | null, fallback: string): string {
  if (detail === null || detail === '') return fallback;
  return startSentence(detail);
}

/** Our own sentence says what was met; the hint, what to do. */
function toHint(detail: string | null, hint: string): string {
  return detail === null || detail === '' ? hint : `${toTitle(detail, '')}. ${hint}`;
}
