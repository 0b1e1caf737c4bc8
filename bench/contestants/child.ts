import type { ChildProcess } from 'node:child_process';

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import type { BenchDestination } from './contestant.ts';

/** What a baseline's process is told when it starts. */
export interface BaselineSettings {
  readonly destinations: readonly BenchDestination[];
  readonly secret: string;
  /** Whether it checks signatures and signs. */
  readonly signs: boolean;
  /** null for the relay, which has no store. */
  readonly redisPort: number | null;
}

/** A process that does not go by itself within this time is killed. */
const STOP_MAX_MS = 5_000;

/** Starts a baseline's file as a process of its own and waits for the port it listens on. */
export async function startBaseline(
  file: URL,
  settings: BaselineSettings,
  profileDir: string | null,
): Promise<{ readonly child: ChildProcess; readonly pid: number; readonly port: number }> {
  const child = fork(fileURLToPath(file), {
    execArgv: toProfileArguments(profileDir),
    env: { ...process.env, NODE_ENV: 'production' },
  });
  const died = once(child, 'exit').then(([code]) => {
    throw new Error(`${file.pathname} ended with ${String(code)} before it listened`);
  });
  child.send(settings);
  const [port] = (await Promise.race([once(child, 'message'), died])) as [number];
  died.catch(() => undefined);
  if (child.pid === undefined) throw new Error(`${file.pathname} has no process id`);
  return { child, pid: child.pid, port };
}

/** The baseline's side: gets its settings, says its port, and goes when the bench goes. */
export function runBaseline(listen: (settings: BaselineSettings) => Promise<number>): void {
  process.once('message', (settings: BaselineSettings) => {
    void listen(settings).then((port) => process.send?.(port));
  });
  process.once('disconnect', () => process.exit(0));
  process.once('SIGTERM', () => process.exit(0));
}

export function toProfileArguments(profileDir: string | null): string[] {
  return profileDir === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileDir}`];
}

export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const killer = setTimeout(() => child.kill('SIGKILL'), STOP_MAX_MS);
  await gone;
  clearTimeout(killer);
}
