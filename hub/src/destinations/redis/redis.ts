/**
 * The Redis destination: a set of active call ids that equals the journal's, and on request a hash per call and a
 * message per event. Works with Redis from 6.2 on and with Valkey.
 */
import type { AttemptResult, DestinationGround, DestinationKind, DestinationSender } from '../destination.ts';
import type { KindOptions } from '../kind-options.ts';
import { parseRedisUrl, type RedisAddress } from './redis-address.ts';
import { toRedisKeys } from './redis-keys.ts';
import type { LinkOpener } from './redis-link.ts';
import { openRedisLink } from './redis-link.ts';
import { RedisSender } from './redis-sender.ts';
import type { RedisSettings } from './redis-settings.ts';
import {
  createRedisSettingsSchema,
  describeRedisTarget,
  keepMaskedRedisSettings,
  parseCertificates,
  toPublicRedisSettings,
} from './redis-settings.ts';
import { failed, type RedisFailure } from './redis-failure.ts';
import { checkRedis } from './redis-check.ts';

export type RedisKindOptions = Pick<KindOptions, 'egress' | 'resolver' | 'trustedCertificates'>;

export function createRedisKind(options: RedisKindOptions): DestinationKind<RedisSettings> {
  return {
    kind: 'redis',
    title: 'Redis',
    summary:
      'Keeps a set of the ids of active calls, and if you like a hash per call and a message per event.',
    setup: [
      'Make a Redis user for the hub; the ACL SETUSER line stands in docs/destinations/redis.md. (Where one password is enough, skip this.)',
      'Give the URL, rediss://user:password@host:6379. Signs such as @, /, # or % in the password are percent-encoded.',
      "Choose a set that is Offhook's alone: what is in it and no active call is taken out.",
      'The check of the connection asks Redis whether each command is allowed, and names the rights that are missing.',
    ],
    settings: createRedisSettingsSchema(options.egress),
    // Attempts that wait together are written together, so a wide lane costs Redis nothing.
    defaults: { concurrency: 128, timeoutMs: 10_000 },
    signs: false,
    isEager: true,
    toPublicSettings: toPublicRedisSettings,
    keepMasked: keepMaskedRedisSettings,
    describeTarget: describeRedisTarget,
    open: (settings, ground) => openSender(settings, ground, options),
    test: async (settings, ground, deadlineMs) => {
      const openLink = toLinkOpener(settings, options);
      if ('kind' in openLink) return toResult(openLink, 0);
      const startedAtMs = ground.monotonicMs();
      const outcome = await checkRedis({ settings, ground, deadlineMs, openLink });
      const totalMs = ground.monotonicMs() - startedAtMs;
      return outcome.kind === 'failed'
        ? toResult(outcome, totalMs)
        : { kind: 'done', detail: outcome.detail, timing: { firstByteMs: null, totalMs } };
    },
  };
}

function openSender(
  settings: RedisSettings,
  ground: DestinationGround,
  options: RedisKindOptions,
): DestinationSender {
  const openLink = toLinkOpener(settings, options);
  // Parsed at the API door, so this can only be a journal edited by hand; said per attempt, where people look.
  if ('kind' in openLink) return new UnusableSender(openLink);
  return new RedisSender({ settings, ground, openLink });
}

/** Opens one link after the other to where these settings point. */
function toLinkOpener(settings: RedisSettings, options: RedisKindOptions): LinkOpener | RedisFailure {
  const url = parseRedisUrl(settings.url);
  if (typeof url === 'string') return failed('settings', 'the URL of this destination cannot be read');
  const given = settings.tls_ca === undefined ? '' : settings.tls_ca.trim();
  const trustedCertificates = given === '' ? (options.trustedCertificates ?? null) : parseCertificates(given);
  const { marker } = toRedisKeys(settings);
  const knownNodes: RedisAddress[] = [];
  return (onEnd, timeoutMs, signal) =>
    openRedisLink({
      guard: options.egress,
      resolver: options.resolver,
      url,
      trustedCertificates,
      clusterKey: settings.cluster ? marker : null,
      knownNodes,
      timeoutMs,
      signal,
      onEnd,
    });
}

class UnusableSender implements DestinationSender {
  readonly #failure: RedisFailure;

  constructor(failure: RedisFailure) {
    this.#failure = failure;
  }

  async attempt(): Promise<AttemptResult> {
    return toResult(this.#failure, 0);
  }

  async close(): Promise<void> {}

  abandon(): void {}
}

function toResult({ cause, detail }: RedisFailure, totalMs: number): AttemptResult {
  return { kind: 'failed', cause, detail, timing: { firstByteMs: null, totalMs } };
}
