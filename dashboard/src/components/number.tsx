import './number.css';
import { toSpoken } from './number-spoken.ts';

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
