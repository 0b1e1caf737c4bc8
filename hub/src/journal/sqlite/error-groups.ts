/** Groups of failed calls whose error texts say the same, counted with the call. */
import type { DatabaseSync } from 'node:sqlite';

import { toErrorTraits } from '../../calls/error-group.ts';
import type { ErrorGroup, ErrorGroupState } from '../analytics.ts';
import { makeId } from '../ids.ts';
import { HOUR_MS } from './slot-kinds.ts';

export interface ErrorGroups {
  /** Inside work: adds a failed call to its group and says which row that is. */
  count(accountRow: number, text: string, callId: string, nowMs: number): number;
  /** Before a commit. */
  save(): void;
  /** After a rollback. */
  forget(): void;
  find(accountRow: number, id: ErrorGroup['id']): ErrorGroupRow | undefined;
  /** Saved with the next commit. */
  change(group: ErrorGroupRow): void;
}

/** Groups of one account; texts that are all different (a source that puts the transcript in them) end here. */
const GROUPS_MAX = 2_000;
/**
 * So many make room for new ones, once an hour where an account has all it may have: of those seen longest ago the ones
 * with the fewest calls. A row for each hostile text would fill the roll-ups instead.
 */
const EVICTED_GROUPS = 100;
const EVICTION_CANDIDATES = 400;
/** What all further texts of an account are counted under in that hour. */
const OTHER_ERRORS = 'Other errors';
const EXAMPLE_LENGTH_MAX = 500;
/** About 4 MiB. */
const CACHED_MAX = 4_096;

export const GROUP_COLUMNS = `row, id, account_row, fingerprint, class, example, state, first_at_ms, last_at_ms, calls,
  last_call_id`;
const SELECT_GROUP = `
  SELECT ${GROUP_COLUMNS} FROM error_groups WHERE account_row = ? AND fingerprint = ? AND class = ?`;
const SELECT_GROUP_BY_ID = `SELECT ${GROUP_COLUMNS} FROM error_groups WHERE account_row = ? AND id = ?`;
const COUNT_GROUPS = 'SELECT count(*) AS count FROM error_groups WHERE account_row = ?';
/**
 * What a person said about a group is kept before what nobody looked at. The newest row stays, so that its number is
 * not given out anew: slots of roll-ups name groups by it.
 */
const DELETE_OLD_GROUPS = `
  DELETE FROM error_groups WHERE row IN (
    SELECT row FROM (
      SELECT row, calls, last_at_ms FROM error_groups
      WHERE account_row = ? AND fingerprint <> ? AND state IN ('open', 'resolved')
        AND row < (SELECT max(row) FROM error_groups)
      ORDER BY last_at_ms, row LIMIT ?)
    ORDER BY calls, last_at_ms, row LIMIT ?)
  RETURNING fingerprint, class`;
const INSERT_GROUP = `
  INSERT INTO error_groups (id, account_row, fingerprint, class, example, state, first_at_ms, last_at_ms, calls,
    last_call_id)
  VALUES (?, ?, ?, ?, ?, 'open', ?, ?, 0, ?) RETURNING row AS inserted`;
const UPDATE_GROUP = `
  UPDATE error_groups SET example = ?, state = ?, last_at_ms = ?, calls = ?, last_call_id = ? WHERE row = ?`;

export interface ErrorGroupRow {
  readonly row: number;
  readonly id: ErrorGroup['id'];
  readonly account_row: number;
  readonly fingerprint: string;
  readonly class: ErrorGroup['errorClass'];
  example: string;
  state: ErrorGroupState;
  readonly first_at_ms: number;
  last_at_ms: number;
  calls: number;
  last_call_id: string;
}

