/** Whole numbers in as few bytes as they need, 7 bits in each: most of what is counted in a minute fits in one. */
export interface ByteReader {
  readonly bytes: Uint8Array;
  at: number;
}

export interface ByteWriter {
  writeVarint(value: number): void;
  readonly length: number;
  /** A copy of what was written since the last time. */
  take(): Uint8Array;
}

export function createByteWriter(): ByteWriter {
  let bytes = new Uint8Array(1_024);
  let length = 0;
  /** 53 bits are 8 bytes. */
  const VARINT_BYTES_MAX = 8;
  return {
    get length() {
      return length;
    },
    writeVarint(value) {
      if (length + VARINT_BYTES_MAX > bytes.length) {
        const larger = new Uint8Array(bytes.length * 2);
        larger.set(bytes);
        bytes = larger;
      }
      let rest = value;
      while (rest >= 128) {
        bytes[length] = (rest % 128) | 128;
        length += 1;
        // Division, since times and sums are wider than the 32 bits that shifts work on.
        rest = Math.floor(rest / 128);
      }
      bytes[length] = rest;
      length += 1;
    },
    take() {
      const taken = bytes.slice(0, length);
      length = 0;
      return taken;
    },
  };
}

export function readVarint(from: ByteReader): number {
  const { bytes } = from;
  let value = 0;
  let scale = 1;
  for (;;) {
    const byte = bytes[from.at] as number;
    from.at += 1;
    if (byte < 128) return value + byte * scale;
    value += (byte - 128) * scale;
    scale *= 128;
  }
}
