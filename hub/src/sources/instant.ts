/**
 * Unix ms of what a source gives as a time: RFC 3339 with or without fraction and offset (none means UTC), or Unix
 * seconds, milliseconds or microseconds as a number or as digits. Absurd instants are taken, since they are data
 * and nothing is decided by them; undefined is what no calendar knows.
 */
export function parseInstant(value: string | number): number | undefined {
  if (typeof value === 'number') return parseEpoch(value);
  const match = RFC_3339.exec(value);
  if (match === null) return EPOCH_DIGITS.test(value) ? parseEpoch(Number(value)) : undefined;
  const [text, year, month, day, rest, second, fraction, offset] = match as RegExpExecArray &
    [string, string, string, string, string, string, string | undefined, string | undefined];
  // Date.parse moves 30 February to March, knows no leap second, and takes a time without offset as local.
  if (Number(day) > 28 && Number(day) > daysIn(Number(year), Number(month))) return undefined;
  const isUsual = offset === 'Z' && second !== '60' && text[10] === 'T';
  const ms = isUsual
    ? Date.parse(text)
    : Date.parse(
        `${year}-${month}-${day}T${rest}:${second === '60' ? '59' : second}${fraction ?? ''}${(offset ?? 'Z').toUpperCase()}`,
      ) + (second === '60' ? 1000 : 0);
  return ms >= INSTANT_MS_MIN && ms <= INSTANT_MS_MAX ? ms : undefined;
}

const RFC_3339 =
  /^(\d{4})-(\d\d)-(\d\d)[Tt ]([0-2]\d:[0-5]\d):([0-5]\d|60)(\.\d{1,12})?([Zz]|[+-]\d\d:\d\d)?$/;
const EPOCH_DIGITS = /^-?\d{1,17}(?:\.\d{1,9})?$/;

function daysIn(year: number, month: number): number {
  if (month !== 2) return [4, 6, 9, 11].includes(month) ? 30 : 31;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
}

/** What RFC 3339 can write, since that is how an instant leaves: years 0000 to 9999. */
export const INSTANT_MS_MIN = -62_167_219_200_000;
export const INSTANT_MS_MAX = 253_402_300_799_999;

/** Told apart by size: as seconds 10^11 is the year 5138, as milliseconds 1973. */
function parseEpoch(value: number): number | undefined {
  const size = Math.abs(value);
  const ms = Math.trunc(size < 1e11 ? value * 1000 : size < 1e14 ? value : value / 1000);
  return ms >= INSTANT_MS_MIN && ms <= INSTANT_MS_MAX ? ms : undefined;
}
