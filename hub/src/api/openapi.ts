/**
 * The API as OpenAPI 3.1, made from the route table. Under `webhooks` stands what Offhook sends: the same component
 * that the receiving door takes, with the three published payloads as examples.
 */
import { z } from 'zod';
import {
  CALL_SEQUENCE_HEADER,
  WEBHOOK_EVENT_HEADER,
  WEBHOOK_SIGNATURE_HEADER,
  WEBHOOK_TIMESTAMP_HEADER,
} from '@offhook/contract/headers';
import { BATCH_CONTENT_TYPE, BATCH_EVENT, BATCH_SIZE_HEADER } from '@offhook/contract/event-batch';
import { OPERATIONAL_EVENT_TYPES } from '@offhook/contract/operational-event';
import type { OperationalEventType } from '@offhook/contract/operational-event';
import type { DestinationKindPort } from './ground.ts';
import type { AnswerShape, Route } from './route.ts';

import { callStatusSchema, reportsSchema } from '../sources/api-schema.ts';
import { statusUpdateSchema } from '../sources/voicedock-schema.ts';
import { reportAnswerView } from './doors.ts';
import { eventBatchSchema, toBatchExample } from './event-batch-schema.ts';
import { PUBLISHED_EXAMPLES } from './published-examples.ts';
import { operationalEventView } from './operational-events.ts';
import { OPERATIONAL_SUMMARIES, operationalMessages, toOperationalExample } from './operational-message.ts';
import { overviewView } from './overview.ts';
import { problemView } from './problem-view.ts';
import { qualityView } from './quality.ts';
import { sessionView } from './sessions.ts';
import { systemView } from './system.ts';
import { testView } from './test-view.ts';
import {
  callStatisticsView,
  deliveryStatisticsView,
  errorGroupView,
  stateCountsView,
} from './analytics-views.ts';
import {
  accountView,
  auditView,
  keyView,
  keyWithTextView,
  phoneNumberView,
  sourceView,
} from './account-views.ts';
import { callView, eventView, reportView, timelineView } from './call-views.ts';
import { attemptDetailView, attemptView, deliveryDetailView, deliveryView } from './delivery-views.ts';
import { destinationKindView, destinationView, destinationWithSecretView } from './destination-views.ts';
import { eventFilterSchema } from './event-filter.ts';
import { replayCountView, replayView } from './replay-views.ts';

type Json = Record<string, unknown>;

/** Schemas that have a name; wherever they are used, the document refers to them. */
const COMPONENTS: Readonly<Record<string, z.ZodType>> = {
  StatusUpdate: statusUpdateSchema,
  CallStatusReport: callStatusSchema,
  Reports: reportsSchema,
  ReportAnswer: reportAnswerView,
  Call: callView,
  Timeline: timelineView,
  Event: eventView,
  Report: reportView,
  Delivery: deliveryView,
  DeliveryDetail: deliveryDetailView,
  Attempt: attemptView,
  AttemptDetail: attemptDetailView,
  CallStatistics: callStatisticsView,
  DeliveryStatistics: deliveryStatisticsView,
  ErrorGroup: errorGroupView,
  StateCounts: stateCountsView,
  Overview: overviewView,
  Quality: qualityView,
  OperationalEvent: operationalEventView,
  ...Object.fromEntries(
    OPERATIONAL_EVENT_TYPES.map((type) => [toMessageName(type), operationalMessages[type]]),
  ),
  EventBatch: eventBatchSchema,
  System: systemView,
  Destination: destinationView,
  DestinationWithSecret: destinationWithSecretView,
  DestinationKind: destinationKindView,
  DestinationTest: testView,
  EventFilter: eventFilterSchema,
  Replay: replayView,
  ReplayCount: replayCountView,
  Session: sessionView,
  Key: keyView,
  KeyWithText: keyWithTextView,
  Source: sourceView,
  PhoneNumber: phoneNumberView,
  Account: accountView,
  AuditEntry: auditView,
  Problem: problemView,
};

