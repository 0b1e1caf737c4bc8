/**
 * One request and its answer. One timer covers DNS, connect, TLS and the response head; when the head is there the
 * verdict stands, and the body, which is only kept to be shown, gets a short grace. A head that never completes is
 * no answer: sending again is allowed by at-least-once, calling an event delivered that was not is not.
 */
import type { Dispatcher } from 'undici';
import { DELIVERY_CONTROL_ABORT, DELIVERY_CONTROL_HEADER } from '@offhook/contract/headers';
import type { AttemptResult, FailureCause } from '../destination.ts';
import type { Connecting, ConnectOutcome } from '../egress/guarded-connect.ts';
import type { Connection, WireWatcher } from './connection.ts';
import { describeExchangeError, describeTimeout } from './exchange-failure.ts';

export type HttpMethod = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';

export interface HttpPost {
  /** Path and query, beginning with a slash. */
  readonly path: string;
  /** Name, value, name, value …: the form undici serialises without another pass. */
  readonly headers: string[];
  readonly body: Uint8Array;
  readonly deadlineMs: number;
}

export interface HttpRequest extends Omit<HttpPost, 'body'> {
  readonly method: HttpMethod;
  readonly body: Uint8Array | null;
  /** The answer's body is needed, up to so many bytes: it may then take until the deadline to come. */
  readonly keptBytesMax?: number;
  /**
   * Whether a second try on a fresh socket may follow where a kept one died before a byte of the answer. A server may
   * have done what it was asked by then, so for POST the answer is no unless the caller says otherwise.
   */
  readonly isRepeatable?: boolean;
}

/** A request's result: what AttemptResult says, without the kinds' own `done`. */
export type HttpResult = Extract<AttemptResult, { kind: 'answered' | 'failed' }>;

/** What an exchange needs of its target. */
export interface ConnectionSource {
  readonly hostname: string;
  takeIdle(): Connection | null;
  connect(onDone: (outcome: ConnectionOutcome) => void): Connecting;
  release(connection: Connection): void;
}

export type ConnectionOutcome =
  | { readonly kind: 'connected'; readonly connection: Connection }
  | Extract<ConnectOutcome, { kind: 'failed' }>;

export const RESPONSE_BYTES_READ_MAX = 64 * 1024;
export const RESPONSE_BYTES_KEPT_MAX = 16 * 1024;
export const BODY_GRACE_MS = 1_000;
/** Interim answers (1xx) restart undici's header count, so an endless run of them would never hit a limit of its own. */
const interimAnswersMax = 16;
const retryAfterCharactersMax = 128;

export class Exchange implements Dispatcher.DispatchHandler, WireWatcher {
  readonly #source: ConnectionSource;
  readonly #request: HttpRequest;
  readonly #resolve: (result: HttpResult) => void;
  readonly #keptBytesMax: number;
  readonly #readBytesMax: number;
  readonly #startedAt = performance.now();
  #timer: NodeJS.Timeout;
  #connecting: Connecting | null = null;
  #connection: Connection | null = null;
  #settled = false;
  #resent = false;
  #firstByteMs: number | null = null;
  #interimAnswers = 0;
  #status: number | null = null;
  #retryAfter: string | null = null;
  #abort = false;
  #closes = false;
  #readsOn = false;
  #kept: Buffer[] = [];
  #keptBytes = 0;
  #bodyBytes = 0;

  constructor(source: ConnectionSource, request: HttpRequest, resolve: (result: HttpResult) => void) {
    this.#source = source;
    this.#request = request;
    this.#keptBytesMax = request.keptBytesMax ?? RESPONSE_BYTES_KEPT_MAX;
    this.#readBytesMax = Math.max(RESPONSE_BYTES_READ_MAX, this.#keptBytesMax);
    this.#resolve = resolve;
    // A plain timer: Node keeps timers of one duration in one list, so setting and clearing costs 0.3 µs, where
    // AbortSignal.timeout with a listener costs 2.1 µs (measured).
    this.#timer = setTimeout(onDeadline, request.deadlineMs, this);
  }

  start(): void {
    const idle = this.#source.takeIdle();
    if (idle === null) this.#connect();
    else this.#send(idle);
  }

