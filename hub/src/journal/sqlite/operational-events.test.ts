import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';

import type { JournalFilter } from '../filter.ts';
import { toOperationalConditions } from './filter-sql.ts';
import { migrate } from './migrate.ts';
import { OPERATIONAL_LISTS, SELECT_LIVE_HEADS, SELECT_NEXT_LIVE } from './operational-events.ts';
import { SELECT_OLD_OPERATIONAL } from './prune.ts';
import { IS_TOLD_DISABLED } from './recoveries.ts';
import { SELECT_NEXT_OPERATIONAL, toSelectOperational } from './replay-targets.ts';

describe('what is asked of operational events', () => {
  const db = new DatabaseSync(':memory:');
  migrate(db, 0);

  function explain(sql: string): readonly string[] {
    const steps = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as unknown as { detail: string }[];
    return steps.map(({ detail }) => detail);
  }

  const by = (index: string, conditions: string): string =>
    `SEARCH operational_events USING INDEX operational_events_by_${index} (${conditions})`;

  it.each([
    ['all of an account', OPERATIONAL_LISTS.all, by('account', 'account_row=? AND rowid<?')],
    ['one type', OPERATIONAL_LISTS.ofType, by('type', 'account_row=? AND type=? AND rowid<?')],
    [
      'one destination',
      OPERATIONAL_LISTS.ofDestination,
      by('destination', 'destination_row=? AND type=? AND rowid<?'),
    ],
    [
      'retention',
      SELECT_OLD_OPERATIONAL,
      by('time', 'at_ms>? AND at_ms<?').replace('USING', 'USING COVERING'),
    ],
  ])('walks one index in its order: %s', (_what, sql, step) => {
    expect(explain(sql)).toEqual([step]);
  });

  it.each([
    ['the end of an account', OPERATIONAL_LISTS.end, 1],
    ['the next one that a replay looks at', SELECT_NEXT_OPERATIONAL, 1],
    ['whether a destination was disabled last', IS_TOLD_DISABLED, 2],
  ])('is answered by seeks into an index alone: %s', (_what, sql, seeks) => {
    const steps = explain(sql);
    expect(
      steps.filter((step) => step.includes('SEARCH operational_events USING COVERING INDEX')),
    ).toHaveLength(seeks);
    expect(steps.join('\n')).not.toMatch(/TEMP B-TREE|SCAN operational_events/);
  });

  it.each<JournalFilter>([
    {},
    { statuses: ['call.stale'], excludedStatuses: ['delivery.dead'] },
    { callId: 'a' },
    { sinceMs: 1, untilMs: 2 },
  ])('is the account’s own rows within a replay’s window, oldest first: %o', (filter) => {
    const conditions = toOperationalConditions(1, filter);
    expect(explain(toSelectOperational(conditions?.sql ?? ''))).toEqual([
      'SEARCH o USING INDEX operational_events_by_account (account_row=? AND rowid>? AND rowid<?)',
    ]);
  });
});

describe('stale calls', () => {
  const db = new DatabaseSync(':memory:');
  migrate(db, 0);

  it('cost one seek an account, and one for each that is found', () => {
    const explain = (sql: string): readonly string[] =>
      (db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as unknown as { detail: string }[]).map(
        ({ detail }) => detail,
      );
    expect(explain(SELECT_LIVE_HEADS)).toContain(
      'SEARCH c USING COVERING INDEX calls_live (account_row=? AND live_since_ms>?)',
    );
    expect(explain(SELECT_NEXT_LIVE.sameMs)).toEqual([
      'SEARCH c USING INDEX calls_live (account_row=? AND live_since_ms=? AND rowid>?)',
    ]);
    expect(explain(SELECT_NEXT_LIVE.later)).toEqual([
      'SEARCH c USING INDEX calls_live (account_row=? AND live_since_ms>? AND live_since_ms<?)',
    ]);
  });
});
