/**
 * Numbers as CRMs match them: E.164, or null where a text is no full number (anonymous, extensions, SIP users, national
 * form without a country). The rule of ingest/phone-number.ts, whose copy a kind cannot reach: layers.
 */
import type { parsePhoneNumberFromString } from 'libphonenumber-js/min';

const E164 = /^\+[1-9]\d{6,14}$/;
/** Longer texts are no numbers, and the library's patterns need not be tried on them. */
const NUMBER_CHARACTERS_MAX = 64;

let parse: typeof parsePhoneNumberFromString | null = null;

/** The library is loaded with the first number that is not E.164 already (about 25 ms); most hubs never do. */
export async function toE164(number: string | null | undefined): Promise<string | null> {
  if (number === null || number === undefined || number.length > NUMBER_CHARACTERS_MAX) return null;
  if (E164.test(number)) return number;
  const text = number.trim().replace(/^(?:tel|sips?):/i, '');
  const international = text.startsWith('00') ? `+${text.slice(2)}` : text;
  if (!international.startsWith('+')) return null;
  return (await loadParser())(international.split('@', 1)[0] ?? '')?.number ?? null;
}

/** The digits behind the country code; null for what is no number in E.164. */
export async function toNationalDigits(e164: string): Promise<string | null> {
  return (await loadParser())(e164)?.nationalNumber ?? null;
}

async function loadParser(): Promise<typeof parsePhoneNumberFromString> {
  parse ??= (await import('libphonenumber-js/min')).parsePhoneNumberFromString;
  return parse;
}
