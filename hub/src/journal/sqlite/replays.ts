/** Replay jobs: asked for by people, run step by step at delivery's pace, each step one transaction. */
import { setImmediate as yieldTurn } from 'node:timers/promises';

import { makeId, type AccountId, type ReplayId } from '../ids.ts';
import type { CommandJournal } from '../commands.ts';
import type { DeliveryJournal } from '../deliveries.ts';
import type { Replay, ReplayCount, ReplayRequest, ReplayState } from '../replays.ts';
import { findAccountRow, toAccountRow } from './accounts.ts';
import { writeAudit } from './audit.ts';
import { parseRowCursor, toPage, toRowCursor } from './cursor.ts';
import type { DeliveryMaker } from './delivery-maker.ts';
import {
  createReplayTargets,
  findOperationalEnd,
  toReplayStart,
  type ReplayTargets,
} from './replay-targets.ts';
import type { Store } from './store.ts';

/** A dry run counts no further. */
const COUNT_MAX = 1_000_000;
const WINDOW_EVENTS = 500;

const REPLAY_COLUMNS = `row, id, account_row, state, request, cursor_row, end_row, operational_end_row, examined,
  created, skipped, created_at_ms, finished_at_ms`;
const INSERT_REPLAY = `
  INSERT INTO replays (id, account_row, state, request, cursor_row, end_row, operational_end_row, created_at_ms)
  VALUES (?, ?, 'running', ?, ?, ?, ?, ?)`;
const SELECT_REPLAY = `SELECT ${REPLAY_COLUMNS} FROM replays WHERE id = ?`;
const SELECT_RUNNING = `SELECT ${REPLAY_COLUMNS} FROM replays INDEXED BY replays_running WHERE state = 'running'`;
const SELECT_PAGE = `
  SELECT ${REPLAY_COLUMNS} FROM replays WHERE account_row = ? AND row < ? ORDER BY row DESC LIMIT ?`;
const UPDATE_REPLAY = `
  UPDATE replays SET state = ?, cursor_row = ?, examined = ?, created = ?, skipped = ?, finished_at_ms = ?
  WHERE row = ?`;

interface ReplayRow {
  readonly row: number;
  readonly id: ReplayId;
  readonly account_row: number;
  readonly state: ReplayState;
  readonly request: string;
  /** A place, as replay-targets.ts says it. */
  readonly cursor_row: number;
  readonly end_row: number;
  readonly operational_end_row: number;
  readonly examined: number;
  readonly created: number;
  readonly skipped: number;
  readonly created_at_ms: number;
  readonly finished_at_ms: number | null;
}

type ReplaysJournal = Pick<
  CommandJournal,
  'countReplay' | 'createReplay' | 'listReplays' | 'getReplay' | 'setReplayState'
> &
  Pick<DeliveryJournal, 'listRunnableReplays' | 'advanceReplay'>;

