/**
 * Opens one socket the safe way: resolve, check every answer, dial a checked address with SNI and certificate
 * name of the name. Literals take the same path: a `lookup` hook alone is never called for them (reference,
 * section 1.8). Each new socket comes through here, so a name that moves to a forbidden address is caught at the next one.
 */
import net from 'node:net';
import tls from 'node:tls';
import type { EgressGuard, EgressProtocol } from './address-rules.ts';
import type { Resolver } from './resolver.ts';
import type { FailureCause } from '../destination.ts';
import { describeDialError, describeTlsError } from './connect-failure.ts';

export interface ConnectTarget {
  readonly protocol: EgressProtocol;
  /** A name or a literal, IPv6 without brackets. */
  readonly hostname: string;
  readonly port: number;
  /** A TLS session of an earlier socket to the same target, so that the handshake needs no certificate chain. */
  readonly session?: Buffer | undefined;
}

export type ConnectOutcome =
  | { readonly kind: 'connected'; readonly socket: net.Socket }
  | { readonly kind: 'failed'; readonly cause: FailureCause; readonly detail: string };

export type ConnectStage = 'resolving' | 'dialling' | 'securing';

export interface Connecting {
  /** What it waits for, so that a timeout can say so. */
  readonly stage: ConnectStage;
  /** Gives up at once; the outcome is then never delivered. */
  cancel(): void;
}

/** `onDone` is called once, never synchronously, unless cancelled. The caller owns the deadline and cancels at it. */
export type GuardedConnect = (target: ConnectTarget, onDone: (outcome: ConnectOutcome) => void) => Connecting;

export interface GuardedConnectOptions {
  readonly guard: EgressGuard;
  readonly resolver: Resolver;
  /** PEM certificates trusted instead of the built-in roots; for tests. NODE_EXTRA_CA_CERTS adds to the roots as usual. */
  readonly trustedCertificates?: readonly string[];
}

/** An address that swallows SYNs must not use up the deadline of a name that has others. */
export const DIAL_MS_MAX = 3_000;
export const ADDRESSES_DIALLED_MAX = 4;

export function createGuardedConnect(options: GuardedConnectOptions): GuardedConnect {
  const { trustedCertificates: ca } = options;
  // Made once, when TLS is first needed: the first takes 10 ms, each further one 0.2 ms (measured).
  let context: tls.SecureContext | undefined;
  const secureContext = (): tls.SecureContext =>
    (context ??= tls.createSecureContext({
      minVersion: 'TLSv1.2',
      ...(ca === undefined ? {} : { ca: [...ca] }),
    }));
  return (target, onDone) => {
    const connecting = new ConnectingSocket(target, options, secureContext, onDone);
    // The outcome is told by onDone; run itself cannot reject, since resolvers never throw.
    void connecting.run();
    return connecting;
  };
}

class ConnectingSocket implements Connecting {
  stage: ConnectStage = 'resolving';
  readonly #target: ConnectTarget;
  readonly #options: GuardedConnectOptions;
  readonly #secureContext: () => tls.SecureContext;
  readonly #onDone: (outcome: ConnectOutcome) => void;
  #socket: net.Socket | null = null;
  #cancelled = false;

  constructor(
    target: ConnectTarget,
    options: GuardedConnectOptions,
    secureContext: () => tls.SecureContext,
    onDone: (outcome: ConnectOutcome) => void,
  ) {
    this.#target = target;
    this.#options = options;
    this.#secureContext = secureContext;
    this.#onDone = onDone;
  }

  cancel(): void {
    this.#cancelled = true;
    this.#socket?.destroy();
  }

