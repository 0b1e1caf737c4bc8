/**
 * Whom a call is with. In: what the call says of them. Out: the CRM's contact, or none. Answers are kept for a while
 * and questions asked at the same time are asked once, since one customer calls several times and lookups are what
 * CRMs limit most. Where contacts are created, two calls of one new number make one contact.
 */
import { createHash } from 'node:crypto';
import type { DestinationGround } from '../destination.ts';
import { ok, stopFailed } from './budget.ts';
import type { ContactHint } from './call-record.ts';
import type { Budget, ContactId, CrmPort, Step } from './crm-port.ts';
import type { RememberedContact } from './call-memory.ts';

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
/** Search indexes of CRMs lag behind by seconds, at times by a minute. */
export const CREATION_DOUBT_MS = 60_000;

interface Entry {
  readonly contactId: ContactId | null;
  readonly validUntil: number;
}

export class ContactBook {
  readonly #port: CrmPort;
  readonly #ground: DestinationGround;
  /** By the hint's hash, the longest unused first. */
  readonly #known = new Map<string, Entry>();
  readonly #underWay = new Map<string, Promise<Step<ContactId | null>>>();

  constructor(port: CrmPort, ground: DestinationGround) {
    this.#port = port;
    this.#ground = ground;
  }

  async find({ hint, remembered, createsFor, budget }: FindContactInput): Promise<Step<FoundContact>> {
    const named = hint.metadataId === null ? null : this.#port.parseContactId(hint.metadataId);
    let isMetadataUnknown = hint.metadataId !== null && named === null;
    if (named !== null) {
      const via = toVia('id', named);
      if (remembered?.via === via) return ok(toFound(remembered));
      const step = await this.#once(via, () => this.#port.readContact(named, budget));
      if (step.kind === 'stop') return step;
      if (step.value !== null) return ok(toFound({ id: step.value, via }));
      isMetadataUnknown = true;
    }
    const { number } = hint;
    // A later message that says less (no metadata, no number) does not take away what an earlier one led to.
    if (number === null)
      return ok({ ...toFound(hint.metadataId === null ? remembered : null), isMetadataUnknown });
    const via = toVia('number', number);
    if (remembered?.via === via) return ok({ ...toFound(remembered), isMetadataUnknown });
    const found = await this.#once(via, () => this.#port.findContact(number, budget));
    if (found.kind === 'stop') return found;
    if (found.value !== null) return ok({ ...toFound({ id: found.value, via }), isMetadataUnknown });
    if (createsFor === null) return ok({ ...toFound(null), isMetadataUnknown });
    const created = await this.#once(`create:${via}`, () => this.#create(via, number, createsFor, budget));
    if (created.kind === 'stop') return created;
    const contact = created.value === null ? null : { id: created.value, via };
    return ok({ contact, wasCreated: contact !== null, isMetadataUnknown });
  }

  /** The contact turned out to be gone: the next question goes to the CRM. */
  forget(contact: RememberedContact): void {
    this.#known.delete(contact.via);
    this.#known.delete(`create:${contact.via}`);
  }

  async #once(key: string, ask: () => Promise<Step<ContactId | null>>): Promise<Step<ContactId | null>> {
    const now = this.#ground.monotonicMs();
    const entry = this.#known.get(key);
    if (entry !== undefined && entry.validUntil > now) {
      this.#known.delete(key);
      this.#known.set(key, entry);
      return ok(entry.contactId);
    }
    // Whoever joins began later and so has more time left than the one who asks.
    const underWay = this.#underWay.get(key);
    if (underWay !== undefined) return underWay;
    const asking = ask();
    this.#underWay.set(key, asking);
    try {
      const step = await asking;
      if (step.kind === 'ok') this.#keep(key, step.value);
      return step;
    } finally {
      this.#underWay.delete(key);
    }
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
  async #create(
    via: string,
    number: string,
    callId: string,
    budget: Budget,
  ): Promise<Step<ContactId | null>> {
    const { memory } = this.#ground;
    const key = `contact:${via}`;
    const [value] = await memory.read([key]);
    if (value !== undefined) {
      const known = parseCreation(value);
      if (known.id !== null) {
        const step = await this.#port.readContact(known.id, budget);
        if (step.kind === 'stop' || step.value !== null) return step;
      } else if (this.#ground.nowMs() - known.sinceMs < CREATION_DOUBT_MS) {
        return stopFailed(
          'protocol',
          `an earlier try may have created the contact, and the search of ${this.#port.title} does not show it yet`,
        );
      }
    }
    await memory.write([{ key, value: JSON.stringify({ sinceMs: this.#ground.nowMs() }), callId }]);
    const step = await this.#port.createContact(number, budget);
    if (step.kind === 'ok') {
      await memory.write([{ key, value: JSON.stringify({ sinceMs: 0, id: step.value }), callId }]);
    } else if (wasRefused(step.result)) {
      await memory.write([{ key, value: null, callId }]);
    }
    return step;
  }
}

function toFound(contact: RememberedContact | null): FoundContact {
  return { contact, wasCreated: false, isMetadataUnknown: false };
}

/** A hash, so that no number stands in the memory's keys. */
function toVia(kind: 'id' | 'number', text: string): string {
  return createHash('sha256').update(`${kind}:${text}`).digest('hex').slice(0, 32);
}

function parseCreation(value: string): { readonly id: string | null; readonly sinceMs: number } {
  const { id, sinceMs } = JSON.parse(value) as { id?: string; sinceMs: number };
  return { id: id ?? null, sinceMs };
}

/** A clear no: nothing was created. */
function wasRefused(result: {
  readonly kind: string;
  readonly status?: number;
  readonly cause?: string;
}): boolean {
  if (result.kind === 'failed')
    return (
      result.cause === 'settings' ||
      result.cause === 'blocked' ||
      result.cause === 'dns' ||
      result.cause === 'connect' ||
      result.cause === 'tls'
    );
  return result.status !== undefined && result.status >= 400 && result.status < 500 && result.status !== 408;
}
