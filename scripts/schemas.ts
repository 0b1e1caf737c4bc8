/** `npm run schemas`: writes contract/schemas from the Zod schemas at the hub's doors. A test keeps the two equal. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { z } from 'zod';

import { BATCH_EVENT } from '../contract/src/event-batch.ts';
import { CALL_STATUSES } from '../contract/src/message.ts';
import { OPERATIONAL_EVENT_TYPES } from '../contract/src/operational-event.ts';
import { eventBatchSchema, toBatchExample } from '../hub/src/api/event-batch-schema.ts';
import { operationalMessages, toOperationalExample } from '../hub/src/api/operational-message.ts';
import { statusUpdateSchema } from '../hub/src/sources/voicedock-schema.ts';

const CONTRACT = new URL('../contract/', import.meta.url);

export interface SchemaFile {
  readonly path: string;
  readonly text: string;
}

export function writeSchemas(): readonly SchemaFile[] {
  const files = toSchemaFiles();
  for (const { path, text } of files) writeFileSync(path, text);
  return files;
}

export function toSchemaFiles(): readonly SchemaFile[] {
  return [
    toSchemaFile(
      'status-update',
      statusUpdateSchema,
      // The three payloads of the source document.
      CALL_STATUSES.map((status) =>
        JSON.parse(readFileSync(new URL(`vectors/payloads/${status}.json`, CONTRACT), 'utf8')),
      ),
    ),
    ...OPERATIONAL_EVENT_TYPES.map((type) =>
      toSchemaFile(type, operationalMessages[type], [toOperationalExample(type)]),
    ),
    toSchemaFile(BATCH_EVENT, eventBatchSchema, [toBatchExample()]),
  ];
}

/** name: of the message, as it stands in X-Webhook-Event. */
function toSchemaFile(name: string, message: z.ZodType, examples: readonly unknown[]): SchemaFile {
  const schema = {
    // A URN: it names the schema for ever, wherever a hub serves it from.
    $id: `urn:offhook:schema:${name}`,
    ...message.toJSONSchema({ target: 'draft-2020-12', io: 'input' }),
    examples,
  };
  const path = fileURLToPath(new URL(`schemas/${name}.schema.json`, CONTRACT));
  return { path, text: `${JSON.stringify(schema, null, 2)}\n` };
}

if (import.meta.main) for (const { path } of writeSchemas()) console.log(path);
