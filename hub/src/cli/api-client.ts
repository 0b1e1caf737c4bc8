/** The commands' way to a hub: /v1 over fetch. Turns every answer but 2xx into a CommandFailure with its exit code. */
import { readKeptApiKey } from '../config/keys.ts';
import type { CommandContext } from './context.ts';
import { CommandFailure, EXIT } from './failure.ts';
import type { ExitCode } from './failure.ts';
import { toPlainText } from './output.ts';

export interface ApiClient {
  readonly baseUrl: string;
  get<Answer>(path: string, query?: Query): Promise<Answer>;
  send<Answer>(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<Answer>;
  /** The answer as it comes in; the caller reads its body. */
  open(
    path: string,
    options: {
      readonly query?: Query;
      readonly headers?: Record<string, string>;
      readonly signal: AbortSignal;
    },
  ): Promise<Response>;
}

export type Query = Readonly<Record<string, string | number | undefined>>;

export interface Page<Item> {
  readonly data: readonly Item[];
  readonly next_cursor: string | null;
}

/** The hub answers within its own deadlines; longer means that something between hangs. */
const ANSWER_MS = 35_000;

export function createApiClient(context: CommandContext): ApiClient {
  const baseUrl = toBaseUrl(context);
  const apiKey = context.settings.apiKey ?? readKeptApiKey(context.settings.dataDir);

  async function fetchAnswer(
    path: string,
    init: RequestInit & { readonly query?: Query },
  ): Promise<Response> {
    if (apiKey === undefined) {
      throw new CommandFailure(
        EXIT.refused,
        `There is no API key: set OFFHOOK_API_KEY, or run this where ${context.settings.dataDir} is the data directory of the hub (--data-dir).`,
      );
    }
    const url = new URL(`${baseUrl}${path}`);
    for (const [name, value] of Object.entries(init.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    let response: Response;
    try {
      response = await fetch(url, {
        ...init,
        redirect: 'manual',
        headers: { ...(init.headers as Record<string, string>), authorization: `Bearer ${apiKey}` },
      });
    } catch (error) {
      if (context.signal.aborted) throw new CommandFailure(EXIT.interrupted, '', { cause: error });
      throw new CommandFailure(
        EXIT.unreachable,
        `No hub answers at ${baseUrl} (${toCause(error)}). Start one with \`offhook start\`, or name another with --url or OFFHOOK_URL.`,
        { cause: error },
      );
    }
    if (!response.ok) throw await toFailure(response);
    return response;
  }

  return {
    baseUrl,
    async get(path, query = {}) {
      const response = await fetchAnswer(path, { query, signal: withDeadline(context.signal) });
      return toJson(response);
    },
    async send(method, path, body) {
      const response = await fetchAnswer(path, {
        method,
        signal: withDeadline(context.signal),
        ...(body !== undefined && {
          body: JSON.stringify(body),
          headers: { 'content-type': 'application/json' },
        }),
      });
      return toJson(response);
    },
    open: (path, options) => fetchAnswer(path, options),
  };
}

/** Page after page until `limit` items came. */
export async function readPages<Item>(
  client: ApiClient,
  path: string,
  query: Query,
  limit: number,
): Promise<readonly Item[]> {
  const items: Item[] = [];
  for (let cursor: string | null = null; ;) {
    const page: Page<Item> = await client.get(path, {
      ...query,
      limit: Math.min(limit - items.length, PAGE_MAX),
      cursor: cursor ?? undefined,
    });
    items.push(...page.data);
    cursor = page.next_cursor;
    if (cursor === null || items.length >= limit) return items;
  }
}

const PAGE_MAX = 200;

export function toBaseUrl(context: Pick<CommandContext, 'settings'>): string {
  const { url, host, port } = context.settings;
  if (url !== null) return url;
  // Where the hub listens on every address, this machine reaches it over loopback.
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}

/** `connect ECONNREFUSED 127.0.0.1:8080` stands in fetch's cause. */
export function toCause(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (cause instanceof AggregateError && cause.errors[0] instanceof Error) return cause.errors[0].message;
  return cause instanceof Error ? cause.message : error.message;
}

function withDeadline(signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
}

async function toJson<Answer>(response: Response): Promise<Answer> {
  const text = await response.text();
  return (text === '' ? null : JSON.parse(text)) as Answer;
}

async function toFailure(response: Response): Promise<CommandFailure> {
  const text = await response.text().catch(() => '');
  let message = `${response.status} ${response.statusText}`;
  try {
    const problem = JSON.parse(text) as {
      detail?: string;
      title?: string;
      request_id?: string;
      errors?: readonly { pointer: string; detail: string }[];
    };
    const faults = (problem.errors ?? []).filter((fault) => problem.detail?.includes(fault.detail) !== true);
    message = [
      `${problem.detail ?? problem.title ?? message} (${response.status}${problem.request_id === undefined ? '' : `, request ${problem.request_id}`})`,
      ...faults.map((fault) => `  - ${fault.pointer}: ${fault.detail}`),
    ].join('\n');
  } catch {
    // Not a problem of ours: something else listens there.
    message = `${message}: this does not look like a hub's answer.`;
  }
  const lines = message.split('\n').map(toPlainText);
  return new CommandFailure(toExitCode(response.status), lines.join('\n'));
}

function toExitCode(status: number): ExitCode {
  if (status === 401 || status === 403) return EXIT.refused;
  if (status === 404) return EXIT.notFound;
  // What was asked for is itself wrong, so asking again is no use.
  if (status === 400 || status === 422) return EXIT.usage;
  return EXIT.failed;
}
