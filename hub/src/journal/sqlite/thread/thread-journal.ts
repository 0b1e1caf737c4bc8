/**
 * The SQLite journal behind a thread of its own: the same interface, and the commits, checkpoints and long
 * reads of the file never hold up the sockets. The messages cost about 13 µs of CPU an event, both sides together.
 */
import { Worker } from 'node:worker_threads';

import { JournalError } from '../../journal-error.ts';
import type { AcceptedReport } from '../../reports.ts';
import type { ClaimedDelivery, DueListener, RecordedAttempt } from '../../deliveries.ts';
import type { Destination } from '../../destinations.ts';
import type { Journal } from '../../journal.ts';
import type { DestinationId } from '../../ids.ts';
import { createTroubles } from '../../trouble.ts';
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
  fromAcceptedRow,
  fromDeliveryRow,
  fromRecordedRow,
  toAttemptRow,
  toReportRow,
  type AcceptedRow,
  type DeliveryRow,
  type RecordedRow,
} from './rows.ts';

const METHODS = [
  'acceptReports',
  'acceptAssumedEnds',
  'claimDeliveries',
  'recordAttempts',
  'postponeDeliveries',
  'releaseDeliveries',
  'renewLeases',
  'listDueLanes',
  'setDestinationHealth',
  'listRunnableReplays',
  'advanceReplay',
  'listDestinations',
  'getDestination',
  'createDestination',
  'updateDestination',
  'setDestinationState',
  'rotateSecret',
  'deleteDestination',
  'listCalls',
  'getCall',
  'getTimeline',
  'listEvents',
  'getEvent',
  'readFeed',
  'readFeedEnd',
  'findFeedRow',
  'listDeliveries',
  'getDelivery',
  'readBacklog',
  'readActiveCallCount',
  'countCalls',
  'countDeliveries',
  'readCallChanges',
  'readCallStatistics',
  'readDeliveryStatistics',
  'readCountedSince',
  'listErrorGroups',
  'readErrorHours',
  'setErrorGroupState',
  'readSourceActivity',
  'readLiveCalls',
  'retryDelivery',
  'cancelDelivery',
  'countReplay',
  'createReplay',
  'listReplays',
  'getReplay',
  'setReplayState',
  'createAccount',
  'listAccounts',
  'getAccount',
  'updateAccount',
  'createKey',
  'findKey',
  'listKeys',
  'revokeKey',
  'touchKey',
  'createSession',
  'findSession',
  'setSessionRevealed',
  'endSession',
  'listSources',
  'findSource',
  'createSource',
  'updateSource',
  'deleteSource',
  'putPhoneNumber',
  'listPhoneNumbers',
  'deletePhoneNumber',
  'listAudit',
  'appendAudit',
  'appendOperationalEvent',
  'listOperationalEvents',
  'readOperationalEnd',
  'listLiveCallsSince',
  'readDestinationMemory',
  'listDestinationMemory',
  'writeDestinationMemory',
  'readCalls',
  'listActiveCalls',
  'addSourceQuality',
  'readSourceQuality',
  'check',
  'readStats',
  'prune',
  'close',
] as const satisfies readonly JournalMethod[];

/** Made of METHODS, so that a method missing there is missing in the journal below, and tsc says which. */
type Callers = Pick<Journal, (typeof METHODS)[number]>;

/** Beside this file, compiled or not. */
const THREAD_FILE = new URL(
  import.meta.url.endsWith('.ts') ? './journal-thread.ts' : './journal-thread.js',
  import.meta.url,
);

export async function openThreadJournal(options: ThreadOptions): Promise<Journal> {
  const worker = new Worker(THREAD_FILE, { workerData: options, name: 'journal' });
  const start = await new Promise<ThreadStart>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  if (start.kind === 'failed') throw toError(start.error);
  return new ThreadJournal(worker).toJournal();
}

interface Waiting {
  /** From the thread's answer to the caller's. */
  readonly decode: (result: never) => unknown;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

class ThreadJournal {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #feedListeners = new Set<() => void>();
  readonly #destinationListeners = new Set<
    (id: DestinationId, destination: Destination | undefined) => void
  >();
  readonly #troubles = createTroubles();
  readonly #broken = Promise.withResolvers<JournalError>();
  readonly #ended: Promise<void>;
  #dueListener: DueListener | null = null;
  #calls: ThreadCall[] = [];
  #refused: { row: number; token: number }[] = [];
  #listenDue: ToThread['listenDue'];
  #isScheduled = false;
  #lastId = 0;
  #closing: Promise<void> | null = null;
  #failed: JournalError | null = null;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (message: FromThread) => this.#receive(message));
    worker.on('error', (error) => this.#fail(`The journal's thread failed: ${error.message}`, error));
    this.#ended = new Promise((resolve) => {
      worker.once('exit', () => {
        if (this.#closing === null) this.#fail('The journal’s thread ended by itself.');
        for (const { reject } of this.#waiting.values()) reject(closedError());
        this.#waiting.clear();
        resolve();
      });
    });
  }

