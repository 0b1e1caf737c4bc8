/**
 * One connection to one Redis server through `@redis/client`, which is loaded when the first is opened. The client
 * is given a checked literal address and connects once: whoever holds the link opens the next one, so that each new
 * socket is checked anew. In: commands of one exchange. Out: their replies, or why there are none.
 */
import net from 'node:net';
import tls from 'node:tls';
import type * as RedisClientModule from '@redis/client';
import type { EgressGuard } from '../egress/address-rules.ts';
import type { Resolver } from '../egress/resolver.ts';
import type { RedisAddress, RedisUrl } from './redis-address.ts';
import { refuseRedis, toHostText } from './redis-address.ts';
import type { RedisFailure } from './redis-failure.ts';
import { broken, failed, refused } from './redis-failure.ts';
import { limitReplies } from './reply-limits.ts';

export type Argument = string | Buffer;
export type Command = readonly Argument[];
/** Bulk strings stay bytes, since a set may hold members that are no text. */
export type Reply = string | number | Buffer | null | Error | readonly Reply[];

export type Exchange = { readonly kind: 'answered'; readonly replies: readonly Reply[] } | RedisFailure;

export interface RedisLink {
  readonly isOpen: boolean;
  /** Sends all at once and waits for every reply. Errors that Redis replies are replies; a timeout ends the link. */
  exchange(commands: readonly Command[], timeoutMs: number): Promise<Exchange>;
  destroy(): void;
}

export interface LinkOptions {
  readonly guard: EgressGuard;
  readonly resolver: Resolver;
  readonly url: RedisUrl;
  readonly trustedCertificates: readonly string[] | null;
  /** Follow the cluster to the node that serves this key; null outside a cluster. */
  readonly clusterKey: string | null;
  /** Nodes that the cluster announced when it was last asked: tried where the URL's host does not answer. */
  readonly knownNodes: RedisAddress[];
  /** The whole of it: DNS, connections, TLS, signing in, redirections. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Once, when an open link ends, by us or the other side. */
  readonly onEnd: () => void;
}

/** With everything but the moment settled. */
export type LinkOpener = (onEnd: () => void, timeoutMs: number, signal: AbortSignal) => Promise<LinkOutcome>;

export type LinkOutcome = { readonly kind: 'open'; readonly link: RedisLink } | RedisFailure;

/** An address that swallows SYNs must not use up the time of a name that has others. */
const DIAL_MS_MAX = 3_000;
const ADDRESSES_DIALLED_MAX = 4;
const REDIRECTIONS_MAX = 4;
const KNOWN_NODES_MAX = 16;

export async function openRedisLink(options: LinkOptions): Promise<LinkOutcome> {
  const deadline = new Deadline(options.timeoutMs, options.signal);
  try {
    let outcome: LinkOutcome = await openNode(options.url, options, deadline);
    for (const node of options.knownNodes) {
      if (outcome.kind === 'open' || !isUnreachable(outcome) || deadline.signal.aborted) break;
      outcome = await openNode(node, options, deadline);
    }
    return outcome;
  } finally {
    deadline.clear();
  }
}

/** Opens this node or, in a cluster, the one it sends us to. */
async function openNode(
  address: RedisAddress,
  options: LinkOptions,
  deadline: Deadline,
): Promise<LinkOutcome> {
  let at = address;
  for (let redirections = 0; redirections <= REDIRECTIONS_MAX; redirections += 1) {
    const outcome = await openAddress(at, options, deadline);
    if (outcome.kind === 'failed' || options.clusterKey === null) return outcome;
    const asked = await outcome.link.exchange([['GET', options.clusterKey]], deadline.leftMs());
    const reply = asked.kind === 'answered' ? asked.replies[0] : undefined;
    if (asked.kind === 'answered' && !(reply instanceof Error)) {
      await learnNodes(outcome.link, at, options.knownNodes, deadline);
      return outcome;
    }
    outcome.link.destroy();
    if (asked.kind === 'failed') return asked;
    const message = reply instanceof Error ? reply.message : '';
    const moved = parseMoved(message, at);
    if (moved === null) return refused(message);
    at = moved;
  }
  return failed('protocol', 'the nodes of the cluster send us to each other in a circle');
}

/** Asks the cluster for its nodes, so that the set is found again when the one in the URL is gone. */
async function learnNodes(
  link: RedisLink,
  at: RedisAddress,
  knownNodes: RedisAddress[],
  deadline: Deadline,
): Promise<void> {
  const asked = await link.exchange([['CLUSTER', 'SLOTS']], deadline.leftMs());
  const ranges = asked.kind === 'answered' ? asked.replies[0] : null;
  // A user without the right to ask goes without: the URL's host is tried each time.
  if (!Array.isArray(ranges)) return;
  const nodes = new Map<string, RedisAddress>();
  for (const range of ranges as readonly Reply[])
    for (const node of Array.isArray(range) ? (range.slice(2) as readonly Reply[]) : []) {
      const [host, port] = Array.isArray(node) ? (node as readonly Reply[]) : [];
      const address = parseMoved(
        `MOVED 0 ${Buffer.isBuffer(host) ? host.toString() : ''}:${String(port)}`,
        at,
      );
      if (address !== null && nodes.size < KNOWN_NODES_MAX) nodes.set(toHostText(address), address);
    }
  knownNodes.splice(0, knownNodes.length, ...nodes.values());
}

