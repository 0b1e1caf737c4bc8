/**
 * Access tokens for APIs behind OAuth 2.0. In: a destination's credential. Out: a token that is believed valid, in
 * memory only, renewed shortly before it ends or when the API refused it; one renewal at a time for all destinations
 * that share a credential.
 *
 * Refresh tokens that the server rotates are the only way back in, so a new one is on disk (sealed, in the memory of
 * every destination that uses it) before anything is done with it. What remains: a process that dies after the server
 * has rotated and before the answer is on disk, and two processes that renew in the same moment. Pipedrive documents no
 * rotation; Salesforce, where an app has "refresh token rotation" on, takes the next use of the old one for theft, and
 * somebody must log in again. The client-credentials flow has nothing to lose.
 */
import { createHash } from 'node:crypto';

import type { DestinationGround } from '../destination.ts';
import type { HttpClient } from '../http/http-client.ts';
import { openJsonClient, type JsonAnswer, type JsonClient } from '../http/json-client.ts';
import { toTokenGrant } from './token-answer.ts';

export interface OAuthCredential {
  /** "Salesforce", for what people read. */
  readonly product: string;
  /** What to do where the login is refused: a sentence without its full stop. */
  readonly remedy: string;
  readonly tokenUrl: URL;
  readonly clientId: string;
  readonly clientSecret: string;
  /** null: the client-credentials flow. */
  readonly refreshToken: string | null;
  /** How the client's own credential travels: in an Authorization header, or among the fields. */
  readonly clientSecretIn: 'basic' | 'form';
}

export interface AccessToken {
  readonly value: string;
  readonly instanceUrl: string | null;
}

export type TokenTaken =
  | { readonly kind: 'taken'; readonly token: AccessToken }
  | { readonly kind: 'failed'; readonly answer: JsonAnswer };

export interface TokenKeeper {
  open(credential: OAuthCredential, ground: DestinationGround): TokenSession;
}

/** One destination's use of a credential. */
export interface TokenSession {
  take(deadlineMs: number): Promise<TokenTaken>;
  /** Another than this one, which the API has refused. */
  replace(refused: AccessToken, deadlineMs: number): Promise<TokenTaken>;
  close(): void;
  abandon(): void;
}

export interface TokenKeeperOptions {
  readonly http: HttpClient;
  readonly userAgent: string;
}

/** A token is renewed when less than this is left, or a tenth of its life where that is shorter. */
export const RENEW_BEFORE_MS = 60_000;
export const TOKEN_DEADLINE_MS_MAX = 10_000;
/** A refused login is not asked for again within this time: each try counts against the login limits of the org. */
export const REFUSED_FOR_MS = 60_000;
/** Of a credential that nobody uses any more, but whose refresh token is not the one of the settings. */
export const UNUSED_KEPT_MS = 60 * 60_000;
const MEMORY_KEY = 'oauth';

export function createTokenKeeper({ http, userAgent }: TokenKeeperOptions): TokenKeeper {
  const shared = new Map<string, SharedCredential>();
  return {
    open(credential, ground) {
      const now = ground.monotonicMs();
      for (const [key, known] of shared) if (known.isForgettable(now)) shared.delete(key);
      const key = toKey(credential);
      const known = shared.get(key) ?? new SharedCredential(credential);
      shared.set(key, known);
      const client = openJsonClient(http, new URL(credential.tokenUrl.origin), { 'User-Agent': userAgent });
      const session = new Session(known, ground, client);
      known.join(session);
      return session;
    },
  };
}

class Session implements TokenSession {
  readonly ground: DestinationGround;
  readonly client: JsonClient;
  /** The rotated refresh token that this destination's memory holds, as far as it was read or written. */
  remembered: string | null = null;
  hasRead = false;
  readonly #shared: SharedCredential;

  constructor(shared: SharedCredential, ground: DestinationGround, client: JsonClient) {
    this.#shared = shared;
    this.ground = ground;
    this.client = client;
  }

  async take(deadlineMs: number): Promise<TokenTaken> {
    return this.#within(deadlineMs, () => this.#shared.take(this, null));
  }

  async replace(refused: AccessToken, deadlineMs: number): Promise<TokenTaken> {
    return this.#within(deadlineMs, () => this.#shared.take(this, refused));
  }

  close(): void {
    this.client.close();
    this.#shared.leave(this);
  }

