import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';

import { readNumber, serveReports } from './baseline-server.ts';
import { runBaseline } from './child.ts';
import { createPoster } from './post.ts';
import { createSigning } from './signing.ts';

interface Delivery {
  readonly id: string;
  readonly url: string;
  readonly body: string;
}

/** As many attempts under way as the load generator has requests in flight. */
const WORKER_CONCURRENCY = 64;

/**
 * What a user would build instead: check the signature, put the event on a queue, answer once the queue has
 * it; a worker signs and POSTs it. Made as lean as its documentation allows (a finished job is removed at
 * once, nothing is logged), because the point is what the queue costs. It keeps no call state, no order per
 * call, no record of attempts, no limit per destination.
 *
 * ioredis could collect commands (`enableAutoPipelining`); with it BullMQ delivered 0.73 of what it does without.
 */
runBaseline(async ({ destinations, secret, redisPort }) => {
  const urls = new Map(destinations.map(({ number, url }) => [number, url]));
  // The client BullMQ would open itself; a worker may not give up on a command.
  const connect = (): Redis =>
    new Redis({ host: '127.0.0.1', port: redisPort as number, maxRetriesPerRequest: null });
  const queue = new Queue<Delivery>('deliveries', {
    connection: connect(),
    defaultJobOptions: {
      removeOnComplete: true,
      attempts: 12,
      backoff: { type: 'exponential', delay: 5_000 },
    },
  });
  const signing = createSigning(secret);
  const post = createPoster();
  const worker = new Worker<Delivery>(
    'deliveries',
    async ({ data }) => {
      const body = Buffer.from(data.body);
      const status = await post(data.url, signing.toHeaders(data.id, body), body);
      if (status < 200 || status > 299) throw new Error(`The destination answered ${status}.`);
    },
    { connection: connect(), concurrency: WORKER_CONCURRENCY },
  );
  await Promise.all([queue.waitUntilReady(), worker.waitUntilReady()]);

  return serveReports(async (headers, raw) => {
    if (!signing.verify(headers, raw)) return 401;
    const body = raw.toString();
    const url = urls.get(readNumber(body)) as string;
    await queue.add('deliver', { id: `evt_${randomUUID()}`, url, body });
    return 200;
  });
});
