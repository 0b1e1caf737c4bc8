/** The whole program as its users start it, which can be killed and started again on the same data. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { findFreePort } from '../../test/support/free-port.ts';

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export interface Hub {
  /** Rejects where the hub is gone or goes before it has answered. */
  call(method: string, path: string, body?: unknown): Promise<Answer>;
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Deliveries of one destination by state, straight from the file; the hub need not run. */
  countDeliveries(destinationId: string): Readonly<Record<DeliveryStateName, number>>;
  stop(): Promise<void>;
}

const STATES = ['pending', 'delivered', 'dead', 'superseded', 'cancelled'] as const;
export type DeliveryStateName = (typeof STATES)[number];

const COUNT_STATES = `SELECT deliveries.state, count(*) AS number FROM deliveries
  JOIN destinations ON destinations.row = deliveries.destination_row
  WHERE destinations.id = ? GROUP BY deliveries.state`;
const STOP_MS_MAX = 15_000;

export async function createHub(): Promise<Hub> {
  const folder = await mkdtemp(join(tmpdir(), 'offhook-redis-'));
  const port = await findFreePort();
  const key = `ohk_${randomBytes(24).toString('hex')}`;
  const agent = new http.Agent({ keepAlive: true });
  let child: ChildProcess | null = null;

  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const ending = child;
    child = null;
    if (ending === null || ending.exitCode !== null) return;
    ending.kill(signal);
    const timer = setTimeout(() => ending.kill('SIGKILL'), STOP_MS_MAX);
    await once(ending, 'exit');
    clearTimeout(timer);
  };
  const call = (method: string, path: string, body?: unknown): Promise<Answer> =>
    send({ agent, port, key, method, path, body });
  return {
    call,
    kill: () => end('SIGKILL'),
    async start() {
      const started = spawn(
        process.execPath,
        [join(import.meta.dirname, '../../hub/bin/offhook.js'), 'start'],
        {
          env: {
            PATH: process.env['PATH'] ?? '',
            HOST: '127.0.0.1',
            PORT: String(port),
            OFFHOOK_DATA_DIR: folder,
            OFFHOOK_API_KEY: key,
            LOG_LEVEL: 'fatal',
          },
          stdio: 'ignore',
        },
      );
      child = started;
      for (;;) {
        if (started.exitCode !== null) throw new Error(`the hub ended with ${started.exitCode}`);
        const status = await call('GET', '/readyz').then(
          (answer) => answer.status,
          () => 0,
        );
        if (status === 200) return;
        await wait(50);
      }
    },
    countDeliveries(destinationId) {
      const db = new DatabaseSync(join(folder, 'journal.sqlite'), { readOnly: true });
      try {
        const counts = { pending: 0, delivered: 0, dead: 0, superseded: 0, cancelled: 0 };
        for (const row of db.prepare(COUNT_STATES).all(destinationId)) {
          const state = STATES[Number(row['state'])];
          if (state !== undefined) counts[state] = Number(row['number']);
        }
        return counts;
      } finally {
        db.close();
      }
    },
    async stop() {
      await end('SIGTERM');
      agent.destroy();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function send(options: {
  readonly agent: http.Agent;
  readonly port: number;
  readonly key: string;
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}): Promise<Answer> {
  const { agent, port, key, method, path, body } = options;
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${key}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    };
    const request = http.request({ agent, host: '127.0.0.1', port, method, path, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        if (!response.complete) return reject(new Error('the answer broke off'));
        const text = Buffer.concat(chunks).toString();
        const isJson = response.headers['content-type']?.includes('json') === true;
        resolve({ status: response.statusCode ?? 0, body: isJson ? (JSON.parse(text) as unknown) : text });
      });
    });
    request.on('error', reject);
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
