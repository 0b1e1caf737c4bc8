/**
 * Names to addresses, by c-ares and never by `dns.lookup`: two hanging names in `dns.lookup` delayed every
 * other name by 1,952 ms, since libuv gives slow I/O half of its four threads; 50 hanging names through c-ares
 * blocked nothing (reference, section 1.5). The price: /etc/hosts and search domains are not read, only
 * `localhost` and `*.localhost` are known without asking.
 */
import dns from 'node:dns';

export interface Resolver {
  /** Never throws; the addresses are as DNS gave them, unchecked. */
  resolve(hostname: string): Promise<Resolution>;
}

export type Resolution =
  | { readonly kind: 'resolved'; readonly addresses: readonly string[] }
  | { readonly kind: 'failed'; readonly detail: string };

export interface ResolverOptions {
  /** `address` or `address:port`; those of the operating system where left out. */
  readonly servers?: readonly string[];
  readonly timeoutMs?: number;
  readonly tries?: number;
  /** Monotonic milliseconds, for the cache's age only. */
  readonly now?: () => number;
}

export const DNS_TIMEOUT_MS = 2_000;
export const DNS_TRIES = 2;
/** Long enough that a burst of new sockets asks once, short enough that a move is seen within a minute. */
export const DNS_CACHE_MS_MIN = 1_000;
export const DNS_CACHE_MS_MAX = 60_000;
export const DNS_CACHE_NAMES_MAX = 10_000;
/** Beyond this it is an attack on our memory: every answer is kept and checked, so their number needs a bound. */
export const DNS_ADDRESSES_MAX = 64;

export function createResolver(options: ResolverOptions = {}): Resolver {
  const timeoutMs = options.timeoutMs ?? DNS_TIMEOUT_MS;
  const now = options.now ?? (() => performance.now());
  const cares = new dns.promises.Resolver({
    timeout: timeoutMs,
    tries: options.tries ?? DNS_TRIES,
    maxTimeout: timeoutMs,
  });
  if (options.servers !== undefined) cares.setServers(options.servers);

  const cache = new Map<string, { readonly resolution: Resolution; readonly expiresAt: number }>();
  const underWay = new Map<string, Promise<Resolution>>();

  return {
    resolve(hostname) {
      const name = hostname.toLowerCase();
      if (isLocalhost(name)) return Promise.resolve(LOCALHOST);
      const cached = cache.get(name);
      if (cached !== undefined && cached.expiresAt > now()) return Promise.resolve(cached.resolution);

      // Callers of one name share one question: a destination whose DNS hangs holds one query, not one per attempt.
      const shared = underWay.get(name);
      if (shared !== undefined) return shared;
      const asked = ask(cares, name).then(({ resolution, ttlMs }) => {
        underWay.delete(name);
        cache.delete(name);
        if (resolution.kind === 'resolved') {
          if (cache.size >= DNS_CACHE_NAMES_MAX) cache.delete(cache.keys().next().value ?? '');
          cache.set(name, {
            resolution,
            expiresAt: now() + Math.min(Math.max(ttlMs, DNS_CACHE_MS_MIN), DNS_CACHE_MS_MAX),
          });
        }
        return resolution;
      });
      underWay.set(name, asked);
      return asked;
    },
  };
}

/** RFC 6761: these names mean this machine, and no DNS server is to be asked about them. */
export function isLocalhost(hostname: string): boolean {
  const name = hostname.endsWith('.') ? hostname.slice(0, -1) : hostname;
  return name === 'localhost' || name.endsWith('.localhost');
}

const LOCALHOST: Resolution = { kind: 'resolved', addresses: ['127.0.0.1', '::1'] };

interface Answer {
  readonly resolution: Resolution;
  readonly ttlMs: number;
}

async function ask(cares: dns.promises.Resolver, name: string): Promise<Answer> {
  const [v4, v6] = await Promise.allSettled([
    cares.resolve4(name, { ttl: true }),
    cares.resolve6(name, { ttl: true }),
  ]);
  // IPv4 first: a machine without an IPv6 route is far more common than one without IPv4.
  const records = [
    ...(v4.status === 'fulfilled' ? v4.value : []),
    ...(v6.status === 'fulfilled' ? v6.value : []),
  ];
  if (records.length > DNS_ADDRESSES_MAX) {
    const detail = `the DNS name ${name} has more than ${DNS_ADDRESSES_MAX} addresses, which is more than are looked through`;
    return { resolution: { kind: 'failed', detail }, ttlMs: 0 };
  }
  if (records.length > 0) {
    return {
      resolution: {
        kind: 'resolved',
        addresses: [...new Set(records.map((record) => record.address))],
      },
      ttlMs: Math.min(...records.map((record) => record.ttl)) * 1_000,
    };
  }
  const codes = [v4, v6].flatMap((outcome) =>
    outcome.status === 'rejected' ? [errorCode(outcome.reason)] : [],
  );
  return { resolution: { kind: 'failed', detail: failureWords(name, codes) }, ttlMs: 0 };
}

function errorCode(reason: unknown): string {
  return reason instanceof Error && 'code' in reason ? String(reason.code) : 'unknown';
}

function failureWords(name: string, codes: readonly string[]): string {
  if (codes.includes(dns.NOTFOUND)) return `DNS name not found: ${name}`;
  if (codes.every((code) => code === dns.NODATA)) return `the DNS name ${name} has no address`;
  if (codes.includes(dns.TIMEOUT)) return `the DNS servers of ${name} did not answer`;
  if (codes.includes(dns.BADNAME)) return `not a valid DNS name: ${name}`;
  return `DNS could not answer for ${name} (${codes[0] ?? 'unknown'})`;
}
