/**
 * What a caller is told when a request cannot be done: RFC 9457 problem+json. Doors and API answer with these as
 * values; what went wrong inside never becomes text here.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Refusal } from '../sources/source.ts';

export interface Problem {
  readonly kind: 'problem';
  readonly code: ProblemCode;
  /** One sentence that says what would be right. */
  readonly detail: string;
  readonly faults?: readonly Fault[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Further members of the body. */
  readonly members?: Readonly<Record<string, unknown>>;
}

/** One wrong field. */
export interface Fault {
  /** What the pointer points into; the query, path and headers are read as objects of texts. */
  readonly in: 'body' | 'query' | 'path' | 'header';
  /** JSON pointer (RFC 6901); empty for the whole. */
  readonly pointer: string;
  readonly detail: string;
  readonly code: string;
}

interface ProblemKind {
  readonly status: number;
  readonly title: string;
}

/** `type` of the body is `urn:offhook:problem:` and the code: stable, for programs to act on. */
export const PROBLEMS = {
  malformed_request: { status: 400, title: 'The request is not valid HTTP' },
  malformed_json: { status: 400, title: 'The body is not usable JSON' },
  invalid_body: { status: 400, title: 'The body has faults' },
  invalid_query: { status: 400, title: 'The query has faults' },
  invalid_path: { status: 400, title: 'The path has faults' },
  invalid_header: { status: 400, title: 'A header has faults' },
  key_missing: { status: 401, title: 'An API key is needed' },
  key_refused: { status: 401, title: 'The API key is not valid' },
  session_ended: { status: 401, title: 'The session has ended' },
  signature_refused: { status: 401, title: 'The signature was refused' },
  scope_missing: { status: 403, title: 'The API key may not do this' },
  cross_site: { status: 403, title: 'Another site may not do this' },
  not_found: { status: 404, title: 'There is no such thing' },
  method_not_allowed: { status: 405, title: 'The path does not know this method' },
  request_timeout: { status: 408, title: 'The request took too long to arrive' },
  conflicting: { status: 409, title: 'The report contradicts what is held true' },
  not_possible: { status: 409, title: 'Its state does not allow this' },
  changed_meanwhile: { status: 412, title: 'It has changed meanwhile' },
  body_too_large: { status: 413, title: 'The body is too large' },
  uri_too_long: { status: 414, title: 'The address is too long' },
  media_type_unsupported: { status: 415, title: 'The content type is not taken here' },
  rate_limited: { status: 429, title: 'Too many requests' },
  headers_too_large: { status: 431, title: 'The headers are too large' },
  internal: { status: 500, title: 'Something broke inside' },
  store_unavailable: { status: 503, title: 'The journal takes no writes now' },
  stopping: { status: 503, title: 'The hub is stopping' },
  crowded: { status: 503, title: 'Too many are served at once' },
} as const satisfies Record<string, ProblemKind>;
export type ProblemCode = keyof typeof PROBLEMS;

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

export function makeProblem(
  code: ProblemCode,
  detail: string,
  more: Pick<Problem, 'faults' | 'headers' | 'members'> = {},
): Problem {
  return { kind: 'problem', code, detail, ...more };
}

/** A fault of one field, which is the whole problem. */
export function makeFault(
  code: ProblemCode,
  where: Fault['in'],
  pointer: string,
  detail: string,
  faultCode = 'invalid',
): Problem {
  return makeProblem(code, detail, { faults: [{ in: where, pointer, detail, code: faultCode }] });
}

export function sendProblem(request: FastifyRequest, reply: FastifyReply, problem: Problem): FastifyReply {
  request.notes.problem = problem.code;
  if (problem.headers !== undefined) reply.headers(problem.headers);
  return reply
    .code(PROBLEMS[problem.code].status)
    .type(PROBLEM_MEDIA_TYPE)
    .send(toProblemBody(problem, request.id, toPath(request.url)));
}

export function toProblemBody(problem: Problem, requestId: string | null, path: string | null): string {
  return JSON.stringify({
    ...toProblemMembers(problem),
    ...(path !== null && { instance: path }),
    ...(requestId !== null && { request_id: requestId }),
    ...problem.members,
  });
}

export function toProblemMembers(problem: Problem): ProblemMembers {
  const { status, title } = PROBLEMS[problem.code];
  return {
    type: `urn:offhook:problem:${problem.code}`,
    title,
    status,
    detail: problem.detail,
    ...(problem.faults !== undefined && problem.faults.length > 0 && { errors: problem.faults }),
  };
}

export interface ProblemMembers {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly errors?: readonly Fault[];
}

function toPath(url: string): string {
  const end = url.indexOf('?');
  return end === -1 ? url : url.slice(0, end);
}

/** What a source refused, as it is; only the code is ours, so that the list of them stays closed. */
export function toRefusalProblem(refusal: Refusal): Problem {
  if (refusal.status === 401) {
    return makeProblem('signature_refused', refusal.detail, { members: { signature_fault: refusal.code } });
  }
  const faults = refusal.errors.map((error) => ({ in: 'body' as const, ...error }));
  switch (refusal.code) {
    case 'malformed_json':
      return makeProblem('malformed_json', refusal.detail, { faults });
    case 'invalid_call_id':
      return makeFault('invalid_path', 'path', '/call_id', refusal.detail);
    default:
      return makeProblem('invalid_body', refusal.detail, { faults });
  }
}
