import { createApiClient, readPages } from '../api-client.ts';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../failure.ts';
import { printRecord, printTable } from '../output.ts';
import type { ReplayView } from '../views.ts';

type Options = Readonly<Record<string, unknown>>;
type Command = (context: CommandContext, options: Options, args: readonly string[]) => Promise<number>;

export async function listReplays(context: CommandContext, options: Options): Promise<number> {
  const limit = options['limit'] as number;
  const replays = await readPages<ReplayView>(createApiClient(context), '/v1/replays', {}, limit);
  printTable(context.output, replays, [
    { title: 'ID', toText: (replay) => replay.id },
    { title: 'STATE', toText: (replay) => replay.state },
    { title: 'SENT AGAIN', toText: (replay) => replay.created },
    { title: 'SKIPPED', toText: (replay) => replay.skipped },
    { title: 'BEGAN', toText: (replay) => replay.created_at },
    { title: 'ENDED', toText: (replay) => replay.finished_at },
  ]);
  return EXIT.ok;
}

export async function getReplay(
  context: CommandContext,
  _options: Options,
  [id]: readonly string[],
): Promise<number> {
  printRecord(context.output, await createApiClient(context).get<ReplayView>(toPath(id)));
  return EXIT.ok;
}

/** By the name of the command. */
export const REPLAY_COMMANDS: Readonly<Record<'pause' | 'resume' | 'cancel', Command>> = {
  pause: steer('pause'),
  resume: steer('resume'),
  cancel: steer('cancel'),
};

function steer(verb: string): Command {
  return async (context, _options, [id]) => {
    printRecord(
      context.output,
      await createApiClient(context).send<ReplayView>('POST', `${toPath(id)}/${verb}`),
    );
    return EXIT.ok;
  };
}

function toPath(id = ''): string {
  return `/v1/replays/${encodeURIComponent(id)}`;
}
