/** A call record in HubSpot's own properties. Pure. */
import { toCallKey, type CallRecord } from '../crm/call-record.ts';
import { toHtmlBody } from '../crm/record-body.ts';

export interface HubspotDraft {
  readonly properties: Readonly<Record<string, string>>;
  readonly contactId: string | null;
}

/** The unique property that makes HubSpot itself refuse a second record of one call. */
export const KEY_PROPERTY = 'offhook_call_id';

/** HubSpot's own "call to contact" association, the same number in every account. */
export const CALL_TO_CONTACT = 194;

const STATUS: Readonly<Record<CallRecord['outcome'], string>> = {
  in_progress: 'IN_PROGRESS',
  completed: 'COMPLETED',
  failed: 'FAILED',
};

/** The outcome "Connected" that every account has. */
const DISPOSITION_CONNECTED = 'f240bbac-87c9-4f6e-bf70-924b57d47db7';

export function toHubspotDraft(
  record: CallRecord,
  contactId: string | null,
  ownerId: string | undefined,
): HubspotDraft {
  // Somebody answered where a start was reported; a call that only ended may as well have rung in vain.
  const wasConnected = record.outcome === 'completed' && record.isStartKnown;
  return {
    properties: {
      [KEY_PROPERTY]: toCallKey(record.callId),
      hs_timestamp: new Date(record.startAtMs).toISOString(),
      hs_call_title: record.title,
      hs_call_body: toHtmlBody(record),
      hs_call_direction: record.direction === 'inbound' ? 'INBOUND' : 'OUTBOUND',
      hs_call_status: STATUS[record.outcome],
      ...(record.durationMs !== null && { hs_call_duration: String(Math.round(record.durationMs)) }),
      ...(record.fromNumber !== null && { hs_call_from_number: record.fromNumber }),
      ...(record.toNumber !== null && { hs_call_to_number: record.toNumber }),
      ...(wasConnected && { hs_call_disposition: DISPOSITION_CONNECTED }),
      ...(ownerId !== undefined && { hubspot_owner_id: ownerId }),
    },
    contactId,
  };
}
