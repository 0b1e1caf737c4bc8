/** A hub in its own process, for stories in which it is killed, and one in this process for all others. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { makeSettings } from '../../hub/src/config/settings.ts';
import type { Settings } from '../../hub/src/config/settings.ts';
import { startHub } from '../../hub/src/main.ts';
import type { Hub } from '../../hub/src/main.ts';

export const LAUNCHER = fileURLToPath(new URL('../../hub/bin/offhook.js', import.meta.url));

const { PATH, NODE_COMPILE_CACHE } = process.env;
/** Nothing else of the machine: a setting of Offhook in a developer's shell is none of a test's. */
const INHERITED = { PATH, ...(NODE_COMPILE_CACHE !== undefined && { NODE_COMPILE_CACHE }) };

/** Not removed afterwards where the test fails: the journal says what happened. */
export function makeDataDir(): string {
  return mkdtempSync(join(tmpdir(), 'offhook-e2e-'));
}

export function startHubHere(dataDir: string, settings: Partial<Settings> = {}): Promise<Hub> {
  return startHub(makeSettings({ dataDir, port: 0, logLevel: 'silent', ...settings }));
}

export interface HubProcess {
  readonly address: string;
  readonly apiKey: string;
  readonly child: ChildProcess;
  /** Everything on stderr so far. */
  readStderr(): string;
  kill(signal: NodeJS.Signals): Promise<number | null>;
}

export async function startHubProcess(
  dataDir: string,
  env: Readonly<Record<string, string>> = {},
  /** The one it had before, for those who are to find it again. */
  port = '0',
): Promise<HubProcess> {
  const { child, readStderr } = spawnOffhook(['start', '--json', '--port', port, '--data-dir', dataDir], env);
  const line = await readFirstLine(child);
  if (line === undefined) throw new Error(`The hub did not start: ${readStderr()}`);
  const started = JSON.parse(line) as { address: string; api_key?: string };
  return {
    address: started.address,
    apiKey: started.api_key ?? env['OFFHOOK_API_KEY'] ?? '',
    child,
    readStderr,
    kill: (signal) => end(child, signal),
  };
}

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** One command to its end, as a shell would run it. */
export async function runOffhook(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  stdin = '',
): Promise<CommandResult> {
  const { child, readStdout, readStderr } = spawnOffhook(args, env);
  child.stdin?.end(stdin);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout: readStdout(), stderr: readStderr() };
}

export function spawnOffhook(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): { readonly child: ChildProcess; readonly readStdout: () => string; readonly readStderr: () => string } {
  const child = spawn(process.execPath, [LAUNCHER, ...args], {
    env: { ...INHERITED, HOME: tmpdir(), LOG_LEVEL: 'warn', ...env },
    cwd: tmpdir(),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString('utf8')));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')));
  return { child, readStdout: () => stdout, readStderr: () => stderr };
}

export async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const ended = once(child, 'exit');
  child.kill(signal);
  const [code] = (await ended) as [number | null];
  return code;
}

async function readFirstLine(child: ChildProcess): Promise<string | undefined> {
  let text = '';
  return new Promise((resolve) => {
    child.once('exit', () => resolve(undefined));
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
      const end = text.indexOf('\n');
      if (end >= 0) resolve(text.slice(0, end));
    });
  });
}
