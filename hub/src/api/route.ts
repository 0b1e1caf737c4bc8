/**
 * One entry per call of the HTTP API. Fastify's routes, the OpenAPI document and the checks of the tenant tests are
 * all made from these, so that none of them can drift.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Problem } from '../ingest/problem.ts';
import type { Actor } from '../journal/actor.ts';
import type { ApiKey, Scope, Session } from '../journal/accounts.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

interface RouteShape {
  readonly method: Method;
  /** As Fastify writes it: `/v1/calls/:call_id`. */
  readonly path: string;
  readonly operationId: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  /** null: open. signature: the source's, over the body. */
  readonly scope: Scope | 'signature' | null;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  readonly bodyIsOptional?: boolean;
  readonly bodyBytesMax?: number;
  readonly answers: readonly AnswerShape[];
}

export interface AnswerShape {
  readonly status: number;
  readonly description: string;
  /** Name of a component, or a schema made on the spot; none means an empty body. */
  readonly schema?: z.ZodType;
  readonly mediaType?: string;
}

/** Checked and parsed before `handle` runs; its answer is JSON. */
export interface JsonRoute extends RouteShape {
  readonly kind: 'json';
  readonly handle: (request: ApiRequest) => Promise<Answer>;
}

/** Does all of it alone: the doors, the stream, health. */
export interface RawRoute extends RouteShape {
  readonly kind: 'raw';
  readonly serve: (request: FastifyRequest, reply: FastifyReply) => unknown;
}

export type Route = JsonRoute | RawRoute;

export interface ApiRequest<Query = unknown, Body = unknown> {
  readonly key: ApiKey;
  readonly actor: Actor;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly body: Body;
  readonly headers: FastifyRequest['headers'];
  /** null where a key's text came with the request. */
  readonly session: Session | null;
  /** The answer will be masked; handlers need not care. */
  readonly isMasked: boolean;
}

export type Answer =
  | {
      readonly kind: 'answer';
      readonly status: number;
      /** undefined: no body. */
      readonly body: unknown;
      /** Text the strong ETag is made of, where the answer has one. */
      readonly etagOf?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | Problem;

type Parsed<Schema extends z.ZodType | undefined> = Schema extends z.ZodType ? z.output<Schema> : undefined;

/** Gives `handle` the types of its own schemas; the table forgets them again. */
export function defineRoute<
  Query extends z.ZodObject | undefined = undefined,
  Body extends z.ZodType | undefined = undefined,
>(
  route: Omit<JsonRoute, 'kind' | 'handle' | 'query' | 'body' | 'scope'> & {
    readonly scope: Scope;
    readonly query?: Query;
    readonly body?: Body;
    readonly handle: (request: ApiRequest<Parsed<Query>, Parsed<Body>>) => Promise<Answer>;
  },
): Route {
  return { ...route, kind: 'json' } as unknown as JsonRoute;
}

export function defineRawRoute(route: Omit<RawRoute, 'kind'>): Route {
  return { ...route, kind: 'raw' };
}

export function answer(
  status: number,
  body?: unknown,
  more: { etagOf?: string; headers?: Readonly<Record<string, string>> } = {},
): Answer {
  return { kind: 'answer', status, body, ...more };
}