  abandon(): void {
    this.#shared.forgetRenewal(this);
    this.client.abandon();
    this.#shared.leave(this);
  }

  /**
   * A renewal has a deadline of its own, which may be later than that of the attempt that began it: cut off with the
   * attempt it would throw away a rotated token, and with it the login.
   */
  async #within(deadlineMs: number, work: () => Promise<TokenTaken>): Promise<TokenTaken> {
    let cancel = (): void => {};
    const late = new Promise<TokenTaken>((resolve) => {
      cancel = this.ground.setTimer(() => {
        const detail = `the token endpoint did not answer within ${deadlineMs / 1_000} s`;
        const timing = { firstByteMs: null, totalMs: deadlineMs };
        resolve({ kind: 'failed', answer: { kind: 'failed', cause: 'timeout', detail, timing } });
      }, deadlineMs);
    });
    try {
      return await Promise.race([work(), late]);
    } finally {
      cancel();
    }
  }
}

interface HeldToken extends AccessToken {
  /** By the monotonic clock; Infinity where the server does not say. */
  readonly renewAtMs: number;
}

class SharedCredential {
  readonly #credential: OAuthCredential;
  /** Tells whether what is remembered came from the refresh token that stands in the settings now. */
  readonly #settingsHash: string;
  readonly #sessions = new Set<Session>();
  #leftAtMs = 0;
  #held: HeldToken | null = null;
  /** The newest that the server gave, and when; null while the one in the settings has not been rotated. */
  #rotated: { readonly token: string; readonly atMs: number } | null = null;
  #renewing: { readonly by: Session; readonly done: Promise<Renewal> } | null = null;
  #refused: { readonly reason: string; readonly untilMs: number } | null = null;

  constructor(credential: OAuthCredential) {
    this.#credential = credential;
    const { tokenUrl, clientId, refreshToken } = credential;
    this.#settingsHash = toHash([tokenUrl.href, clientId, refreshToken ?? '']);
  }

  join(session: Session): void {
    this.#sessions.add(session);
  }

  leave(session: Session): void {
    this.#sessions.delete(session);
    this.#leftAtMs = session.ground.monotonicMs();
  }

