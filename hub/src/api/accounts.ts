import { z } from 'zod';
import type { Problem } from '../ingest/problem.ts';
import type { AccountId } from '../journal/ids.ts';
import type { ApiKey } from '../journal/accounts.ts';
import type { ApiGround } from './ground.ts';
import type { Route } from './route.ts';

import { makeProblem } from '../ingest/problem.ts';
import { STALE_CALL_POLICIES } from '../journal/accounts.ts';
import { answerAll, answerPage, definePage, pageShape, toPageRequest } from './page.ts';
import { answer, defineRoute } from './route.ts';
import { accountView, auditView, toAccountView, toAuditView } from './account-views.ts';

const name = z.string().min(1).max(200);
const changeBody = z.strictObject({
  name: name.optional(),
  stale_calls: z.enum(STALE_CALL_POLICIES).optional().meta({
    description:
      '`keep`: a call that is live for too long is shown as stale until its end is reported. `end`: the hub ends it with error, and those that are stale now too; a later report of its end changes nothing any more.',
  }),
});

export function defineAccountRoutes({ journal }: ApiGround): readonly Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/v1/accounts',
      operationId: 'listAccounts',
      tag: 'Accounts',
      summary: 'List accounts',
      scope: 'admin',
      description: 'All of them for admin keys of `default`, their own for others.',
      answers: [{ status: 200, description: 'Those the key may reach.', schema: definePage(accountView) }],
      async handle({ key }) {
        const accounts = await journal.listAccounts();
        return answerAll(
          accounts.filter(({ id }) => mayReach(key, id)),
          toAccountView,
        );
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/v1/accounts',
      operationId: 'createAccount',
      tag: 'Accounts',
      summary: 'Create an account',
      description: 'Then create a key for it with POST /v1/keys and `account_id`.',
      scope: 'admin',
      body: z.strictObject({ name }),
      answers: [{ status: 201, description: 'The account.', schema: accountView }],
      async handle({ key, actor, body }) {
        return refuseOthers(key) ?? answer(201, toAccountView(await journal.createAccount(body.name, actor)));
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/v1/accounts/:account_id',
      operationId: 'getAccount',
      tag: 'Accounts',
      summary: 'Read an account',
      description: 'Any admin key may read its own.',
      scope: 'admin',
      answers: [{ status: 200, description: 'The account.', schema: accountView }],
      async handle({ key, params }) {
        const id = params['account_id'] as AccountId;
        if (!mayReach(key, id)) return NO_ACCOUNT;
        const account = await journal.getAccount(id);
        return account === undefined ? NO_ACCOUNT : answer(200, toAccountView(account));
      },
    }),
    defineRoute({
      method: 'PATCH',
      path: '/v1/accounts/:account_id',
      operationId: 'updateAccount',
      tag: 'Accounts',
      summary: 'Rename an account, or say what becomes of its stale calls',
      description: 'What is left out stays. Any admin key may change its own.',
      scope: 'admin',
      body: changeBody,
      answers: [{ status: 200, description: 'The account as it is now.', schema: accountView }],
      async handle({ key, actor, params, body }) {
        const id = params['account_id'] as AccountId;
        if (!mayReach(key, id)) return NO_ACCOUNT;
        const change = {
          ...(body.name !== undefined && { name: body.name }),
          ...(body.stale_calls !== undefined && { staleCalls: body.stale_calls }),
        };
        const account = await journal.updateAccount(id, change, actor);
        return account === undefined ? NO_ACCOUNT : answer(200, toAccountView(account));
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/v1/audit',
      operationId: 'listAudit',
      tag: 'Accounts',
      summary: 'Who changed what, newest first',
      scope: 'admin',
      query: z.strictObject(pageShape('row')),
      answers: [{ status: 200, description: 'A page of entries.', schema: definePage(auditView) }],
      async handle({ key, query }) {
        return answerPage(await journal.listAudit(key.accountId, toPageRequest(query)), toAuditView);
      },
    }),
  ];
}

const NO_ACCOUNT = makeProblem('not_found', 'There is no such account that this key may reach.');
const OTHERS = makeProblem('scope_missing', 'Only admin keys of the default account create accounts.', {
  members: { scope: 'admin' },
});

function mayReach(key: ApiKey, id: AccountId): boolean {
  return key.accountId === 'default' || key.accountId === id;
}

function refuseOthers(key: ApiKey): Problem | null {
  return key.accountId === 'default' ? null : OTHERS;
}
