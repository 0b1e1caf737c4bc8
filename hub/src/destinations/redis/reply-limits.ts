/**
 * Limits on what a Redis server may answer, since customers choose the server. `@redis/client` 6.3 has none: its decoder
 * allocates an array as long as the reply says before an item has come, so 144 bytes of nested array headers took
 * 3.3 GB (measured), and a bulk string grows until it ends. The client takes no socket that we could read first, so
 * its decoder is made to look at each chunk before it decodes it. The version is pinned for this; a test fails where it
 * no longer holds.
 */

/** The longest legitimate reply is a page of SSCAN or CLUSTER SLOTS. */
export const REPLY_BYTES_MAX = 8 * 1024 * 1024;
export const REPLY_ITEMS_MAX = 65_536;
export const TEXT_BYTES_MAX = 16 * 1024;
/** CLUSTER SLOTS nests four deep. */
export const REPLY_DEPTH_MAX = 6;

export class ReplyLimitError extends Error {
  override readonly name = 'ReplyLimitError';
}

export interface LimitedDecoder {
  write(chunk: Uint8Array): void;
  reset(): void;
}

const limited = new WeakSet();

/** From now on every decoder of this class refuses what is beyond the limits, by throwing before it decodes. */
export function limitReplies(prototype: LimitedDecoder): void {
  if (limited.has(prototype)) return;
  limited.add(prototype);
  const { write, reset } = prototype;
  const meters = new WeakMap<LimitedDecoder, ReplyMeter>();
  prototype.write = function (this: LimitedDecoder, chunk) {
    let meter = meters.get(this);
    if (meter === undefined) meters.set(this, (meter = new ReplyMeter()));
    meter.read(chunk);
    write.call(this, chunk);
  };
  prototype.reset = function (this: LimitedDecoder) {
    meters.delete(this);
    reset.call(this);
  };
}

const CR = 0x0d;
const LF = 0x0a;
const MINUS = 0x2d;
const ZERO = 0x30;
const DIGITS_MAX = 10;

type Step =
  | 'type'
  /** Text up to CR: a status, an error, a number. */
  | 'text'
  | 'bulk-length'
  | 'array-length'
  /** LF behind text, a length of nothing, or an array's length. */
  | 'value-lf'
  /** LF behind a bulk string's length. */
  | 'length-lf'
  | 'bulk'
  | 'bulk-cr';

/** Follows RESP 2 byte by byte and keeps counts only. Throws ReplyLimitError. */
export class ReplyMeter {
  #step: Step = 'type';
  #textBytes = 0;
  #bulkBytes = 0;
  #length = 0;
  #digits = 0;
  #isNegative = false;
  #bytes = 0;
  #items = 0;
  /** Values still to come of each open array, the outermost first; its own header counts as one. */
  readonly #open: number[] = [];

  read(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#step !== 'bulk') {
        this.#readByte(chunk[at] ?? 0);
        at += 1;
        continue;
      }
      const skipped = Math.min(this.#bulkBytes, chunk.length - at);
      at += skipped;
      this.#bulkBytes -= skipped;
      if (this.#bulkBytes === 0) this.#step = 'bulk-cr';
    }
  }

  #readByte(byte: number): void {
    this.#count(1);
    switch (this.#step) {
      case 'type':
        return this.#begin(byte);
      case 'text':
        if (byte === CR) this.#step = 'value-lf';
        else if ((this.#textBytes += 1) > TEXT_BYTES_MAX)
          throw new ReplyLimitError(`a line of more than ${TEXT_BYTES_MAX} bytes`);
        return;
      case 'bulk-length':
      case 'array-length':
        return this.#readLength(byte);
      case 'length-lf':
        expectByte(byte, LF);
        this.#step = this.#bulkBytes === 0 ? 'bulk-cr' : 'bulk';
        return;
      case 'bulk-cr':
        expectByte(byte, CR);
        this.#step = 'value-lf';
        return;
      case 'value-lf':
        expectByte(byte, LF);
        this.#step = 'type';
        return this.#endValue();
      case 'bulk':
    }
  }

  #begin(type: number): void {
    this.#textBytes = this.#bulkBytes = this.#length = this.#digits = 0;
    this.#isNegative = false;
    switch (String.fromCharCode(type)) {
      case '+':
      case '-':
      case ':':
        this.#step = 'text';
        return;
      case '$':
        this.#step = 'bulk-length';
        return;
      case '*':
        this.#step = 'array-length';
        return;
      default:
        throw new ReplyLimitError(NO_REPLY);
    }
  }

  #readLength(byte: number): void {
    if (byte === MINUS && this.#digits === 0 && !this.#isNegative) this.#isNegative = true;
    else if (byte >= ZERO && byte < ZERO + 10 && this.#digits < DIGITS_MAX) {
      this.#length = this.#length * 10 + byte - ZERO;
      this.#digits += 1;
    } else if (byte === CR && this.#digits > 0) this.#takeLength();
    else throw new ReplyLimitError(NO_REPLY);
  }

  #takeLength(): void {
    const isArray = this.#step === 'array-length';
    const length = this.#length;
    this.#step = 'value-lf';
    if (this.#isNegative) {
      // The only negative length there is means "nothing", and the decoder skips just its two characters.
      if (length !== 1 || this.#digits !== 1) throw new ReplyLimitError(NO_REPLY);
      return;
    }
    if (isArray) {
      this.#items += length;
      if (this.#items > REPLY_ITEMS_MAX)
        throw new ReplyLimitError(`lists of ${this.#items} values; at most ${REPLY_ITEMS_MAX} are read`);
      if (length > 0 && this.#open.push(length + 1) > REPLY_DEPTH_MAX)
        throw new ReplyLimitError(`lists within lists, more than ${REPLY_DEPTH_MAX} deep`);
      return;
    }
    this.#step = 'length-lf';
    this.#bulkBytes = length;
    this.#count(length);
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > REPLY_BYTES_MAX)
      throw new ReplyLimitError(`a reply of more than ${REPLY_BYTES_MAX} bytes`);
  }

  #endValue(): void {
    for (let left = this.#open.pop(); left !== undefined; left = this.#open.pop()) {
      if (left > 1) {
        this.#open.push(left - 1);
        return;
      }
    }
    this.#bytes = 0;
    this.#items = 0;
  }
}

const NO_REPLY = 'something that is no Redis reply';

function expectByte(byte: number, expected: number): void {
  if (byte !== expected) throw new ReplyLimitError(NO_REPLY);
}
