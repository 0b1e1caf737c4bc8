import { parseDuration } from '../../config/parse-value.ts';
import { createApiClient } from '../api-client.ts';
import type { ApiClient, Page } from '../api-client.ts';
import { confirm } from '../confirm.ts';
import type { CommandContext } from '../context.ts';
import { CommandFailure, EXIT } from '../failure.ts';
import { hasGivenSettings, readGivenSettings } from '../given-settings.ts';
import { printRecord, printTable, toPlainText } from '../output.ts';
import type {
  DestinationKindView,
  DestinationTestView,
  DestinationView,
  DestinationWithSecretView,
} from '../views.ts';
import { toUnknownKind } from './kinds.ts';

type Options = Readonly<Record<string, unknown>>;
type Args = readonly string[];

export async function listDestinations(context: CommandContext): Promise<number> {
  const { data: destinations } =
    await createApiClient(context).get<Page<DestinationView>>('/v1/destinations');
  printTable(context.output, destinations, [
    { title: 'ID', toText: (destination) => destination.id },
    { title: 'KIND', toText: (destination) => destination.kind },
    { title: 'NAME', toText: (destination) => destination.name },
    {
      title: 'STATE',
      toText: toStateWords,
      toColour: (destination) =>
        destination.state !== 'enabled' ? 'yellow' : destination.failing_since === null ? 'green' : 'red',
    },
    { title: 'PENDING', toText: (destination) => destination.pending },
    { title: 'GOES TO', toText: (destination) => destination.target },
  ]);
  return EXIT.ok;
}

function toStateWords(destination: DestinationView): string {
  if (destination.state !== 'enabled') {
    return destination.state_reason === null
      ? destination.state
      : `${destination.state}: ${destination.state_reason}`;
  }
  return destination.failing_since === null ? 'enabled' : `failing since ${destination.failing_since}`;
}

export async function getDestination(
  context: CommandContext,
  _options: Options,
  [id]: Args,
): Promise<number> {
  printRecord(context.output, await createApiClient(context).get<DestinationView>(toPath(id)));
  return EXIT.ok;
}

export async function createDestination(
  context: CommandContext,
  options: Options,
  [what]: Args,
): Promise<number> {
  const { kind, url } = toKindAndUrl(what, options['kind']);
  const change = toChange(options, url);
  const client = createApiClient(context);
  if (hasGivenSettings(options)) {
    const base = (change['settings'] ?? {}) as Record<string, unknown>;
    change['settings'] = await readGivenSettings(context, options, await readKind(client, kind), base);
  } else if (change['settings'] === undefined) {
    throw new CommandFailure(
      EXIT.usage,
      kind === 'webhook'
        ? 'Say where events go: a URL, or a kind and its settings (`offhook kinds` lists them).'
        : `Say its settings with --set name=value; \`offhook kinds ${toPlainText(kind)}\` lists them.`,
    );
  }
  const created = await client.send<DestinationWithSecretView>('POST', '/v1/destinations', {
    kind,
    ...change,
    ...(options['secret'] !== undefined && { secret: options['secret'] }),
  });
  showCreated(context, created);
  return EXIT.ok;
}

export async function updateDestination(
  context: CommandContext,
  options: Options,
  [id, url]: Args,
): Promise<number> {
  const body = toChange(options, url);
  const client = createApiClient(context);
  // The hub replaces settings and filter whole; here what is not given stays.
  const stored =
    hasGivenSettings(options) || body['filter'] !== undefined
      ? await client.get<DestinationView>(toPath(id))
      : null;
  if (stored !== null && body['filter'] !== undefined)
    body['filter'] = mergeFilter(stored.filter, body['filter'] as GivenFilter);
  if (stored !== null && hasGivenSettings(options)) {
    const { kind, settings } = stored;
    // Credentials come back masked, and so stay what they are.
    const base = { ...settings, ...(body['settings'] as Record<string, unknown> | undefined) };
    body['settings'] = await readGivenSettings(context, options, await readKind(client, kind), base);
  }
  if (Object.keys(body).length === 0) throw new CommandFailure(EXIT.usage, 'Say what is to change.');
  printRecord(context.output, await client.send<DestinationView>('PATCH', toPath(id), body));
  return EXIT.ok;
}

/** A kind is one plain word; an address has a colon or a dot. */
function toKindAndUrl(
  what: string | undefined,
  kind: unknown,
): { readonly kind: string; readonly url: string | undefined } {
  if (what === undefined || !/^[a-z][a-z0-9_-]*$/.test(what))
    return { kind: typeof kind === 'string' ? kind : 'webhook', url: what };
  if (kind !== undefined && kind !== what)
    throw new CommandFailure(EXIT.usage, 'Name the kind once: as the first word or with --kind.');
  return { kind: what, url: undefined };
}

async function readKind(client: ApiClient, name: string): Promise<DestinationKindView> {
  const { data: kinds } = await client.get<Page<DestinationKindView>>('/v1/destination-kinds');
  const kind = kinds.find((one) => one.kind === name);
  if (kind === undefined) throw toUnknownKind(name, kinds);
  return kind;
}

