/** `npm run schemas`: writes contract/schemas from the Zod schemas at the hub's doors. A test keeps the two equal. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { CALL_STATUSES } from '../contract/src/message.ts';
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
  const schema = {
    // A URN: it names the schema for ever, wherever a hub serves it from.
    $id: 'urn:offhook:schema:status-update',
    ...statusUpdateSchema.toJSONSchema({ target: 'draft-2020-12', io: 'input' }),
    // The three payloads of the source document.
    examples: CALL_STATUSES.map((status) =>
      JSON.parse(readFileSync(new URL(`vectors/payloads/${status}.json`, CONTRACT), 'utf8')),
    ),
  };
  const path = fileURLToPath(new URL('schemas/status-update.schema.json', CONTRACT));
  return [{ path, text: `${JSON.stringify(schema, null, 2)}\n` }];
}

if (import.meta.main) for (const { path } of writeSchemas()) console.log(path);
