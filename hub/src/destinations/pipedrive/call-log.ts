/** A call as a Pipedrive call log. Pure. */
import { createHash } from 'node:crypto';
import { type CallRecord, toCallKey } from '../crm/call-record.ts';
import type { ContactId } from '../crm/crm-port.ts';
import { toHtmlBody } from '../crm/record-body.ts';

/** Fields as `POST /callLogs` names them. */
export interface CallLogDraft {
  readonly subject: string;
  readonly outcome: CallOutcome;
  readonly from_phone_number?: string;
  readonly to_phone_number: string;
  readonly start_time: string;
  readonly end_time: string;
  /** Seconds, as text. */
  readonly duration?: string;
  readonly person_id?: number;
  readonly user_id?: number;
  /** HTML. */
  readonly note: string;
}

export type CallOutcome =
  | 'connected'
  | 'no_answer'
  | 'left_message'
  | 'left_voicemail'
  | 'wrong_number'
  | 'busy';

export const SUBJECT_CHARACTERS_MAX = 255;
/** to_phone_number is required, and a web call has none. */
export const NO_NUMBER = 'unknown';

export function toCallLogDraft(
  record: CallRecord,
  contactId: ContactId | null,
  userId: number | undefined,
): CallLogDraft {
  const { fromNumber, toNumber, startAtMs, durationMs } = record;
  const reference = toReference(toCallKey(record.callId));
  const title = record.title.slice(0, SUBJECT_CHARACTERS_MAX - reference.length - 1);
  return {
    subject: `${title} ${reference}`,
    outcome: toOutcome(record),
    ...(fromNumber !== null && { from_phone_number: fromNumber }),
    to_phone_number: toNumber ?? NO_NUMBER,
    start_time: toUtc(startAtMs),
    // Not when its end is dated: one that the hub assumed is hours after anybody spoke, and has no duration.
    end_time: toUtc(startAtMs + (durationMs ?? 0)),
    ...(durationMs !== null && { duration: String(Math.round(durationMs / 1_000)) }),
    ...(contactId !== null && { person_id: Number(contactId) }),
    ...(userId !== undefined && { user_id: userId }),
    note: toHtmlBody(record),
  };
}

/**
 * What a call log is found again by. Pipedrive has no field for somebody else's id, and of a call log only its subject
 * is certain to stand in the list of activities. 40 bits, compared with the activities of some hours.
 */
export function toReference(callKey: string): string {
  return `#${createHash('sha256').update(callKey).digest('hex').slice(0, 10)}`;
}

/** An end without an answer is told by its reason, where the source gives one. */
function toOutcome({ outcome, isStartKnown, facts }: CallRecord): CallOutcome {
  const reason = facts.find(({ label }) => label === 'End reason')?.text.toLowerCase() ?? '';
  if (/voice.?mail|machine/.test(reason)) return 'left_voicemail';
  if (isStartKnown) return 'connected';
  if (reason.includes('busy')) return 'busy';
  if (/no.?answer|unanswered|cancel|reject|declin|timeout/.test(reason)) return 'no_answer';
  return outcome === 'failed' ? 'no_answer' : 'connected';
}

/** YYYY-MM-DD HH:MM:SS in UTC. */
function toUtc(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 19).replace('T', ' ');
}
