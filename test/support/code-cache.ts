/**
 * Starts the hub once before all tests, so that Node's compile cache holds its code. Each hub and each thread of a
 * journal that a test starts then reads it from there (start of a journal's thread: 150 → 80 ms) and none loads the
 * WebAssembly that takes the types out of TypeScript. Node 24.21 frees such code of one thread while another runs it
 * where threads begin and end in one process, as only tests do: a SIGSEGV in `WasmEngine::FreeDeadCode`, in about
 * one of ten runs of thread-journal.test.ts.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const LAUNCHER = fileURLToPath(new URL('../../hub/bin/offhook.js', import.meta.url));
/** It takes 1.5 s on a quiet machine. */
const FILLED_MS_MAX = 60_000;

export default async function fillCodeCache(): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'offhook-code-cache-'));
  const { PATH, NODE_COMPILE_CACHE } = process.env;
  const hub = spawn(process.execPath, [LAUNCHER, 'start', '--json', '--port', '0', '--data-dir', dataDir], {
    env: { PATH, NODE_COMPILE_CACHE, HOME: dataDir },
    cwd: dataDir,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: FILLED_MS_MAX,
    killSignal: 'SIGKILL',
  });
  let stderr = '';
  hub.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')));
  // The cache is written at an orderly end only.
  hub.stdout.once('data', () => hub.kill('SIGTERM'));
  const [code] = (await once(hub, 'close')) as [number | null];
  rmSync(dataDir, { recursive: true, force: true });
  // Tests that need no hub can still be run.
  if (code !== 0) console.warn(`The hub does not start and stop as it should: ${stderr}`);
}
