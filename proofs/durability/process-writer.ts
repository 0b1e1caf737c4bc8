/** A writer in a process of its own (writer.child.ts): journal, engine and sender without the doors, quick to start. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

import type { Story } from './checker.ts';
import type { WriterOrder } from './writer.child.ts';

export interface Writer {
  /** Lets it write until its life is over; returns when it is dead and everything it said was heard. */
  write(order: WriterOrder, story: Story, lifeMs: number): Promise<void>;
  /** Lets it deliver what is owed, then stops it in good order. */
  drain(order: WriterOrder): Promise<void>;
  kill(): void;
}

const WRITER_SCRIPT = new URL('./writer.child.ts', import.meta.url).pathname;
/** A crash point that is not reached by then becomes an ordinary kill. */
const CRASH_MS_MAX = 400;
const READY_MS_MAX = 30_000;

/** Compiled code is kept only by a process that ends by itself, which writers never do. Start: 0.21 s instead of 0.45 s. */
export function warmCodeCache(environment: Readonly<Record<string, string>>): void {
  spawnSync(process.execPath, [WRITER_SCRIPT], { input: '', env: { ...environment } });
}

/** It loads its code at once, and opens nothing before it is told to. */
export function startProcessWriter(environment: Readonly<Record<string, string>>): Writer {
  const child = spawn(process.execPath, [WRITER_SCRIPT], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...environment },
  });
  // It may be dead before it reads its order.
  child.stdin.on('error', () => {});
  return {
    async write(order, story, lifeMs) {
      await runOrder(child, order, (line, killAfter) => {
        const [word, number, text] = line.split(' ');
        if (word === 'ready') killAfter(order.crash === null ? lifeMs : CRASH_MS_MAX);
        else if (word === 'try') story.tried.add(Number(number));
        else if (word === 'ack') story.acked.set(Number(number), String(text));
        else process.stderr.write(`writer: ${line}\n`);
      });
    },
    async drain(order) {
      const code = await runOrder(child, order, (line) => {
        if (line !== 'ready') process.stderr.write(`writer: ${line}\n`);
      });
      if (code !== 0) throw new Error(`The drain ended with ${code}.`);
    },
    kill: () => void child.kill('SIGKILL'),
  };
}

async function runOrder(
  child: ChildProcess & { readonly stdin: NonNullable<ChildProcess['stdin']> },
  order: WriterOrder,
  hear: (line: string, killAfter: (delayMs: number) => void) => void,
): Promise<number | null> {
  const closed = new Promise<number | null>((resolve) => {
    child.once('close', resolve);
  });
  let timer = setTimeout(() => child.kill('SIGKILL'), READY_MS_MAX);
  const killAfter = (delayMs: number): void => {
    clearTimeout(timer);
    timer = setTimeout(() => child.kill('SIGKILL'), delayMs);
  };
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const heard = (async () => {
    for await (const line of lines) hear(line, killAfter);
  })();
  child.stdin.write(`${JSON.stringify(order)}\n`);
  const code = await closed;
  await heard;
  clearTimeout(timer);
  return code;
}