  isForgettable(now: number): boolean {
    if (this.#sessions.size > 0) return false;
    // A renewal under way may bring the only valid refresh token, so whoever opens meanwhile must meet it here. And
    // people try settings before they save them: what the server rotated then is known here alone.
    const isKept = this.#renewing !== null || this.#rotated !== null;
    return !isKept || now - this.#leftAtMs > UNUSED_KEPT_MS;
  }

  forgetRenewal(session: Session): void {
    if (this.#renewing?.by === session) this.#renewing = null;
  }

  async take(session: Session, refused: AccessToken | null): Promise<TokenTaken> {
    if (!session.hasRead) await this.#readRemembered(session);
    const held = this.#held;
    const isFresh = held !== null && session.ground.monotonicMs() < held.renewAtMs;
    if (!isFresh || held.value === refused?.value) {
      const renewal = await this.#renewOnce(session);
      if (renewal.kind === 'failed') return renewal;
    }
    const token = this.#held;
    if (token === null) throw new Error('a renewal succeeded without a token');
    await this.#remember(session);
    return { kind: 'taken', token };
  }

  /** Concurrent attempts, of any destination with this credential, wait for one and the same renewal. */
  async #renewOnce(session: Session): Promise<Renewal> {
    this.#renewing ??= { by: session, done: this.#renew(session, 'first') };
    const renewing = this.#renewing;
    try {
      return await renewing.done;
    } finally {
      if (this.#renewing === renewing) this.#renewing = null;
    }
  }

  async #renew(session: Session, round: 'first' | 'again'): Promise<Renewal> {
    const { ground, client } = session;
    const { product, remedy, tokenUrl } = this.#credential;
    const startedAtMs = ground.monotonicMs();
    const refuse = (reason: string): Renewal => ({
      kind: 'failed',
      answer: {
        kind: 'failed',
        cause: 'settings',
        detail: `${product} refuses the login (${reason}); ${remedy}`,
        timing: { firstByteMs: null, totalMs: ground.monotonicMs() - startedAtMs },
      },
    });
    if (this.#refused !== null && startedAtMs < this.#refused.untilMs) return refuse(this.#refused.reason);
    // Another process that works for the same account may have renewed since.
    await this.#readRemembered(session);
    const used = this.#refreshToken;
    const answer = await client.request({
      method: 'POST',
      path: tokenUrl.pathname + tokenUrl.search,
      ...this.#toRequest(),
      deadlineMs: TOKEN_DEADLINE_MS_MAX,
    });
    const grant = toTokenGrant(answer);
    if (grant.kind === 'failed') return grant;
    const nowMs = ground.monotonicMs();
    if (grant.kind === 'refused') {
      if (round === 'first') {
        await this.#readRemembered(session);
        if (this.#refreshToken !== used) return this.#renew(session, 'again');
      }
      this.#held = null;
      this.#refused = { reason: grant.reason, untilMs: nowMs + REFUSED_FOR_MS };
      return refuse(grant.reason);
    }
    const { accessToken: value, refreshToken, lifetimeMs, instanceUrl } = grant;
    if (refreshToken !== null && refreshToken !== this.#refreshToken)
      this.#rotated = { token: refreshToken, atMs: ground.nowMs() };
    this.#refused = null;
    const renewAtMs =
      lifetimeMs === null ? Infinity : nowMs + lifetimeMs - Math.min(RENEW_BEFORE_MS, lifetimeMs / 10);
    this.#held = { value, instanceUrl, renewAtMs };
    // Every destination's memory, not only that of the one that asked: after a restart any of them may be first.
    await Promise.all([...this.#sessions].map((one) => this.#rememberOrTell(one)));
    return { kind: 'renewed' };
  }

  get #refreshToken(): string | null {
    return this.#rotated?.token ?? this.#credential.refreshToken;
  }

  #toRequest(): { readonly headers?: Record<string, string>; readonly form: Record<string, string> } {
    const { clientId, clientSecret, clientSecretIn } = this.#credential;
    const refreshToken = this.#refreshToken;
    const grant: Record<string, string> =
      refreshToken === null
        ? { grant_type: 'client_credentials' }
        : { grant_type: 'refresh_token', refresh_token: refreshToken };
    if (clientSecretIn === 'form')
      return { form: { ...grant, client_id: clientId, client_secret: clientSecret } };
    const basic = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
    return { headers: { Authorization: `Basic ${basic}` }, form: grant };
  }

  async #readRemembered(session: Session): Promise<void> {
    if (this.#credential.refreshToken === null) return;
    const [text] = await session.ground.memory.read([MEMORY_KEY]);
    session.hasRead = true;
    const entry = parseEntry(text);
    // Of other settings than those of now: somebody has logged in again since, and their token is the valid one.
    if (entry === null || entry.settings !== this.#settingsHash) return;
    session.remembered = entry.token;
    if (this.#rotated === null || this.#rotated.atMs < entry.atMs) this.#rotated = entry;
  }

  /** Rejects where the journal is in trouble: then nothing is done with the token, and the next attempt writes it first. */
  async #remember(session: Session): Promise<void> {
    const rotated = this.#rotated;
    if (rotated === null || session.remembered === rotated.token) return;
    const value = JSON.stringify({ settings: this.#settingsHash, token: rotated.token, atMs: rotated.atMs });
    await session.ground.memory.write([{ key: MEMORY_KEY, value, isSecret: true }]);
    session.remembered = rotated.token;
  }

  async #rememberOrTell(session: Session): Promise<void> {
    try {
      await this.#remember(session);
    } catch (error) {
      session.ground.troubled('a new refresh token could not be written down yet', error);
    }
  }
}

type Renewal = { readonly kind: 'renewed' } | Extract<TokenTaken, { kind: 'failed' }>;

/** Everything that a login takes: who lacks any part of it must not get a token by knowing the rest. */
function toKey(credential: OAuthCredential): string {
  const { tokenUrl, clientId, clientSecret, refreshToken } = credential;
  return toHash([tokenUrl.href, clientId, clientSecret, refreshToken ?? '']);
}

function toHash(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

function parseEntry(
  text: string | undefined,
): { readonly settings: string; readonly token: string; readonly atMs: number } | null {
  if (text === undefined) return null;
  try {
    const { settings, token, atMs } = JSON.parse(text) as Record<string, unknown>;
    const isWhole = typeof settings === 'string' && typeof token === 'string' && typeof atMs === 'number';
    return isWhole ? { settings, token, atMs } : null;
  } catch {
    return null;
  }
}
