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

/** null where one of them belongs to no field that is shown: then the problem is shown as a whole. */
export function toFormFaults(problem: ProblemView, shown: readonly string[]): FormFaults | null {
  const faults: Record<string, string> = {};
  for (const { pointer = '', detail } of problem.errors ?? []) {
    const [, part = '', name = ''] = pointer.split('/');
    const field =
      part === 'settings'
        ? `settings.${name === '' ? (shown[0] ?? '') : name}`
        : FIELDS[part === 'filter' ? name : part];
    if (field === undefined || (part === 'settings' && !shown.includes(field.slice('settings.'.length))))
      return null;
    faults[field] ??= detail;
  }
  return Object.keys(faults).length === 0 ? null : faults;
}
