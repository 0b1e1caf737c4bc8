/**
 * The set of active calls in Redis equals the journal's, whatever happens to Redis and to the hub: 10,000 calls whose
 * reports come twice, late and in the wrong order, while a real redis-server is killed, restarted empty or with old data,
 * flushed, starved of memory until it refuses or evicts, made read-only, stopped, cut off and written to by others, and
 * the hub is killed -9 as well.
 * A healthy webhook destination beside it must not notice: no attempt of it fails, and its time from report to arrival
 * is that of calm times. Hub, Redis and measuring are three processes.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createRandom } from './durability/random.ts';
import { createChaos, toConfiguration, type FaultName } from './redis/chaos.ts';
import { createHub, type Hub } from './redis/hub.ts';
import { findRedisServer, startRedisServer, type RedisServer } from './redis/redis-server.ts';
import { makeTraffic, type EndState, type Report } from './redis/traffic.ts';

export interface ProofOptions {
  readonly size: 'full' | 'small';
  readonly seed: number;
}

export interface ProofResult {
  readonly passed: boolean;
  readonly figures: Readonly<Record<string, number | string>>;
}

/** Calm and chaos take turns, so that what else the machine does falls on both alike. */
const SIZES = {
  full: {
    calls: 10_000,
    rounds: 6,
    calmMs: 8_000,
    chaosMs: 25_000,
    killedEvery: 2,
    lastsMs: { min: 500, max: 6_500 },
  },
  small: {
    calls: 500,
    rounds: 2,
    calmMs: 1_500,
    chaosMs: 5_000,
    killedEvery: 1,
    lastsMs: { min: 150, max: 700 },
  },
} as const;
/** Of those that end in chaos. */
const LIVE_SHARE_MIN = 0.05;

/** Of the full comparison. Other losses must be noticed sooner: by the marker, and by the connection. */
const RECONCILE_S = 10;
const BATCH_MS = 100;
/** Behind a start of the hub its code is cold and its backlog due; what is slow then has nothing to do with Redis. */
const AFTER_START_MS = 5_000;
const SETTLE_MS_MAX = 60_000;
/** A webhook beside a Redis in trouble may take so much longer at its 99th percentile. */
const ADDED_MS_MAX = 50;

