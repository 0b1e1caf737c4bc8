import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';

import type { JournalFilter } from '../filter.ts';
import { createSecretBox } from '../secret-box.ts';
import { loadAccounts } from './account-registry.ts';
import { DELIVERY_COLUMNS, toDeliveryTables } from './delivery-rows.ts';
import { loadDestinations } from './destination-registry.ts';
import { toConditions } from './filter-sql.ts';
import { DUE_COLUMNS, DUE_TABLES } from './lane-order.ts';
import { migrate } from './migrate.ts';
import { loadSources } from './source-registry.ts';
import { createStatementCache } from './statement-cache.ts';

const FILTERS: readonly JournalFilter[] = [
  {},
  { statuses: ['in-progress'] },
  { statuses: ['call.stale'] },
  { excludedStatuses: ['call.stale'] },
  { excludedStatuses: ['ended', 'call.stale', 'delivery.dead'] },
  { callStates: ['live'] },
  { excludedCallStates: ['ended'], statuses: ['call.stale'] },
  { callTypes: ['web_call'] },
  { deliveryStates: ['dead', 'delivered'], excludedDeliveryStates: ['pending'] },
  { sourceIds: ['api'] },
  { number: { value: '+31', prefix: true } },
  { durationMs: { min: 1 } },
  { error: 'stt' },
  { codes: [{ min: 500, max: 599 }], attempts: { min: 2 } },
  { sinceMs: 1, untilMs: 2 },
];

describe('lists of deliveries', () => {
  const db = new DatabaseSync(':memory:');
  migrate(db, 0);
  db.function('fold', (text) => text);
  const box = createSecretBox(Buffer.alloc(32, 1));
  const accounts = loadAccounts(db, 0);
  const store = {
    destinations: loadDestinations(db, accounts, box),
    sources: loadSources(db, accounts, box, 0),
    prepareRead: createStatementCache(db),
  };

  function explain(sql: string): readonly string[] {
    const steps = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as unknown as { detail: string }[];
    return steps.map(({ detail }) => detail);
  }

  /** The tables that are read, in order. */
  function explainCount(filter: JournalFilter): readonly string[] {
    const { sql, isOfCalls, needs } = toConditions(store, 'deliveries', 1, filter);
    const { tables, account } = toDeliveryTables({ isOfCalls, needs });
    const steps = explain(`
      SELECT d.state, count(*) FROM ${tables}
      WHERE d.row >= ? AND d.row < ? AND ${account} = ? ${sql} GROUP BY d.state`);
    return steps.flatMap((step) => /^SEARCH (\w) /.exec(step)?.[1] ?? []);
  }

  it.each(FILTERS)('walk the window’s own rows and sort nothing, whatever is asked: %o', (filter) => {
    const { sql, isOfCalls } = toConditions(store, 'deliveries', 1, filter);
    const { tables, account } = toDeliveryTables({ isOfCalls });
    const steps = explain(`
      SELECT ${DELIVERY_COLUMNS} FROM ${tables}
      WHERE d.row < ? AND d.row >= ? AND ${account} = ? ${sql} ORDER BY d.row DESC LIMIT ?`);
    expect(steps[0]).toBe('SEARCH d USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)');
    expect(steps.filter((step) => step.startsWith('SCAN'))).toEqual([]);
    expect(steps).not.toContain('USE TEMP B-TREE FOR ORDER BY');
  });

  it('are counted without reading what is not asked of', () => {
    expect(explainCount({ excludedStatuses: ['ended'] })).toEqual(['d', 't', 'e']);
    expect(explainCount({ excludedStatuses: ['call.stale'] })).toEqual(['d', 't', 'o']);
    expect(explainCount({ excludedStatuses: ['ended', 'call.stale'] })).toEqual(['d', 't', 'o', 'e']);
    expect(explainCount({ statuses: ['ended', 'call.stale'] })).toEqual(['d', 't', 'o', 'e']);
    expect(explainCount({ statuses: ['ended'] })).toEqual(['d', 'c', 'e']);
    expect(explainCount({ deliveryStates: ['dead'] })).toEqual(['d', 't']);
    expect(explainCount({ sourceIds: ['api'] })).toEqual(['d', 'c', 'e']);
  });

  it('of what is due walk the due index in its order', () => {
    const steps = explain(`
      SELECT ${DUE_COLUMNS} FROM ${DUE_TABLES}
      WHERE d.destination_row = ? AND d.due_at_ms <= ? ORDER BY d.due_at_ms, d.row`);
    expect(steps).toEqual([
      'SEARCH d USING INDEX deliveries_due (destination_row=? AND due_at_ms<?)',
      'SEARCH e USING INTEGER PRIMARY KEY (rowid=?) LEFT-JOIN',
      'SEARCH o USING INTEGER PRIMARY KEY (rowid=?) LEFT-JOIN',
    ]);
  });
});
