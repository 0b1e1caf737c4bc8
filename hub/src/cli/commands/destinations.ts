import { parseDuration } from '../../config/parse-value.ts';
import { createApiClient } from '../api-client.ts';
import type { Page } from '../api-client.ts';
import { confirm } from '../confirm.ts';
import type { CommandContext } from '../context.ts';
import { CommandFailure, EXIT } from '../failure.ts';
import { printRecord, printTable, toPlainText } from '../output.ts';
import type { DestinationView, DestinationWithSecretView } from '../views.ts';

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
    {
      title: 'GOES TO',
      toText: (destination) =>
        typeof destination.settings['url'] === 'string'
          ? destination.settings['url']
          : JSON.stringify(destination.settings),
    },
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
  [url]: Args,
): Promise<number> {
  const body = {
    kind: options['kind'],
    ...toChange(options, url),
    ...(options['secret'] !== undefined && { secret: options['secret'] }),
  };
  if (!('settings' in body))
    throw new CommandFailure(
      EXIT.usage,
      'Say where events go: a URL, or --settings with the JSON of its kind.',
    );
  const client = createApiClient(context);
  const created = await client.send<DestinationWithSecretView>('POST', '/v1/destinations', body);
  showSecret(context, created);
  return EXIT.ok;
}

export async function updateDestination(
  context: CommandContext,
  options: Options,
  [id, url]: Args,
): Promise<number> {
  const body = toChange(options, url);
  if (Object.keys(body).length === 0) throw new CommandFailure(EXIT.usage, 'Say what is to change.');
  printRecord(
    context.output,
    await createApiClient(context).send<DestinationView>('PATCH', toPath(id), body),
  );
  return EXIT.ok;
}

interface TestAnswer {
  readonly ok: boolean;
  readonly status: number | null;
  readonly detail: string | null;
  readonly response_body: string | null;
  readonly duration_ms: number;
}

export async function testDestination(
  context: CommandContext,
  options: Options,
  [id]: Args,
): Promise<number> {
  const answer = await createApiClient(context).send<TestAnswer>('POST', `${toPath(id)}/test`, {
    status: options['status'],
  });
  printRecord(context.output, { ...answer });
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
    showSecret(context, await client.send<DestinationWithSecretView>('POST', `${toPath(id)}/rotate-secret`));
    return EXIT.ok;
  },
  async delete(context: CommandContext, options: Options, [id]: Args): Promise<number> {
    await confirm(context, `Delete ${id}? What is owed to it is cancelled.`, options);
    await createApiClient(context).send('DELETE', toPath(id));
    context.output.note(`${id} is deleted.`);
    return EXIT.ok;
  },
};

function showSecret(context: CommandContext, destination: DestinationWithSecretView): void {
  const { output } = context;
  if (output.json) output.value(destination);
  else printRecord(output, { id: destination.id, kind: destination.kind, secret: destination.secret });
  output.note('The secret is shown this once: give it to the receiver now.');
}

/** The body of a change, and of a creation but for its kind; only what was given. */
function toChange(options: Options, url: string | undefined): Record<string, unknown> {
  const settings = toSettings(options['settings'], url);
  const filter = {
    ...toListField('statuses', options['statuses']),
    ...toListField('call_types', options['callTypes']),
    ...toListField('phone_numbers', options['phoneNumbers']),
  };
  return {
    ...(settings !== undefined && { settings }),
    ...(Object.keys(filter).length > 0 && { filter }),
    ...(options['name'] !== undefined && { name: options['name'] }),
    ...(options['order'] !== undefined && { order: options['order'] }),
    ...(options['concurrency'] !== undefined && { concurrency: options['concurrency'] }),
    ...(options['rate'] !== undefined && { rate_per_second: options['rate'] }),
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

function toTimeoutMs(text: string): number {
  const duration = parseDuration(text, 1_000, 30_000);
  if (!duration.ok) throw new CommandFailure(EXIT.usage, `--timeout must be ${duration.expected}.`);
  return duration.value;
}

function toPath(id = ''): string {
  return `/v1/destinations/${encodeURIComponent(id)}`;
}
