/** A real redis-server on a port of its own, for tests and proofs: without a file, without persistence, ended with its parent. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { createInterface } from 'node:readline';
import { findFreePort } from '../../test/support/free-port.ts';

export interface RedisServerOptions {
  readonly port?: number;
  /** "name value" lines of its configuration. */
  readonly configuration?: readonly string[];
}

export interface RedisServer {
  readonly port: number;
  /** Sends one command as an administrator, on a connection of its own; rejects where Redis refuses it. */
  command(...words: readonly string[]): Promise<unknown>;
  signal(signal: NodeJS.Signals): void;
  /** kill -9, and waits until it is gone. */
  kill(): Promise<void>;
}

const EXECUTABLE = process.env['REDIS_SERVER'] ?? 'redis-server';

/** Its version, or null where this machine has none. */
export function findRedisServer(): string | null {
  const { stdout, error } = spawnSync(EXECUTABLE, ['--version'], { encoding: 'utf8' });
  return error === undefined ? (/v=(\S+)/.exec(stdout)?.[1] ?? 'unknown') : null;
}

export async function startRedisServer(options: RedisServerOptions = {}): Promise<RedisServer> {
  const port = options.port ?? (await findFreePort());
  const child = spawn(EXECUTABLE, ['-'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = [
    'bind 127.0.0.1',
    `port ${port}`,
    'save ""',
    'appendonly no',
    ...(options.configuration ?? []),
  ];
  child.stdin.end(`${lines.join('\n')}\n`);
  await untilReady(child);
  const endWithUs = (): void => void child.kill('SIGKILL');
  process.once('exit', endWithUs);
  return {
    port,
    command: (...words) => sendCommand(port, words),
    signal: (signal) => void child.kill(signal),
    async kill() {
      process.off('exit', endWithUs);
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

async function untilReady(child: ChildProcess): Promise<void> {
  if (child.stdout === null) throw new Error('redis-server has no output');
  const told: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    told.push(line);
    if (line.includes('Ready to accept connections')) {
      child.stdout.resume();
      return;
    }
  }
  throw new Error(`redis-server did not start: ${told.slice(-5).join(' | ')}`);
}

/** RESP by hand, so that what checks the sender shares nothing with it. */
async function sendCommand(port: number, words: readonly string[]): Promise<unknown> {
  const socket = net.connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  try {
    socket.write(
      `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`,
    );
    for await (const chunk of socket) {
      chunks.push(chunk as Buffer);
      const reply = parseReply(Buffer.concat(chunks), 0);
      if (reply === null) continue;
      if (reply.value instanceof Error) throw reply.value;
      return reply.value;
    }
    throw new Error('the connection was closed');
  } finally {
    socket.destroy();
  }
}

/** null where the reply has not come in full. */
function parseReply(bytes: Buffer, at: number): { readonly value: unknown; readonly end: number } | null {
  const lineEnd = bytes.indexOf('\r\n', at);
  if (lineEnd === -1) return null;
  const text = bytes.toString('utf8', at + 1, lineEnd);
  const next = lineEnd + 2;
  switch (bytes.toString('latin1', at, at + 1)) {
    case '+':
      return { value: text, end: next };
    case '-':
      return { value: new Error(text), end: next };
    case ':':
      return { value: Number(text), end: next };
    case '$': {
      const length = Number(text);
      if (length === -1) return { value: null, end: next };
      const end = next + length + 2;
      return bytes.length < end ? null : { value: bytes.toString('utf8', next, end - 2), end };
    }
    case '*': {
      const values: unknown[] = [];
      let end = next;
      for (let nth = 0; nth < Number(text); nth += 1) {
        const item = parseReply(bytes, end);
        if (item === null) return null;
        values.push(item.value);
        end = item.end;
      }
      return { value: Number(text) === -1 ? null : values, end };
    }
    default:
      throw new Error('no RESP reply');
  }
}
