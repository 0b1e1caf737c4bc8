import type { ChildProcess } from 'node:child_process';

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import type { Contestant, ContestantOptions, RunningContestant } from './contestant.ts';

import { stopChild, toProfileArguments } from './child.ts';
import { findFreePort } from '../../test/support/free-port.ts';

/** The real program with its default settings: journal, call states, order, attempts, limits, all of it. */
export const offhook: Contestant = {
  name: 'offhook',
  findObstacle: () =>
    existsSync(PROGRAM) && existsSync(MAIN) ? null : 'the hub is not in this checkout yet',
  start: startOffhook,
};

/** What only Offhook can be asked: the backlog workload kills it, restarts it and feeds it in bulk. */
export interface RunningOffhook extends RunningContestant {
  readonly pid: number;
  readonly apiKey: string;
  /** Up to 1,000 reports in one request. */
  postReports(reports: readonly unknown[]): Promise<void>;
  kill(): Promise<void>;
  /** A new process on the same data; the destinations are in its journal already. */
  restart(): Promise<RunningOffhook>;
}

const PROGRAM = fileURLToPath(new URL('../../hub/bin/offhook.js', import.meta.url));
const MAIN = fileURLToPath(new URL('../../hub/src/main.ts', import.meta.url));
const API_KEY = 'ohk_bench_0123456789abcdef0123456789';
const READY_MAX_MS = 30_000;
const READY_POLL_MS = 10;

export async function startOffhook(options: ContestantOptions): Promise<RunningOffhook> {
  const running = await spawnHub(options);
  for (const { number, url } of options.destinations) {
    await request(running.door.port, 'POST', '/v1/destinations', {
      kind: 'webhook',
      settings: { url },
      filter: { phone_numbers: [number] },
    });
  }
  return running;
}

async function spawnHub(options: ContestantOptions): Promise<RunningOffhook> {
  const port = await findFreePort();
  mkdirSync(options.dataDir, { recursive: true });
  // Log lines go to a file, as a service manager would have it: read by the bench they would slow the load down.
  const logFile = join(options.dataDir, 'offhook.log');
  const output = openSync(logFile, 'a');
  const nodeArguments = [...toProfileArguments(options.profileDir), ...(options.nodeArguments ?? [])];
  const child = spawn(process.execPath, [...nodeArguments, PROGRAM, 'start'], {
    stdio: ['ignore', output, output],
    env: {
      PATH: process.env['PATH'],
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      PORT: String(port),
      OFFHOOK_DATA_DIR: join(options.dataDir, 'offhook'),
      OFFHOOK_API_KEY: API_KEY,
      OFFHOOK_VOICEDOCK_SECRET: options.secret,
    },
  });
  closeSync(output);
  await waitUntilReady(child, port, () => readFileSync(logFile, 'utf8').slice(-4_000));
  if (child.pid === undefined) throw new Error('the hub has no process id');
  const { pid } = child;
  return {
    door: { port, path: '/webhooks/status-update' },
    pid,
    apiKey: API_KEY,
    pids: [pid],
    postReports: (reports) => request(port, 'POST', '/v1/reports', { reports }),
    stop: () => stopChild(child),
    async kill() {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
    restart: () => spawnHub(options),
  };
}

async function waitUntilReady(child: ChildProcess, port: number, lastWords: () => string): Promise<void> {
  const startedAtMs = performance.now();
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the hub ended with ${child.exitCode}:\n${lastWords()}`);
    const ready = await fetch(`http://127.0.0.1:${port}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (ready) return;
    if (performance.now() - startedAtMs > READY_MAX_MS)
      throw new Error(`the hub was not ready:\n${lastWords()}`);
    await sleep(READY_POLL_MS);
  }
}

async function request(port: number, method: string, path: string, body: unknown): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok)
    throw new Error(`${method} ${path} was answered with ${response.status}: ${text.slice(0, 500)}`);
}
