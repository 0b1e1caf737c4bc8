import { spawn, spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { stopChild } from './child.ts';
import { findFreePort } from '../../test/support/free-port.ts';

export type AppendFsync = 'everysec' | 'always';

/** A second where nothing else runs; a machine that is busy with other things may take long. */
const START_MAX_MS = 30_000;
const POLL_MS = 20;

export function findRedisObstacle(): string | null {
  return spawnSync('redis-server', ['--version']).status === 0 ? null : 'redis-server is not installed';
}

/** A redis-server of our own on a free port, with the append-only file as its only persistence. */
export async function startRedis(
  dataDir: string,
  appendFsync: AppendFsync,
): Promise<{ readonly pid: number; readonly port: number; stop(): Promise<void> }> {
  const port = await findFreePort();
  const settings = {
    port: String(port),
    bind: '127.0.0.1',
    dir: dataDir,
    save: '',
    appendonly: 'yes',
    appendfsync: appendFsync,
    loglevel: 'warning',
  };
  const child = spawn(
    'redis-server',
    Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const startedAtMs = performance.now();
  while (!(await answers(port))) {
    if (performance.now() - startedAtMs > START_MAX_MS) throw new Error('redis-server did not start');
    await sleep(POLL_MS);
  }
  if (child.pid === undefined) throw new Error('redis-server has no process id');
  return { pid: child.pid, port, stop: () => stopChild(child) };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const finish = (up: boolean): void => {
      socket.destroy();
      resolve(up);
    };
    socket.once('connect', () => socket.write('PING\r\n'));
    socket.once('data', (answer) => finish(answer.toString().startsWith('+PONG')));
    socket.once('error', () => finish(false));
  });
}
