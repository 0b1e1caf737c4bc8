/** Compares what was acknowledged and received with what a journal holds, by plain SQL on a copy of its files. */
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import type { Receipt } from './sink.ts';

/** What the writers of one journal said and its receivers got. */
export interface Story {
  /** Report numbers that were tried. */
  readonly tried: Set<number>;
  /** Report number → event id, or '-' where it made no event. */
  readonly acked: Map<number, string>;
}

export interface Verdict {
  readonly lost: number;
  readonly phantom: number;
  readonly inversions: number;
  readonly duplicates: number;
  readonly stuck: number;
  readonly integrityErrors: number;
  /** Events that lack a delivery: they and their deliveries must be one transaction. */
  readonly incomplete: number;
}

const SELECT_REPORTS = 'SELECT occurred_at_ms AS number, event_id FROM reports';
const COUNT_INCOMPLETE = `
  SELECT count(*) AS count FROM reports e WHERE e.sequence IS NOT NULL AND
    (SELECT count(*) FROM deliveries d WHERE d.call_row = e.call_row AND d.event_row = e.row) <> ?`;
const COUNT_STUCK = 'SELECT count(*) AS count FROM deliveries WHERE state <> 1';
const SELECT_EVENT_IDS = 'SELECT event_id FROM reports WHERE event_id IS NOT NULL';

const FINE: Verdict = {
  lost: 0,
  phantom: 0,
  inversions: 0,
  duplicates: 0,
  stuck: 0,
  integrityErrors: 0,
  incomplete: 0,
};

/** Right after the kill: nothing acknowledged is gone, nothing is there that nobody sent, the file is sound. */
export function checkRemains(file: string, copyFolder: string, story: Story, destinations: number): Verdict {
  // A copy, so that looking at it recovers and checkpoints nothing that the next writer must cope with.
  rmSync(copyFolder, { recursive: true, force: true });
  mkdirSync(copyFolder);
  const copy = join(copyFolder, basename(file));
  for (const suffix of ['', '-wal']) if (existsSync(file + suffix)) cpSync(file + suffix, copy + suffix);
  const db = new DatabaseSync(copy);
  try {
    const integrity = db.prepare('PRAGMA integrity_check').get()?.['integrity_check'];
    const isMade = db.prepare(`SELECT 1 FROM sqlite_schema WHERE name = 'reports'`).get() !== undefined;
    if (!isMade) {
      return { ...FINE, lost: story.acked.size, integrityErrors: integrity === 'ok' ? 0 : 1 };
    }
    const kept = new Map<number, string>();
    for (const row of db.prepare(SELECT_REPORTS).all()) {
      kept.set(row['number'] as number, (row['event_id'] as string | null) ?? '-');
    }
    let lost = 0;
    for (const [number, eventId] of story.acked) if (kept.get(number) !== eventId) lost += 1;
    let phantom = 0;
    for (const number of kept.keys()) if (!story.tried.has(number)) phantom += 1;
    const incomplete = db.prepare(COUNT_INCOMPLETE).get(destinations)?.['count'] as number;
    return { ...FINE, lost, phantom, incomplete, integrityErrors: integrity === 'ok' ? 0 : 1 };
  } finally {
    db.close();
  }
}

/** After the drain: every event reached every destination, first in order, and nothing else did. */
export function checkReceipts(
  file: string,
  receipts: readonly Receipt[],
  destinations: readonly string[],
): Verdict {
  const db = new DatabaseSync(file);
  const events = new Set(
    db
      .prepare(SELECT_EVENT_IDS)
      .all()
      .map((row) => row['event_id'] as string),
  );
  const stuck = db.prepare(COUNT_STUCK).get()?.['count'] as number;
  db.close();

  const first = new Set<string>();
  /** Highest sequence that a destination has seen of a call. */
  const latest = new Map<string, number>();
  let phantom = 0;
  let duplicates = 0;
  let inversions = 0;
  for (const { destination, eventId, callId, sequence } of receipts) {
    if (!events.has(eventId)) phantom += 1;
    const key = `${destination} ${eventId}`;
    if (first.has(key)) {
      duplicates += 1;
      continue;
    }
    first.add(key);
    const lane = `${destination} ${callId}`;
    // In order and without a gap: the next event is sent only after the one before was taken.
    if (sequence !== (latest.get(lane) ?? 0) + 1) inversions += 1;
    latest.set(lane, Math.max(sequence, latest.get(lane) ?? 0));
  }
  let lost = 0;
  for (const event of events) {
    for (const destination of destinations) if (!first.has(`${destination} ${event}`)) lost += 1;
  }
  return { ...FINE, lost, phantom, duplicates, inversions, stuck };
}
