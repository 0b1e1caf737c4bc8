/** What happens to a Redis in the field, one thing after the other, each undone before the next. */
import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { startRedisServer, type RedisServer } from './redis-server.ts';

export interface Chaos {
  /** The server that stands now; another one after a restart. */
  readonly server: RedisServer;
  /** Faults done, by name. */
  readonly faults: Readonly<Record<FaultName, number>>;
  /** Keys that Redis gave up for want of memory. */
  readonly evicted: number;
  begin(): Promise<void>;
  /** Ends with Redis well, and can begin again. */
  end(): Promise<void>;
}

const FAULTS = [
  'killed and restarted empty',
  'killed and away',
  'restarted with old data',
  'flushed',
  'out of memory',
  'evicting (allkeys-lru)',
  'evicting (volatile-lru)',
  'read-only replica',
  'too few replicas',
  'hanging',
  'connections cut',
  'set deleted',
  'set changed by others',
] as const;
export type FaultName = (typeof FAULTS)[number];

const DUMP_NAME = 'dump.rdb';
/** What a server of this chaos is started with. */
export function toConfiguration(folder: string): readonly string[] {
  return [`dir ${folder}`, `dbfilename ${DUMP_NAME}`];
}

export interface ChaosOptions {
  /** Started with `toConfiguration`. */
  readonly server: RedisServer;
  readonly folder: string;
  readonly random: () => number;
  /** Of a fault that lasts, and of the pause behind each. */
  readonly lastsMs: { readonly min: number; readonly max: number };
}

export function createChaos({ server: first, folder, random, lastsMs }: ChaosOptions): Chaos {
  let server = first;
  let isEnding = false;
  let running: Promise<void> = Promise.resolve();
  let queue: FaultName[] = [];
  let evicted = 0;
  const faults = Object.fromEntries(FAULTS.map((name) => [name, 0])) as Record<FaultName, number>;
  const pause = (): Promise<void> => wait(lastsMs.min + random() * (lastsMs.max - lastsMs.min));
  const dump = join(folder, DUMP_NAME);
  const oldDump = join(folder, 'old.rdb');
  let hasOldDump = false;
  const restart = async (awayMs: number, isEmpty = true): Promise<void> => {
    const { port } = server;
    await server.kill();
    await wait(awayMs);
    await rm(dump, { force: true });
    if (!isEmpty) await copyFile(oldDump, dump);
    server = await startRedisServer({ port, configuration: toConfiguration(folder) });
  };
  /** So little memory that half of what is beyond an empty server's must go, again and again while traffic goes on. */
  const evict = async (policy: string): Promise<void> => {
    const info = String(await server.command('INFO', 'memory'));
    const read = (name: string): number => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1]);
    const startup = read('used_memory_startup');
    const bytes = Math.round(startup + (read('used_memory') - startup) / 2);
    await server.command('CONFIG', 'SET', 'maxmemory-policy', policy);
    await configure('maxmemory', String(bytes), '0');
    await server.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    evicted += Number(/^evicted_keys:(\d+)/m.exec(String(await server.command('INFO', 'stats')))?.[1]);
    await server.command('CONFIG', 'RESETSTAT');
  };
  const configure = async (name: string, value: string, back: string): Promise<void> => {
    await server.command('CONFIG', 'SET', name, value);
    await pause();
    await server.command('CONFIG', 'SET', name, back);
  };
  const doFault: Readonly<Record<FaultName, () => Promise<unknown>>> = {
    'killed and restarted empty': () => restart(0),
    'killed and away': () => restart(lastsMs.max),
    'restarted with old data': () => restart(0, false),
    'evicting (allkeys-lru)': () => evict('allkeys-lru'),
    'evicting (volatile-lru)': () => evict('volatile-lru'),
    flushed: () => server.command('FLUSHALL'),
    'out of memory': () => configure('maxmemory', '1', '0'),
    'read-only replica': async () => {
      await server.command('REPLICAOF', '127.0.0.1', '1');
      await pause();
      await server.command('REPLICAOF', 'NO', 'ONE');
    },
    'too few replicas': () => configure('min-replicas-to-write', '1', '0'),
    hanging: async () => {
      server.signal('SIGSTOP');
      await pause();
      server.signal('SIGCONT');
    },
    'connections cut': () => server.command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'),
    'set deleted': () => server.command('DEL', 'active_calls'),
    'set changed by others': async () => {
      await server.command('SPOP', 'active_calls', '20');
      await server.command(
        'SADD',
        'active_calls',
        ...Array.from({ length: 20 }, (_, nth) => `zombie-${nth}`),
      );
    },
  };
  const run = async (): Promise<void> => {
    while (!isEnding) {
      // Each once, in an order of its own, then again.
      if (queue.length === 0) queue = shuffle(FAULTS, random);
      const name = queue.pop();
      if (name === undefined) continue;
      await doFault[name]();
      faults[name] += 1;
      await pause();
    }
  };
  return {
    get server() {
      return server;
    },
    faults,
    get evicted() {
      return evicted;
    },
    async begin() {
      // Once, so that what comes back is minutes old in the end.
      if (!hasOldDump) {
        await server.command('SAVE');
        await copyFile(dump, oldDump);
        hasOldDump = true;
      }
      isEnding = false;
      running = run();
      // A fault that cannot be done is a bug of the proof: told by end().
      running.catch(() => {});
    },
    async end() {
      isEnding = true;
      await running;
    },
  };
}

function shuffle<T>(items: readonly T[], random: () => number): T[] {
  const shuffled = [...items];
  for (let at = shuffled.length - 1; at > 0; at -= 1) {
    const other = Math.floor(random() * (at + 1));
    [shuffled[at], shuffled[other]] = [shuffled[other] as T, shuffled[at] as T];
  }
  return shuffled;
}
