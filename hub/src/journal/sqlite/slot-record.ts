/** Slots as bytes, one after another: all its numbers as varints, then its histogram where its kind has one. */
import { addBars, createBars, writeBars, type Bars } from './histogram.ts';
import { SLOT_KINDS, type SlotKind } from './slot-kinds.ts';
import { readVarint, type ByteReader, type ByteWriter } from './varint.ts';

export interface SlotValues {
  readonly kind: SlotKind;
  readonly accountRow: number;
  /** Of the destination, error group or source; 0 where there is one slot of an account. */
  readonly row: number;
  /** Of the minute or hour, by the kind's grain. */
  readonly number: number;
  readonly counts: number[];
  /** null while nothing is in it. */
  bars: Bars | null;
}

export function writeSlot(to: ByteWriter, slot: SlotValues): void {
  to.writeVarint(slot.kind.code);
  to.writeVarint(slot.accountRow);
  to.writeVarint(slot.row);
  to.writeVarint(slot.number);
  const { counts } = slot;
  for (let index = 0; index < counts.length; index += 1) to.writeVarint(counts[index] as number);
  if (slot.kind.histogram !== null) writeBars(to, slot.bars);
}

export function readSlot(from: ByteReader): SlotValues {
  const code = readVarint(from);
  const kind = SLOT_KINDS[code];
  if (kind === undefined) throw new Error(`The journal holds an unknown kind of slot: ${code}.`);
  const accountRow = readVarint(from);
  const row = readVarint(from);
  const number = readVarint(from);
  const counts = kind.columns.map(() => readVarint(from));
  if (kind.histogram === null) return { kind, accountRow, row, number, counts, bars: null };
  const bars = createBars();
  addBars(from, bars);
  return { kind, accountRow, row, number, counts, bars };
}
