/**
 * Writes to people who watch. In: pieces of text, made once for all of them. Out: at most one write per viewer and
 * STREAM_BATCH_MS, the first after a quiet time at once; a full batch does not wait.
 *
 * Promises: a viewer never has more than BUFFER_BYTES_MAX (and the piece that went over it) waiting in this process;
 * the writing gives way to everything else the hub does after TURN_MS, since 500 writes in one go would hold every
 * delivery up for 10 ms.
 */
import type { Clock } from '../clock.ts';

export const STREAM_BATCH_MS = 100;
/** So much is worth a write of its own: who catches up must not be held to a batch's time. */
export const STREAM_BATCH_BYTES = 64 * 1024;
/**
 * Viewers write in so many shifts within a batch's time: those of one shift are in step, so that their bytes are put
 * together once (one by one they were 60 MB of garbage a second at 500 viewers), and the shifts spread the work.
 */
const SHIFTS = 10;
/** Of one viewer, on top of what the kernel holds; then the journal is its buffer. */
export const STREAM_BUFFER_BYTES_MAX = 256 * 1024;
/** About 15 writes. */
const TURN_MS = 0.25;

export interface ByteSink {
  write(bytes: Uint8Array): void;
  /** What it was given and has not passed on. */
  readonly queuedBytes: number;
}

export interface BatchPipe {
  /** False once there is no more room; `onRoom` is called when there is again. */
  push(piece: Uint8Array): boolean;
  /** Likewise, without giving it anything. */
  hasRoom(): boolean;
  /** monotonic time since which there has been no room; null while there is. */
  readonly fullSinceMs: number | null;
  /** The sink has passed on what it held. */
  drained(): void;
  /** Writes what waits, now. */
  flush(): void;
  close(): void;
}

export interface BatchWriter {
  open(sink: ByteSink, onRoom: () => void): BatchPipe;
}

export function createBatchWriter(clock: Clock): BatchWriter {
  let opened = 0;
  /** Those whose time has come, in order. */
  let due: Pipe[] = [];
  let isTurning = false;
  /** Those that wait, by the time they wait for. */
  const shifts = new Map<number, Pipe[]>();
  let lastPieces: readonly Uint8Array[] = [];
  let lastBytes: Uint8Array = new Uint8Array();

  class Pipe implements BatchPipe {
    readonly #sink: ByteSink;
    readonly #onRoom: () => void;
    /** When its shift begins within the time of a batch. */
    readonly #shiftMs = ((opened++ % SHIFTS) * STREAM_BATCH_MS) / SHIFTS;
    #pieces: Uint8Array[] = [];
    #bytes = 0;
    #nextAtMs = Number.NEGATIVE_INFINITY;
    #isWaiting = false;
    #isDue = false;
    #isClosed = false;
    fullSinceMs: number | null = null;

    constructor(sink: ByteSink, onRoom: () => void) {
      this.#sink = sink;
      this.#onRoom = onRoom;
    }

    hasRoom(): boolean {
      if (this.#fits()) return true;
      this.fullSinceMs ??= clock.monotonicMs();
      return false;
    }

    push(piece: Uint8Array): boolean {
      if (this.#isClosed) return false;
      this.#pieces.push(piece);
      this.#bytes += piece.length;
      this.#schedule();
      return this.hasRoom();
    }

    drained(): void {
      this.#tellRoom();
    }

    flush(): void {
      if (this.#isClosed || this.#pieces.length === 0) return;
      const pieces = this.#pieces;
      this.#pieces = [];
      this.#bytes = 0;
      this.#nextAtMs = this.#toNextShift(clock.monotonicMs());
      this.#sink.write(join(pieces));
      this.#tellRoom();
    }

    close(): void {
      this.#isClosed = true;
      this.#pieces = [];
    }

    /** Its time has come. */
    take(): void {
      this.#isDue = false;
      this.flush();
    }

    /**
     * Of a viewer in its shift the next one; of one that was written to out of turn, after a quiet time, the first
     * that leaves it a whole batch's time.
     */
    #toNextShift(nowMs: number): number {
      const since = nowMs - this.#shiftMs;
      const shift = Math.floor(since / STREAM_BATCH_MS);
      const isInTurn = since - shift * STREAM_BATCH_MS < STREAM_BATCH_MS / SHIFTS;
      return (shift + (isInTurn ? 1 : 2)) * STREAM_BATCH_MS + this.#shiftMs;
    }

    #schedule(): void {
      if (this.#isDue) return;
      const isDueNow = this.#bytes >= STREAM_BATCH_BYTES || this.#nextAtMs <= clock.monotonicMs();
      if (isDueNow) this.#fallDue();
      else if (!this.#isWaiting) {
        this.#isWaiting = true;
        waitForShift(this, this.#nextAtMs);
      }
    }

    /** Not the one it waits for where a full batch went out meanwhile. */
    beginShift(atMs: number): void {
      if (this.#isWaiting && this.#nextAtMs === atMs) this.#fallDue();
    }

    #fallDue(): void {
      this.#isWaiting = false;
      if (this.#isDue || this.#pieces.length === 0) return;
      this.#isDue = true;
      due.push(this);
      if (isTurning) return;
      isTurning = true;
      setImmediate(turn);
    }

    #fits(): boolean {
      return this.#bytes + this.#sink.queuedBytes < STREAM_BUFFER_BYTES_MAX;
    }

    #tellRoom(): void {
      if (this.fullSinceMs === null || this.#isClosed || !this.#fits()) return;
      this.fullSinceMs = null;
      this.#onRoom();
    }
  }

  /** One timer for all that wait for the same time. */
  function waitForShift(pipe: Pipe, atMs: number): void {
    const waiting = shifts.get(atMs);
    if (waiting !== undefined) {
      waiting.push(pipe);
      return;
    }
    const pipes = [pipe];
    shifts.set(atMs, pipes);
    clock.setTimer(() => {
      shifts.delete(atMs);
      for (const one of pipes) one.beginShift(atMs);
    }, atMs - clock.monotonicMs());
  }

  function turn(): void {
    const endsAtMs = clock.monotonicMs() + TURN_MS;
    const pipes = due;
    due = [];
    let taken = 0;
    for (const pipe of pipes) {
      pipe.take();
      taken += 1;
      if (clock.monotonicMs() >= endsAtMs) break;
    }
    due = [...pipes.slice(taken), ...due];
    isTurning = due.length > 0;
    if (isTurning) setImmediate(turn);
  }

  /** Viewers in step are given the same pieces: their bytes are put together once. */
  function join(pieces: readonly Uint8Array[]): Uint8Array {
    const [only] = pieces;
    if (pieces.length === 1 && only !== undefined) return only;
    const isSame =
      pieces.length === lastPieces.length && pieces.every((piece, index) => piece === lastPieces[index]);
    if (isSame) return lastBytes;
    lastPieces = pieces;
    lastBytes = Buffer.concat(pieces);
    return lastBytes;
  }

  return { open: (sink, onRoom) => new Pipe(sink, onRoom) };
}