  async run(): Promise<void> {
    const checked = await this.#resolveAndCheck();
    if (this.#cancelled) return;
    const outcome = checked.kind === 'failed' ? checked : await this.#dialAny(checked.addresses);
    if (!this.#cancelled) this.#onDone(outcome);
    else if (outcome.kind === 'connected') outcome.socket.destroy();
  }

  async #resolveAndCheck(): Promise<
    | { readonly kind: 'checked'; readonly addresses: readonly string[] }
    | Extract<ConnectOutcome, { kind: 'failed' }>
  > {
    const { hostname, port, protocol } = this.#target;
    const isLiteral = net.isIP(hostname) !== 0;
    const resolution = isLiteral
      ? ({ kind: 'resolved', addresses: [hostname] } as const)
      : await this.#options.resolver.resolve(hostname);
    if (resolution.kind === 'failed') return { kind: 'failed', cause: 'dns', detail: resolution.detail };
    if (resolution.addresses.length === 0)
      return { kind: 'failed', cause: 'dns', detail: `the DNS name ${hostname} has no address` };

    // One bad answer fails all: a mix of public and private is either an attack or a mistake, and dialling only
    // the good ones would let an attacker retry until a later answer is taken. The address itself is not told,
    // since that would turn the hub into a reader of the operator's internal DNS.
    for (const address of resolution.addresses) {
      const problem = this.#options.guard.refuse({ address, port, protocol });
      if (problem !== null) {
        return {
          kind: 'failed',
          cause: 'blocked',
          detail: `the address of ${hostname} cannot be used: ${problem}`,
        };
      }
    }
    return { kind: 'checked', addresses: resolution.addresses.slice(0, ADDRESSES_DIALLED_MAX) };
  }

  async #dialAny(addresses: readonly string[]): Promise<ConnectOutcome> {
    let outcome: ConnectOutcome = {
      kind: 'failed',
      cause: 'connect',
      detail: 'there was no address to dial',
    };
    for (const [index, address] of addresses.entries()) {
      this.stage = 'dialling';
      outcome = await this.#dial(address, index === addresses.length - 1);
      // A TLS failure is the server's answer; the next address would only repeat it.
      if (outcome.kind === 'connected' || outcome.cause === 'tls' || this.#cancelled) break;
    }
    return outcome;
  }

  #dial(address: string, isLast: boolean): Promise<ConnectOutcome> {
    const { hostname, port, protocol } = this.#target;
    const name = hostname.endsWith('.') ? hostname.slice(0, -1) : hostname;
    return new Promise((resolve) => {
      const tcp = { host: address, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 };
      const socket =
        protocol === 'http:' ? net.connect(tcp) : tls.connect({ ...tcp, ...this.#tlsOptions(name) });
      this.#socket = socket;
      const dialTimer = isLast
        ? null
        : setTimeout(() => socket.destroy(new Error('dial timed out')), DIAL_MS_MAX);
      let certificate: tls.PeerCertificate | null = null;
      let settled = false;

      const fail = (error: Error): void => {
        if (settled) return;
        settled = true;
        if (dialTimer !== null) clearTimeout(dialTimer);
        resolve(
          this.stage === 'securing'
            ? { kind: 'failed', cause: 'tls', detail: describeTlsError(error, name, certificate) }
            : { kind: 'failed', ...describeDialError(error, hostname, port) },
        );
      };
      const failClosed = (): void => fail(CLOSED);
      socket.on('error', fail);
      socket.on('close', failClosed);
      socket.once('connect', () => {
        if (dialTimer !== null) clearTimeout(dialTimer);
        if (protocol === 'https:') this.stage = 'securing';
      });
      if (socket instanceof tls.TLSSocket) {
        // Runs before Node's own check destroys the socket, after which the certificate's dates can no longer be read.
        socket.prependOnceListener('secure', () => {
          certificate = socket.getPeerCertificate();
        });
      }
      socket.once(protocol === 'https:' ? 'secureConnect' : 'connect', () => {
        socket.off('close', failClosed);
        settled = true;
        // `fail` stays on as a no-op: a socket without an error listener would bring the process down between two owners.
        resolve({ kind: 'connected', socket });
      });
    });
  }

  #tlsOptions(name: string): tls.ConnectionOptions {
    const { session } = this.#target;
    return {
      // SNI carries names only (RFC 6066, section 3); with none, the certificate is compared with the dialled address.
      servername: net.isIP(name) === 0 ? name : '',
      ALPNProtocols: ['http/1.1'],
      // Said explicitly, so that NODE_TLS_REJECT_UNAUTHORIZED=0 in the environment cannot switch it off.
      rejectUnauthorized: true,
      secureContext: this.#secureContext(),
      ...(session === undefined ? {} : { session }),
    };
  }
}

/** One for all: a stack trace per closed socket is what hostile servers would make us pay for. */
const CLOSED = Object.assign(new Error('closed'), { code: 'ECONNRESET' });
