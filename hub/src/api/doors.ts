/** The doors of ingest/ in the route table. */
import { z } from 'zod';
import type { Door } from '../ingest/door.ts';
import type { Route } from './route.ts';

import { CALL_STATES, REPORT_OUTCOMES } from '../calls/call.ts';
import { REPORTS_BODY_BYTES_MAX } from '../ingest/reports-door.ts';
import { callStatusSchema, reportsSchema } from '../sources/api-schema.ts';
import { statusUpdateSchema } from '../sources/voicedock-schema.ts';
import { problemView } from './problem-view.ts';
import { defineRawRoute } from './route.ts';

export const reportAnswerView = z
  .object({
    outcome: z.enum(REPORT_OUTCOMES),
    call: z.object({ id: z.string(), state: z.enum(CALL_STATES), sequence: z.int() }),
    event: z.object({ id: z.string(), sequence: z.int() }).optional(),
    reason: z.string().optional().meta({ description: 'Why it did not advance the call.' }),
  })
  .meta({ description: 'What became of a report.' });

export function defineDoorRoutes(doors: {
  readonly putCallStatus: Door;
  readonly postReports: Door;
  readonly receiveWebhook: Door;
}): readonly Route[] {
  const webhook = {
    method: 'POST',
    tag: 'Reports',
    scope: 'signature',
    body: statusUpdateSchema,
    description:
      'Takes the published webhook. X-Webhook-Signature is verified over the raw bytes. The answer is 200 whatever the report was worth; the header Offhook-Outcome says what became of it. Other event types of the same platform are answered with {}.',
    answers: [
      {
        status: 200,
        description: 'It is on disk, or not meant for us.',
        schema: z.string(),
        mediaType: 'text/plain',
      },
    ],
    serve: doors.receiveWebhook,
  } as const;
  return [
    defineRawRoute({
      method: 'PUT',
      path: '/v1/calls/:call_id/status',
      operationId: 'putCallStatus',
      tag: 'Reports',
      summary: 'Report the status of a call',
      description:
        'Answered once the report, its event and all deliveries owed are on disk. The same report may be sent any number of times. An id of only dots cannot stand in a path: use POST /v1/reports for it.',
      scope: 'ingest',
      body: callStatusSchema,
      answers: [
        {
          status: 202,
          description: 'It advanced the call; its event is on its way.',
          schema: reportAnswerView,
        },
        {
          status: 200,
          description: 'Repeated, late or noted: kept on the timeline.',
          schema: reportAnswerView,
        },
        {
          status: 409,
          description: 'It contradicts how the call ended; kept on the timeline.',
          schema: problemView.extend(reportAnswerView.partial().shape),
          mediaType: 'application/problem+json',
        },
      ],
      serve: doors.putCallStatus,
    }),
    defineRawRoute({
      method: 'POST',
      path: '/v1/reports',
      operationId: 'postReports',
      tag: 'Reports',
      summary: 'Report many statuses in one transaction',
      description:
        'Results are in the order of the reports. A faulty report has `problem` and keeps none of the others out.',
      scope: 'ingest',
      body: reportsSchema,
      bodyBytesMax: REPORTS_BODY_BYTES_MAX,
      answers: [
        {
          status: 200,
          description: 'What became of each.',
          schema: z.object({
            results: z.array(reportAnswerView.partial().extend({ problem: problemView.optional() })),
          }),
        },
      ],
      serve: doors.postReports,
    }),
    defineRawRoute({
      ...webhook,
      path: '/webhooks/status-update',
      operationId: 'receiveStatusUpdate',
      summary: 'Receive webhooks of the built-in voicedock source',
    }),
    defineRawRoute({
      ...webhook,
      path: '/webhooks/:source_id',
      operationId: 'receiveWebhook',
      summary: 'Receive webhooks of a source',
    }),
  ];
}
