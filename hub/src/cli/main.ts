/**
 * The process around a command: in, arguments and environment, read here and nowhere else; out, an exit code. Commands
 * are loaded when they are called, since each server library costs 26 to 175 ms of start-up: `--version` takes 0.13 s,
 * a hub listens after 0.55 s.
 */
import { CommanderError } from 'commander';

import { CommandFailure, EXIT } from './failure.ts';
import { buildProgram } from './program.ts';
import type { Surroundings } from './program.ts';

/** One press of Ctrl-C may arrive twice, from the terminal and passed on by npm or our launcher. */
const SAME_PRESS_MS = 300;

export async function runFromProcess(): Promise<void> {
  const stop = new AbortController();
  let firstSignalAtMs = 0;
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (!stop.signal.aborted) {
        firstSignalAtMs = performance.now();
        stop.abort(name);
      } else if (performance.now() - firstSignalAtMs > SAME_PRESS_MS) {
        process.stderr.write('Stopped at once.\n');
        process.exit(EXIT.interrupted);
      }
    });
  }
  // `offhook calls list | head` closes our stdout: there is nobody left to tell.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT.ok);
    throw error;
  });
  process.exitCode = await runCommandLine(process.argv.slice(2), {
    env: process.env,
    cwd: process.cwd(),
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    signal: stop.signal,
  });
}

export async function runCommandLine(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const { program, readExitCode } = buildProgram(surroundings);
  // Bare `offhook`, and `offhook --demo`, start the hub. Made by hand, since commander's default command would take
  // a mistyped command as an argument and suggest nothing.
  const isStart =
    args.length === 0 || (args[0]?.startsWith('-') === true && !/^(-h|--help|-V|--version)$/.test(args[0]));
  try {
    await program.parseAsync([...(isStart ? ['start'] : []), ...args], { from: 'user' });
    return readExitCode();
  } catch (error) {
    // Commander has printed its own message already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (error instanceof CommandFailure) {
      if (error.message !== '') surroundings.stderr.write(`${error.message}\n`);
      return error.exitCode;
    }
    throw error;
  }
}
