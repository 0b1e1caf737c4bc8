import { createApiClient } from '../api-client.ts';
import type { Page } from '../api-client.ts';
import { confirm } from '../confirm.ts';
import type { CommandContext } from '../context.ts';
import { CommandFailure, EXIT } from '../failure.ts';
import { printRecord, printTable } from '../output.ts';
import type { AccountView } from '../views.ts';

type Options = Readonly<Record<string, unknown>>;

export async function listAccounts(context: CommandContext): Promise<number> {
  const { data: accounts } = await createApiClient(context).get<Page<AccountView>>('/v1/accounts');
  printTable(context.output, accounts, [
    { title: 'ID', toText: (account) => account.id },
    { title: 'NAME', toText: (account) => account.name },
    { title: 'STALE CALLS', toText: (account) => account.stale_calls },
    { title: 'SINCE', toText: (account) => account.created_at },
  ]);
  return EXIT.ok;
}

export async function updateAccount(
  context: CommandContext,
  options: Options,
  [id = '']: readonly string[],
): Promise<number> {
  const { name, staleCalls } = options;
  if (name === undefined && staleCalls === undefined) {
    throw new CommandFailure(EXIT.usage, 'Say what to change: --name or --stale-calls.');
  }
  if (staleCalls === 'end') {
    const question = `End the stale calls of ${id} with error, also those that are stale now? It cannot be taken back.`;
    await confirm(context, question, options);
  }
  const changed = await createApiClient(context).send<AccountView>(
    'PATCH',
    `/v1/accounts/${encodeURIComponent(id)}`,
    { name, stale_calls: staleCalls },
  );
  printRecord(context.output, changed);
  return EXIT.ok;
}