  #connect(): void {
    this.#connecting = this.#source.connect((outcome) => {
      this.#connecting = null;
      if (this.#settled) {
        if (outcome.kind === 'connected') outcome.connection.destroy();
      } else if (outcome.kind === 'failed') this.#fail(outcome.cause, outcome.detail);
      else this.#send(outcome.connection);
    });
  }

  #send(connection: Connection): void {
    this.#connection = connection;
    const { method, path, headers, body } = this.#request;
    connection.dispatch({ method, path, headers, body }, this);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#settled) controller.abort(new Error('the attempt is over'));
  }

  onResponseStarted(): void {
    this.#firstByteMs ??= this.#elapsedMs();
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (this.#settled) return;
    if (status < 200) {
      this.#interimAnswers += 1;
      if (this.#interimAnswers > interimAnswersMax)
        this.#fail('protocol', 'the server sent interim answers (1xx) without end');
      return;
    }
    this.#status = status;
    this.#retryAfter = firstOf(headers['retry-after'])?.slice(0, retryAfterCharactersMax) ?? null;
    this.#abort = firstOf(headers[DELIVERY_CONTROL_HEADER]) === DELIVERY_CONTROL_ABORT;
    this.#closes = firstOf(headers['connection'])?.toLowerCase() === 'close';
    this.#readsOn = !this.#closes && Number(firstOf(headers['content-length'])) <= this.#readBytesMax;
    if (this.#request.keptBytesMax !== undefined) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      onDeadline,
      Math.min(BODY_GRACE_MS, Math.max(1, this.#request.deadlineMs - this.#elapsedMs())),
      this,
    );
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#settled) return;
    const room = this.#keptBytesMax - this.#keptBytes;
    if (room > 0) {
      const kept = chunk.length <= room ? chunk : chunk.subarray(0, room);
      this.#kept.push(kept);
      this.#keptBytes += kept.length;
    }
    this.#bodyBytes += chunk.length;
    // What is not kept is only read to use the socket again, so there must be an end to it in sight.
    if (this.#bodyBytes > (this.#readsOn ? this.#readBytesMax : this.#keptBytesMax)) this.#answer('cut');
  }

  onResponseEnd(): void {
    // Where the server closes, so do we, before undici destroys the socket with an error that nobody reads: making and
    // formatting its stack trace was a sixth of the cost of an exchange on a fresh socket (measured).
    this.#answer(this.#closes ? 'cut' : 'complete');
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    if (this.#settled) return;
    if (this.#status !== null) {
      this.#answer('cut');
      return;
    }
    const connection = this.#connection;
    // A kept socket that the server closed while we wrote has not seen the request, or saw it and may see it again (an
    // event under the same webhook-id): one try on a fresh socket saves a planned wait. A fresh one is never tried again.
    if (connection?.used === true && !this.#resent && this.#firstByteMs === null && this.#isRepeatable) {
      this.#resent = true;
      connection.destroy();
      this.#connect();
      return;
    }
    const { cause, detail } = describeExchangeError(connection?.brokenBy ?? error);
    this.#fail(cause, detail);
  }

  /** Catches what reaches no callback: an endless reason phrase, chunk extensions, trailers. */
  onWireBytes(bytes: number): void {
    // A head is bounded as ever; a body that is needed has its own room beside it.
    const max =
      this.#status === null || this.#request.keptBytesMax === undefined
        ? RESPONSE_BYTES_READ_MAX
        : RESPONSE_BYTES_READ_MAX + this.#readBytesMax;
    if (this.#settled || bytes <= max) return;
    if (this.#status !== null) this.#answer('cut');
    else
      this.#fail(
        'protocol',
        `the server sent more than ${RESPONSE_BYTES_READ_MAX / 1024} KiB without completing an answer`,
      );
  }

  onDeadline(): void {
    if (this.#status !== null) {
      this.#answer('cut');
      return;
    }
    const stage = this.#connecting?.stage ?? (this.#firstByteMs === null ? 'waiting' : 'answering');
    this.#fail('timeout', describeTimeout(stage, this.#source.hostname, this.#request.deadlineMs));
  }

  #answer(body: 'complete' | 'cut'): void {
    const status = this.#status;
    if (this.#settled || status === null) return;
    this.#settle({
      kind: 'answered',
      status,
      retryAfter: this.#retryAfter,
      abort: this.#abort,
      // Copied, since the pieces are views into read buffers of 64 KiB.
      responseBody: this.#keptBytes === 0 ? null : Buffer.concat(this.#kept, this.#keptBytes),
      timing: { firstByteMs: this.#firstByteMs, totalMs: this.#elapsedMs() },
    });
    const connection = this.#connection;
    if (connection === null) return;
    if (body === 'cut') {
      connection.destroy();
      return;
    }
    connection.finish();
    this.#source.release(connection);
  }

  #fail(cause: FailureCause, detail: string): void {
    if (this.#settled) return;
    this.#settle({
      kind: 'failed',
      cause,
      detail,
      timing: { firstByteMs: this.#firstByteMs, totalMs: this.#elapsedMs() },
    });
    this.#connecting?.cancel();
    this.#connection?.destroy();
  }

  /** Ends without a verdict; nobody waits for one any more. */
  abandon(): void {
    if (this.#settled) return;
    this.#settled = true;
    clearTimeout(this.#timer);
    this.#connecting?.cancel();
    this.#connection?.destroy();
  }

  get #isRepeatable(): boolean {
    return this.#request.isRepeatable ?? this.#request.method !== 'POST';
  }

  #settle(result: HttpResult): void {
    this.#settled = true;
    clearTimeout(this.#timer);
    this.#resolve(result);
  }

  #elapsedMs(): number {
    return performance.now() - this.#startedAt;
  }
}

function onDeadline(exchange: Exchange): void {
  exchange.onDeadline();
}

function firstOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
