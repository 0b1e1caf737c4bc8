/** What the tests of the Redis kind share: a real server, a sender on a ground in memory, attempts as the engine makes them. */
import { setTimeout as wait } from 'node:timers/promises';
import {
  startRedisServer,
  type RedisServer,
  type RedisServerOptions,
} from '../../../../proofs/redis/redis-server.ts';
import type { AttemptRequest, DestinationSender } from '../destination.ts';
import { createEgressGuard } from '../egress/address-rules.ts';
import { createResolver } from '../egress/resolver.ts';
import { createTestGround, type TestGround, type TestGroundOptions } from '../test-ground.ts';
import { createRedisKind, type RedisKindOptions } from './redis.ts';

export interface RedisStand {
  startServer(options?: RedisServerOptions): Promise<RedisServer>;
  open(given: StandSettings, ground?: TestGroundOptions): StandSender;
  /** Ends what was started and opened. */
  clear(): Promise<void>;
}

export interface StandSettings {
  readonly settings: Readonly<Record<string, unknown>> & { readonly url: string };
  readonly kind?: Partial<RedisKindOptions>;
  /** Another sender's, as after a restart of the hub. */
  readonly ground?: TestGround;
}

export interface StandSender {
  readonly sender: DestinationSender;
  readonly ground: TestGround;
}

export function createStandKind(over: Partial<RedisKindOptions> = {}) {
  return createRedisKind({
    egress: createEgressGuard({ allow: [], allowLoopback: true }),
    resolver: createResolver(),
    ...over,
  });
}

export function createRedisStand(): RedisStand {
  const servers: RedisServer[] = [];
  const senders: DestinationSender[] = [];
  return {
    async startServer(options) {
      const server = await startRedisServer(options);
      servers.push(server);
      return server;
    },
    open({ settings, kind: over, ground: given }, groundOptions) {
      const kind = createStandKind(over);
      const ground = given ?? createTestGround(groundOptions);
      const sender = kind.open(kind.settings.parse(settings), ground);
      senders.push(sender);
      return { sender, ground };
    },
    async clear() {
      for (const sender of senders.splice(0)) sender.abandon();
      for (const server of servers.splice(0)) await server.kill();
    },
  };
}

export function makeRequest(callId: string, over: Partial<AttemptRequest> = {}): AttemptRequest {
  return {
    eventId: `evt_${callId}`,
    eventType: 'status-update',
    sequence: 1,
    attemptNumber: 1,
    body: Buffer.from(
      JSON.stringify({ message: { type: 'status-update', call: { id: callId, status: 'in-progress' } } }),
    ),
    nowMs: 1_795_312_800_000,
    traceparent: '00-00000000000000000000000000000001-0000000000000001-01',
    deadlineMs: 5_000,
    secrets: { current: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', previous: null },
    ...over,
  };
}

const UNTIL_MS_MAX = 20_000;

/** Waits for a fact. */
export async function until(isSo: () => Promise<boolean> | boolean, fact: string): Promise<void> {
  const endsAtMs = performance.now() + UNTIL_MS_MAX;
  while (!(await isSo())) {
    if (performance.now() > endsAtMs) throw new Error(`it did not come about that ${fact}`);
    await wait(10);
  }
}

export async function readSet(server: RedisServer, key = 'active_calls'): Promise<readonly string[]> {
  return ((await server.command('SMEMBERS', key)) as string[]).toSorted();
}

export async function readHash(server: RedisServer, key: string): Promise<Record<string, string>> {
  const flat = (await server.command('HGETALL', key)) as string[];
  return Object.fromEntries(
    flat.flatMap((name, at) => (at % 2 === 0 ? [[name, flat[at + 1] ?? ''] as const] : [])),
  );
}
