/** A destination as a form holds it, and the way there and back. Texts stay texts until they are sent. */
import type { DestinationKindView, DestinationView } from '../../data/types.ts';
import type { SettingsDraft, SettingsField } from './settings-schema.ts';

import { toSettings, toSettingsDraft } from './settings-schema.ts';

export interface DestinationDraft {
  readonly name: string;
  readonly settings: SettingsDraft;
  /** Events of calls go there at all; without them, operational events alone. */
  readonly calls: boolean;
  readonly statuses: readonly string[];
  readonly operationalEvents: readonly string[];
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

/** What a new one of a kind begins with. */
export function toNewDraft(
  { defaults }: Pick<DestinationKindView, 'defaults'>,
  fields: readonly SettingsField[],
): DestinationDraft {
  return {
    name: '',
    settings: toSettingsDraft(fields),
    calls: defaults.filter.calls !== false,
    statuses: defaults.filter.statuses ?? [],
    operationalEvents: defaults.filter.operational_events ?? [],
    callTypes: [],
    phoneNumbers: '',
    order: defaults.order,
    // Empty: what its kind begins with, also when that becomes another number.
    concurrency: null,
    ratePerSecond: defaults.rate_per_second,
    timeoutS: null,
    retrySchedule: '',
  };
}

export function toDraft(destination: DestinationView, fields: readonly SettingsField[]): DestinationDraft {
  const { settings, filter } = destination;
  return {
    name: destination.name ?? '',
    settings: toSettingsDraft(fields, settings),
    calls: filter.calls !== false,
    statuses: filter.statuses ?? [],
    operationalEvents: filter.operational_events ?? [],
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
export function toBody(
  draft: DestinationDraft,
  fields: readonly SettingsField[],
  more: Readonly<Record<string, unknown>> = {},
): DraftBody {
  const schedule = parseSchedule(draft.retrySchedule);
  if (schedule === undefined) {
    return {
      kind: 'fault',
      field: 'retrySchedule',
      detail: 'Write waiting times with commas between them, such as 5s, 30s, 2m, 1h.',
    };
  }
  const phoneNumbers = draft.phoneNumbers
    .split(/[\n,;]/)
    .map((one) => one.trim())
    .filter((one) => one !== '');
  const { statuses, callTypes, operationalEvents } = draft;
  // Whoever chooses among events of calls wants them, and something has to go there.
  const hasCalls =
    draft.calls ||
    statuses.length + callTypes.length + phoneNumbers.length > 0 ||
    operationalEvents.length === 0;
  return {
    kind: 'body',
    body: {
      ...more,
      name: draft.name.trim() === '' ? null : draft.name.trim(),
      settings: toSettings(fields, draft.settings),
      filter: {
        ...(!hasCalls && { calls: false }),
        ...(statuses.length > 0 && { statuses }),
        ...(operationalEvents.length > 0 && { operational_events: operationalEvents }),
        ...(callTypes.length > 0 && { call_types: callTypes }),
        ...(phoneNumbers.length > 0 && { phone_numbers: phoneNumbers }),
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
export function toChange(
  before: DestinationDraft,
  after: DestinationDraft,
  fields: readonly SettingsField[],
): DraftBody {
  const made = toBody(after, fields);
  const known = toBody(before, fields);
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
