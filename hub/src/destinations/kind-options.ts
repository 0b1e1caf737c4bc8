/** What every destination kind is made with. One HTTP client for all of them, since its bound on idle sockets is the hub's. */
import type { EgressGuard } from './egress/address-rules.ts';
import type { GuardedConnect } from './egress/guarded-connect.ts';
import { createGuardedConnect } from './egress/guarded-connect.ts';
import type { Resolver } from './egress/resolver.ts';
import type { HttpClient } from './http/http-client.ts';
import { createHttpClient } from './http/http-client.ts';

export interface KindOptions {
  readonly egress: EgressGuard;
  readonly resolver: Resolver;
  /** `Offhook/<version>`. */
  readonly userAgent: string;
  readonly http: HttpClient;
  /** For kinds that speak something other than HTTP. */
  readonly connect: GuardedConnect;
  /** PEM certificates trusted instead of the built-in roots; for tests. */
  readonly trustedCertificates?: readonly string[];
}

export interface KindOptionsParts extends Omit<KindOptions, 'http' | 'connect'> {
  readonly idleSocketsMax?: number;
  readonly socketAgeMsMax?: number;
}

export function createKindOptions(parts: KindOptionsParts): KindOptions {
  const { egress, resolver, userAgent, trustedCertificates } = parts;
  const trust = trustedCertificates === undefined ? {} : { trustedCertificates };
  const connect = createGuardedConnect({ guard: egress, resolver, ...trust });
  return { egress, resolver, userAgent, connect, http: createHttpClient({ ...parts, connect }), ...trust };
}
