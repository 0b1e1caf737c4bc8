/** What happens to a Redis in the field, one thing after the other, each undone before the next. */
import { setTimeout as wait } from 'node:timers/promises';
import { startRedisServer, type RedisServer } from './redis-server.ts';

export interface Chaos {
  /** The server that stands now; another one after a restart. */
  readonly server: RedisServer;
  /** Faults done, by name. */
  readonly faults: Readonly<Record<FaultName, number>>;
  begin(): void;
  /** Ends with Redis well, and can begin again. */
  end(): Promise<void>;
}

const FAULTS = [
  'killed and restarted empty',
  'killed and away',
  'flushed',
  'out of memory',
  'read-only replica',
  'too few replicas',
  'hanging',
  'connections cut',
  'set deleted',
  'set changed by others',
] as const;
export type FaultName = (typeof FAULTS)[number];

export interface ChaosOptions {
  readonly server: RedisServer;
  readonly random: () => number;
  /** Of a fault that lasts, and of the pause behind each. */
  readonly lastsMs: { readonly min: number; readonly max: number };
}

export function createChaos({ server: first, random, lastsMs }: ChaosOptions): Chaos {
  let server = first;
  let isEnding = false;
  let running: Promise<void> = Promise.resolve();
  let queue: FaultName[] = [];
  const faults = Object.fromEntries(FAULTS.map((name) => [name, 0])) as Record<FaultName, number>;
  const pause = (): Promise<void> => wait(lastsMs.min + random() * (lastsMs.max - lastsMs.min));
  const restart = async (awayMs: number): Promise<void> => {
    const { port } = server;
    await server.kill();
    await wait(awayMs);
    server = await startRedisServer({ port });
  };
  const configure = async (name: string, value: string, back: string): Promise<void> => {
    await server.command('CONFIG', 'SET', name, value);
    await pause();
    await server.command('CONFIG', 'SET', name, back);
  };
  const doFault: Readonly<Record<FaultName, () => Promise<unknown>>> = {
    'killed and restarted empty': () => restart(0),
    'killed and away': () => restart(lastsMs.max),
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
    begin() {
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
