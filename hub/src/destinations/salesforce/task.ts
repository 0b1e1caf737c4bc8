/** A call as a Salesforce Task of the subtype Call. Pure. */
import { type CallRecord, toCallKey } from '../crm/call-record.ts';
import type { ContactId } from '../crm/crm-port.ts';
import { toTextBody } from '../crm/record-body.ts';
import type { SalesforceSettings } from './salesforce-settings.ts';

/** Fields as the Task object names them; left out where there is nothing to say. */
export interface TaskDraft {
  readonly TaskSubtype: 'Call';
  readonly Subject: string;
  readonly Status: string;
  readonly ActivityDate: string;
  readonly CallType: 'Inbound' | 'Outbound';
  readonly CallObject: string;
  readonly CallDisposition: string;
  readonly CallDurationInSeconds?: number;
  readonly Description: string;
  readonly WhoId?: ContactId;
  readonly WhatId?: ContactId;
}

/** What of a draft may be written to a task that exists: its subtype is set once and for all. */
export type TaskChange = Omit<TaskDraft, 'TaskSubtype'>;

export function toTaskChange(draft: TaskDraft): TaskChange {
  const { TaskSubtype: _, ...change } = draft;
  return change;
}

export const SUBJECT_CHARACTERS_MAX = 255;
export const DESCRIPTION_CHARACTERS_MAX = 32_000;

export function toTaskDraft(
  record: CallRecord,
  contactId: ContactId | null,
  settings: Pick<SalesforceSettings, 'time_zone' | 'status_ended' | 'status_live'>,
): TaskDraft {
  const { outcome, durationMs } = record;
  return {
    TaskSubtype: 'Call',
    Subject: record.title.slice(0, SUBJECT_CHARACTERS_MAX),
    Status: outcome === 'in_progress' ? settings.status_live : settings.status_ended,
    ActivityDate: toDay(record.startAtMs, settings.time_zone),
    CallType: record.direction === 'inbound' ? 'Inbound' : 'Outbound',
    CallObject: toCallKey(record.callId),
    CallDisposition: DISPOSITIONS[outcome],
    ...(durationMs !== null && { CallDurationInSeconds: Math.round(durationMs / 1_000) }),
    Description: toDescription(record),
    ...(contactId !== null && { [toLinkField(contactId)]: contactId }),
  };
}

const DISPOSITIONS: Readonly<Record<CallRecord['outcome'], string>> = {
  in_progress: 'In progress',
  completed: 'Completed',
  failed: 'Ended with error',
};

export const LINKED_OBJECTS = {
  '003': { name: 'Contact', field: 'WhoId' },
  '00Q': { name: 'Lead', field: 'WhoId' },
  '001': { name: 'Account', field: 'WhatId' },
  '006': { name: 'Opportunity', field: 'WhatId' },
  '500': { name: 'Case', field: 'WhatId' },
} as const;
type LinkedObject = (typeof LINKED_OBJECTS)[keyof typeof LINKED_OBJECTS];

/** Salesforce ids tell their object by their first three characters; null where it is none that a call can hang on. */
export function toLinkedObject(id: string): LinkedObject | null {
  if (!/^[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?$/.test(id)) return null;
  const prefix = id.slice(0, 3);
  return prefix in LINKED_OBJECTS ? LINKED_OBJECTS[prefix as keyof typeof LINKED_OBJECTS] : null;
}

function toLinkField(id: ContactId): 'WhoId' | 'WhatId' {
  return toLinkedObject(id)?.field ?? 'WhoId';
}

/** The calendar day of an instant in a zone, YYYY-MM-DD. */
function toDay(atMs: number, timeZone: string): string {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  }).formatToParts(atMs);
  const part = (type: string): string => parts.find((one) => one.type === type)?.value ?? '';
  return `${part('year').padStart(4, '0')}-${part('month')}-${part('day')}`;
}

function toDescription(record: CallRecord): string {
  const { fromNumber, toNumber, startAtMs, isStartKnown } = record;
  const text = [
    ...(fromNumber === null ? [] : [`From: ${fromNumber}`]),
    ...(toNumber === null ? [] : [`To: ${toNumber}`]),
    ...(isStartKnown ? [`Began: ${new Date(startAtMs).toISOString()}`] : []),
    toTextBody(record),
  ].join('\n');
  if (text.length <= DESCRIPTION_CHARACTERS_MAX) return text;
  const cut = text.slice(0, DESCRIPTION_CHARACTERS_MAX - 1);
  return `${cut.isWellFormed() ? cut : cut.slice(0, -1)}…`;
}
