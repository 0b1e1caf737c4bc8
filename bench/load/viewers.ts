import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import type { FromViewers, ToViewers, ViewersReport } from './viewers-process.ts';

import { stopChild } from '../contestants/child.ts';

/** People who watch the stream, in a process of their own: reading 500 streams would slow the load generator down. */
export interface Viewers {
  /** Resolves once every one of them is watching. */
  open(): Promise<void>;
  /** What came since the last report that was taken; what the sampled ones saw, by this process's clock. */
  readReport(): Promise<ViewersReport>;
  takeReport(): Promise<ViewersReport>;
  stop(): Promise<void>;
}

const FILE = fileURLToPath(new URL('./viewers-process.ts', import.meta.url));

export async function startViewers(options: {
  readonly port: number;
  readonly apiKey: string;
  readonly count: number;
}): Promise<Viewers> {
  const child = fork(FILE, { env: { PATH: process.env['PATH'], NODE_ENV: 'production' } });
  const died = once(child, 'exit').then(([code]) => {
    throw new Error(`the viewers' process ended with ${String(code)}`);
  });
  died.catch(() => undefined);

  async function ask(message: ToViewers): Promise<FromViewers> {
    const answered = once(child, 'message');
    child.send(message);
    const [answer] = (await Promise.race([answered, died])) as [FromViewers];
    if (answer.kind === 'failed') throw new Error(answer.detail);
    return answer;
  }

  async function askReport(keeps: boolean): Promise<ViewersReport> {
    const answer = await ask({ kind: 'report', keeps });
    if (answer.kind !== 'reported') throw new Error(`the viewers answered ${answer.kind}`);
    const offsetMs = readMonotonicMs() - performance.now();
    return {
      ...answer.report,
      arrivals: answer.report.arrivals.map(([slot, atMs]) => [slot, atMs - offsetMs]),
    };
  }

  return {
    async open() {
      await ask({ kind: 'open', ...options });
    },
    readReport: () => askReport(true),
    takeReport: () => askReport(false),
    stop: () => stopChild(child),
  };
}

/** The same in every process of the machine, where performance.now() begins with its own. */
export function readMonotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
