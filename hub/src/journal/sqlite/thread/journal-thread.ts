/**
 * The journal's own thread: runs the SQLite journal and answers the main thread's calls. Everything that was
 * asked for while a commit ran goes into the next one, and one message carries all its answers back.
 */
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';

import { createSharedClock, systemClock } from '../../../clock.ts';
import type { DestinationId } from '../../ids.ts';
import { JournalError } from '../../journal-error.ts';
import type { ClaimRequest, ClaimedDelivery } from '../../deliveries.ts';
import type { Destination } from '../../destinations.ts';
import type { Journal } from '../../journal.ts';
import { createSecretBox } from '../../secret-box.ts';
import type { JournalTrouble } from '../../trouble.ts';
import { openSqliteJournal } from '../sqlite-journal.ts';
import { createLaneCredit } from './lane-credit.ts';
import type {
  FromThread,
  JournalMethod,
  SentError,
  ThreadCall,
  ThreadOptions,
  ThreadStart,
  ToThread,
} from './protocol.ts';
import {
  fromAttemptRow,
  fromReportRow,
  toAcceptedRow,
  toDeliveryRow,
  toRecordedRow,
  type AttemptRow,
  type DeliveryRow,
  type ReportRow,
} from './rows.ts';

if (parentPort === null) throw new Error('journal-thread runs as a worker thread only');
await serve(parentPort, workerData as ThreadOptions);

async function serve(port: MessagePort, options: ThreadOptions): Promise<void> {
  let journal: Journal;
  try {
    const { file, masterKey, synchronous, staleAfterMs, sharedClock } = options;
    journal = await openSqliteJournal({
      file,
      clock: sharedClock === undefined ? systemClock : createSharedClock(sharedClock),
      secretBox: createSecretBox(masterKey),
      ...(synchronous !== undefined && { synchronous }),
      ...(staleAfterMs !== undefined && { staleAfterMs }),
    });
  } catch (error) {
    // Nothing listens, so the thread ends by itself once this is sent.
    port.postMessage({ kind: 'failed', error: toSentError(error) } satisfies ThreadStart);
    return;
  }
  const credit = createLaneCredit();
  const outbox = createOutbox(port);
  let stopListening: (() => void) | null = null;

  journal.listenDestinations((id, destination) => outbox.destination(id, destination));
  journal.listenFeed(() => outbox.feed());
  journal.listenTrouble((trouble) => outbox.trouble(trouble));
  void journal.broken.then((error) => outbox.broken(error));

  port.on('message', ({ calls, listenDue, refused }: ToThread) => {
    if (listenDue !== undefined) {
      stopListening?.();
      stopListening = listenDue === null ? null : listen(journal, listenDue);
    }
    if (refused !== undefined) {
      for (const { row } of refused) credit.refuse(row);
      void journal.releaseDeliveries(refused);
    }
    for (const call of calls) void answer(call);
  });
  port.postMessage({ kind: 'ready' } satisfies ThreadStart);

  function listen(from: Journal, { nodeId, leaseMs }: { nodeId: string; leaseMs: number }): () => void {
    return from.listenDue({
      nodeId,
      leaseMs,
      take(delivery) {
        const isTaken = credit.take(delivery.destinationId, delivery.row);
        if (isTaken) outbox.take(delivery);
        return isTaken;
      },
      hint: (destinationId, dueAtMs) => outbox.hint(destinationId, dueAtMs),
    });
  }

  async function answer(call: ThreadCall): Promise<void> {
    const [id, method] = call;
    try {
      outbox.result(id, await run(call));
      if (method === 'close') outbox.end();
    } catch (error) {
      outbox.failure(id, error);
    }
  }

  /** The hot three have rows for arguments and answers. */
  async function run([, method, values]: ThreadCall): Promise<unknown> {
    switch (method) {
      case 'acceptReports': {
        const reports = (values[0] as readonly ReportRow[]).map(fromReportRow);
        return (await journal.acceptReports(reports)).map(toAcceptedRow);
      }
      case 'recordAttempts': {
        const records = (values[0] as readonly AttemptRow[]).map(fromAttemptRow);
        const recorded = await journal.recordAttempts(records);
        for (const { deliveryRow } of records) credit.settle(deliveryRow);
        return recorded.map(toRecordedRow);
      }
      case 'claimDeliveries':
        return claim(values[0] as ClaimRequest);
      default: {
        const other = journal[method] as (...values: readonly unknown[]) => Promise<unknown>;
        const result = await other(...values);
        watch(method, values, result);
        return result;
      }
    }
  }

  async function claim(request: ClaimRequest): Promise<readonly DeliveryRow[]> {
    const claimed = await journal.claimDeliveries(request);
    for (const { destinationId, limit } of request.lanes) {
      const count = claimed.filter((delivery) => delivery.destinationId === destinationId).length;
      if (count < limit) credit.caughtUp(destinationId);
    }
    return claimed.map(toDeliveryRow);
  }

  /** Keeps the credit in step with what leaves the engine's hands. */
  function watch(method: JournalMethod, values: readonly unknown[], result: unknown): void {
    if (method === 'releaseDeliveries' || method === 'postponeDeliveries') {
      for (const { row } of values[0] as readonly { row: number }[]) credit.settle(row);
    } else if (method === 'renewLeases') {
      for (const row of result as readonly number[]) credit.settle(row);
    }
  }
}

interface Outbox {
  destination(id: DestinationId, destination: Destination | undefined): void;
  take(delivery: ClaimedDelivery): void;
  hint(destinationId: DestinationId, dueAtMs: number): void;
  feed(): void;
  result(id: number, result: unknown): void;
  failure(id: number, error: unknown): void;
  trouble(trouble: JournalTrouble): void;
  broken(error: JournalError): void;
  /** Sends what waits, then lets the thread end. */
  end(): void;
}

function createOutbox(port: MessagePort): Outbox {
  let message = createMessage();
  let isScheduled = false;

  function schedule(): void {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(send);
  }

  function send(): void {
    isScheduled = false;
    port.postMessage(message);
    message = createMessage();
  }

  return {
    destination(id, destination) {
      message.destinations.push([id, destination]);
      schedule();
    },
    take(delivery) {
      message.taken.push(toDeliveryRow(delivery));
      schedule();
    },
    hint(destinationId, dueAtMs) {
      message.hints.push([destinationId, dueAtMs]);
      schedule();
    },
    feed() {
      message.fed = true;
      schedule();
    },
    result(id, result) {
      message.results.push([id, result]);
      schedule();
    },
    failure(id, error) {
      message.failures.push([id, toSentError(error)]);
      schedule();
    },
    trouble({ error, ...trouble }) {
      message.troubles.push({ ...trouble, error: toSentError(error) });
      schedule();
    },
    broken(error) {
      message.broken = toSentError(error);
      schedule();
    },
    end() {
      schedule();
      // Not closed: that may drop what was posted last.
      port.unref();
    },
  };
}

type Mutable<Type> = {
  -readonly [Key in keyof Type]: Type[Key] extends readonly (infer Item)[] ? Item[] : Type[Key];
};

function createMessage(): Mutable<FromThread> {
  return {
    destinations: [],
    taken: [],
    hints: [],
    fed: false,
    results: [],
    failures: [],
    troubles: [],
    broken: null,
  };
}

function toSentError(error: unknown): SentError {
  return {
    code: error instanceof JournalError ? error.code : null,
    message: error instanceof Error ? error.message : String(error),
    stack: error instanceof Error ? error.stack : undefined,
  };
}