export function toOpenApi(
  routes: readonly Route[],
  options: { readonly version: string; readonly kinds: readonly DestinationKindPort[] },
): Json {
  const names = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(COMPONENTS)) names.add(schema, { id });
  const { schemas } = z.toJSONSchema(names, {
    uri: (id) => `#/components/schemas/${id}`,
    io: 'input',
    unrepresentable: 'any',
  });
  for (const kind of options.kinds) schemas[`Settings_${kind.kind}`] = toSchema(kind.settings) as never;

  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = route.path.replaceAll(/:([a-z_]+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: toOperation(route) };
  }
  return {
    openapi: '3.1.2',
    jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
    info: {
      title: 'Offhook',
      version: options.version,
      summary:
        'Takes phone-call status reports in, keeps the truth about each call, delivers signed webhooks in order.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: [...new Set(routes.map((route) => route.tag))].map((name) => ({ name })),
    paths,
    webhooks: {
      'status-update': { post: toWebhook() },
      ...Object.fromEntries(
        OPERATIONAL_EVENT_TYPES.map((type) => [type, { post: toOperationalWebhook(type) }]),
      ),
      [BATCH_EVENT]: { post: toBatchWebhook() },
    },
    components: {
      schemas: Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, clean(schema)])),
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'An API key: ohk_…' },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'offhook_session',
          description:
            'For the pages of the hub itself, after POST /v1/session; the port of the address stands behind the name (offhook_session_8080).',
        },
        signature: {
          type: 'apiKey',
          in: 'header',
          name: WEBHOOK_SIGNATURE_HEADER,
          description: `sha256= and the hex HMAC-SHA256 of ${WEBHOOK_TIMESTAMP_HEADER}, a dot and the raw body.`,
        },
      },
      responses: {
        Problem: {
          description: 'What is wrong, and what would be right.',
          content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      },
    },
  };
}

const NAME_OF = new Map(Object.entries(COMPONENTS).map(([name, schema]) => [schema, name]));

/** A reference where the schema has a name, also inside pages; written out otherwise. */
function toSchema(schema: z.ZodType, io: 'input' | 'output' = 'input'): Json {
  const name = NAME_OF.get(schema);
  if (name !== undefined) return { $ref: `#/components/schemas/${name}` };
  if (schema instanceof z.ZodArray)
    return { type: 'array', items: toSchema(schema.element as z.ZodType, io) };
  if (
    schema instanceof z.ZodObject &&
    Object.values(schema.shape).some((part) => part instanceof z.ZodArray)
  ) {
    const { shape } = schema as z.ZodObject<Record<string, z.ZodType>>;
    const written = clean(z.toJSONSchema(schema, { io, unrepresentable: 'any' })) as { properties: Json };
    for (const [key, part] of Object.entries(shape)) {
      if (part instanceof z.ZodArray) written.properties[key] = { ...describe(part), ...toSchema(part, io) };
    }
    return written;
  }
  return clean(z.toJSONSchema(schema, { io, unrepresentable: 'any' }));
}

function describe(schema: z.ZodType): Json {
  return schema.description === undefined ? {} : { description: schema.description };
}

function toOperation(route: Route): Json {
  const parameters = [...toPathParameters(route), ...toQueryParameters(route)];
  return {
    operationId: route.operationId,
    summary: route.summary,
    ...(route.description !== undefined && { description: route.description }),
    tags: [route.tag],
    security: toSecurity(route.scope),
    ...(parameters.length > 0 && { parameters }),
    ...(route.body !== undefined && {
      requestBody: {
        required: route.bodyIsOptional !== true,
        content: { 'application/json': { schema: toSchema(route.body), ...toExamples(route.body) } },
      },
    }),
    responses: {
      ...Object.fromEntries(route.answers.map((shape) => [String(shape.status), toResponse(shape)])),
      default: { $ref: '#/components/responses/Problem' },
    },
  };
}

/** Scopes are named for sessions as well: a session may do what its key may. Doors for reports take keys only. */
function toSecurity(scope: Route['scope']): readonly Json[] {
  switch (scope) {
    case null:
      return [];
    case 'signature':
      return [{ signature: [] }];
    case 'ingest':
      return [{ key: [scope] }];
    case 'watch':
    case 'read':
    case 'write':
    case 'admin':
      return [{ key: [scope] }, { session: [scope] }];
  }
}

