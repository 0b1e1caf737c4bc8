/**
 * Pictures of screens hold few colours. As a palette they weigh about half of what the browser writes. In: its PNG, 8
 * bits of RGB or RGBA, not interlaced. Out: a PNG with up to 256 colours, where what is rarer takes the nearest of
 * them, which no eye tells apart in the edge of a letter. A soft shadow would show in steps: such a picture keeps its
 * colours and is packed more tightly only.
 */
import { crc32, deflateSync, inflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const PALETTE_MAX = 256;
/** Steps of 8 bits between a colour and the one it takes: twice that shows in a shadow. */
const APART_MAX = 6;
const RGB = 2;
const RGBA = 6;
const PALETTE = 3;

export function shrinkPng(png: Buffer): Buffer {
  const { width, height, pixels, head: given, raw } = decode(png);
  const chosen = choosePalette(pixels);
  if (chosen === null) return encode(given, raw);
  const { palette, indexOf } = chosen;
  // Filter 0: indices are no quantities, their differences say nothing.
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1)
      rows[y * (width + 1) + 1 + x] = indexOf.get(pixels[y * width + x] as number) as number;
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, PALETTE, 0, 0, 0], 8);
  const colours = Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255]));
  return encode(head, rows, toChunk('PLTE', colours));
}

function encode(head: Buffer, rows: Buffer, palette: Buffer = Buffer.alloc(0)): Buffer {
  const data = deflateSync(rows, { level: 9, memLevel: 9 });
  return Buffer.concat([
    SIGNATURE,
    toChunk('IHDR', head),
    palette,
    toChunk('IDAT', data),
    toChunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Colours as 0xRRGGBB, row by row. What is transparent is not expected of a screen, and its alpha is left out. */
function decode(png: Buffer): {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint32Array;
  readonly head: Buffer;
  /** Filtered rows, as they were packed. */
  readonly raw: Buffer;
} {
  if (!png.subarray(0, 8).equals(SIGNATURE)) throw new Error('This is no PNG.');
  const data: Buffer[] = [];
  let width = 0;
  let height = 0;
  let type = -1;
  let head: Buffer = Buffer.alloc(0);
  for (let at = 8; at < png.length;) {
    const length = png.readUInt32BE(at);
    const name = png.toString('latin1', at + 4, at + 8);
    const content = png.subarray(at + 8, at + 8 + length);
    if (name === 'IHDR') {
      head = content;
      width = content.readUInt32BE(0);
      height = content.readUInt32BE(4);
      type = content[9] as number;
      if (content[8] !== 8 || (type !== RGB && type !== RGBA) || content[12] !== 0)
        throw new Error('This form of PNG is not read here.');
    } else if (name === 'IDAT') data.push(content);
    at += 12 + length;
  }
  const step = type === RGB ? 3 : 4;
  const raw = inflateSync(Buffer.concat(data));
  const bytes = unfilter(raw, width * step, height, step);
  const pixels = new Uint32Array(width * height);
  for (let pixel = 0; pixel < pixels.length; pixel += 1) pixels[pixel] = bytes.readUIntBE(pixel * step, 3);
  return { width, height, pixels, head, raw };
}

/** PNG 3rd edition, section 9: each row says how it was predicted from its left and upper neighbours. */
function unfilter(raw: Buffer, stride: number, height: number, step: number): Buffer {
  const out = Buffer.alloc(stride * height);
  for (let y = 0; y < height; y += 1) {
    const filter = raw[y * (stride + 1)] as number;
    for (let x = 0; x < stride; x += 1) {
      const at = y * stride + x;
      const left = x < step ? 0 : (out[at - step] as number);
      const up = y === 0 ? 0 : (out[at - stride] as number);
      const corner = x < step || y === 0 ? 0 : (out[at - stride - step] as number);
      out[at] = (raw[y * (stride + 1) + 1 + x] as number) + predict(filter, left, up, corner);
    }
  }
  return out;
}

function predict(filter: number, left: number, up: number, corner: number): number {
  switch (filter) {
    case 0:
      return 0;
    case 1:
      return left;
    case 2:
      return up;
    case 3:
      return (left + up) >> 1;
    case 4: {
      const [byLeft, byUp, byCorner] = [
        Math.abs(up - corner),
        Math.abs(left - corner),
        Math.abs(left + up - 2 * corner),
      ];
      if (byLeft <= byUp && byLeft <= byCorner) return left;
      return byUp <= byCorner ? up : corner;
    }
    default:
      throw new Error(`PNG knows no filter ${filter}.`);
  }
}

/**
 * The most frequent colours, but none that is nearly another one already: a rare colour of a badge must stay. null where
 * some would have to take one that is not near.
 */
function choosePalette(pixels: Uint32Array): {
  readonly palette: readonly number[];
  readonly indexOf: ReadonlyMap<number, number>;
} | null {
  const counts = new Map<number, number>();
  for (const colour of pixels) counts.set(colour, (counts.get(colour) ?? 0) + 1);
  const byCount = [...counts.keys()].toSorted(
    (a, b) => (counts.get(b) as number) - (counts.get(a) as number),
  );
  let palette = byCount;
  for (let apart = 1; palette.length > PALETTE_MAX; apart += 1) {
    if (apart > APART_MAX) return null;
    palette = [];
    for (const colour of byCount) {
      if (palette.every((chosen) => toDistance(chosen, colour) > apart * apart)) palette.push(colour);
      if (palette.length > PALETTE_MAX) break;
    }
  }
  const indexOf = new Map<number, number>();
  for (const colour of byCount) {
    let nearest = 0;
    for (let index = 1; index < palette.length; index += 1) {
      if (toDistance(palette[index] as number, colour) < toDistance(palette[nearest] as number, colour))
        nearest = index;
    }
    indexOf.set(colour, nearest);
  }
  return { palette, indexOf };
}

function toDistance(one: number, other: number): number {
  const red = (one >> 16) - (other >> 16);
  const green = ((one >> 8) & 255) - ((other >> 8) & 255);
  const blue = (one & 255) - (other & 255);
  return red * red + green * green + blue * blue;
}

function toChunk(name: string, content: Buffer): Buffer {
  const chunk = Buffer.alloc(12 + content.length);
  chunk.writeUInt32BE(content.length, 0);
  chunk.write(name, 4, 'latin1');
  content.copy(chunk, 8);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 8 + content.length)), 8 + content.length);
  return chunk;
}
