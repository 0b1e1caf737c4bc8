/** A destination as a form holds it, and the way there and back. Texts stay texts until they are sent. */
import type { DestinationView } from '../../data/types.ts';

export interface HeaderDraft {
  readonly name: string;
  readonly value: string;
}

export interface DestinationDraft {
  readonly name: string;
  readonly url: string;
  readonly headers: readonly HeaderDraft[];
  readonly statuses: readonly string[];
  readonly callTypes: readonly string[];
  /** One per line. */
  readonly phoneNumbers: string;
  readonly order: DestinationView['order'];
  readonly concurrency: number | null;
  readonly ratePerSecond: number | null;
  readonly timeoutS: number | null;
  /** "5s, 30s, 2m"; empty for the default. */
  readonly retrySchedule: string;
}

export const STATUSES = ['in-progress', 'ended', 'ended-with-error'] as const;
export const CALL_TYPES = ['inbound_phone_call', 'outbound_phone_call', 'web_call'] as const;

export const EMPTY_DRAFT: DestinationDraft = {
  name: '',
  url: '',
  headers: [],
  statuses: [],
  callTypes: [],
  phoneNumbers: '',
  order: 'strict',
  concurrency: null,
  ratePerSecond: null,
  timeoutS: null,
  retrySchedule: '',
};

export function toDraft(destination: DestinationView): DestinationDraft {
  const { settings, filter } = destination;
  const headers = (settings['headers'] ?? {}) as Readonly<Record<string, string>>;
  return {
    name: destination.name ?? '',
    url: typeof settings['url'] === 'string' ? settings['url'] : '',
    headers: Object.entries(headers).map(([name, value]) => ({ name, value })),
    statuses: filter.statuses ?? [],
    callTypes: filter.call_types ?? [],
    phoneNumbers: (filter.phone_numbers ?? []).join('\n'),
    order: destination.order,
    concurrency: destination.concurrency,
    ratePerSecond: destination.rate_per_second,
    timeoutS: destination.timeout_ms / 1_000,
    retrySchedule: destination.retry_schedule_s === null ? '' : toScheduleText(destination.retry_schedule_s),
  };
}

export type DraftBody =
  | { readonly kind: 'body'; readonly body: Record<string, unknown> }
  | { readonly kind: 'fault'; readonly field: keyof DestinationDraft; readonly detail: string };

/** What is sent. Empty lists mean everything, as everywhere. */
export function toBody(draft: DestinationDraft): DraftBody {
  const schedule = parseSchedule(draft.retrySchedule);
  if (schedule === undefined) {
    return {
      kind: 'fault',
      field: 'retrySchedule',
      detail: 'Write waiting times with commas between them, such as 5s, 30s, 2m, 1h.',
    };
  }
  const phoneNumbers = draft.phoneNumbers.split(/[\n,;]/).map((one) => one.trim());
  const headers = draft.headers.filter(({ name }) => name.trim() !== '');
  return {
    kind: 'body',
    body: {
      name: draft.name.trim() === '' ? null : draft.name.trim(),
      settings: {
        url: draft.url.trim(),
        ...(headers.length > 0 && {
          headers: Object.fromEntries(headers.map(({ name, value }) => [name.trim(), value])),
        }),
      },
      filter: {
        ...(draft.statuses.length > 0 && { statuses: draft.statuses }),
        ...(draft.callTypes.length > 0 && { call_types: draft.callTypes }),
        ...(phoneNumbers.some((one) => one !== '') && {
          phone_numbers: phoneNumbers.filter((one) => one !== ''),
        }),
      },
      order: draft.order,
      ...(draft.concurrency !== null && { concurrency: draft.concurrency }),
      rate_per_second: draft.ratePerSecond,
      ...(draft.timeoutS !== null && { timeout_ms: Math.round(draft.timeoutS * 1_000) }),
      retry_schedule_s: schedule,
    },
  };
}

/**
 * Only what somebody changed: what is left out stays. Numbers that are masked for this login are so never sent back in
 * place of the real ones.
 */
export function toChange(before: DestinationDraft, after: DestinationDraft): DraftBody {
  const made = toBody(after);
  const known = toBody(before);
  if (made.kind === 'fault' || known.kind === 'fault') return made;
  const changed = Object.entries(made.body).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(known.body[name]),
  );
  return { kind: 'body', body: Object.fromEntries(changed) };
}

const UNIT_S: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** null: the default. undefined: cannot be read. */
export function parseSchedule(text: string): readonly number[] | null | undefined {
  const words = text
    .split(',')
    .map((word) => word.trim().toLowerCase())
    .filter((word) => word !== '');
  if (words.length === 0) return null;
  const waits = words.map((word) => {
    const found = /^(\d+(?:\.\d+)?)\s*([smhd])$/.exec(word);
    return found === null ? Number.NaN : Number(found[1]) * (UNIT_S[found[2] as string] as number);
  });
  return waits.some((wait) => Number.isNaN(wait)) ? undefined : waits;
}

export function toScheduleText(waitsS: readonly number[]): string {
  return waitsS.map(toWaitText).join(', ');
}

export function toWaitText(waitS: number): string {
  for (const unit of ['d', 'h', 'm'] as const) {
    const lengthS = UNIT_S[unit] as number;
    if (waitS >= lengthS && waitS % lengthS === 0) return `${waitS / lengthS}${unit}`;
  }
  return `${waitS}s`;
}

/** Each try of the schedule: its wait, and how long after the first try it comes, as planned. */
export function toTries(
  waitsS: readonly number[],
): readonly { readonly number: number; readonly waitS: number; readonly afterS: number }[] {
  let afterS = 0;
  return [0, ...waitsS].map((waitS, index) => {
    afterS += waitS;
    return { number: index + 1, waitS, afterS };
  });
}
