/** A destination as a row: settings and secrets are sealed, each bound to its own place. */
import type { AccountId, DestinationId } from '../ids.ts';
import type { Destination, EventFilter } from '../destinations.ts';
import type { SecretBox } from '../secret-box.ts';

export const DESTINATION_COLUMNS = `row, id, account_row, kind, name, settings, filter, order_policy, state,
  state_reason, concurrency, rate_per_second, retry_schedule, timeout_ms, secret, previous_secret,
  previous_secret_until_ms, failing_since_ms, created_at_ms, updated_at_ms, deleted_at_ms`;

export interface DestinationRow {
  readonly row: number;
  readonly id: DestinationId;
  readonly account_row: number;
  readonly kind: string;
  readonly name: string | null;
  readonly settings: Uint8Array;
  readonly filter: string;
  readonly order_policy: Destination['order'];
  readonly state: Destination['state'];
  readonly state_reason: string | null;
  readonly concurrency: number;
  readonly rate_per_second: number | null;
  readonly retry_schedule: string | null;
  readonly timeout_ms: number;
  readonly secret: Uint8Array;
  readonly previous_secret: Uint8Array | null;
  readonly previous_secret_until_ms: number | null;
  readonly failing_since_ms: number | null;
  readonly created_at_ms: number;
  readonly updated_at_ms: number;
  readonly deleted_at_ms: number | null;
}

export function toDestination(row: DestinationRow, accountId: AccountId, box: SecretBox): Destination {
  const { id } = row;
  return {
    id,
    accountId,
    kind: row.kind,
    name: row.name,
    settings: JSON.parse(box.open(row.settings, toPlace(id, 'settings'))) as unknown,
    filter: JSON.parse(row.filter) as EventFilter,
    order: row.order_policy,
    state: row.state,
    stateReason: row.state_reason,
    concurrency: row.concurrency,
    ratePerSecond: row.rate_per_second,
    retryScheduleS: row.retry_schedule === null ? null : (JSON.parse(row.retry_schedule) as number[]),
    timeoutMs: row.timeout_ms,
    secret: box.open(row.secret, toPlace(id, 'secret')),
    previousSecret:
      row.previous_secret === null ? null : box.open(row.previous_secret, toPlace(id, 'previous_secret')),
    previousSecretUntilMs: row.previous_secret_until_ms,
    failingSinceMs: row.failing_since_ms,
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
  };
}

const INSERT_DESTINATION = `
  INSERT INTO destinations (id, account_row, kind, name, settings, filter, order_policy, state, state_reason,
    concurrency, rate_per_second, retry_schedule, timeout_ms, secret, previous_secret,
    previous_secret_until_ms, failing_since_ms, created_at_ms, updated_at_ms)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  RETURNING row AS inserted`;
const UPDATE_DESTINATION = `
  UPDATE destinations SET id = ?, account_row = ?, kind = ?, name = ?, settings = ?, filter = ?,
    order_policy = ?, state = ?, state_reason = ?, concurrency = ?, rate_per_second = ?, retry_schedule = ?,
    timeout_ms = ?, secret = ?, previous_secret = ?, previous_secret_until_ms = ?, failing_since_ms = ?,
    created_at_ms = ?, updated_at_ms = ?
  WHERE row = ?`;
/** What a deleted destination may still be asked for is its name; its secrets go at once. */
const DELETE_DESTINATION = `
  UPDATE destinations SET settings = x'', secret = x'', previous_secret = NULL, deleted_at_ms = ?,
    updated_at_ms = ? WHERE row = ?`;

export const DESTINATION_WRITES = {
  insert: INSERT_DESTINATION,
  update: UPDATE_DESTINATION,
  delete: DELETE_DESTINATION,
} as const;

/** Values of the insert and, but for the row, of the update. */
export function toDestinationValues(
  destination: Destination,
  accountRow: number,
  box: SecretBox,
): (string | number | null | Uint8Array)[] {
  const { id, previousSecret } = destination;
  return [
    id,
    accountRow,
    destination.kind,
    destination.name,
    box.seal(JSON.stringify(destination.settings ?? null), toPlace(id, 'settings')),
    JSON.stringify(destination.filter),
    destination.order,
    destination.state,
    destination.stateReason,
    destination.concurrency,
    destination.ratePerSecond,
    destination.retryScheduleS === null ? null : JSON.stringify(destination.retryScheduleS),
    destination.timeoutMs,
    box.seal(destination.secret, toPlace(id, 'secret')),
    previousSecret === null ? null : box.seal(previousSecret, toPlace(id, 'previous_secret')),
    destination.previousSecretUntilMs,
    destination.failingSinceMs,
    destination.createdAtMs,
    destination.updatedAtMs,
  ];
}

function toPlace(id: DestinationId, column: string): string {
  return `destinations|${id}|${column}`;
}