/** Resolves, checks every answer, dials the checked addresses in turn. */
async function openAddress(
  address: RedisAddress,
  options: LinkOptions,
  deadline: Deadline,
): Promise<LinkOutcome> {
  const { hostname } = address;
  const resolution =
    net.isIP(hostname) === 0
      ? await Promise.race([options.resolver.resolve(hostname), deadline.passed])
      : ({ kind: 'resolved', addresses: [hostname] } as const);
  if (resolution === 'passed')
    return deadline.toFailure(`the DNS servers of ${hostname} did not answer in time`);
  if (resolution.kind === 'failed') return failed('dns', resolution.detail);
  if (resolution.addresses.length === 0) return failed('dns', `the DNS name ${hostname} has no address`);
  // One bad answer fails all, as in egress/guarded-connect.ts: dialling only the good ones would let an attacker
  // retry until a later answer is taken.
  for (const literal of resolution.addresses) {
    const problem = refuseRedis(options.guard, { ...address, hostname: literal });
    if (problem !== null) return failed('blocked', `the address of ${hostname} cannot be used: ${problem}`);
  }
  let failure = failed('connect', 'there was no address to dial');
  for (const [nth, literal] of resolution.addresses.slice(0, ADDRESSES_DIALLED_MAX).entries()) {
    const outcome = await dial(literal, address, options, deadline);
    if (outcome.kind === 'open') return outcome;
    // "localhost" is two addresses of which most servers listen on one: what that one did says more than a refusal.
    if (nth === 0 || failure.cause === 'connect') failure = outcome;
    if (!isUnreachable(outcome) || deadline.signal.aborted) break;
  }
  return failure;
}

async function dial(
  literal: string,
  address: RedisAddress,
  { url, trustedCertificates, onEnd }: LinkOptions,
  deadline: Deadline,
): Promise<LinkOutcome> {
  const { createClient, ErrorReply } = await loadClient();
  if (deadline.signal.aborted) return deadline.toFailure('there was no time left to connect');
  const socket = {
    host: literal,
    port: address.port,
    connectTimeout: Math.min(DIAL_MS_MAX, deadline.leftMs()),
    reconnectStrategy: false as const,
    // The client cannot end a socket that is still dialling; the signal can.
    signal: deadline.signal,
    ...(address.isTls ? toTlsOptions(address, url, trustedCertificates) : {}),
  };
  const client = createClient({
    // With RESP 3 a server may push "MOVING", at which the client connects to whatever address it names.
    RESP: 2,
    maintNotifications: 'disabled',
    disableOfflineQueue: true,
    clientInfoTag: 'offhook',
    socket,
    ...(url.username === null ? {} : { username: url.username }),
    ...(url.password === null ? {} : { password: url.password }),
    ...(url.database === 0 ? {} : { database: url.database }),
  });
  const link = new ClientLink(client, address, ErrorReply, onEnd);
  const connected = await Promise.race([
    client.connect().then(
      () => null,
      (error: unknown) => link.toFailure(error),
    ),
    deadline.passed,
  ]);
  if (connected === null) {
    link.begin();
    return { kind: 'open', link };
  }
  link.destroy();
  return connected === 'passed'
    ? deadline.toFailure(`Redis at ${toHostText(address)} did not answer in time`)
    : connected;
}

type RedisModule = typeof RedisClientModule;

/** What is used of the client, whose own type depends on every option it was made with. */
interface RedisClient {
  connect(): Promise<unknown>;
  sendCommand(command: Command, options: typeof COMMAND_OPTIONS): Promise<unknown>;
  on(event: 'error', listener: (error: unknown) => void): unknown;
  destroy(): void;
}

let loading: Promise<RedisModule> | undefined;

/** Only when the first link is opened: hubs without a Redis destination never read its 600 files. */
function loadClient(): Promise<RedisModule> {
  loading ??= (async () => {
    const client = await import('@redis/client');
    const { Decoder } = await import('@redis/client/dist/lib/RESP/decoder.js');
    limitReplies(Decoder.prototype);
    return client;
  })();
  return loading;
}

class ClientLink implements RedisLink {
  readonly #client: RedisClient;
  readonly #address: RedisAddress;
  readonly #errorReply: RedisModule['ErrorReply'];
  readonly #onEnd: () => void;
  /** What the connection first met: what follows only says that it is gone. */
  #firstError: unknown = null;
  #isOpen = false;

