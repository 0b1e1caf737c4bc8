/**
 * A number as people write it into a CRM: with and without its country, with and without the trunk zero, spaced and
 * bracketed as they like. For CRMs whose search compares runs of digits.
 */
import type { parsePhoneNumberFromString } from 'libphonenumber-js/min';

export interface PhoneNotations {
  /** 31612345678 */
  readonly international: string;
  /** 612345678 */
  readonly national: string;
  /** 0612345678; the same as `national` in countries without a trunk zero. */
  readonly trunk: string;
}

export type PhoneMatch = 'international' | 'national';

let parse: typeof parsePhoneNumberFromString | null = null;

export async function toPhoneNotations(e164: string): Promise<PhoneNotations> {
  parse ??= (await import('libphonenumber-js/min')).parsePhoneNumberFromString;
  const international = toDigits(e164);
  const parsed = parse(e164);
  if (parsed === undefined) return { international, national: international, trunk: international };
  const trunk = toDigits(parsed.formatNational());
  return { international, national: parsed.nationalNumber, trunk };
}

/** Whether what somebody wrote is this number; without its country that is a good guess, not more. */
export function matchPhone(written: string, { international, national }: PhoneNotations): PhoneMatch | null {
  const text = written.replaceAll('(0)', '').trim();
  const digits = toDigits(text);
  if (text.startsWith('+')) return digits === international ? 'international' : null;
  if (digits.startsWith('00')) return digits.slice(2) === international ? 'international' : null;
  if (digits === international) return 'international';
  return digits.replace(/^0/, '') === national ? 'national' : null;
}

function toDigits(text: string): string {
  return text.replaceAll(/\D/g, '');
}
