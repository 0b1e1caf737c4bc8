import { parseDuration } from '../../config/parse-value.ts';
import { createApiClient, toBaseUrl } from '../api-client.ts';
import type { Page } from '../api-client.ts';
import { confirm } from '../confirm.ts';
import type { CommandContext } from '../context.ts';
import { CommandFailure, EXIT } from '../failure.ts';
import { printRecord, printTable } from '../output.ts';
import type { KeyView, KeyWithTextView } from '../views.ts';

type Options = Readonly<Record<string, unknown>>;

const EXPIRY_MS_MIN = 60_000;
const EXPIRY_MS_MAX = 3650 * 86_400_000;

export async function listKeys(context: CommandContext): Promise<number> {
  const { data: keys } = await createApiClient(context).get<Page<KeyView>>('/v1/keys');
  printTable(context.output, keys, [
    { title: 'ID', toText: (key) => key.id },
    { title: 'NAME', toText: (key) => key.name },
    { title: 'SCOPES', toText: (key) => key.scopes.join(',') },
    { title: 'BEGINS', toText: (key) => key.hint },
    { title: 'LAST USED', toText: (key) => key.last_used_at },
    {
      title: 'ENDS',
      toText: (key) => (key.revoked_at === null ? key.expires_at : `revoked ${key.revoked_at}`),
    },
  ]);
  return EXIT.ok;
}

export async function createKey(
  context: CommandContext,
  options: Options,
  [name = '']: readonly string[],
): Promise<number> {
  const scopes = options['scope'] as readonly string[];
  if (scopes.length === 0)
    throw new CommandFailure(
      EXIT.usage,
      'Say what the key may do: --scope ingest, watch, read, write or admin.',
    );
  const key = await createApiClient(context).send<KeyWithTextView>('POST', '/v1/keys', {
    name,
    scopes,
    ...toExpiry(options['expires']),
  });
  printRecord(context.output, key);
  context.output.note('The key is shown this once: keep it now.');
  if (scopes.every((scope) => scope === 'watch'))
    context.output.note(`For a wall screen: ${toWallAddress(toBaseUrl(context), key.key)}`);
  return EXIT.ok;
}

/** The page signs in with what follows the # and takes it out of the address bar. */
function toWallAddress(url: string, key: string): string {
  return `${url.replace(/\/$/, '')}/live?kiosk=1#key=${encodeURIComponent(key)}`;
}

function toExpiry(given: unknown): { readonly expires_at?: string } {
  if (typeof given !== 'string') return {};
  const duration = parseDuration(given, EXPIRY_MS_MIN, EXPIRY_MS_MAX);
  if (!duration.ok) throw new CommandFailure(EXIT.usage, `--expires must be ${duration.expected}.`);
  return { expires_at: new Date(Date.now() + duration.value).toISOString() };
}

export async function revokeKey(
  context: CommandContext,
  options: Options,
  [id = '']: readonly string[],
): Promise<number> {
  await confirm(context, `Revoke ${id}? Whoever uses it is refused from then on.`, options);
  await createApiClient(context).send('DELETE', `/v1/keys/${encodeURIComponent(id)}`);
  context.output.note(`${id} is revoked.`);
  return EXIT.ok;
}
