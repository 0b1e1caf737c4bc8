/** What the API shows of an account and of what belongs to it: keys, sources, phone numbers, the audit. */
import { z } from 'zod';
import type { Account, ApiKey, AuditEntry, PhoneNumber, Source } from '../journal/accounts.ts';

import { SCOPES, STALE_CALL_POLICIES } from '../journal/accounts.ts';
import { timeOrNullView, timeView, toRfc3339, toRfc3339OrNull } from './time.ts';

export const keyView = z.object({
  id: z.string(),
  account_id: z.string(),
  name: z.string(),
  scopes: z.array(z.enum(SCOPES)),
  hint: z.string().meta({ description: 'First characters of the key.' }),
  created_at: timeView,
  expires_at: timeOrNullView,
  revoked_at: timeOrNullView,
  last_used_at: timeOrNullView,
});

export const keyWithTextView = keyView.extend({ key: z.string().meta({ description: 'Shown this once.' }) });

export function toKeyView(key: ApiKey): z.output<typeof keyView> {
  return {
    id: key.id,
    account_id: key.accountId,
    name: key.name,
    scopes: [...key.scopes],
    hint: key.hint,
    created_at: toRfc3339(key.createdAtMs),
    expires_at: toRfc3339OrNull(key.expiresAtMs),
    revoked_at: toRfc3339OrNull(key.revokedAtMs),
    last_used_at: toRfc3339OrNull(key.lastUsedAtMs),
  };
}

export const sourceView = z.object({
  id: z.string(),
  kind: z.enum(['api', 'voicedock']),
  name: z.string(),
  secrets: z
    .int()
    .meta({ description: 'How many secrets are accepted; the secrets themselves are never shown.' }),
  path: z.string().nullable().meta({ description: 'Where its webhooks go; null for the API itself.' }),
  created_at: timeView,
  updated_at: timeView,
});

export function toSourceView(source: Source): z.output<typeof sourceView> {
  const path = source.id === 'voicedock' ? '/webhooks/status-update' : `/webhooks/${source.id}`;
  return {
    id: source.id,
    kind: source.kind,
    name: source.name,
    secrets: source.secrets.length,
    path: source.kind === 'api' ? null : path,
    created_at: toRfc3339(source.createdAtMs),
    updated_at: toRfc3339(source.updatedAtMs),
  };
}

export const phoneNumberView = z.object({ number: z.string(), name: z.string(), created_at: timeView });

export function toPhoneNumberView(number: PhoneNumber): z.output<typeof phoneNumberView> {
  return { number: number.number, name: number.name, created_at: toRfc3339(number.createdAtMs) };
}

export const accountView = z.object({
  id: z.string(),
  name: z.string(),
  stale_calls: z.enum(STALE_CALL_POLICIES).meta({
    description: 'What becomes of calls that are live for too long: kept as they are, or ended with error.',
  }),
  created_at: timeView,
});

export function toAccountView(account: Account): z.output<typeof accountView> {
  return {
    id: account.id,
    name: account.name,
    stale_calls: account.staleCalls,
    created_at: toRfc3339(account.createdAtMs),
  };
}

export const auditView = z.object({
  id: z.string(),
  at: timeView,
  actor: z.object({ kind: z.enum(['key', 'hub']), id: z.string() }),
  action: z.string(),
  subject: z.string(),
  detail: z.record(z.string(), z.unknown()).nullable(),
});

export function toAuditView(entry: AuditEntry): z.output<typeof auditView> {
  return {
    id: entry.id,
    at: toRfc3339(entry.atMs),
    actor: { kind: entry.actor.kind, id: entry.actor.id },
    action: entry.action,
    subject: entry.subject,
    detail: entry.detail === null ? null : { ...entry.detail },
  };
}
