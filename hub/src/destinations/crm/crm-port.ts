/**
 * What a CRM has to know to be one of ours. The order of steps, the memory of what was written, retries, contact
 * matching and the wording are crm-sender.ts; a port makes the requests and reads the answers, nothing else.
 */
import type { AttemptResult } from '../destination.ts';
import type { CallRecord } from './call-record.ts';
import type { PacerBook } from './pacer.ts';

/** One request, or a few that belong together. `stop`: the attempt ends here, with this result. */
export type Step<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | { readonly kind: 'stop'; readonly result: AttemptResult };

export type StopResult = Extract<Step<never>, { kind: 'stop' }>;

/** What is left of the attempt. Every request takes its deadline from here. */
export interface Budget {
  remainingMs(): number;
}

export type ContactId = string;

/** A look-up that may take more than one attempt. */
export interface Look {
  /** Whom the call is with, where that is known: the record, if there is one, most likely hangs on them. */
  readonly contactId: ContactId | null;
  /** What `keep` was last told; null: the look-up begins. */
  readonly progress: string | null;
  /** On disk when it resolves (where the journal knows the call); null once the look-up has come to its end. */
  keep(progress: string | null): Promise<void>;
}

export type CreateOutcome =
  | { readonly kind: 'created'; readonly recordId: string }
  /** The CRM already holds a record of this call and refused a second one. */
  | { readonly kind: 'exists'; readonly recordId: string }
  /** The contact it was to hang on is gone; nothing was written. */
  | { readonly kind: 'contact_gone' };

export type UpdateOutcome = 'updated' | 'gone' | 'contact_gone';

/**
 * Draft: what is written for a record, in the CRM's own fields; plain JSON, since a hash of it decides whether a record
 * has to be written again. It holds the key of the call where the CRM has a place for it.
 */
export interface CrmPort<Draft = unknown> {
  /** "HubSpot". */
  readonly title: string;
  /**
   * The CRM itself refuses a second record with the same call key (`exists`), so the look-up before creating is only
   * made where an earlier try may have got through. Otherwise it is made before every creation.
   */
  readonly refusesDuplicates: boolean;
  /**
   * Its look-up is dear, so it is left out where nobody can have written the call yet, though nothing refuses a second
   * record: this destination was told of the call while it was live, or was there before the call.
   */
  readonly looksOnlyInDoubt?: boolean;
  /**
   * Of all destinations of the process: by it, one at a time looks for a call and creates it, for CRMs that take two
   * records of one call.
   */
  readonly turns?: PacerBook;
  /** What is written stays as it is: `updateRecord` is never asked. */
  readonly keepsRecords?: boolean;
  /** An id of a contact as this CRM writes them, or null: the text comes from a call's metadata, so anybody may have written it. */
  parseContactId(text: string): ContactId | null;
  /** Pure. */
  toDraft(record: CallRecord, contactId: ContactId | null): Draft;
  /**
   * Before the first request of an attempt: access tokens, fields that have to exist. Remembers that it is done.
   * It names the account in the CRM ("portal 4711"), where that is known: with credentials of another one, ids that were
   * remembered mean nothing, or somebody else's record.
   */
  prepare?(budget: Budget): Promise<Step<string | null>>;
  /** The record of a call by its key; null where there is none. */
  findRecord(callKey: string, budget: Budget, record: CallRecord, look: Look): Promise<Step<string | null>>;
  createRecord(draft: Draft, callKey: string, budget: Budget): Promise<Step<CreateOutcome>>;
  /** wroteContactId: whom the record hangs on as far as we know; undefined where we do not. */
  updateRecord(
    recordId: string,
    draft: Draft,
    wroteContactId: ContactId | null | undefined,
    budget: Budget,
  ): Promise<Step<UpdateOutcome>>;
  /** Whether this contact exists; null where not. May answer with another id (contacts are merged). */
  readContact(contactId: ContactId, budget: Budget): Promise<Step<ContactId | null>>;
  /**
   * By a number in E.164; of several, the one changed last, and of those the lowest id. ownNumber: in E.164, the number
   * the call came in on or went out from; its country is the one in which people leave the country out.
   */
  findContact(number: string, budget: Budget, ownNumber: string | null): Promise<Step<ContactId | null>>;
  createContact(number: string, budget: Budget): Promise<Step<ContactId>>;
  close(): void;
  abandon(): void;
}
