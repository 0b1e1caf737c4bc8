/** Bullets are read as "bullet bullet bullet bullet", or not at all. Null where nothing is masked. */
export function toSpoken(value: string): string | null {
  if (!value.includes('•')) return null;
  const ending = /•\s*([^•]*)$/.exec(value)?.[1]?.trim() ?? '';
  const digits = ending.replaceAll(/\D/g, '');
  return digits === '' ? 'masked number' : `masked number ending ${digits}`;
}