export function createErrorGroups(db: DatabaseSync): ErrorGroups {
  const select = db.prepare(SELECT_GROUP);
  const selectById = db.prepare(SELECT_GROUP_BY_ID);
  const countGroups = db.prepare(COUNT_GROUPS);
  const deleteOldGroups = db.prepare(DELETE_OLD_GROUPS);
  const insert = db.prepare(INSERT_GROUP);
  const update = db.prepare(UPDATE_GROUP);
  const cached = new Map<string, ErrorGroupRow>();
  const changed = new Set<ErrorGroupRow>();
  /** How full each account is, so that a new text costs no count of up to 2,000 rows. */
  const fillings = new Map<number, Filling>();

  function findOrCreate(accountRow: number, text: string, callId: string, nowMs: number): ErrorGroupRow {
    const { errorClass, fingerprint } = toErrorTraits(text);
    const found = read(accountRow, fingerprint, errorClass);
    if (found !== undefined) return found;
    const filling = findFilling(accountRow);
    if (filling.groups >= GROUPS_MAX) evict(accountRow, filling, nowMs);
    if (filling.groups < GROUPS_MAX) return create(accountRow, fingerprint, errorClass, callId, nowMs);
    return (
      read(accountRow, OTHER_ERRORS, 'other') ?? create(accountRow, OTHER_ERRORS, 'other', callId, nowMs)
    );
  }

  function findFilling(accountRow: number): Filling {
    let filling = fillings.get(accountRow);
    if (filling === undefined) {
      filling = { groups: countGroups.get(accountRow)?.['count'] as number, evictedHour: -1 };
      fillings.set(accountRow, filling);
    }
    return filling;
  }

  function evict(accountRow: number, filling: Filling, nowMs: number): void {
    const hour = Math.floor(nowMs / HOUR_MS);
    if (hour === filling.evictedHour) return;
    filling.evictedHour = hour;
    // The rows say who is seen least, so what memory counted goes there first.
    save();
    const values = [accountRow, OTHER_ERRORS, EVICTION_CANDIDATES, EVICTED_GROUPS] as const;
    for (const gone of deleteOldGroups.all(...values)) {
      cached.delete(toKey(accountRow, gone['fingerprint'] as string, gone['class'] as string));
      filling.groups -= 1;
    }
  }

  function save(): void {
    for (const group of changed) {
      const { example, state, last_at_ms, calls, last_call_id, row } = group;
      update.run(example, state, last_at_ms, calls, last_call_id, row);
    }
    changed.clear();
  }

  function read(
    accountRow: number,
    fingerprint: string,
    errorClass: ErrorGroup['errorClass'],
  ): ErrorGroupRow | undefined {
    const key = toKey(accountRow, fingerprint, errorClass);
    const known = cached.get(key);
    if (known !== undefined) return known;
    const row = select.get(accountRow, fingerprint, errorClass) as unknown as ErrorGroupRow | undefined;
    return row === undefined ? undefined : keep({ ...row });
  }

  function create(
    accountRow: number,
    fingerprint: string,
    errorClass: ErrorGroup['errorClass'],
    callId: string,
    nowMs: number,
  ): ErrorGroupRow {
    const id = makeId('err');
    findFilling(accountRow).groups += 1;
    const values = [id, accountRow, fingerprint, errorClass, '', nowMs, nowMs, callId];
    return keep({
      row: insert.get(...values)?.['inserted'] as number,
      id,
      account_row: accountRow,
      fingerprint,
      class: errorClass,
      example: '',
      state: 'open',
      first_at_ms: nowMs,
      last_at_ms: nowMs,
      calls: 0,
      last_call_id: callId,
    });
  }

  function keep(group: ErrorGroupRow): ErrorGroupRow {
    // What changed in this commit is still held by `changed`; were it read anew meanwhile, a count would be lost.
    if (cached.size >= CACHED_MAX && changed.size === 0) cached.clear();
    cached.set(toKey(group.account_row, group.fingerprint, group.class), group);
    return group;
  }

  return {
    count(accountRow, text, callId, nowMs) {
      const group = findOrCreate(accountRow, text, callId, nowMs);
      group.calls += 1;
      group.last_at_ms = nowMs;
      group.last_call_id = callId;
      group.example = text.slice(0, EXAMPLE_LENGTH_MAX).toWellFormed();
      if (group.state === 'resolved') group.state = 'open';
      changed.add(group);
      return group.row;
    },
    find(accountRow, id) {
      const row = selectById.get(accountRow, id) as unknown as ErrorGroupRow | undefined;
      return row === undefined ? undefined : read(accountRow, row.fingerprint, row.class);
    },
    change: (group) => void changed.add(group),
    save,
    forget() {
      cached.clear();
      changed.clear();
      fillings.clear();
    },
  };
}

interface Filling {
  groups: number;
  /** In which it last made room; -1: not since memory forgot. */
  evictedHour: number;
}

function toKey(accountRow: number, fingerprint: string, errorClass: string): string {
  return `${accountRow} ${errorClass} ${fingerprint}`;
}
