/**
 * Whom a call is with. In: what the call says of them. Out: the CRM's contact, or none. Answers are kept for a while
 * and questions asked at the same time are asked once, since one customer calls several times and lookups are what
 * CRMs limit most. Where contacts are created, two calls of one new number make one contact.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { DestinationGround } from '../destination.ts';
import { ok, stopLater } from './budget.ts';
import type { RememberedContact } from './call-memory.ts';
import type { ContactHint } from './call-record.ts';
import type { Budget, ContactId, CrmPort, Step } from './crm-port.ts';
import { toCallingCode } from './phone-notations.ts';
import { isClearRefusal } from './refusal.ts';
import { createSharedQuestions, type SharedQuestions } from './shared-question.ts';

export interface FoundContact {
  readonly contact: RememberedContact | null;
  readonly wasCreated: boolean;
  /** The metadata named somebody whom the CRM does not know. */
  readonly isMetadataUnknown: boolean;
}

export interface FindContactInput {
  readonly hint: ContactHint;
  /** From an earlier write of the same call. */
  readonly remembered: RememberedContact | null;
  /** Null: none is created. The call with which the memory of a creation goes. */
  readonly createsFor: string | null;
  readonly budget: Budget;
}

export const KNOWN_CONTACTS_MAX = 10_000;
export const FOUND_AGE_MS_MAX = 10 * 60_000;
/** Somebody who was just added by hand should be found by the next call. */
export const MISSED_AGE_MS_MAX = 30_000;
/**
 * How long after a request that creates, and whose answer was lost, it may still come into being: servers carry out
 * what they have read though nobody waits any more, and search indexes of CRMs lag behind by seconds, at times by a
 * minute.
 */
export const CREATION_DOUBT_MS = 60_000;

interface Entry {
  readonly contactId: ContactId | null;
  readonly validUntil: number;
}

export class ContactBook {
  readonly #port: CrmPort;
  readonly #ground: DestinationGround;
  /** By the question: who is behind a hint, or who was created for a number; the longest unused first. */
  readonly #known = new Map<string, Entry>();
  readonly #questions: SharedQuestions<ContactId | null>;

  constructor(port: CrmPort, ground: DestinationGround) {
    this.#port = port;
    this.#ground = ground;
    this.#questions = createSharedQuestions(ground);
  }