  constructor(
    client: RedisClient,
    address: RedisAddress,
    errorReply: RedisModule['ErrorReply'],
    onEnd: () => void,
  ) {
    this.#client = client;
    this.#address = address;
    this.#errorReply = errorReply;
    this.#onEnd = onEnd;
    client.on('error', (error: unknown) => {
      this.#firstError ??= error;
      // The client carries on behind a reply it could not decode; every later one would then be another command's.
      this.destroy();
    });
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  begin(): void {
    this.#isOpen = true;
  }

  async exchange(commands: readonly Command[], timeoutMs: number): Promise<Exchange> {
    if (!this.#isOpen) return this.toFailure(this.#firstError);
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this.destroy();
    }, timeoutMs);
    const answers = await Promise.allSettled(
      commands.map((command) => this.#client.sendCommand(command, COMMAND_OPTIONS) as Promise<Reply>),
    );
    clearTimeout(timer);
    if (isLate)
      return failed('timeout', `Redis did not answer within ${Math.round(timeoutMs / 100) / 10} seconds`);
    const replies: Reply[] = [];
    for (const answer of answers) {
      if (answer.status === 'fulfilled') replies.push(answer.value);
      else if (answer.reason instanceof this.#errorReply) replies.push(answer.reason);
      else return this.toFailure(answer.reason);
    }
    return { kind: 'answered', replies };
  }

  toFailure(error: unknown): RedisFailure {
    const first = this.#firstError ?? error;
    return first instanceof this.#errorReply ? refused(first.message) : broken(first, this.#address);
  }

  destroy(): void {
    const wasOpen = this.#isOpen;
    this.#isOpen = false;
    this.#client.destroy();
    if (wasOpen) this.#onEnd();
  }
}

/** 36 is RESP's "$": bulk strings come as bytes. The client's own timeout, which makes a timer per command, is off: ours ends the link. */
const COMMAND_OPTIONS = { typeMapping: { 36: Buffer }, timeout: 0 };

function toTlsOptions(
  address: RedisAddress,
  url: RedisUrl,
  trustedCertificates: readonly string[] | null,
): tls.ConnectionOptions & { readonly tls: true } {
  const name = toServerName(address.hostname) ?? toServerName(url.hostname);
  return {
    tls: true,
    // SNI carries names only (RFC 6066, section 3).
    servername: name ?? '',
    minVersion: 'TLSv1.2',
    // Said explicitly, so that NODE_TLS_REJECT_UNAUTHORIZED=0 in the environment cannot switch it off.
    rejectUnauthorized: true,
    ...(trustedCertificates === null ? {} : { ca: [...trustedCertificates] }),
    // Clusters mostly announce addresses, and their certificates are for the name that people know.
    checkServerIdentity: (_, certificate) => {
      const problem = tls.checkServerIdentity(address.hostname, certificate);
      return problem === undefined || address.hostname === url.hostname
        ? problem
        : tls.checkServerIdentity(url.hostname, certificate);
    },
  };
}

function toServerName(hostname: string): string | null {
  if (net.isIP(hostname) !== 0) return null;
  return hostname.endsWith('.') ? hostname.slice(0, -1) : hostname;
}

/** "MOVED 3999 10.0.0.7:6381"; without a host it is the one that says so. */
function parseMoved(message: string, at: RedisAddress): RedisAddress | null {
  const [, host, port] = /^MOVED \d{1,5} (\S*):(\d{1,5})$/.exec(message) ?? [];
  if (host === undefined || port === undefined || host === '?') return null;
  const hostname = host === '' ? at.hostname : host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  return Number(port) === 0 || Number(port) > 65_535 ? null : { ...at, hostname, port: Number(port) };
}

function isUnreachable({ cause }: RedisFailure): boolean {
  return cause === 'connect' || cause === 'timeout' || cause === 'reset' || cause === 'dns';
}

/** The end of the time for all steps together, or of the sender. */
class Deadline {
  readonly signal: AbortSignal;
  readonly passed: Promise<'passed'>;
  readonly #endsAtMs: number;
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #pass: () => void = () => {};
  readonly #outer: AbortSignal;
  readonly #abort = (): void => {
    this.#controller.abort();
    this.#pass();
  };

  constructor(timeoutMs: number, outer: AbortSignal) {
    this.signal = this.#controller.signal;
    this.#outer = outer;
    this.#endsAtMs = performance.now() + timeoutMs;
    this.passed = new Promise((resolve) => {
      this.#pass = () => resolve('passed');
    });
    this.#timer = setTimeout(this.#abort, timeoutMs);
    if (outer.aborted) this.#abort();
    else outer.addEventListener('abort', this.#abort, { once: true });
  }

  leftMs(): number {
    return Math.max(1, this.#endsAtMs - performance.now());
  }

  toFailure(detail: string): RedisFailure {
    return failed(this.#outer.aborted ? 'reset' : 'timeout', this.#outer.aborted ? ENDED : detail);
  }

  /** The signal is never aborted afterwards: open sockets hang on it. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#outer.removeEventListener('abort', this.#abort);
  }
}

const ENDED = 'the destination was closed or changed meanwhile';
