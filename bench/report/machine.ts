import { spawnSync } from 'node:child_process';
import { statfs } from 'node:fs/promises';
import { cpus, release, totalmem } from 'node:os';
import { DatabaseSync } from 'node:sqlite';

/** What the figures depend on, and nothing that tells whose machine it is. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly node: string;
  readonly sqlite: string;
  readonly redis: string | null;
  /** On a tmpfs an fsync costs nothing: then the journals' figures prove nothing. */
  readonly disk: 'disk' | 'tmpfs';
}

const TMPFS_MAGIC = 0x01021994;

export async function readMachine(dir: string): Promise<Machine> {
  const database = new DatabaseSync(':memory:');
  const { sqlite } = database.prepare('SELECT sqlite_version() AS sqlite').get() as { sqlite: string };
  database.close();
  const redis = spawnSync('redis-server', ['--version'], { encoding: 'utf8' });
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    sqlite,
    redis: redis.status === 0 ? (/v=(\S+)/.exec(redis.stdout)?.[1] ?? null) : null,
    disk: (await statfs(dir)).type === TMPFS_MAGIC ? 'tmpfs' : 'disk',
  };
}