  toJournal(): Journal {
    const callers: Partial<Record<JournalMethod, unknown>> = {};
    for (const method of METHODS) {
      callers[method] = (...values: unknown[]) => this.#call(method, values, asItIs);
    }
    return {
      ...(callers as Callers),
      broken: this.#broken.promise,
      close: () => this.#close(),
      acceptReports: (reports) => this.#call('acceptReports', [reports.map(toReportRow)], decodeAccepted),
      recordAttempts: (records) => this.#call('recordAttempts', [records.map(toAttemptRow)], decodeRecorded),
      claimDeliveries: (request) => this.#call('claimDeliveries', [request], decodeClaimed),
      listenDue: (listener) => this.#listen(listener),
      listenFeed: (listener) => addTo(this.#feedListeners, listener),
      listenTrouble: (listener) => this.#troubles.listen(listener),
      listenDestinations: (listener) => addTo(this.#destinationListeners, listener),
    };
  }

  #call<Result>(
    method: JournalMethod,
    values: readonly unknown[],
    decode: (result: never) => Result,
  ): Promise<Result> {
    // A thread that is gone answers nothing: a call to it would wait for ever.
    if (this.#failed !== null) return Promise.reject(this.#failed);
    if (this.#closing !== null && method !== 'close') return Promise.reject(closedError());
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { decode, resolve: resolve as Waiting['resolve'], reject });
      this.#calls.push([id, method, values]);
      this.#schedule();
    });
  }

  #listen(listener: DueListener): () => void {
    if (this.#dueListener !== null) throw new Error('The journal has a due listener already.');
    this.#dueListener = listener;
    this.#listenDue = { nodeId: listener.nodeId, leaseMs: listener.leaseMs };
    this.#schedule();
    return () => {
      if (this.#dueListener !== listener) return;
      this.#dueListener = null;
      this.#listenDue = null;
      this.#schedule();
    };
  }

  /**
   * One message for all that this turn of the loop asked for. Sending every 16 calls, so that the thread starts
   * while this turn still reads sockets, gave no more events a second and cost 20 µs more each (180 against 157
   * at 64 in flight): more messages, more wake-ups, more commits.
   */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      if (this.#calls.length > 0 || this.#refused.length > 0 || this.#listenDue !== undefined) this.#send();
    });
  }

  #send(): void {
    const message: ToThread = {
      calls: this.#calls,
      ...(this.#listenDue !== undefined && { listenDue: this.#listenDue }),
      ...(this.#refused.length > 0 && { refused: this.#refused }),
    };
    this.#calls = [];
    this.#refused = [];
    this.#listenDue = undefined;
    this.#worker.postMessage(message);
  }

  #receive(message: FromThread): void {
    for (const [id, destination] of message.destinations) {
      for (const listener of this.#destinationListeners) listener(id, destination);
    }
    for (const delivery of message.taken) this.#take(delivery);
    for (const [destinationId, dueAtMs] of message.hints) this.#dueListener?.hint(destinationId, dueAtMs);
    if (message.fed) for (const listener of this.#feedListeners) listener();
    for (const [id, result] of message.results) {
      const waiting = this.#settle(id);
      waiting?.resolve(waiting.decode(result as never));
    }
    for (const [id, error] of message.failures) this.#settle(id)?.reject(toError(error));
    for (const { error, ...trouble } of message.troubles) {
      this.#troubles.tell({ ...trouble, error: toError(error) });
    }
    if (message.broken !== null) {
      this.#broken.resolve(new JournalError('broken', message.broken.message));
    }
  }

  #take(sent: DeliveryRow): void {
    const delivery = fromDeliveryRow(sent);
    if (this.#dueListener?.take(delivery) === true) return;
    const { row, token, destinationId, dueAtMs } = delivery;
    this.#dueListener?.hint(destinationId, dueAtMs);
    this.#refused.push({ row, token });
    this.#schedule();
  }

  #settle(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  #fail(message: string, cause?: Error): void {
    const error = new JournalError('broken', message, { cause });
    this.#failed ??= error;
    this.#broken.resolve(error);
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  #close(): Promise<void> {
    this.#closing ??=
      this.#failed === null ? this.#call('close', [], asItIs).then(() => this.#ended) : this.#ended;
    return this.#closing;
  }
}

function addTo<Listener>(listeners: Set<Listener>, listener: Listener): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

const asItIs = (result: unknown): unknown => result;
const decodeAccepted = (rows: readonly AcceptedRow[]): AcceptedReport[] => rows.map(fromAcceptedRow);
const decodeRecorded = (rows: readonly RecordedRow[]): RecordedAttempt[] => rows.map(fromRecordedRow);
const decodeClaimed = (rows: readonly DeliveryRow[]): ClaimedDelivery[] => rows.map(fromDeliveryRow);

function toError({ code, message, stack }: SentError): Error {
  if (code !== null) return new JournalError(code, message);
  const error = new Error(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}

function closedError(): JournalError {
  return new JournalError('closed', 'The journal is closed.');
}
