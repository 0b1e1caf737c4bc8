import {
  STANDARD_ID_HEADER,
  STANDARD_SIGNATURE_HEADER,
  STANDARD_TIMESTAMP_HEADER,
  WEBHOOK_SIGNATURE_HEADER,
  WEBHOOK_TIMESTAMP_HEADER,
} from '@offhook/contract/headers';
import { verifyPublished, verifyStandard } from '@offhook/contract/signature';
import type { SignatureResult } from '@offhook/contract/signature';

import type { CommandContext } from '../context.ts';
import { CommandFailure, EXIT } from '../failure.ts';
import { printTable } from '../output.ts';

/** Bodies of this contract are below 20 kB; more is a wrong file. */
const BODY_BYTES_MAX = 16 * 1024 * 1024;

export async function verifySignature(
  context: CommandContext,
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  const secrets = options['secret'] as readonly string[];
  const headers = parseHeaders(options['header'] as readonly string[]);
  const nowMs = parseInstant(options['at']);
  const body = await readBody(context);
  const rows: { scheme: string; verdict: string; detail: string }[] = [];

  const check = (scheme: string, signatureHeader: string, verify: () => SignatureResult): void => {
    if (headers.get(signatureHeader.toLowerCase()) === undefined) return;
    const result = verify();
    rows.push({
      scheme,
      verdict: result.ok ? 'valid' : result.code,
      detail: result.ok ? '' : `${result.detail}${explainMismatch(result.code, body)}`,
    });
  };
  check('standard', STANDARD_SIGNATURE_HEADER, () =>
    verifyStandard({
      secrets,
      body,
      nowMs,
      id: headers.get(STANDARD_ID_HEADER),
      timestamp: headers.get(STANDARD_TIMESTAMP_HEADER),
      signature: headers.get(STANDARD_SIGNATURE_HEADER),
    }),
  );
  check('published', WEBHOOK_SIGNATURE_HEADER, () =>
    verifyPublished({
      secrets,
      body,
      nowMs,
      timestamp: headers.get(WEBHOOK_TIMESTAMP_HEADER.toLowerCase()),
      signature: headers.get(WEBHOOK_SIGNATURE_HEADER.toLowerCase()),
    }),
  );
  if (rows.length === 0) {
    throw new CommandFailure(
      EXIT.usage,
      `Give the signature header as received: -H "${STANDARD_SIGNATURE_HEADER}: …" or -H "${WEBHOOK_SIGNATURE_HEADER}: …".`,
    );
  }
  printTable(context.output, rows, [
    { title: 'SCHEME', toText: (row) => row.scheme },
    {
      title: 'VERDICT',
      toText: (row) => row.verdict,
      toColour: (row) => (row.verdict === 'valid' ? 'green' : 'red'),
    },
    { title: 'WHY', toText: (row) => row.detail },
  ]);
  return rows.every((row) => row.verdict === 'valid') ? EXIT.ok : EXIT.failed;
}

/** The commonest causes leave a trace in the bytes. */
function explainMismatch(code: string, body: Uint8Array): string {
  if (code !== 'no_matching_signature') return '';
  const text = Buffer.from(body).toString('utf8');
  if (text.endsWith('\n'))
    return ' The body ends with a line break, which an editor or `echo` may have added.';
  try {
    if (JSON.stringify(JSON.parse(text)) !== text)
      return ' The body is not compact JSON, as Offhook sends it: it was probably parsed and written again.';
  } catch {
    return ' The body is not JSON: it was probably cut off or decoded.';
  }
  return '';
}

function parseHeaders(lines: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      if (colon < 1) throw new CommandFailure(EXIT.usage, `-H "${line}" must be "name: value".`);
      return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
}

function parseInstant(given: unknown): number {
  if (typeof given !== 'string') return Date.now();
  const instantMs = /^\d{10}$/.test(given) ? Number(given) * 1000 : Date.parse(given);
  if (Number.isNaN(instantMs))
    throw new CommandFailure(EXIT.usage, '--at must be Unix seconds or an RFC 3339 time.');
  return instantMs;
}

async function readBody(context: CommandContext): Promise<Uint8Array> {
  if (context.stdin.isTTY === true)
    throw new CommandFailure(EXIT.usage, 'Give the body on stdin: offhook signature verify … < body.json');
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of context.stdin) {
    chunks.push(Buffer.from(chunk));
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX)
      throw new CommandFailure(EXIT.usage, 'The body on stdin is larger than 16 MiB.');
  }
  return Buffer.concat(chunks);
}