  async find({ hint, remembered, createsFor, budget }: FindContactInput): Promise<Step<FoundContact>> {
    const named = hint.metadataId === null ? null : this.#port.parseContactId(hint.metadataId);
    let isMetadataUnknown = hint.metadataId !== null && named === null;
    if (named !== null) {
      const via = toVia('id', named);
      if (remembered?.via === via) return ok(toFound(remembered));
      const step = await this.#once(via, budget, () => this.#port.readContact(named, budget));
      if (step.kind === 'stop') return step;
      if (step.value !== null) return ok(toFound({ id: step.value, via }));
      isMetadataUnknown = true;
    }
    const { number } = hint;
    // A later message that says less (no metadata, no number) does not take away what an earlier one led to.
    if (number === null)
      return ok({ ...toFound(hint.metadataId === null ? remembered : null), isMetadataUnknown });
    // The same number may be somebody else's in a country where it is written without one.
    const home = hint.ownNumber === null ? '' : await toCallingCode(hint.ownNumber);
    const via = toVia('number', `${number} ${home}`);
    if (remembered?.via === via) return ok({ ...toFound(remembered), isMetadataUnknown });
    const found = await this.#once(via, budget, () => this.#port.findContact(number, budget, hint.ownNumber));
    if (found.kind === 'stop') return found;
    if (found.value !== null) return ok({ ...toFound({ id: found.value, via }), isMetadataUnknown });
    if (createsFor === null) return ok({ ...toFound(null), isMetadataUnknown });
    const created = await this.#once(`create:${number}`, budget, () =>
      this.#create(number, createsFor, budget),
    );
    if (created.kind === 'stop') return created;
    const contact = created.value === null ? null : { id: created.value, via };
    return ok({ contact, wasCreated: contact !== null, isMetadataUnknown });
  }

  /** The contact turned out to be gone: the next question goes to the CRM, by whatever hint it was found. */
  forget(contact: RememberedContact): void {
    this.#known.delete(contact.via);
    for (const [key, { contactId }] of this.#known) if (contactId === contact.id) this.#known.delete(key);
  }

  async #once(
    key: string,
    budget: Budget,
    ask: () => Promise<Step<ContactId | null>>,
  ): Promise<Step<ContactId | null>> {
    const now = this.#ground.monotonicMs();
    const entry = this.#known.get(key);
    if (entry !== undefined && entry.validUntil > now) {
      this.#known.delete(key);
      this.#known.set(key, entry);
      return ok(entry.contactId);
    }
    return this.#questions.ask(key, budget, async () => {
      const step = await ask();
      if (step.kind === 'ok') this.#keep(key, step.value);
      return step;
    });
  }

  #keep(key: string, contactId: ContactId | null): void {
    const ageMs = contactId === null ? MISSED_AGE_MS_MAX : FOUND_AGE_MS_MAX;
    this.#known.delete(key);
    this.#known.set(key, { contactId, validUntil: this.#ground.monotonicMs() + ageMs });
    if (this.#known.size <= KNOWN_CONTACTS_MAX) return;
    for (const oldest of this.#known.keys()) {
      this.#known.delete(oldest);
      break;
    }
  }

  /** Nobody has this number as far as the CRM's search shows; but it may not show yet what we created a moment ago. */
  async #create(number: string, callId: string, budget: Budget): Promise<Step<ContactId | null>> {
    const { memory } = this.#ground;
    const key = `contact:${toVia('number', number)}`;
    const remember = (creation: Creation | null): Promise<void> =>
      memory.write([{ key, value: creation === null ? null : JSON.stringify(creation), callId }]);
    const [value] = await memory.read([key]);
    const known = value === undefined ? null : parseCreation(value);
    if (known?.id !== undefined) {
      const step = await this.#port.readContact(known.id, budget);
      if (step.kind === 'stop' || step.value !== null) return step;
    } else if (known !== null) {
      const now = this.#ground.nowMs();
      // Written by a clock that was ahead: as if it were of now.
      const doubtMs = Math.min(known.sinceMs + CREATION_DOUBT_MS - now, CREATION_DOUBT_MS);
      if (doubtMs > 0) {
        if (known.sinceMs > now) await remember({ sinceMs: now });
        return stopLater(
          doubtMs,
          `Waits up to a minute: an earlier try may have created the contact, and ${this.#port.title} may not show it yet`,
        );
      }
    }
    await remember({ sinceMs: this.#ground.nowMs() + budget.remainingMs() });
    const step = await this.#port.createContact(number, budget);
    if (step.kind === 'ok') await remember({ sinceMs: 0, id: step.value });
    else await remember(isClearRefusal(step.result) ? null : { sinceMs: this.#ground.nowMs() });
    return step;
  }
}

/** Of a contact: no request that creates it was sent later than sinceMs. */
interface Creation {
  readonly sinceMs: number;
  readonly id?: ContactId | undefined;
}

function toFound(contact: RememberedContact | null): FoundContact {
  return { contact, wasCreated: false, isMetadataUnknown: false };
}

/** A hash, so that no number stands in the memory's keys. */
function toVia(kind: 'id' | 'number', text: string): string {
  return createHash('sha256').update(`${kind}:${text}`).digest('hex').slice(0, 32);
}

const CREATION = z.object({ sinceMs: z.number(), id: z.string().optional() });

/** What cannot be read was written by a version whose words we do not know: somebody may have been created long ago. */
function parseCreation(value: string): Creation {
  try {
    return CREATION.parse(JSON.parse(value));
  } catch {
    return { sinceMs: 0 };
  }
}
