/** Compiles the shim and plays the disk: what is left after the power went, torn writes included. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Disks promise a sector at most: what was not synced may survive in any mix of these. */
const SECTOR_BYTES = 512;

export interface PowerCut {
  /** For the environment of the process that shall lose its power. */
  readonly environment: Readonly<Record<string, string>>;
  /** Before a run: all that is in the folder now is durable. */
  arm(): void;
  /**
   * After the kill: the folder is what a disk would hold. Of what was written and not synced a share between
   * 0 and 1 survives, sector by sector.
   */
  cut(survivingShare: number, random: () => number): void;
}

export function createPowerCut(workFolder: string, dataFolder: string): PowerCut {
  const library = compileShim(workFolder);
  const shadowFolder = join(workFolder, 'shadow');
  return {
    environment: {
      LD_PRELOAD: library,
      POWER_CUT_WATCHED: dataFolder,
      POWER_CUT_SHADOW: shadowFolder,
    },
    arm() {
      rmSync(shadowFolder, { recursive: true, force: true });
      mkdirSync(shadowFolder);
      for (const name of listDurableNames(dataFolder)) {
        writeFileSync(join(shadowFolder, name), readFileSync(join(dataFolder, name)));
      }
    },
    cut(survivingShare, random) {
      const names = new Set([...listDurableNames(dataFolder), ...listDurableNames(shadowFolder)]);
      const survivors = new Map<string, Buffer>();
      for (const name of names) {
        const written = readIfThere(join(dataFolder, name));
        const synced = readIfThere(join(shadowFolder, name));
        const left =
          survivingShare === 0 || written === null ? synced : tear(synced, written, survivingShare, random);
        if (left !== null) survivors.set(name, left);
      }
      rmSync(dataFolder, { recursive: true });
      mkdirSync(dataFolder);
      for (const [name, bytes] of survivors) writeFileSync(join(dataFolder, name), bytes);
    },
  };
}

function compileShim(folder: string): string {
  const library = join(folder, 'power-cut.so');
  const source = new URL('./shim.c', import.meta.url).pathname;
  const { status, stderr, error } = spawnSync(
    'gcc',
    ['-shared', '-fPIC', '-O2', '-o', library, source, '-ldl', '-lpthread'],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`The power-cut shim needs gcc: ${error?.message ?? stderr}`);
  return library;
}

/** What a disk keeps: not the log's index, nor the owner's lock, which holds nothing. */
function listDurableNames(folder: string): readonly string[] {
  return readdirSync(folder).filter((name) => !name.endsWith('-shm') && !name.includes('-owner'));
}

function readIfThere(file: string): Buffer | null {
  return existsSync(file) ? readFileSync(file) : null;
}

function tear(
  synced: Buffer | null,
  written: Buffer,
  survivingShare: number,
  random: () => number,
): Buffer | null {
  const left = Buffer.alloc(Math.max(synced?.length ?? 0, written.length));
  synced?.copy(left);
  let end = synced?.length ?? 0;
  for (let offset = 0; offset < written.length; offset += SECTOR_BYTES) {
    const sector = written.subarray(offset, offset + SECTOR_BYTES);
    if (sector.equals(left.subarray(offset, offset + sector.length)) || random() >= survivingShare) continue;
    sector.copy(left, offset);
    end = Math.max(end, offset + sector.length);
  }
  return synced === null && end === 0 ? null : left.subarray(0, end);
}