export async function testDestination(
  context: CommandContext,
  options: Options,
  [id]: Args,
): Promise<number> {
  const { output } = context;
  const answer = await createApiClient(context).send<DestinationTestView>('POST', `${toPath(id)}/test`, {
    status: options['status'],
  });
  if (output.json) {
    output.value(answer);
    return answer.ok ? EXIT.ok : EXIT.failed;
  }
  const { explanation, ...record } = answer;
  printRecord(output, record);
  if (explanation !== null) {
    output.line('');
    output.line(
      `${output.paint('yellow', toPlainText(explanation.title))}. ${toPlainText(explanation.hint)}`,
    );
  }
  return answer.ok ? EXIT.ok : EXIT.failed;
}

/** By the name of the command. */
export const DESTINATION_COMMANDS = {
  async pause(context: CommandContext, _options: Options, [id]: Args): Promise<number> {
    await createApiClient(context).send('POST', `${toPath(id)}/pause`);
    context.output.note(`${id} is paused: what is owed to it is held.`);
    return EXIT.ok;
  },
  async resume(context: CommandContext, _options: Options, [id]: Args): Promise<number> {
    await createApiClient(context).send('POST', `${toPath(id)}/resume`);
    context.output.note(`${id} is enabled: what was held is delivered in order.`);
    return EXIT.ok;
  },
  async 'rotate-secret'(context: CommandContext, _options: Options, [id]: Args): Promise<number> {
    const client = createApiClient(context);
    showCreated(context, await client.send<DestinationWithSecretView>('POST', `${toPath(id)}/rotate-secret`));
    return EXIT.ok;
  },
  async delete(context: CommandContext, options: Options, [id]: Args): Promise<number> {
    await confirm(context, `Delete ${id}? What is owed to it is cancelled.`, options);
    await createApiClient(context).send('DELETE', toPath(id));
    context.output.note(`${id} is deleted.`);
    return EXIT.ok;
  },
};

function showCreated({ output }: CommandContext, destination: DestinationWithSecretView): void {
  const { id, kind, target, secret } = destination;
  if (output.json) output.value(destination);
  else printRecord(output, secret === undefined ? { id, kind, target } : { id, kind, secret });
  output.note(
    secret === undefined
      ? `Try it: offhook destinations test ${id}`
      : 'The secret is shown this once: give it to the receiver now.',
  );
}

/** The body of a change, and of a creation but for its kind; only what was given. */
function toChange(options: Options, url: string | undefined): Record<string, unknown> {
  const settings = toSettings(options['settings'], url);
  const filter: GivenFilter = {
    ...(options['calls'] !== undefined && { calls: options['calls'] === 'yes' }),
    ...toListField('statuses', options['statuses']),
    ...toListField('call_types', options['callTypes']),
    ...toListField('phone_numbers', options['phoneNumbers']),
    ...toListField('operational_events', options['operationalEvents']),
  };
  return {
    ...(settings !== undefined && { settings }),
    ...(Object.keys(filter).length > 0 && { filter }),
    ...(options['name'] !== undefined && { name: options['name'] }),
    ...(options['order'] !== undefined && { order: options['order'] }),
    ...(options['concurrency'] !== undefined && { concurrency: options['concurrency'] }),
    ...(options['rate'] !== undefined && { rate_per_second: options['rate'] }),
    ...(typeof options['retrySchedule'] === 'string' && {
      retry_schedule_s: toRetrySchedule(options['retrySchedule']),
    }),
    ...(typeof options['timeout'] === 'string' && { timeout_ms: toTimeoutMs(options['timeout']) }),
  };
}

function toSettings(json: unknown, url: string | undefined): unknown {
  if (typeof json !== 'string') return url === undefined ? undefined : { url };
  if (url !== undefined) throw new CommandFailure(EXIT.usage, 'Give a URL or --settings, not both.');
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new CommandFailure(EXIT.usage, `--settings is not JSON: ${toPlainText((error as Error).message)}.`);
  }
}

function toListField(name: string, given: unknown): Record<string, readonly string[]> {
  return typeof given === 'string' ? { [name]: given.split(',').filter((entry) => entry !== '') } : {};
}

type GivenFilter = Partial<DestinationView['filter']>;

/** What is given takes the place of what was; an empty list takes a condition away. */
export function mergeFilter(stored: GivenFilter, given: GivenFilter): GivenFilter {
  const merged = { ...stored, ...given };
  if (merged.calls !== false) return merged;
  // Without events of calls there is nothing left to choose from, but for what was given just now: the hub says so.
  const { statuses: _statuses, call_types: _types, phone_numbers: _numbers, ...rest } = merged;
  return { ...rest, ...given };
}

/** "5s,1m,10m"; "default" is the hub's own. */
export function toRetrySchedule(text: string): readonly number[] | null {
  if (text === 'default') return null;
  return text.split(',').map((entry) => {
    const duration = parseDuration(entry.trim(), 0, RETRY_MS_MAX);
    if (!duration.ok)
      throw new CommandFailure(
        EXIT.usage,
        `--retry-schedule must be durations with commas, such as 5s,1m,10m, or "default"; ${toPlainText(entry.trim())} is not ${duration.expected}.`,
      );
    return duration.value / 1_000;
  });
}

/** As the hub takes it. */
const RETRY_MS_MAX = 7 * 86_400_000;

function toTimeoutMs(text: string): number {
  const duration = parseDuration(text, 1_000, 30_000);
  if (!duration.ok) throw new CommandFailure(EXIT.usage, `--timeout must be ${duration.expected}.`);
  return duration.value;
}

function toPath(id = ''): string {
  return `/v1/destinations/${encodeURIComponent(id)}`;
}
