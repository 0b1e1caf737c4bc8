/** Accounts and what belongs to each: keys, sessions, sources, names of phone numbers, and the audit of who did what. */
import type { Actor } from './actor.ts';
import type { AccountId, AuditId, KeyId, SessionId, SourceId } from './ids.ts';
import type { Page, PageRequest } from './page.ts';

export const SCOPES = ['ingest', 'watch', 'read', 'write', 'admin'] as const;
/** read includes watch (what a wall screen shows, numbers masked); write includes read; admin includes all. */
export type Scope = (typeof SCOPES)[number];

export const STALE_CALL_POLICIES = ['keep', 'end'] as const;
/** keep: a stale call is shown as unknown until its end is reported. end: the hub ends it with error. */
export type StaleCallPolicy = (typeof STALE_CALL_POLICIES)[number];

export interface Account {
  readonly id: AccountId;
  readonly name: string;
  readonly staleCalls: StaleCallPolicy;
  readonly createdAtMs: number;
}

export interface ApiKey {
  readonly id: KeyId;
  readonly accountId: AccountId;
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** First characters, for people to tell keys apart. */
  readonly hint: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number | null;
  readonly revokedAtMs: number | null;
  /** Written at most once a minute. */
  readonly lastUsedAtMs: number | null;
}

/** Somebody signed in to the dashboard with a key. */
export interface Session {
  readonly id: SessionId;
  readonly accountId: AccountId;
  readonly keyId: KeyId;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  /** Unix ms since which it shows numbers in the clear; null while they are masked. */
  readonly revealedAtMs: number | null;
}

export interface Source {
  readonly id: SourceId;
  readonly accountId: AccountId;
  readonly kind: 'api' | 'voicedock';
  readonly name: string;
  /** Accepted secrets, newest first; sealed at rest, never shown by the API. Empty = unsigned (local profile only). */
  readonly secrets: readonly string[];
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

export interface PhoneNumber {
  readonly accountId: AccountId;
  /** E.164. */
  readonly number: string;
  readonly name: string;
  readonly createdAtMs: number;
}

export interface AuditEntry {
  readonly id: AuditId;
  readonly accountId: AccountId;
  readonly atMs: number;
  readonly actor: Actor;
  /** `destination.created`, `destination.disabled`, `key.revoked`, `replay.created`, … */
  readonly action: string;
  /** Id of what it was done to. */
  readonly subject: string;
  readonly detail: Readonly<Record<string, unknown>> | null;
}

export interface AdminJournal {
  createAccount(name: string, actor: Actor): Promise<Account>;
  listAccounts(): Promise<readonly Account[]>;
  getAccount(id: AccountId): Promise<Account | undefined>;
  updateAccount(
    id: AccountId,
    change: Partial<Pick<Account, 'name' | 'staleCalls'>>,
    actor: Actor,
  ): Promise<Account | undefined>;

  /** hash: SHA-256 of the whole key. */
  createKey(
    key: Pick<ApiKey, 'accountId' | 'name' | 'scopes' | 'hint' | 'expiresAtMs'> & {
      readonly hash: Uint8Array;
    },
    actor: Actor,
  ): Promise<ApiKey>;
  /** Revoked and expired ones too: the door decides. */
  findKey(hash: Uint8Array): Promise<ApiKey | undefined>;
  listKeys(accountId: AccountId): Promise<readonly ApiKey[]>;
  revokeKey(accountId: AccountId, id: KeyId, actor: Actor): Promise<ApiKey | undefined>;
  touchKey(id: KeyId, atMs: number): Promise<void>;

  /** hash: SHA-256 of the token in the cookie. Writes `session.created`. */
  createSession(
    session: Pick<Session, 'accountId' | 'keyId' | 'expiresAtMs'> & { readonly hash: Uint8Array },
    actor: Actor,
  ): Promise<Session>;
  /** With its key as it is now; undefined once it has ended. Expired ones too: the door decides. */
  findSession(hash: Uint8Array): Promise<{ readonly session: Session; readonly key: ApiKey } | undefined>;
  /** Reveals numbers or masks them again; writes `numbers.revealed` or `numbers.masked`. */
  setSessionRevealed(id: SessionId, isRevealed: boolean, actor: Actor): Promise<Session | undefined>;
  endSession(id: SessionId, actor: Actor): Promise<boolean>;

  /** `api` and `voicedock` exist in the default account from the start, the latter without secrets. */
  listSources(accountId: AccountId): Promise<readonly Source[]>;
  /** Without an account: the receiving door knows only the id in its path. */
  findSource(id: string): Promise<Source | undefined>;
  createSource(
    source: Pick<Source, 'accountId' | 'kind' | 'name' | 'secrets'>,
    actor: Actor,
  ): Promise<Source>;
  updateSource(
    accountId: AccountId,
    id: SourceId,
    change: Partial<Pick<Source, 'name' | 'secrets'>>,
    actor: Actor,
  ): Promise<Source | undefined>;
  /** The built-in ones cannot be deleted (false). */
  deleteSource(accountId: AccountId, id: SourceId, actor: Actor): Promise<boolean>;

  /** Creates or renames. */
  putPhoneNumber(accountId: AccountId, number: string, name: string, actor: Actor): Promise<PhoneNumber>;
  listPhoneNumbers(accountId: AccountId, page: PageRequest): Promise<Page<PhoneNumber>>;
  deletePhoneNumber(accountId: AccountId, number: string, actor: Actor): Promise<boolean>;

  listAudit(accountId: AccountId, page: PageRequest): Promise<Page<AuditEntry>>;
  /** What changes nothing in the journal but must be known: `data.exported`. */
  appendAudit(
    entry: Pick<AuditEntry, 'accountId' | 'action' | 'subject' | 'detail'>,
    actor: Actor,
  ): Promise<void>;
}
