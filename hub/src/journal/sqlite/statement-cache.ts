/**
 * Statements that filters make, kept by their text: values are always parameters, so people ask the same few texts
 * again and again. Compiling a list of deliveries takes 85 µs, as long as reading 15 of them.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** Some 20 KiB each. */
const STATEMENTS_MAX = 64;

export type PrepareCached = (sql: string) => StatementSync;

export function createStatementCache(db: DatabaseSync): PrepareCached {
  /** Oldest use first. */
  const statements = new Map<string, StatementSync>();
  return (sql) => {
    const known = statements.get(sql);
    const statement = known ?? db.prepare(sql);
    if (known !== undefined) statements.delete(sql);
    statements.set(sql, statement);
    if (statements.size > STATEMENTS_MAX) {
      for (const oldest of statements.keys()) {
        statements.delete(oldest);
        break;
      }
    }
    return statement;
  };
}
