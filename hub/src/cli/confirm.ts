import { createInterface } from 'node:readline/promises';

import type { CommandContext } from './context.ts';
import { CommandFailure, EXIT } from './failure.ts';

/** Asks a person; a script has to say `--yes`, so that nothing is lost by a command nobody looked at. */
export async function confirm(
  context: CommandContext,
  question: string,
  options: Readonly<Record<string, unknown>>,
): Promise<void> {
  if (options['yes'] === true) return;
  if (!context.output.interactive) throw new CommandFailure(EXIT.usage, `${question} Say --yes.`);
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await reader.question(`${question} [y/N] `, { signal: context.signal });
    if (!/^y(es)?$/i.test(answer.trim())) throw new CommandFailure(EXIT.failed, 'Nothing was done.');
  } catch (error) {
    if (context.signal.aborted) throw new CommandFailure(EXIT.interrupted, '', { cause: error });
    throw error;
  } finally {
    reader.close();
  }
}
