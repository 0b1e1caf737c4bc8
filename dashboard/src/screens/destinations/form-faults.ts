/** What is wrong with a form, by the field where it stands: names of the draft, and `settings.<name>`. */
import type { ProblemView } from '../../data/types.ts';

export type FormFaults = Readonly<Record<string, string>>;

/** JSON pointers of the hub's faults, as the fields of the form. */
const FIELDS: Readonly<Record<string, string>> = {
  name: 'name',
  phone_numbers: 'phoneNumbers',
  concurrency: 'concurrency',
  rate_per_second: 'ratePerSecond',
  timeout_ms: 'timeoutS',
  retry_schedule_s: 'retrySchedule',
};

interface NamedField {
  readonly name: string;
  readonly title: string;
}

/** null where one of them belongs to no field that is shown: then the problem is shown as a whole. */
export function toFormFaults(
  problem: ProblemView,
  shown: readonly string[],
  toWords: (detail: string) => string = (detail) => detail,
): FormFaults | null {
  const faults: Record<string, string> = {};
  for (const { pointer = '', detail } of problem.errors ?? []) {
    const [, part = '', name = ''] = pointer.split('/');
    const field =
      part === 'settings'
        ? `settings.${name === '' ? (shown[0] ?? '') : name}`
        : FIELDS[part === 'filter' ? name : part];
    if (field === undefined || (part === 'settings' && !shown.includes(field.slice('settings.'.length))))
      return null;
    faults[field] ??= toWords(detail);
  }
  return Object.keys(faults).length === 0 ? null : faults;
}

/**
 * The API speaks of fields and destinations by the names it has for them; whoever fills in a form knows their titles. A
 * name that is a word as well ("url", "channel") is one only where the sentence begins with it.
 */
export function toFormWords(
  detail: string,
  fields: readonly NamedField[],
  nameDestination: (id: string) => string,
): string {
  const titles = new Map(fields.map(({ name, title }) => [name, title]));
  const text = detail
    .replace(/\bdst_\w+/g, (id) => nameDestination(id))
    .replace(/(?<![\w"'.])[a-z][a-z\d_]*(?![\w"'])/g, (word, at: number) =>
      at === 0 || word.includes('_') ? (titles.get(word) ?? word) : word,
    );
  // A name of somebody's own making, such as active_calls, is no word to be written large.
  return /^[a-z]+[ ,;:]/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
}
