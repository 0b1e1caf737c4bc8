import { readFileSync } from 'node:fs';

/** Linux counts CPU time in hundredths of a second (USER_HZ) on every architecture that Node runs on. */
const TICK_MS = 10;

/** User and system time of all threads, and of children that have ended (Redis rewrites its file in one). */
export function readCpuMs(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + readProcessCpuMs(pid), 0);
}

function readProcessCpuMs(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is the program's name in parentheses and may hold spaces; the times are fields 14 to 17.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [user = 0, system = 0, childUser = 0, childSystem = 0] = fields.slice(11, 15).map(Number);
  return (user + system + childUser + childSystem) * TICK_MS;
}

export function readRssBytes(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const found = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return sum + Number(found?.[1] ?? 0) * 1_024;
  }, 0);
}
