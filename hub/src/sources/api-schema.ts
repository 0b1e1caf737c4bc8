/** Bodies of the hub's own report calls (design section 9), for the parser and for the OpenAPI document. */
import { z } from 'zod';

import {
  callIdSchema,
  callTypeSchema,
  metadataSchema,
  nameSchema,
  numberSchema,
  reportedStatusSchema,
  textSchema,
  timestampInputSchema,
} from './voicedock-schema.ts';

/** Reports of one `POST /v1/reports`: one transaction, so that it must end soon. */
export const REPORTS_MAX = 1_000;

const statusFields = {
  status: reportedStatusSchema,
  timestamp: timestampInputSchema.nullish(),
  type: callTypeSchema.nullish(),
  phone_number: z
    .looseObject(
      { number: numberSchema.optional(), name: nameSchema.optional() },
      { error: 'must be an object with number and name, or null' },
    )
    .nullish()
    .meta({ description: 'Our side of the call.' }),
  customer: z
    .looseObject({ number: numberSchema.optional() }, { error: 'must be an object with number, or null' })
    .nullish()
    .meta({ description: 'The other side of the call.' }),
  error: textSchema.nullish().meta({ description: 'What went wrong; sent only with ended-with-error.' }),
  end_reason: textSchema.nullish().meta({ description: 'Why the call ended, such as user_hangup.' }),
  metadata: metadataSchema.nullish().meta({
    description:
      'Your own data about the call. It is sent as message.assistant.metadata, where the published message has it.',
  }),
};

/** `PUT /v1/calls/{call_id}/status`. */
export const callStatusSchema = z
  .looseObject(statusFields, { error: 'must be an object with status' })
  .meta({ title: 'Call status report' });

/** One item of `POST /v1/reports`. */
export const reportItemSchema = z
  .looseObject(
    { call_id: callIdSchema, ...statusFields },
    { error: 'must be an object with call_id and status' },
  )
  .meta({ title: 'Report' });

/** `POST /v1/reports`. */
export const reportsSchema = z
  .looseObject(
    {
      reports: z
        .array(reportItemSchema, { error: 'must be an array of reports' })
        .min(1, 'must hold at least one report')
        .max(REPORTS_MAX, `must hold at most ${REPORTS_MAX} reports`),
    },
    { error: 'must be an object with the key "reports"' },
  )
  .meta({ title: 'Reports' });
