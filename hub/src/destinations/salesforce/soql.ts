/** Text inside queries: everything that could end a literal or be an operator is taken out of its power. Pure. */

/** A SOQL string literal, quotes included. Control characters have no business in what we look for. */
export function toSoqlLiteral(text: string): string {
  // oxlint-disable-next-line no-control-regex -- what is taken out are the control characters.
  const plain = text.replaceAll(/[\u0000-\u001f\u007f]/g, '');
  return `'${plain.replaceAll(/[\\'"]/g, String.raw`\$&`)}'`;
}

/** A SOSL search for any of these runs of digits; null where there is none to look for. */
export function toSoslDigits(terms: readonly string[]): string | null {
  const digits = terms.filter((term) => /^\d{4,20}$/.test(term));
  return digits.length === 0 ? null : `{${[...new Set(digits)].join(' OR ')}}`;
}

const FIELD_NAME = /^[A-Za-z][A-Za-z0-9_]{0,79}$/;

/** Names of fields cannot be quoted, so they have to be names. */
export function isFieldName(text: string): boolean {
  return FIELD_NAME.test(text);
}