function toPathParameters(route: Route): readonly Json[] {
  return [...route.path.matchAll(/:([a-z_]+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
}

function toQueryParameters(route: Route): readonly Json[] {
  if (route.query === undefined) return [];
  const written = z.toJSONSchema(route.query, { io: 'input', unrepresentable: 'any' });
  return Object.entries(written.properties ?? {}).map(([name, schema]) => {
    const { description, ...rest } = schema as Json & { description?: string };
    return {
      name,
      in: 'query',
      required: written.required?.includes(name) ?? false,
      ...(description !== undefined && { description }),
      schema: rest,
    };
  });
}

function toResponse(shape: AnswerShape): Json {
  if (shape.schema === undefined) return { description: shape.description };
  const mediaType = shape.mediaType ?? 'application/json';
  const schema = toSchema(shape.schema, 'output');
  return {
    description: shape.description,
    // OpenAPI 3.1 has no word for the items of a stream; 3.2's is used as an extension.
    content: {
      [mediaType]:
        mediaType === 'text/event-stream'
          ? { schema: { type: 'string' }, 'x-itemSchema': schema }
          : { schema },
    },
  };
}

function toOperationalWebhook(type: OperationalEventType): Json {
  return {
    operationId: toMessageName(type).replace(/^./, (first) => first.toLowerCase()),
    summary: OPERATIONAL_SUMMARIES[type],
    description: `Sent to destinations whose filter.operational_events holds \`${type}\`, which also stands in ${WEBHOOK_EVENT_HEADER}. Signed and retried as events of calls are, at least once, in no order.`,
    security: [{ signature: [] }],
    requestBody: {
      required: true,
      content: {
        'application/json': {
          schema: toSchema(operationalMessages[type]),
          examples: { [type]: { value: toOperationalExample(type) } },
        },
      },
    },
    responses: WEBHOOK_RESPONSES,
  };
}

function toBatchWebhook(): Json {
  return {
    operationId: 'eventBatch',
    summary: 'Several events in one request',
    description: `Sent instead of single events where the settings of a webhook ask for batches; ${BATCH_SIZE_HEADER} says how many. It never holds two events of one call. The answer is the answer to each of them.`,
    security: [{ signature: [] }],
    requestBody: {
      required: true,
      content: {
        [BATCH_CONTENT_TYPE]: {
          schema: toSchema(eventBatchSchema),
          examples: { [BATCH_EVENT]: { value: toBatchExample() } },
        },
      },
    },
    responses: WEBHOOK_RESPONSES,
  };
}

/** `destination.disabled` → DestinationDisabledMessage. */
function toMessageName(type: OperationalEventType): string {
  const words = type.split(/[._]/).map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return `${words.join('')}Message`;
}

const WEBHOOK_RESPONSES: Json = {
  '2XX': { description: 'Delivered.' },
  '410': { description: 'The destination is disabled.' },
};

function toWebhook(): Json {
  return {
    operationId: 'statusUpdate',
    summary: 'A call has advanced',
    description: `Sent to every destination that matches, in order per call (${CALL_SEQUENCE_HEADER} counts from 1), at least once. Answer any 2xx; the body is ignored.`,
    security: [{ signature: [] }],
    requestBody: {
      required: true,
      content: {
        'application/json': { schema: toSchema(statusUpdateSchema), ...toExamples(statusUpdateSchema) },
      },
    },
    responses: WEBHOOK_RESPONSES,
  };
}

function toExamples(schema: z.ZodType): Json {
  if (schema !== statusUpdateSchema) return {};
  return {
    examples: Object.fromEntries(
      Object.entries(PUBLISHED_EXAMPLES).map(([name, value]) => [name, { value }]),
    ),
  };
}

/** The dialect is said once, and the place of a component is its name. */
function clean(schema: unknown): Json {
  const { $schema: _dialect, $id: _id, '~standard': _standard, ...rest } = schema as Json;
  return rest;
}
