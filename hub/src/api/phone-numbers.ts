import { z } from 'zod';
import type { ApiGround } from './ground.ts';
import type { Route } from './route.ts';

import { loadPhoneNumbers, needsPhoneNumbers, toE164 } from '../ingest/phone-number.ts';
import { makeFault, makeProblem } from '../ingest/problem.ts';
import { answerPage, definePage, pageShape, toPageRequest } from './page.ts';
import { answer, defineRoute } from './route.ts';
import { phoneNumberView, toPhoneNumberView } from './account-views.ts';

export function definePhoneNumberRoutes({ journal }: ApiGround): readonly Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/v1/phone-numbers',
      operationId: 'listPhoneNumbers',
      tag: 'Phone numbers',
      summary: 'List registered numbers',
      scope: 'read',
      query: z.strictObject(pageShape('text')),
      answers: [{ status: 200, description: 'A page of numbers.', schema: definePage(phoneNumberView) }],
      async handle({ key, query }) {
        return answerPage(
          await journal.listPhoneNumbers(key.accountId, toPageRequest(query)),
          toPhoneNumberView,
        );
      },
    }),
    defineRoute({
      method: 'PUT',
      path: '/v1/phone-numbers/:number',
      operationId: 'putPhoneNumber',
      tag: 'Phone numbers',
      summary: 'Name one of your numbers',
      description:
        'Reports that lack phone_number.name get it from here. The number is E.164, percent-encoded.',
      scope: 'write',
      body: z.strictObject({ name: z.string().min(1).max(200) }),
      answers: [{ status: 200, description: 'The number and its name.', schema: phoneNumberView }],
      async handle({ key, actor, params, body }) {
        const number = await parseNumber(params['number'] ?? '');
        if (number === null) return NOT_E164;
        return answer(
          200,
          toPhoneNumberView(await journal.putPhoneNumber(key.accountId, number, body.name, actor)),
        );
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/v1/phone-numbers/:number',
      operationId: 'deletePhoneNumber',
      tag: 'Phone numbers',
      summary: 'Forget the name of a number',
      scope: 'write',
      answers: [{ status: 204, description: 'It is forgotten.' }],
      async handle({ key, actor, params }) {
        const number = await parseNumber(params['number'] ?? '');
        if (number === null) return NOT_E164;
        const wasThere = await journal.deletePhoneNumber(key.accountId, number, actor);
        return wasThere ? answer(204) : makeProblem('not_found', 'This number has no name in this account.');
      },
    }),
  ];
}

async function parseNumber(text: string): Promise<string | null> {
  if (needsPhoneNumbers(text)) await loadPhoneNumbers();
  return toE164(text);
}

const NOT_E164 = makeFault(
  'invalid_path',
  'path',
  '/number',
  'must be a full number with + and its country, such as +31850835037 (in a path: %2B31850835037).',
);
