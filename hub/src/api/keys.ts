import { z } from 'zod';
import type { Problem } from '../ingest/problem.ts';
import type { AccountId, KeyId } from '../journal/ids.ts';
import type { ApiKey } from '../journal/accounts.ts';
import type { ApiGround } from './ground.ts';
import type { Route } from './route.ts';

import { BOOTSTRAP_KEY_NAME, createApiKeyText } from '../ingest/api-key.ts';
import { makeFault, makeProblem } from '../ingest/problem.ts';
import { SCOPES } from '../journal/accounts.ts';
import { answerAll, definePage } from './page.ts';
import { answer, defineRoute } from './route.ts';
import { keyView, keyWithTextView, toKeyView } from './account-views.ts';

const accountId = z
  .string()
  .max(64)
  .optional()
  .meta({ description: 'Another account; only for admin keys of the default account.' });

const createBody = z.strictObject({
  name: z.string().min(1).max(200),
  scopes: z.array(z.enum(SCOPES)).min(1).max(SCOPES.length).meta({
    description:
      'ingest: report. watch: what a wall screen shows, numbers masked. read: watch and read everything. write: read and change. admin: everything.',
  }),
  account_id: accountId,
  expires_at: z.iso
    .datetime({ offset: true, error: 'must be an RFC 3339 time such as "2027-01-01T00:00:00Z"' })
    .nullable()
    .optional(),
});
const accountQuery = z.strictObject({ account_id: accountId });

export function defineKeyRoutes({ journal, clock, keyRing, sessionRing }: ApiGround): readonly Route[] {
  async function chooseAccount(
    key: ApiKey,
    asked: string | undefined,
    where: 'body' | 'query',
  ): Promise<{ readonly kind: 'account'; readonly id: AccountId } | Problem> {
    if (asked === undefined || asked === key.accountId) return { kind: 'account', id: key.accountId };
    const account = key.accountId === 'default' ? await journal.getAccount(asked as AccountId) : undefined;
    if (account !== undefined) return { kind: 'account', id: account.id };
    // The same words whether it exists or not.
    return makeProblem('not_found', 'There is no such account that this key may manage.', {
      faults: [
        {
          in: where,
          pointer: '/account_id',
          detail: 'is no account this key may manage.',
          code: 'not_found',
        },
      ],
    });
  }

  return [
    defineRoute({
      method: 'POST',
      path: '/v1/keys',
      operationId: 'createKey',
      tag: 'Keys',
      summary: 'Create an API key',
      description: 'The key is shown in this answer and never again.',
      scope: 'admin',
      body: createBody,
      answers: [{ status: 201, description: 'The key.', schema: keyWithTextView }],
      async handle({ key, actor, body }) {
        const account = await chooseAccount(key, body.account_id, 'body');
        if (account.kind === 'problem') return account;
        if (body.name === BOOTSTRAP_KEY_NAME) return NAME_TAKEN;
        const expiresAtMs =
          body.expires_at === undefined || body.expires_at === null ? null : Date.parse(body.expires_at);
        if (expiresAtMs !== null && expiresAtMs <= clock.nowMs()) return EXPIRED;
        const made = createApiKeyText();
        const created = await journal.createKey(
          {
            accountId: account.id,
            name: body.name,
            scopes: [...new Set(body.scopes)],
            hint: made.hint,
            expiresAtMs,
            hash: made.hash,
          },
          actor,
        );
        return answer(201, { ...toKeyView(created), key: made.text });
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/v1/keys',
      operationId: 'listKeys',
      tag: 'Keys',
      summary: 'List API keys, revoked ones too',
      scope: 'admin',
      query: accountQuery,
      answers: [{ status: 200, description: 'All of the account.', schema: definePage(keyView) }],
      async handle({ key, query }) {
        const account = await chooseAccount(key, query.account_id, 'query');
        if (account.kind === 'problem') return account;
        return answerAll(await journal.listKeys(account.id), toKeyView);
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/v1/keys/:key_id',
      operationId: 'revokeKey',
      tag: 'Keys',
      summary: 'Revoke an API key',
      description:
        'It stops working at once on this node and within 3 s on others, and so do the sessions opened with it.',
      scope: 'admin',
      query: accountQuery,
      answers: [{ status: 200, description: 'The key, revoked.', schema: keyView }],
      async handle({ key, actor, params, query }) {
        const account = await chooseAccount(key, query.account_id, 'query');
        if (account.kind === 'problem') return account;
        const id = params['key_id'] as KeyId;
        const revoked = await journal.revokeKey(account.id, id, actor);
        keyRing.forget(id);
        sessionRing.forgetKey(id);
        return revoked === undefined ? NO_KEY : answer(200, toKeyView(revoked));
      },
    }),
  ];
}

const NO_KEY = makeProblem('not_found', 'There is no such key in this account.');
const NAME_TAKEN = makeFault(
  'invalid_body',
  'body',
  '/name',
  `"${BOOTSTRAP_KEY_NAME}" is the name of the key in the settings: choose another one.`,
);
const EXPIRED = makeFault('invalid_body', 'body', '/expires_at', 'is in the past.');
