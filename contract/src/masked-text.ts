/**
 * Texts as those see them who see numbers masked: seven digits or more are a number, however people part them. Log
 * lines have a narrower rule (ingest/mask.ts), since there an id that is not readable is lost; here a text that is
 * masked too much can be revealed.
 */
export function maskText(text: string): string {
  if (!SOME_DIGITS.test(text)) return text;
  return text.replace(READABLE_OR_NUMBER, (found, readable: string | undefined) =>
    readable === undefined ? hideDigits(found) : found,
  );
}

/** A plus and the country's first two digits, or two characters; and the last two. */
function hideDigits(found: string): string {
  const characters = Array.from(found);
  const lead = found.startsWith('+') ? 3 : 2;
  return characters
    .map((one, index) => (index >= lead && index < characters.length - 2 ? one.replace(DIGIT, '•') : one))
    .join('');
}

const DIGIT = /\p{Nd}/u;
/** Most texts that come here hold no digit at all. */
const SOME_DIGITS = /\p{Nd}/u;

const UUID = String.raw`[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}`;
/** As in log lines: 24, 32, and 34 for two letters before 32. */
const HEX_ID = String.raw`(?=\d*[a-f])(?:[\da-f]{34}|[\da-f]{32}|[\da-f]{24})`;
const MONTH = '(?:0[1-9]|1[0-2])';
const DAY = String.raw`(?:0[1-9]|[12]\d|3[01])`;
const YEAR = String.raw`(?:19|20)\d\d`;
const DATE = [
  `${YEAR}-${MONTH}-${DAY}`,
  `${YEAR}/${MONTH}/${DAY}`,
  `${DAY}-${MONTH}-${YEAR}`,
  String.raw`${DAY}\.${MONTH}\.${YEAR}`,
  // Days and months stand either way round.
  `${DAY}/${DAY}/${YEAR}`,
].join('|');
const CLOCK = String.raw`(?:[01]\d|2[0-3]):[0-5]\d(?::(?:[0-5]\d|60))?`;
const ZONE = String.raw`(?:Z|[+-](?:0\d|1[0-4]):?[0-5]\d)`;
/** What goes on behind it is no time ("06:12:34:56:78"), unless it is another one: "09:00-17:30". */
const CLOCK_TIME = String.raw`${CLOCK}(?:[.,]\d{1,9})?${ZONE}?(?![:.]\d|[,;/_\p{Pd}](?!${CLOCK}|${DATE})\d)`;
const DATE_TIME = `(?:${DATE})(?:[T ]${CLOCK_TIME})?`;
/** But not four pairs, which is how numbers of Denmark and Norway are written. */
const IPV4 = String.raw`(?!\d\d\.\d\d\.\d\d\.\d\d(?!\d))(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?!\.?\d)`;
const IPV6_PART = String.raw`[\da-f]{1,4}(?::[\da-f]{1,4})`;
const IPV6 = `${IPV6_PART}{7}|(?:${IPV6_PART}{0,6})?::(?:${IPV6_PART}{0,6})?`;
const MAC = String.raw`(?=[\d:-]*[a-f])[\da-f]{2}(?:[:-][\da-f]{2}){5}`;
/** "+1,234,567.89". No number with its country has so few digits in such groups; without a plus it is none anyway. */
const GAIN = String.raw`\+[1-9]\d{0,2}(?:,\d{3}){1,2}(?:\.\d\d?)?(?![\p{Zs}\p{Pd}.,:;]{0,2}\p{Nd})`;

/**
 * Between two digits of a number: spaces of all kinds, marks that nobody sees, hyphens and dashes of all kinds, dots,
 * slashes and brackets; three at most, as in "(0) - 20".
 */
const GAP = String.raw`[\p{Zs}\p{Cf}\p{Pd}\t.()/_]{0,3}`;
/** A date may follow, and is none of its digits. */
const NO_DATE = String.raw`(?!(?<!\p{Nd})(?:${DATE})(?!\d))`;
const NUMBER = String.raw`\+?\p{Nd}(?:${GAP}${NO_DATE}\p{Nd}){6,}`;
/**
 * Commas, colons and semicolons part amounts, lists, and lines from columns, so only what begins as a number does, with
 * a plus or a zero, may have them within.
 */
const WIDE_GAP = String.raw`[\p{Zs}\p{Cf}\p{Pd}\t.()/_,:;]{0,3}`;
const NO_CLOCK = String.raw`(?!(?<![\p{Nd}:.])${CLOCK_TIME}(?!\p{Nd}))`;
const BEGUN_NUMBER = String.raw`(?:\+\p{Nd}|(?<!\p{Nd}[.,:]?)[0٠۰０]\p{Nd})(?:${WIDE_GAP}${NO_DATE}${NO_CLOCK}\p{Nd}){5,}`;
/** Nor is a time ever four pairs. */
const PAIRS = String.raw`(?<![\p{Nd}:])\p{Nd}{2}(?::\p{Nd}{2}){3,}(?!\p{Nd})`;

const READABLE = [
  `(?<![\\da-f])(?:${UUID}|${HEX_ID})(?![\\da-f])`,
  `(?<![\\da-f:])(?:${IPV6}|${MAC})(?![\\da-f:]|\\.\\d)`,
  `(?<![\\p{Nd}+])(?:${DATE_TIME}|${CLOCK_TIME}|${IPV4})(?!\\p{Nd})`,
  `(?<!\\p{Nd})${GAIN}`,
].join('|');

const READABLE_OR_NUMBER = new RegExp(`(${READABLE})|${BEGUN_NUMBER}|${PAIRS}|${NUMBER}`, 'giu');
