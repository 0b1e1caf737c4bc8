import './number.css';

/** The server's string as it is: it decides what is masked and how a number is grouped. */
export function PhoneNumber({
  value,
  name,
  empty = 'No number',
}: {
  readonly value: string | null | undefined;
  readonly name?: string | null | undefined;
  readonly empty?: string | undefined;
}) {
  if (value === null || value === undefined || value === '') return <span class="muted">{empty}</span>;
  const spoken = toSpoken(value);
  const number =
    spoken === null ? (
      <span class="number">{value}</span>
    ) : (
      <span class="number" data-masked="">
        <span aria-hidden="true">{value}</span>
        <span class="visually-hidden">{spoken}</span>
      </span>
    );
  if (name === null || name === undefined || name === '') return number;
  return (
    <span class="number-named">
      <span class="number-name">{name}</span> {number}
    </span>
  );
}

/** Bullets are read as "bullet bullet bullet bullet", or not at all. Null where nothing is masked. */
export function toSpoken(value: string): string | null {
  if (!value.includes('•')) return null;
  const ending = /•\s*([^•]*)$/.exec(value)?.[1]?.trim() ?? '';
  const digits = ending.replaceAll(/\D/g, '');
  return digits === '' ? 'masked number' : `masked number ending ${digits}`;
}

