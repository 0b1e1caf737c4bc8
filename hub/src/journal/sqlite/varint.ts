/** Whole numbers in as few bytes as they need, 7 bits in each: most of what is counted in a minute fits in one. */
export interface ByteReader {
  readonly bytes: Uint8Array;
  at: number;
}

export class ByteWriter {
  #bytes = new Uint8Array(4_096);
  length = 0;

  writeVarint(value: number): void {
    if (this.length + VARINT_BYTES_MAX > this.#bytes.length) this.#grow(VARINT_BYTES_MAX);
    const bytes = this.#bytes;
    let rest = value;
    while (rest >= 128) {
      bytes[this.length] = (rest % 128) | 128;
      this.length += 1;
      // Division, since times and sums are wider than the 32 bits that shifts work on.
      rest = Math.floor(rest / 128);
    }
    bytes[this.length] = rest;
    this.length += 1;
  }

  writeBytes(from: Uint8Array, start: number, end: number): void {
    if (this.length + end - start > this.#bytes.length) this.#grow(end - start);
    const bytes = this.#bytes;
    for (let at = start; at < end; at += 1) {
      bytes[this.length] = from[at] as number;
      this.length += 1;
    }
  }

  /** A copy of what was written since the last time. */
  take(): Uint8Array {
    const taken = this.#bytes.slice(0, this.length);
    this.length = 0;
    return taken;
  }

  #grow(more: number): void {
    const larger = new Uint8Array(2 * this.#bytes.length + more);
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

/** 53 bits are 8 bytes; counts stop there (addUp), and no id or time is larger. */
const VARINT_BYTES_MAX = 8;

/** Throws where the bytes end within a number: reading on would never end, since what is not there is less than nothing. */
export function readVarint(from: ByteReader): number {
  const { bytes } = from;
  let value = 0;
  let scale = 1;
  for (;;) {
    const byte = bytes[from.at];
    if (byte === undefined)
      throw new RangeError('A row of counts is damaged: its bytes end within a number.');
    from.at += 1;
    if (byte < 128) return value + byte * scale;
    value += (byte - 128) * scale;
    scale *= 128;
  }
}
