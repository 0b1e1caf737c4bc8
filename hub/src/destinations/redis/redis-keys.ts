/**
 * Names of the keys a destination writes. In a cluster they must lie in one slot, or they could not be written together:
 * those beside the set then carry its name in braces, by which Redis finds their slot.
 */

export interface RedisKeys {
  readonly set: string;
  /** Holds the id of the destination that keeps the set. */
  readonly marker: string;
  /** Written and gone again when somebody tests the destination. */
  readonly probe: string;
  readonly stream: string | null;
  toCallKey(callId: string): string;
}

export interface RedisKeyNames {
  readonly set_name: string;
  readonly key_prefix: string;
  readonly stream_name?: string | undefined;
  readonly cluster: boolean;
}

export function toRedisKeys({ set_name, key_prefix, cluster, stream_name }: RedisKeyNames): RedisKeys {
  const set = key_prefix + set_name;
  const beside = cluster && toHashTag(set) === set ? `{${set}}` : set;
  return {
    set,
    marker: `${beside}:offhook`,
    probe: `${beside}:offhook:test`,
    stream: stream_name === undefined || stream_name === '' ? null : key_prefix + stream_name,
    toCallKey: (callId) => `${beside}:call:${callId}`,
  };
}

/** What Redis hashes of a key: what stands in its first braces, or all of it. */
export function toHashTag(key: string): string {
  return /^[^{]*\{([^}]+)\}/.exec(key)?.[1] ?? key;
}
