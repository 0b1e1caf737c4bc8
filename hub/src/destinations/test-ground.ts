/** The ground a sender stands on, in memory, for the kinds' own tests: a journal that is one Map of calls and one of memory. */
import {
  MEMORY_KEY_CHARACTERS_MAX,
  MEMORY_VALUE_CHARACTERS_MAX,
  type DestinationGround,
  type KnownCall,
} from './destination.ts';

export interface TestGround extends DestinationGround {
  /** By call id; changed by the test while the sender runs. */
  readonly calls: Map<string, KnownCall>;
  /** By key; survives where the test opens a second sender on the same ground, as the journal does. */
  readonly remembered: Map<
    string,
    { readonly value: string; readonly callId: string | null; readonly isSecret: boolean }
  >;
  readonly troubles: { readonly detail: string; readonly error: unknown }[];
  /** While set, everything that asks the journal rejects with it. */
  trouble: Error | null;
  /** As pruning does: the call and what was remembered with it. */
  forgetCall(callId: string): void;
}

export interface TestGroundOptions {
  readonly calls?: Iterable<KnownCall>;
  readonly clock?: Pick<DestinationGround, 'nowMs' | 'monotonicMs' | 'setTimer'>;
  readonly random?: () => number;
  readonly destinationId?: string;
  readonly destinationName?: string | null;
  /** By the destination's filter; missing: every call is. */
  readonly isWanted?: (call: KnownCall) => boolean;
  /** Address of the hub in links; null: it knows none. */
  readonly publicUrl?: string | null;
}

const PAGE_CALLS_MAX = 1_000;

export function createTestGround(options: TestGroundOptions = {}): TestGround {
  const calls = new Map([...(options.calls ?? [])].map((call) => [call.callId, call]));
  const remembered: TestGround['remembered'] = new Map();
  const publicUrl = options.publicUrl === undefined ? 'https://offhook.example' : options.publicUrl;
  const destinationId = options.destinationId ?? 'dst_TEST';
  const linkTo = (path: string, id: string): string | null =>
    publicUrl === null ? null : `${publicUrl}/${path}/${encodeURIComponent(id)}`;
  const check = async (): Promise<void> => {
    await Promise.resolve();
    if (ground.trouble !== null) throw ground.trouble;
  };

  const ground: TestGround = {
    ...(options.clock ?? REAL_TIME),
    destinationId,
    accountId: 'default',
    destinationName: options.destinationName ?? null,
    random: options.random ?? Math.random,
    isWanted: options.isWanted ?? (() => true),
    calls,
    remembered,
    troubles: [],
    trouble: null,
    async readCalls(callIds) {
      await check();
      return callIds.map((callId) => calls.get(callId));
    },
    async readActiveCalls(cursor) {
      await check();
      const active = [...calls.values()].filter((call) => call.isActive).sort(byCallId);
      const rest = cursor === null ? active : active.filter((call) => call.callId > cursor);
      const page = rest.slice(0, PAGE_CALLS_MAX);
      return { calls: page, nextCursor: rest.length > page.length ? (page.at(-1)?.callId ?? null) : null };
    },
    memory: {
      async read(keys) {
        await check();
        return keys.map((key) => remembered.get(key)?.value);
      },
      async list(prefix, limit) {
        await check();
        return [...remembered]
          .filter(([key]) => key.startsWith(prefix))
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .slice(0, limit)
          .map(([key, { value }]) => ({ key, value }));
      },
      async write(entries) {
        await check();
        for (const { key, value } of entries) {
          if (key.length > MEMORY_KEY_CHARACTERS_MAX) throw new Error(`the key ${key} is too long`);
          if ((value?.length ?? 0) > MEMORY_VALUE_CHARACTERS_MAX)
            throw new Error(`${key} is too much to remember`);
        }
        for (const { key, value, callId, isSecret } of entries) {
          if (value === null) remembered.delete(key);
          else remembered.set(key, { value, callId: callId ?? null, isSecret: isSecret ?? false });
        }
      },
    },
    toCallLink: (callId) => linkTo('calls', callId),
    toDestinationLink: (id) => linkTo('destinations', id),
    troubled: (detail, error) => void ground.troubles.push({ detail, error }),
    forgetCall(callId) {
      calls.delete(callId);
      for (const [key, entry] of remembered) if (entry.callId === callId) remembered.delete(key);
    },
  };
  return ground;
}

/** A call that is live now, unless told otherwise. */
export function makeKnownCall(over: Partial<KnownCall> & { readonly callId: string }): KnownCall {
  const state = over.state ?? 'live';
  return {
    state,
    isActive: state === 'live',
    type: 'inbound_phone_call',
    phoneNumber: { number: '+31850835037', name: 'HMS Sovereign Demo' },
    customer: { number: '+31612345678' },
    startedAtMs: 1_795_312_800_000,
    endedAtMs: null,
    durationMs: null,
    error: null,
    endReason: null,
    summary: null,
    firstReportAtMs: 1_795_312_800_000,
    liveSinceMs: state === 'none' ? null : 1_795_312_800_000,
    ...over,
  };
}

const REAL_TIME: Pick<DestinationGround, 'nowMs' | 'monotonicMs' | 'setTimer'> = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimer(callback, delayMs) {
    const timer = setTimeout(callback, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

function byCallId(a: KnownCall, b: KnownCall): number {
  return a.callId < b.callId ? -1 : 1;
}
