import type { Ledger } from './ledger.ts';
import type { Connection } from './message.ts';
import type { ReportFeed } from './report-feed.ts';

import { openConnection } from './message.ts';

export interface LoadResult {
  readonly startedAtMs: number;
  readonly accepted: number;
  /** Answered with something else than 2xx: not counted as work, and not waited for. */
  readonly refused: number;
  /** How far the generator itself fell behind its schedule at worst; 0 in a closed loop. */
  readonly lagMaxMs: number;
}

interface LoadTarget {
  readonly port: number;
  readonly feed: ReportFeed;
  readonly ledger: Ledger;
}

/** As many requests under way as connections: the next one goes out when one is answered. */
export async function runClosedLoop(
  { port, feed, ledger }: LoadTarget,
  options: { readonly inFlight: number; readonly durationMs: number },
): Promise<LoadResult> {
  const connections = await openConnections(port, options.inFlight);
  const tally = { accepted: 0, refused: 0 };
  const startedAtMs = performance.now();
  const endsAtMs = startedAtMs + options.durationMs;
  await Promise.all(
    connections.map(
      (connection) =>
        new Promise<void>((resolve) => {
          const sendNext = (): void => {
            const nowMs = performance.now();
            if (nowMs >= endsAtMs) return resolve();
            sendReport(connection, { port, feed, ledger }, nowMs, tally, sendNext);
          };
          sendNext();
        }),
    ),
  );
  closeConnections(connections);
  return { startedAtMs, ...tally, lagMaxMs: 0 };
}

/**
 * At a steady rate, whether or not the answers keep up. A report that finds every connection busy waits, and
 * its wait counts: its time runs from the moment it was due to go.
 */
export async function runOpenLoop(
  target: LoadTarget,
  options: { readonly perSecond: number; readonly durationMs: number },
): Promise<LoadResult> {
  const connections = await openConnections(target.port, OPEN_LOOP_CONNECTIONS);
  const idle = [...connections];
  const waitingSinceMs: number[] = [];
  const tally = { accepted: 0, refused: 0 };
  const total = Math.floor((options.perSecond * options.durationMs) / 1_000);
  const startedAtMs = performance.now();
  let lagMaxMs = 0;
  let sent = 0;

  await new Promise<void>((resolve) => {
    const send = (connection: Connection, dueAtMs: number): void =>
      sendReport(connection, target, dueAtMs, tally, () => {
        const nextDueAtMs = waitingSinceMs.shift();
        if (nextDueAtMs !== undefined) return send(connection, nextDueAtMs);
        idle.push(connection);
        if (sent === total && idle.length === connections.length) resolve();
      });
    const sendDue = (): void => {
      const nowMs = performance.now();
      const due = Math.min(total, Math.floor(((nowMs - startedAtMs) * options.perSecond) / 1_000));
      for (; sent < due; sent++) {
        lagMaxMs = Math.max(lagMaxMs, nowMs - startedAtMs - ((sent + 1) * 1_000) / options.perSecond);
        const connection = idle.pop();
        if (connection === undefined) waitingSinceMs.push(nowMs);
        else send(connection, performance.now());
      }
      if (sent < total) setTimeout(sendDue, 1);
    };
    sendDue();
  });
  closeConnections(connections);
  return { startedAtMs, ...tally, lagMaxMs };
}

const OPEN_LOOP_CONNECTIONS = 64;

function sendReport(
  connection: Connection,
  { feed, ledger }: LoadTarget,
  dueAtMs: number,
  tally: { accepted: number; refused: number },
  onDone: () => void,
): void {
  const { slot, request } = feed.next();
  ledger.send(slot, dueAtMs);
  connection.send(request, (status) => {
    if (status >= 200 && status < 300) {
      tally.accepted++;
      feed.accepted(slot);
    } else {
      tally.refused++;
      ledger.refuse(slot);
    }
    onDone();
  });
}

function openConnections(port: number, count: number): Promise<Connection[]> {
  return Promise.all(Array.from({ length: count }, () => openConnection(port)));
}

function closeConnections(connections: readonly Connection[]): void {
  for (const connection of connections) connection.close();
}
