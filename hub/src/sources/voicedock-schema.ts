/**
 * The published message as Zod schemas, each sentence written for people: they become the JSON Schema file
 * (contract/schemas), the OpenAPI document and the faults a sender reads.
 *
 * Two of them, because we are strict in what we send and lenient in what we take: every message that fits
 * `statusUpdateSchema` fits `voicedockMessageSchema` too (a property test holds that).
 */
import { CALL_STATUSES, CALL_TYPES } from '@offhook/contract/message';
import { z } from 'zod';

import { REPORTED_DURATION_S_MAX } from '../calls/report.ts';

export const CALL_ID_CHARACTERS_MAX = 256;
export const STATUS_CHARACTERS_MAX = 64;
export const CALL_TYPE_CHARACTERS_MAX = 64;
export const NUMBER_CHARACTERS_MAX = 256;

/** Not z.uuid(): ids are the source's own strings, `call-_+31623731537_XqaQ` as well as a UUID. */
export const callIdSchema = z
  .string({ error: expected(`a string of 1 to ${CALL_ID_CHARACTERS_MAX} characters`) })
  .min(1, expected(`a string of 1 to ${CALL_ID_CHARACTERS_MAX} characters`))
  .max(CALL_ID_CHARACTERS_MAX, expected(`a string of 1 to ${CALL_ID_CHARACTERS_MAX} characters`))
  .meta({
    description:
      "The call's id: the source's own opaque string. It may be a UUID and may hold a phone number.",
  });

/** Any text: a status we do not know is noted, never refused. */
export const reportedStatusSchema = z
  .string({ error: expected(`a string of 1 to ${STATUS_CHARACTERS_MAX} characters, such as "in-progress"`) })
  .min(1, expected(`a string of 1 to ${STATUS_CHARACTERS_MAX} characters, such as "in-progress"`))
  .max(
    STATUS_CHARACTERS_MAX,
    expected(`a string of 1 to ${STATUS_CHARACTERS_MAX} characters, such as "in-progress"`),
  )
  .meta({
    description: `One of ${CALL_STATUSES.join(', ')}. Other statuses are noted and move no state.`,
    examples: [...CALL_STATUSES],
  });

export const callTypeSchema = z
  .string({ error: expected('a string such as "inbound_phone_call"') })
  .max(CALL_TYPE_CHARACTERS_MAX, expected(`a string of at most ${CALL_TYPE_CHARACTERS_MAX} characters`))
  .meta({ description: `One of ${CALL_TYPES.join(', ')}, or a newer type.`, examples: [...CALL_TYPES] });

/** Not E.164: "anonymous", extensions and SIP users are taken as given. */
export const numberSchema = z
  .string({ error: expected('a string such as "+31612345678", or null') })
  .max(NUMBER_CHARACTERS_MAX, expected(`a string of at most ${NUMBER_CHARACTERS_MAX} characters, or null`))
  .nullable()
  .meta({ description: 'As the source gave it, usually E.164; null on web calls and where there is none.' });

export const nameSchema = z
  .string({ error: expected('a string, or null') })
  .nullable()
  .meta({ description: 'Name of the number, for people.' });

/** Not z.iso.datetime(): it refuses offsets and writes a pattern of 300 characters into the JSON Schema. */
export const timestampInputSchema = z
  .union([z.string(), z.number()], {
    error: expected('an RFC 3339 time such as "2025-12-13T12:00:00.000Z", or Unix seconds or milliseconds'),
  })
  .meta({ description: 'When it happened, by the source: RFC 3339, or Unix seconds or milliseconds.' });

export const textSchema = z.string({ error: expected('a string') });
export const metadataSchema = z
  .record(z.string(), z.unknown(), { error: expected('an object') })
  .meta({ description: 'Your own data about the call. It comes back as it is.' });

const assistantSchema = z
  .looseObject({
    id: z.string().nullable().optional(),
    name: z.string().nullable().optional(),
    metadata: metadataSchema.nullable().optional(),
  })
  .meta({
    description: 'Who spoke. Nothing else of the assistant is passed on: it can hold secrets and prompts.',
  });

/** What we send: contract/schemas/status-update.schema.json. Objects stay open, so that a field added later breaks nobody. */
export const statusUpdateSchema = z
  .looseObject({
    message: z.looseObject({
      type: z.literal('status-update'),
      timestamp: z.string().meta({
        format: 'date-time',
        description: 'When the status changed, by the source: RFC 3339 in UTC with milliseconds.',
      }),
      call: z.looseObject({
        id: callIdSchema,
        type: callTypeSchema,
        status: z.enum(CALL_STATUSES).meta({
          description:
            'in-progress: connected, conversation started. ended: ended normally. ended-with-error: ended due to an error.',
        }),
      }),
      phone_number: z
        .looseObject({ number: numberSchema, name: nameSchema.optional() })
        .meta({ description: 'Our side of the call.' }),
      customer: z.looseObject({ number: numberSchema }).meta({ description: 'The other side of the call.' }),
      error: textSchema
        .optional()
        .meta({ description: 'What went wrong, free text. Only with ended-with-error.' }),
      end_reason: textSchema
        .optional()
        .meta({ description: 'Why the call ended, such as user_hangup. Only once it has.' }),
      assistant: assistantSchema.optional(),
    }),
  })
  .meta({ title: 'Status update', description: 'Sent when the status of a phone call changes.' });

/** What we take from the published webhook: everything a live sender may leave out, null or write otherwise. */
export const voicedockMessageSchema = z.looseObject(
  {
    message: z.looseObject(
      {
        type: z.string({ error: expected('an event type such as "status-update"') }),
        timestamp: timestampInputSchema.nullish(),
        call: z.looseObject(
          { id: callIdSchema, type: callTypeSchema.nullish(), status: reportedStatusSchema },
          { error: expected('an object with id, type and status') },
        ),
        phone_number: z
          .looseObject(
            { number: numberSchema.optional(), name: nameSchema.optional() },
            { error: expected('an object with number and name, or null') },
          )
          .nullish(),
        customer: z
          .looseObject(
            { number: numberSchema.optional() },
            { error: expected('an object with number, or null') },
          )
          .nullish(),
        error: textSchema.nullish(),
        end_reason: textSchema.nullish(),
      },
      { error: expected('an object: the event, with its type') },
    ),
  },
  { error: expected('an object with the key "message"') },
);

/** An end-of-call-report: it says nothing about a status, so it needs none. */
export const voicedockEndOfCallSchema = z.looseObject({
  message: z.looseObject({
    ...voicedockMessageSchema.shape.message.shape,
    call: z.looseObject(
      { id: callIdSchema, type: callTypeSchema.nullish() },
      { error: expected('an object with id, type and status') },
    ),
    duration_seconds: z
      .number({ error: expected('a number of seconds') })
      .min(0)
      .max(REPORTED_DURATION_S_MAX)
      .nullish(),
    started_at: timestampInputSchema.nullish(),
    ended_at: timestampInputSchema.nullish(),
    summary: textSchema.nullish(),
  }),
});

/** The second half of the sentence "is missing; must be …". */
function expected(what: string): string {
  return `must be ${what}`;
}
