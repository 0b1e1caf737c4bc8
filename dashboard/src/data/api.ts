/** One request to the hub this page came from: JSON in, JSON out, a refusal thrown as ApiFault. */
import type { ProblemView } from './types.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface RequestOptions {
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Longer than the hub's own deadlines: what takes this long has been lost on the way. */
const TIMEOUT_MS = 30_000;

export async function request<T>(method: Method, path: string, options: RequestOptions = {}): Promise<T> {
  const deadline = AbortSignal.timeout(TIMEOUT_MS);
  let response: Response;
  let text: string;
  try {
    response = await fetch(toPath(path, options.query), {
      method,
      headers: toHeaders(options),
      ...(options.body !== undefined && { body: JSON.stringify(options.body) }),
      signal: options.signal === undefined ? deadline : AbortSignal.any([options.signal, deadline]),
      credentials: 'same-origin',
      cache: 'no-store',
    });
    text = await response.text();
  } catch (error) {
    if (options.signal?.aborted === true) throw error;
    throw new ApiFault(0, toUnreachable(deadline.aborted), { cause: error });
  }
  if (response.ok) return (text === '' ? undefined : JSON.parse(text)) as T;
  const fault = new ApiFault(response.status, toProblem(response, text));
  // A key refused at the sign-in form is no session that ended.
  if (fault.status === 401 && path !== SESSION_PATH) for (const listener of listeners) listener();
  throw fault;
}

export const SESSION_PATH = '/v1/session';

export class ApiFault extends Error {
  override readonly name = 'ApiFault';
  /** HTTP status; 0 where the hub could not be reached. */
  readonly status: number;
  readonly problem: ProblemView;

  constructor(status: number, problem: ProblemView, options?: ErrorOptions) {
    super(`${problem.title}: ${problem.detail}`, options);
    this.status = status;
    this.problem = problem;
  }
}

/** Told when the hub says that nobody is signed in (any more). */
export function onSignedOut(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const listeners = new Set<() => void>();

/** What was thrown, as something that can be shown: bugs of ours too. */
export function toApiFault(error: unknown): ApiFault {
  if (error instanceof ApiFault) return error;
  const detail = error instanceof Error ? error.message : String(error);
  return new ApiFault(
    0,
    {
      type: 'about:blank',
      title: 'This page ran into a fault of its own',
      detail,
      code: 'page_fault',
      request_id: null,
    },
    { cause: error },
  );
}

export function toPath(path: string, query: RequestOptions['query'] = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') search.set(name, String(value));
  }
  const text = search.toString();
  return text === '' ? path : `${path}${path.includes('?') ? '&' : '?'}${text}`;
}

function toHeaders(options: RequestOptions): Record<string, string> {
  return {
    accept: 'application/json, application/problem+json',
    ...(options.body !== undefined && { 'content-type': 'application/json' }),
    ...options.headers,
  };
}

function toUnreachable(isTimeout: boolean): ProblemView {
  return {
    type: 'about:blank',
    title: 'The hub cannot be reached',
    detail: isTimeout
      ? `No answer within ${TIMEOUT_MS / 1000} s.`
      : 'It may be restarting, or the network between here and there is down.',
    code: 'unreachable',
    request_id: null,
  };
}

/** A proxy in front of the hub answers with pages of its own; they are not shown. */
function toProblem(response: Response, text: string): ProblemView {
  try {
    const problem: unknown = JSON.parse(text);
    if (typeof problem === 'object' && problem !== null && 'title' in problem) {
      return {
        type: 'about:blank',
        code: 'unknown',
        request_id: response.headers.get('x-request-id'),
        detail: '',
        ...problem,
      } as ProblemView;
    }
  } catch {
    // Not JSON: told by its status below.
  }
  return {
    type: 'about:blank',
    title: `The answer was ${response.status}${response.statusText === '' ? '' : ` ${response.statusText}`}`,
    detail: 'It did not come from the hub itself: look at the proxy in front of it.',
    code: 'not_from_hub',
    request_id: response.headers.get('x-request-id'),
  };
}
