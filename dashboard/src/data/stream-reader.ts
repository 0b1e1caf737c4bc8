/** One connection to the hub's stream that comes back by itself. In: how to open it. Out: messages, in order. */
import type { StreamMessage } from './sse.ts';

import { makeSseParser } from './sse.ts';

export interface StreamReader {
  /** Gives up the present connection, or the wait for the next, and tries again at once. */
  reconnect(): void;
  close(): void;
}

export interface StreamReaderOptions {
  readonly open: (lastId: string | null, signal: AbortSignal) => Promise<Response>;
  /** Where to begin; asked before each connection. */
  readonly lastId: () => string | null;
  readonly opened: (isResumed: boolean) => void;
  readonly received: (messages: readonly StreamMessage[]) => void;
  readonly broken: () => void;
  /** The hub says that nobody is signed in: the reader has closed itself. */
  readonly refused: () => void;
  readonly random: () => number;
}

/** Until the server says how long to wait. */
const RETRY_MS = 3_000;
const RETRY_MS_MAX = 15_000;
/** Connection or message: after this long without a byte the line is taken for dead. The hub speaks every 5 s. */
export const SILENCE_MS = 12_000;

export function openStreamReader(options: StreamReaderOptions): StreamReader {
  let isClosed = false;
  let attempt = new AbortController();
  let wake: (() => void) | null = null;
  let retryMs = RETRY_MS;
  let failures = 0;

  async function run(): Promise<void> {
    while (!isClosed) {
      attempt = new AbortController();
      let waitMs: number | null = null;
      try {
        const lastId = options.lastId();
        const response = await withDeadline(options.open(lastId, attempt.signal), attempt);
        if (response.status === 401) {
          isClosed = true;
          options.refused();
          return;
        }
        if (!response.ok || response.body === null) {
          waitMs = toRetryAfterMs(response.headers.get('retry-after'));
          await response.body?.cancel();
        } else {
          failures = 0;
          options.opened(lastId !== null);
          await read(response.body, attempt);
        }
      } catch {
        // Whatever broke the line, the remedy is the same.
      }
      attempt.abort();
      if (isClosed) return;
      options.broken();
      failures += 1;
      await sleep(waitMs ?? toDelayMs());
    }
  }

  async function read(body: ReadableStream<Uint8Array>, controller: AbortController): Promise<void> {
    const parser = makeSseParser();
    const decoder = new TextDecoder();
    const reader = body.getReader();
    for (;;) {
      const { done, value } = await withDeadline(reader.read(), controller);
      if (done) return;
      const messages = parser.push(decoder.decode(value, { stream: true }));
      retryMs = parser.retryMs() ?? retryMs;
      if (isClosed || controller.signal.aborted) return;
      options.received(messages);
    }
  }

  /** The server's wait has its own jitter; growth starts only when the hub stays away. */
  function toDelayMs(): number {
    if (failures <= 2) return retryMs;
    const grown = Math.min(RETRY_MS_MAX, retryMs * 1.5 ** (failures - 2));
    return grown * (0.75 + options.random() * 0.5);
  }

  function sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, ms);
      function done(): void {
        clearTimeout(timer);
        wake = null;
        resolve();
      }
      wake = done;
    });
  }

  void run();

  return {
    reconnect() {
      failures = 0;
      if (wake === null) attempt.abort();
      else wake();
    },
    close() {
      isClosed = true;
      attempt.abort();
      wake?.();
    },
  };
}

async function withDeadline<T>(promise: Promise<T>, controller: AbortController): Promise<T> {
  const timer = setTimeout(() => controller.abort(new Error('silence')), SILENCE_MS);
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(controller.signal.reason as Error);
  controller.signal.addEventListener('abort', abort, { once: true });
  if (controller.signal.aborted) abort();
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    clearTimeout(timer);
    controller.signal.removeEventListener('abort', abort);
  }
}

function toRetryAfterMs(header: string | null): number | null {
  return header !== null && /^\d{1,4}$/.test(header) ? Math.min(Number(header) * 1_000, 60_000) : null;
}
