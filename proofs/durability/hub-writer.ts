/** The whole program as its users start it: reports go in through POST /v1/reports, an acknowledgement is its answer. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';

import type { Story } from './checker.ts';
import type { Writer } from './process-writer.ts';
import { createRandom } from './random.ts';
import type { WriterOrder } from './writer.child.ts';

const LAUNCHER = new URL('../../hub/bin/offhook.js', import.meta.url).pathname;
const API_KEY = 'a-key-for-the-proof-alone-0123456789';
const MASTER_KEY = Buffer.alloc(32, 1).toString('base64');
const CALLERS = 8;
const BATCH_MAX = 4;
const DRAIN_MS_MAX = 30_000;
const DRAIN_POLL_MS = 50;
const STOP_MS_MAX = 15_000;
/** Report numbers are sent as timestamps, so that each report can be found again; they must look like ones. */
const FIRST_MS = 1_700_000_000_000;
const COUNT_PENDING = 'SELECT pending FROM counters';

export function createHubWriter(environment: Readonly<Record<string, string>>): Writer {
  let kill = (): void => {};

  async function start(
    order: WriterOrder,
  ): Promise<{ address: string; end(signal: NodeJS.Signals): Promise<void> }> {
    const child = spawn(
      process.execPath,
      [LAUNCHER, 'start', '--json', '--port', '0', '--data-dir', dirname(order.file)],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          ...environment,
          OFFHOOK_API_KEY: API_KEY,
          OFFHOOK_MASTER_KEY: MASTER_KEY,
          LOG_LEVEL: 'error',
        },
      },
    );
    kill = () => void child.kill('SIGKILL');
    const exited = once(child, 'exit');
    let told = '';
    child.stderr.on('data', (chunk: Buffer) => (told += chunk.toString()));
    for await (const line of createInterface({ input: child.stdout })) {
      const { address } = JSON.parse(line) as { address: string };
      child.stdout.resume();
      return {
        address,
        async end(signal) {
          child.kill(signal);
          const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
          await exited;
          clearTimeout(timer);
        },
      };
    }
    throw new Error(`The hub did not start: ${told}`);
  }

  return {
    async write(order, story, lifeMs) {
      const hub = await start(order);
      const agent = new Agent({ keepAlive: true });
      if (order.firstNumber === 1) await createDestinations(agent, hub.address, order.urls);
      const callers = startCallers(agent, hub.address, order, story);
      await new Promise((resolve) => {
        setTimeout(resolve, lifeMs);
      });
      await hub.end('SIGKILL');
      // What was answered before the kill counts, also where we read it after.
      await callers;
      agent.destroy();
    },
    async drain(order) {
      const hub = await start(order);
      const db = new DatabaseSync(order.file, { readOnly: true });
      const startedMs = performance.now();
      while (
        db.prepare(COUNT_PENDING).get()?.['pending'] !== 0 &&
        performance.now() - startedMs < DRAIN_MS_MAX
      ) {
        await new Promise((resolve) => {
          setTimeout(resolve, DRAIN_POLL_MS);
        });
      }
      db.close();
      await hub.end('SIGTERM');
    },
    kill: () => kill(),
  };
}

async function createDestinations(agent: Agent, address: string, urls: readonly string[]): Promise<void> {
  for (const url of urls) {
    const answer = await post(agent, `${address}/v1/destinations`, {
      kind: 'webhook',
      settings: { url },
      retry_schedule_s: Array.from({ length: 40 }, () => 0.02),
    });
    if (answer?.status !== 201) throw new Error(`No destination was made: ${JSON.stringify(answer)}`);
  }
}

async function startCallers(agent: Agent, address: string, order: WriterOrder, story: Story): Promise<void> {
  const random = createRandom(order.seed);
  const calls: string[] = [];
  let number = FIRST_MS + order.firstNumber;
  await Promise.all(Array.from({ length: CALLERS }, () => call()));

  async function call(): Promise<void> {
    for (;;) {
      const numbers = Array.from({ length: 1 + Math.floor(random() * BATCH_MAX) }, () => (number += 1));
      for (const each of numbers) story.tried.add(each);
      const reports = numbers.map((each) => toReport(each, calls, random));
      const answer = await post(agent, `${address}/v1/reports`, { reports });
      if (answer === null) return;
      if (answer.status !== 200) throw new Error(`A report was answered ${answer.status}.`);
      const { results } = answer.body as { results: { event?: { id: string } | null }[] };
      for (const [index, result] of results.entries()) {
        story.acked.set(numbers[index] as number, result.event?.id ?? '-');
      }
    }
  }
}

function toReport(number: number, calls: string[], random: () => number): Record<string, unknown> {
  const known = calls[Math.floor(random() * calls.length)];
  const isNew = known === undefined || random() < 0.5;
  const callId = isNew ? `call-${number}` : known;
  if (isNew) calls.push(callId);
  return {
    call_id: callId,
    status: isNew || random() < 0.1 ? 'in-progress' : 'ended',
    timestamp: new Date(number).toISOString(),
    type: 'inbound_phone_call',
    phone_number: { number: '+31850000001' },
  };
}

/** null where the hub died before it answered: such a report may or may not be kept. */
function post(
  agent: Agent,
  url: string,
  body: unknown,
): Promise<{ readonly status: number; readonly body: unknown } | null> {
  return new Promise((resolve) => {
    const outgoing = request(
      url,
      {
        agent,
        method: 'POST',
        headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', () => resolve(null));
        response.on('end', () => {
          if (!response.complete) resolve(null);
          else {
            const text = Buffer.concat(chunks).toString();
            resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) as unknown });
          }
        });
      },
    );
    outgoing.on('error', () => resolve(null));
    outgoing.end(JSON.stringify(body));
  });
}
