import { z } from 'zod';
import type { SourceId } from '../journal/ids.ts';
import type { ApiGround } from './ground.ts';
import type { Route } from './route.ts';

import { makeFault, makeProblem } from '../ingest/problem.ts';
import { answerAll, definePage } from './page.ts';
import { answer, defineRoute } from './route.ts';
import { sourceView, toSourceView } from './account-views.ts';

/** Shorter secrets can be guessed from one captured request. */
const SECRET_CHARACTERS_MIN = 24;
const SECRET_CHARACTERS_MAX = 256;
const SECRETS_MAX = 4;

const secrets = z
  .array(
    z
      .string()
      .min(SECRET_CHARACTERS_MIN)
      .max(SECRET_CHARACTERS_MAX)
      .regex(/^[\x21-\x7e]+$/, 'must be visible ASCII characters without spaces'),
  )
  .max(SECRETS_MAX)
  .meta({
    description:
      'Secrets its webhooks may be signed with, newest first; several during a rotation. Never shown again. With none, unsigned webhooks are taken in the local profile; anywhere else at least one is needed.',
  });
const name = z.string().min(1).max(200);
const createBody = z.strictObject({ kind: z.literal('voicedock'), name, secrets: secrets.default([]) });
const changeBody = z.strictObject({ name: name.optional(), secrets: secrets.optional() });

export function defineSourceRoutes({ journal, settings, forgetSource }: ApiGround): readonly Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/v1/sources',
      operationId: 'listSources',
      tag: 'Sources',
      summary: 'List sources',
      scope: 'read',
      answers: [{ status: 200, description: 'All of the account.', schema: definePage(sourceView) }],
      async handle({ key }) {
        return answerAll(await journal.listSources(key.accountId), toSourceView);
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/v1/sources',
      operationId: 'createSource',
      tag: 'Sources',
      summary: 'Add a source of webhooks',
      scope: 'write',
      body: createBody,
      answers: [
        { status: 201, description: 'The source; `path` is where its webhooks go.', schema: sourceView },
      ],
      async handle({ key, actor, body }) {
        if (body.secrets.length === 0 && !settings.localProfile) return NO_SECRETS;
        return answer(
          201,
          toSourceView(await journal.createSource({ accountId: key.accountId, ...body }, actor)),
        );
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/v1/sources/:source_id',
      operationId: 'getSource',
      tag: 'Sources',
      summary: 'Read a source',
      scope: 'read',
      answers: [{ status: 200, description: 'The source.', schema: sourceView }],
      async handle({ key, params }) {
        const source = (await journal.listSources(key.accountId)).find(
          (one) => one.id === params['source_id'],
        );
        return source === undefined ? NO_SOURCE : answer(200, toSourceView(source));
      },
    }),
    defineRoute({
      method: 'PATCH',
      path: '/v1/sources/:source_id',
      operationId: 'updateSource',
      tag: 'Sources',
      summary: 'Rename a source or replace its secrets',
      description: 'The new list of secrets replaces the old one, at once.',
      scope: 'write',
      body: changeBody,
      answers: [{ status: 200, description: 'The source as it is now.', schema: sourceView }],
      async handle({ key, actor, params, body }) {
        const id = params['source_id'] as SourceId;
        if (body.secrets?.length === 0 && !settings.localProfile) {
          const held = (await journal.listSources(key.accountId)).find((one) => one.id === id);
          if (held === undefined) return NO_SOURCE;
          if (held.kind === 'voicedock') return NO_SECRETS;
        }
        const source = await journal.updateSource(
          key.accountId,
          id,
          {
            ...(body.name !== undefined && { name: body.name }),
            ...(body.secrets !== undefined && { secrets: body.secrets }),
          },
          actor,
        );
        forgetSource(id);
        return source === undefined ? NO_SOURCE : answer(200, toSourceView(source));
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/v1/sources/:source_id',
      operationId: 'deleteSource',
      tag: 'Sources',
      summary: 'Delete a source',
      description: 'The built-in ones stay.',
      scope: 'write',
      answers: [{ status: 204, description: 'It is gone; webhooks to its path are answered with 404.' }],
      async handle({ key, actor, params }) {
        const id = params['source_id'] as SourceId;
        const isOwn = (await journal.listSources(key.accountId)).some((source) => source.id === id);
        if (!isOwn) return NO_SOURCE;
        const wasDeleted = await journal.deleteSource(key.accountId, id, actor);
        forgetSource(id);
        return wasDeleted ? answer(204) : BUILT_IN;
      },
    }),
  ];
}

const NO_SOURCE = makeProblem('not_found', 'There is no such source in this account.');
// Whoever reaches this hub could otherwise write into the account's calls.
const NO_SECRETS = makeFault(
  'invalid_body',
  'body',
  '/secrets',
  `must hold at least one secret, since this hub can be reached from other machines: give the secret your platform signs with (${SECRET_CHARACTERS_MIN} to ${SECRET_CHARACTERS_MAX} characters).`,
  'missing',
);
const BUILT_IN = makeProblem('not_possible', 'This source is built in and cannot be deleted.');