export function createReplays(store: Store, deliveries: DeliveryMaker): ReplaysJournal {
  const { db, read, writer, clock, counters, accounts, calls, due } = store;
  const insert = db.prepare(INSERT_REPLAY);
  const select = db.prepare(SELECT_REPLAY);
  const update = db.prepare(UPDATE_REPLAY);
  const selectRunning = read.prepare(SELECT_RUNNING);
  const selectPage = read.prepare(SELECT_PAGE);

  function toReplay(row: ReplayRow): Replay {
    return {
      id: row.id,
      accountId: accounts.toId(row.account_row),
      state: row.state,
      request: JSON.parse(row.request) as ReplayRequest,
      examined: row.examined,
      created: row.created,
      skipped: row.skipped,
      createdAtMs: row.created_at_ms,
      finishedAtMs: row.finished_at_ms,
    };
  }

  function readReplay(accountId: AccountId | undefined, id: ReplayId): ReplayRow | undefined {
    const row = select.get(id) as unknown as ReplayRow | undefined;
    if (row === undefined || accountId === undefined) return row;
    return row.account_row === accounts.findRow(accountId) ? row : undefined;
  }

  function save(row: ReplayRow): ReplayRow {
    const { state, cursor_row, examined, created, skipped, finished_at_ms } = row;
    update.run(state, cursor_row, examined, created, skipped, finished_at_ms, row.row);
    return row;
  }

  /**
   * One step: the next matching events, a delivery for each target, the cursor, all together. It ends at the
   * first event with which `limit` deliveries are made, so it makes at most one event's fan-out more; the job
   * itself never makes more than it was allowed to, even if that leaves an event sent to some of its targets.
   */
  function advance(before: ReplayRow, limit: number): ReplayRow {
    const nowMs = clock.nowMs();
    const { request } = toReplay(before);
    const createdMax = request.createdMax ?? Number.POSITIVE_INFINITY;
    const targets = createReplayTargets(store, db, before.account_row, request, before.operational_end_row);
    const { after, until } = targets.toWindow(before.cursor_row, before.end_row);
    const events = targets.readEvents(after, until, limit);
    const counts = { examined: before.examined, created: before.created, skipped: before.skipped };
    let lastPlace = before.cursor_row;
    let isFull = events.length >= limit;
    for (const event of events) {
      lastPlace = event.place;
      for (const { destination, isPending } of targets.findTargets(event)) {
        if (counts.created >= createdMax) break;
        counts.examined += 1;
        if (isPending) {
          counts.skipped += 1;
          continue;
        }
        const known = calls.peek(event.call_row);
        if (known !== undefined) known.isAlone = false;
        const made = deliveries.make({
          destination,
          callRow: event.call_row,
          eventRow: event.row,
          sequence: event.sequence,
          pending: deliveries.readPending(event.call_row, destination.row),
          replayRow: before.row,
          nowMs,
        });
        counts.created += 1;
        if (made.isDue) due.hint(destination.id, nowMs);
      }
      if (counts.created >= createdMax || counts.created - before.created >= limit) {
        isFull = true;
        break;
      }
    }
    // A full step stops at its last event; else the whole window was looked at.
    const cursor = isFull ? lastPlace : until;
    const isDone = cursor >= before.end_row || counts.created >= createdMax;
    return save({
      ...before,
      ...counts,
      cursor_row: cursor,
      state: isDone ? 'finished' : before.state,
      finished_at_ms: isDone ? nowMs : null,
    });
  }

  return {
    async countReplay(request) {
      const accountRow = findAccountRow(store, request.accountId);
      const operationalEndRow = findOperationalEnd(read);
      const targets = createReplayTargets(store, read, accountRow, request, operationalEndRow);
      return countTargets(targets, toReplayStart(operationalEndRow), counters.feedEnd);
    },
    createReplay(request, actor) {
      return writer.run({
        work() {
          const accountRow = toAccountRow(store, request.accountId);
          const id = makeId('rpl');
          const json = JSON.stringify(request);
          const operationalEndRow = findOperationalEnd(db);
          const cursorRow = toReplayStart(operationalEndRow);
          const endRow = counters.now.reportRow;
          insert.run(id, accountRow, json, cursorRow, endRow, operationalEndRow, clock.nowMs());
          const { filter, deliveryIds, ratePerSecond, createdMax = null } = request;
          const detail = { filter, ratePerSecond, createdMax, deliveries: deliveryIds?.length ?? null };
          writeAudit(store, accountRow, actor, 'replay.created', id, detail);
          return toReplay(readReplay(undefined, id) as ReplayRow);
        },
      });
    },
    async listReplays(accountId, { limit, cursor }) {
      const accountRow = findAccountRow(store, accountId);
      const rows = selectPage.all(accountRow, parseRowCursor(cursor), limit + 1) as unknown as ReplayRow[];
      return toPage(rows, limit, toReplay, (row) => toRowCursor(row.row));
    },
    async getReplay(accountId, id) {
      const row = readReplay(accountId, id);
      return row === undefined ? undefined : toReplay(row);
    },
    setReplayState(accountId, id, state, actor) {
      return writer.run({
        work() {
          const row = readReplay(accountId, id);
          if (row === undefined) return undefined;
          const isOver = row.state === 'finished' || row.state === 'cancelled';
          if (isOver || row.state === state) return toReplay(row);
          writeAudit(
            store,
            row.account_row,
            actor,
            `replay.${state === 'running' ? 'resumed' : state}`,
            id,
            null,
          );
          const finished_at_ms = state === 'cancelled' ? clock.nowMs() : null;
          return toReplay(save({ ...row, state, finished_at_ms }));
        },
      });
    },
    async listRunnableReplays() {
      return (selectRunning.all() as unknown as ReplayRow[]).map(toReplay);
    },
    advanceReplay(replayId, limit) {
      return writer.run(
        {
          work() {
            const before = readReplay(undefined, replayId);
            if (before === undefined) throw new Error(`There is no replay ${replayId}.`);
            return toReplay(before.state === 'running' ? advance(before, limit) : before);
          },
        },
        { weight: limit, always: true },
      );
    },
  };
}

async function countTargets(targets: ReplayTargets, start: number, endRow: number): Promise<ReplayCount> {
  const counts = new Map<ReplayCount['perDestination'][number]['destinationId'], number>();
  let total = 0;
  for (let place = start; place < endRow && total < COUNT_MAX;) {
    const { after, until } = targets.toWindow(place, endRow);
    const events = targets.readEvents(after, until, WINDOW_EVENTS);
    for (const event of events) {
      for (const { destination, isPending } of targets.findTargets(event)) {
        if (isPending || total >= COUNT_MAX) continue;
        total += 1;
        counts.set(destination.id, (counts.get(destination.id) ?? 0) + 1);
      }
    }
    place = events.length >= WINDOW_EVENTS ? (events.at(-1)?.place ?? until) : until;
    await yieldTurn();
  }
  return {
    total,
    perDestination: [...counts].map(([destinationId, count]) => ({ destinationId, count })),
    truncated: total >= COUNT_MAX,
  };
}
