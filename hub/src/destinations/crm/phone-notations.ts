/**
 * A number as people write it into a CRM: with and without its country, with and without the trunk zero, spaced and
 * bracketed as they like. For CRMs whose search compares runs of digits.
 */
import type { parsePhoneNumberFromString } from 'libphonenumber-js/min';

export interface PhoneNotations {
  readonly e164: string;
  /** 31612345678 */
  readonly international: string;
  /** 612345678 */
  readonly national: string;
  /** 0612345678; the same as `national` in countries without a trunk zero. */
  readonly trunk: string;
  /** As texts to search for, the likeliest first; without their country only where that is left out. */
  readonly searched: readonly string[];
  /** Of the country in which people leave the country out; null: not known, so that every number must have its own. */
  readonly homeCallingCode: string | null;
}

export type PhoneMatch = 'international' | 'national';

/** Longer texts are no numbers, and the library's patterns need not be tried on them. */
const WRITTEN_CHARACTERS_MAX = 64;

let parse: typeof parsePhoneNumberFromString | null = null;

/** ownNumber: ours, in E.164, on which the call came in or from which it went out: its country is home. */
export async function toPhoneNotations(e164: string, ownNumber: string | null): Promise<PhoneNotations> {
  const homeCallingCode = ownNumber === null ? null : await toCallingCode(ownNumber);
  const parsed = (await loadParser())(e164);
  const international = toDigits(e164);
  const searched = [international, `00${international}`];
  if (parsed === undefined)
    return { e164, international, national: international, trunk: international, searched, homeCallingCode };
  const national: string = parsed.nationalNumber;
  const trunk = toDigits(parsed.formatNational());
  if (parsed.countryCallingCode === homeCallingCode) searched.push(trunk, national);
  return { e164, international, national, trunk, searched: [...new Set(searched)], homeCallingCode };
}

/** 31 of +31850835037; null for what is no number in E.164. */
export async function toCallingCode(e164: string): Promise<string | null> {
  return (await loadParser())(e164)?.countryCallingCode ?? null;
}

/**
 * Whether what somebody wrote is this number. Without its country it is only where it is one at home: 06 12345678 is a
 * Dutch mobile and a French one, and who writes it in a Dutch company means the first.
 */
export function matchPhone(written: string, notations: PhoneNotations): PhoneMatch | null {
  const { e164, international, homeCallingCode } = notations;
  if (written.length > WRITTEN_CHARACTERS_MAX) return null;
  const text = written.replaceAll('(0)', '').trim();
  const digits = toDigits(text);
  if (text.startsWith('+')) return digits === international ? 'international' : null;
  if (digits.startsWith('00')) return digits.slice(2) === international ? 'international' : null;
  if (digits === international) return 'international';
  if (parse === null || homeCallingCode === null) return null;
  return parse(text, { defaultCallingCode: homeCallingCode })?.number === e164 ? 'national' : null;
}

async function loadParser(): Promise<typeof parsePhoneNumberFromString> {
  parse ??= (await import('libphonenumber-js/min')).parsePhoneNumberFromString;
  return parse;
}

function toDigits(text: string): string {
  return text.replaceAll(/\D/g, '');
}
