import type { CallReport } from '../calls/report.ts';

/** null where the source said nothing; `number: null` where it said that there is none. */
export function toPhoneNumber(given: GivenNumber | null | undefined): CallReport['phoneNumber'] {
  if (given === null || given === undefined) return null;
  const { number, name } = given;
  if (number === undefined && name === undefined) return null;
  return name === undefined ? { number: number ?? null } : { number: number ?? null, name };
}

export function toCustomer(given: GivenNumber | null | undefined): CallReport['customer'] {
  return given?.number === undefined ? null : { number: given.number };
}

interface GivenNumber {
  readonly number?: string | null | undefined;
  readonly name?: string | null | undefined;
}
