import { createApiClient, readPages } from '../api-client.ts';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../failure.ts';
import { printTable } from '../output.ts';
import type { OperationalEventView } from '../views.ts';

type Options = Readonly<Record<string, unknown>>;

export async function listOperationalEvents(context: CommandContext, options: Options): Promise<number> {
  const events = await readPages<OperationalEventView>(
    createApiClient(context),
    '/v1/operational-events',
    { types: options['types'] as string | undefined },
    options['limit'] as number,
  );
  printTable(context.output, events, [
    { title: 'AT', toText: (event) => event.at },
    {
      title: 'TYPE',
      toText: (event) => event.type,
      toColour: (event) => (/recovered|resumed|normal/.test(event.type) ? 'green' : 'yellow'),
    },
    { title: 'CALL', toText: (event) => event.call_id },
    { title: 'WHAT', toText: (event) => event.summary },
  ]);
  return EXIT.ok;
}