export async function proveRedis({ size, seed }: ProofOptions): Promise<ProofResult> {
  const version = findRedisServer();
  if (version === null) {
    // In CI nobody reads the line above the green one: there a proof that did not run is a fault.
    const isExcused = process.env['CI'] !== 'true';
    process.stdout.write(
      `  ${isExcused ? 'SKIPPED' : 'FAILED'}: this machine has no redis-server (REDIS_SERVER names one)\n`,
    );
    return { passed: isExcused, figures: { skipped: 'no redis-server on this machine' } };
  }
  const { calls, rounds, calmMs, chaosMs, killedEvery, lastsMs } = SIZES[size];
  const random = createRandom(seed);
  const receiver = await startReceiver();
  const hub = await createHub();
  const folder = await mkdtemp(join(tmpdir(), 'offhook-redis-data-'));
  let server: RedisServer = await startRedisServer({ configuration: toConfiguration(folder) });
  try {
    await hub.start();
    const redisId = await addDestination(hub, 'redis', {
      url: `redis://127.0.0.1:${server.port}`,
      call_hashes: true,
      hash_ttl_s: 86_400,
      stream_name: 'call_events',
      reconcile_s: RECONCILE_S,
    });
    const webhookId = await addDestination(hub, 'webhook', { url: receiver.url });
    await wait(AFTER_START_MS);

    const chaos = createChaos({ server, folder, random, lastsMs });
    const endStates = new Map<string, EndState>();
    const logs = { calm: new Map<string, number>(), chaos: new Map<string, number>() };
    const downs: Down[] = [];
    let reportsSent = 0;
    const run = async (phase: 'calm' | 'chaos', round: number): Promise<void> => {
      const durationMs = phase === 'calm' ? calmMs : chaosMs;
      const share = durationMs / chaosMs / rounds;
      const traffic = makeTraffic(Math.ceil(calls * share), random, `${phase}-${round}`);
      for (const [id, state] of traffic.endStates) endStates.set(id, state);
      reportsSent += traffic.reports.length;
      for (const [id, atMs] of await drive(hub, traffic.reports, durationMs)) logs[phase].set(id, atMs);
    };
    for (let round = 0; round < rounds; round += 1) {
      await run('calm', round);
      await chaos.begin();
      const killing = round % killedEvery === killedEvery - 1 ? killHub(hub, chaosMs / 3) : null;
      await run('chaos', round);
      if (killing !== null) downs.push(await killing);
      await chaos.end();
      server = chaos.server;
      // Else the calm would have the chaos' backlog to carry.
      if (round < rounds - 1) await untilDelivered(hub, [redisId, webhookId]);
    }
    const endedAtMs = performance.now();
    const isDelivered = await untilDelivered(hub, [redisId, webhookId]);
    const deliveredAtMs = performance.now();

    const verdict = await untilEqual(hub, server, endStates);
    const equalAtMs = performance.now();
    const deliveries = hub.countDeliveries(redisId);
    const webhookDeliveries = hub.countDeliveries(webhookId);
    const failedAttempts = await countFailedAttempts(hub, redisId);

    const measured = (log: ReadonlyMap<string, number>): number[] => toLatencies(log, receiver, downs);
    const calm = measured(logs.calm);
    const during = measured(logs.chaos);
    const p99 = { calm: quantile(calm, 0.99), during: quantile(during, 0.99) };
    const retried = [...receiver.arrivals.values()].filter(({ attempt }) => attempt > 1).length;
    const missing = [...logs.calm.keys(), ...logs.chaos.keys()].filter(
      (id) => !receiver.arrivals.has(id),
    ).length;
    const isUnmoved = size === 'small' || p99.during - p99.calm <= ADDED_MS_MAX;
    const owed = deliveries.pending + deliveries.dead + deliveries.superseded + deliveries.cancelled;
    return {
      passed:
        isDelivered &&
        owed === 0 &&
        verdict.problems.length === 0 &&
        verdict.active >= calls * LIVE_SHARE_MIN &&
        retried === 0 &&
        missing === 0 &&
        webhookDeliveries.pending + webhookDeliveries.dead === 0 &&
        isUnmoved,
      figures: {
        'redis-server': version,
        calls: endStates.size,
        'reports sent': reportsSent,
        rounds,
        ...toFaultFigures(chaos.faults),
        'keys evicted': chaos.evicted,
        'hub killed -9': downs.length,
        'active calls at the end': verdict.active,
        'ids in the set': verdict.members,
        'hashes compared': verdict.hashes,
        'differences at the end': verdict.problems.length,
        ...(verdict.problems.length === 0
          ? {}
          : { 'first differences': verdict.problems.slice(0, 5).join('; ') }),
        'deliveries to Redis, delivered': deliveries.delivered,
        'deliveries to Redis, otherwise': owed,
        'attempts that failed at Redis': failedAttempts,
        'all delivered after the chaos (s)': rounded((deliveredAtMs - endedAtMs) / 1_000),
        'equal after the last delivery (s)': rounded((equalAtMs - deliveredAtMs) / 1_000),
        'webhook events arrived': receiver.arrivals.size,
        'webhook events missing': missing,
        'webhook attempts failed': retried,
        'webhook samples in calm / chaos': `${calm.length} / ${during.length}`,
        'webhook p50 in calm (ms)': rounded(quantile(calm, 0.5)),
        'webhook p50 in chaos (ms)': rounded(quantile(during, 0.5)),
        'webhook p99 in calm (ms)': rounded(p99.calm),
        'webhook p99 in chaos (ms)': rounded(p99.during),
      },
    };
  } finally {
    await hub.stop();
    await server.kill();
    await receiver.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function addDestination(hub: Hub, kind: string, settings: object): Promise<string> {
  // Short waits, so that the proof does not spend its minutes waiting for the next try; as many tries as may be.
  const retry = kind === 'redis' ? { retry_schedule_s: Array.from({ length: 50 }, () => 1) } : {};
  const { status, body } = await hub.call('POST', '/v1/destinations', { kind, settings, ...retry });
  if (status !== 201) throw new Error(`the hub refused the destination: ${status} ${JSON.stringify(body)}`);
  return (body as { id: string }).id;
}

/** Sends the reports evenly over the time, each batch until it is acknowledged. Event id → when its report was first sent. */
async function drive(
  hub: Hub,
  reports: readonly Report[],
  durationMs: number,
): Promise<ReadonlyMap<string, number>> {
  const sentAt = new Map<string, number>();
  const perBatch = Math.max(1, Math.ceil((reports.length * BATCH_MS) / durationMs));
  const startedAtMs = performance.now();
  const sending: Promise<void>[] = [];
  let isDown = false;
  const sendBatch = async (batch: readonly Report[]): Promise<void> => {
    const atMs = performance.now();
    for (;;) {
      const answer = await hub.call('POST', '/v1/reports', { reports: batch }).catch(() => null);
      isDown = answer === null;
      if (answer !== null && answer.status !== 200) throw new Error(`a report was answered ${answer.status}`);
      if (answer !== null) {
        const { results } = answer.body as { results: readonly { event?: { id: string } | null }[] };
        for (const { event } of results)
          if (event !== undefined && event !== null) sentAt.set(event.id, atMs);
        return;
      }
      await wait(100);
    }
  };
  for (let at = 0, nth = 0; at < reports.length; at += perBatch, nth += 1) {
    await wait(Math.max(0, startedAtMs + nth * BATCH_MS - performance.now()));
    const sent = sendBatch(reports.slice(at, at + perBatch));
    sending.push(sent);
    // While the hub is down reports wait, as a source's would; else a thousand batches would come at once.
    if (isDown) await sent;
  }
  await Promise.all(sending);
  return sentAt;
}

interface Down {
  readonly fromMs: number;
  readonly untilMs: number;
}

async function killHub(hub: Hub, afterMs: number): Promise<Down> {
  await wait(afterMs);
  const fromMs = performance.now();
  await hub.kill();
  await hub.start();
  return { fromMs, untilMs: performance.now() + AFTER_START_MS };
}

async function untilDelivered(hub: Hub, destinationIds: readonly string[]): Promise<boolean> {
  const endsAtMs = performance.now() + SETTLE_MS_MAX;
  while (performance.now() < endsAtMs) {
    if (destinationIds.every((id) => hub.countDeliveries(id).pending === 0)) return true;
    await wait(100);
  }
  return false;
}

interface Verdict {
  readonly active: number;
  readonly members: number;
  readonly hashes: number;
  readonly problems: readonly string[];
}

/** Equal at once, or after one more comparison where others had changed the set last; never later. */
async function untilEqual(
  hub: Hub,
  server: RedisServer,
  endStates: ReadonlyMap<string, EndState>,
): Promise<Verdict> {
  const endsAtMs = performance.now() + RECONCILE_S * 1_000 + 5_000;
  for (;;) {
    const verdict = await compare(hub, server, endStates);
    if (verdict.problems.length === 0 || performance.now() > endsAtMs) return verdict;
    await wait(250);
  }
}

const HASHES_AT_ONCE = 1_000;
const READ_STATUSES = `local found = {}
  for nth, key in ipairs(ARGV) do found[nth] = redis.call('HGET', key, 'status') end
  return found`;

/** The set with the hub's list of active calls and with what was reported; each hash with what was reported. */
async function compare(
  hub: Hub,
  server: RedisServer,
  endStates: ReadonlyMap<string, EndState>,
): Promise<Verdict> {
  const members = new Set((await server.command('SMEMBERS', 'active_calls')) as string[]);
  const active = await readActiveCalls(hub);
  const problems: string[] = [];
  for (const id of members) if (!active.has(id)) problems.push(`${id} is in the set and not active`);
  for (const id of active) if (!members.has(id)) problems.push(`${id} is active and not in the set`);
  for (const [id, state] of endStates)
    if ((state === 'in-progress') !== active.has(id))
      problems.push(`${id} was reported ${state}, and the hub disagrees`);
  let hashes = 0;
  const ids = [...endStates.keys()];
  for (let at = 0; at < ids.length; at += HASHES_AT_ONCE) {
    const chunk = ids.slice(at, at + HASHES_AT_ONCE);
    const keys = chunk.map((id) => `active_calls:call:${id}`);
    const statuses = (await server.command('EVAL', READ_STATUSES, '0', ...keys)) as (string | null)[];
    for (const [nth, id] of chunk.entries()) {
      const status = statuses[nth] ?? null;
      const state = endStates.get(id);
      if (status !== null) hashes += 1;
      // Of ended calls a flush takes the hash for good; what is there must be right.
      if (status === null ? state === 'in-progress' : status !== state)
        problems.push(`the hash of ${id} says ${String(status)} and not ${String(state)}`);
    }
  }
  return { active: active.size, members: members.size, hashes, problems };
}

async function readActiveCalls(hub: Hub): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  let cursor: string | null = null;
  do {
    const path: string = `/v1/active-calls?limit=200${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`;
    const { body } = await hub.call('GET', path);
    const page = body as { data: readonly { id: string }[]; next_cursor: string | null };
    for (const { id } of page.data) ids.add(id);
    cursor = page.next_cursor;
  } while (cursor !== null);
  return ids;
}

async function countFailedAttempts(hub: Hub, destinationId: string): Promise<number> {
  const { body } = await hub.call('GET', `/v1/destinations/${destinationId}`);
  return (body as { success_24h: { failed_attempts: number } }).success_24h.failed_attempts;
}

interface Receiver {
  readonly url: string;
  /** Event id → when it first came and with which attempt number. */
  readonly arrivals: Map<string, { readonly atMs: number; readonly attempt: number }>;
  stop(): Promise<void>;
}

async function startReceiver(): Promise<Receiver> {
  const arrivals: Receiver['arrivals'] = new Map();
  const server = http.createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      const eventId = String(request.headers['webhook-id']);
      if (!arrivals.has(eventId))
        arrivals.set(eventId, {
          atMs: performance.now(),
          attempt: Number(request.headers['offhook-attempt']),
        });
      response.end();
    });
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the receiver has no port');
  return {
    url: `http://127.0.0.1:${address.port}/healthy`,
    arrivals,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Without what was under way while the hub itself was down or had just started. */
function toLatencies(
  log: ReadonlyMap<string, number>,
  { arrivals }: Receiver,
  downs: readonly Down[],
): number[] {
  const latencies: number[] = [];
  for (const [eventId, sentAtMs] of log) {
    const arrival = arrivals.get(eventId);
    if (arrival === undefined) continue;
    if (downs.some(({ fromMs, untilMs }) => arrival.atMs >= fromMs && sentAtMs <= untilMs)) continue;
    latencies.push(arrival.atMs - sentAtMs);
  }
  return latencies;
}

function toFaultFigures(faults: Readonly<Record<FaultName, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(faults).map(([name, count]) => [`Redis ${name}`, count]));
}

function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
