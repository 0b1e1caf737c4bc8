/**
 * One attempt at one call, for every CRM. It promises at most one record of a call in the CRM, however often and by
 * whatever way the call comes here again, and that the record ends up as the journal's call is: what was written is
 * remembered with the call, the intent to create is on disk before the request that creates, and where such an intent
 * is found, or the CRM does not refuse a second record by itself, the CRM is asked before anything is created. It is
 * asked until the request whose answer was lost can no longer be carried out.
 */
import { createHash } from 'node:crypto';
import type { StatusUpdateMessage } from '@offhook/contract/message';
import type {
  AttemptRequest,
  AttemptResult,
  DestinationGround,
  DestinationSender,
  KnownCall,
} from '../destination.ts';
import { ok, startBudget, stopFailed, stopLater } from './budget.ts';
import {
  readRememberedCall,
  rememberCall,
  type RememberedCall,
  type RememberedContact,
} from './call-memory.ts';
import {
  readMetadataId,
  toCallKey,
  toCallOfMessage,
  toRecordPlan,
  type CallRecord,
  type RecordPlan,
} from './call-record.ts';
import { ContactBook, CREATION_DOUBT_MS, type FoundContact } from './contact-book.ts';
import type { Budget, CrmPort, Look, Step } from './crm-port.ts';
import type { CrmSettings } from './crm-settings.ts';
import { toE164 } from './e164.ts';
import { REQUEST_MS_MIN } from './paced-client.ts';
import { isClearRefusal } from './refusal.ts';

export function createCrmSender<Draft>(
  port: CrmPort<Draft>,
  settings: CrmSettings,
  ground: DestinationGround,
): DestinationSender {
  return new CrmSender(port, settings, ground);
}

/** Sources tell start and end by requests of their own, which may overtake each other. */
export const START_WAIT_MS = 60_000;
/**
 * Since when a destination remembers. Calls that were heard of later nobody before it can have written, however long they
 * had to wait: to look for each call of a backlog would cost more than all the rest.
 */
const SINCE_KEY = 'since';
/** Of an attempt; a clock may be set by an hour. */
const DEADLINE_MS_MAX = 10 * 60_000;
const ONE_AT_A_TIME = { requests: 1, windowMs: 0 } as const;
/** Of calls that the journal has forgotten, whose look-up or creation is open: known to this process only. */
const FORGOTTEN_KEPT_MAX = 1_000;

type WritePlan = Extract<RecordPlan, { kind: 'write' }>;

/** What an attempt knows when it begins. */
interface Subject {
  readonly call: KnownCall;
  /** The journal knows the call; else the message is all there is, and nothing can be remembered with the call. */
  readonly isKnown: boolean;
  readonly remembered: RememberedCall | null;
  readonly metadataId: string | null;
  /** Of the CRM, where the port knows it. */
  readonly account: string | null;
}

interface Done {
  readonly detail: string;
  readonly isIdle?: true;
}

/** Nothing was asked of the CRM. */
function okIdle(detail: string): Step<Done> {
  return ok({ detail, isIdle: true });
}

class CrmSender<Draft> implements DestinationSender {
  readonly #port: CrmPort<Draft>;
  readonly #settings: CrmSettings;
  readonly #ground: DestinationGround;
  readonly #contacts: ContactBook;
  #sinceMs: number | null = null;
  /** By call id, the oldest first. */
  readonly #forgotten = new Map<string, RememberedCall>();

  constructor(port: CrmPort<Draft>, settings: CrmSettings, ground: DestinationGround) {
    this.#port = port;
    this.#settings = settings;
    this.#ground = ground;
    this.#contacts = new ContactBook(port, ground);
  }

  async attempt(request: AttemptRequest): Promise<AttemptResult> {
    const budget = startBudget(this.#ground, request.deadlineMs);
    const step = await this.#run(request, budget);
    const totalMs = budget.elapsedMs();
    if (step.kind === 'ok') return { kind: 'done', ...step.value, timing: { firstByteMs: null, totalMs } };
    return { ...step.result, timing: { ...step.result.timing, totalMs } };
  }

  async close(): Promise<void> {
    this.#port.close();
  }

  abandon(): void {
    this.#port.abandon();
  }

  async #run(request: AttemptRequest, budget: Budget): Promise<Step<Done>> {
    if (request.eventType !== 'status-update')
      return okIdle(`Nothing to write: ${this.#port.title} destinations log calls only`);
    const { message } = JSON.parse(Buffer.from(request.body).toString('utf8')) as StatusUpdateMessage;
    const subject = await this.#read(message);
    const { call } = subject;
    if (!subject.isKnown && call.state === 'live')
      return okIdle(
        'Not written: the journal has forgotten this call, and its message only says that it began',
      );

    const plan = await this.#plan(subject);
    if (plan.kind === 'skip') {
      await this.#note(subject);
      return okIdle(plan.reason);
    }
    const waitMs = this.#toStartWaitMs(subject);
    if (waitMs > 0) return stopLater(waitMs, 'Waits up to a minute for the report of its start');
    const prepared = await this.#port.prepare?.(budget);
    if (prepared?.kind === 'stop') return prepared;
    const account = prepared?.value ?? null;
    const written = await this.#write(
      { ...subject, account, remembered: toHere(subject.remembered, account) },
      plan,
      budget,
    );
    return written.kind === 'ok' ? ok({ detail: written.value }) : written;
  }

  async #read(message: StatusUpdateMessage['message']): Promise<Subject> {
    const callId = message.call.id;
    const [[known], remembered] = await Promise.all([
      this.#ground.readCalls([callId]),
      readRememberedCall(this.#ground.memory, callId),
    ]);
    const before = remembered !== null && 'metadataId' in remembered ? remembered.metadataId : undefined;
    return {
      call: known ?? toCallOfMessage(message, this.#ground.nowMs()),
      isKnown: known !== undefined,
      remembered: remembered ?? this.#forgotten.get(callId) ?? null,
      metadataId: readMetadataId(message, this.#settings.metadata_key) ?? before ?? null,
      account: null,
    };
  }

  async #plan({ call, remembered, metadataId }: Subject): Promise<RecordPlan> {
    return toRecordPlan({
      call,
      settings: this.#settings,
      metadataId,
      customerNumber: await toE164(call.customer?.number),
      ownNumber: await toE164(call.phoneNumber?.number),
      link: this.#ground.toCallLink(call.callId),
      isWritten: remembered?.state === 'written',
    });
  }

  /** The message of a call's end need not repeat the metadata of its start. */
  async #note({ call, isKnown, remembered, metadataId }: Subject): Promise<void> {
    if (!isKnown || call.state !== 'live') return;
    if (remembered !== null && remembered.state !== 'noted') return;
    // A port that says false now may say true when the call has ended.
    const sawLive = this.#port.looksOnlyInDoubt !== undefined;
    if (metadataId === null && !sawLive) return;
    if (remembered !== null && remembered.metadataId === (metadataId ?? undefined)) return;
    await rememberCall(this.#ground.memory, call.callId, {
      state: 'noted',
      ...(metadataId !== null && { metadataId }),
      ...(sawLive && { sawLive }),
    });
  }

  /** A start that comes after its end makes no event, so a record written before it would stay without a duration. */
  #toStartWaitMs({ call, isKnown, remembered }: Subject): number {
    if (!isKnown || call.startedAtMs !== null || call.endedAtMs === null) return 0;
    if (remembered?.state === 'written' || remembered?.state === 'gone') return 0;
    const now = this.#ground.nowMs();
    // When the end was accepted: not before the first report, and in most cases just when it happened.
    const acceptedAtMs = Math.max(call.firstReportAtMs, call.endedAtMs <= now ? call.endedAtMs : 0);
    const waitMs = acceptedAtMs + START_WAIT_MS - now;
    // Of a clock that was ahead by more than that, nothing is known.
    return waitMs > 2 * START_WAIT_MS ? 0 : waitMs;
  }

  async #write(subject: Subject, plan: WritePlan, budget: Budget): Promise<Step<string>> {
    const { remembered } = subject;
    if (remembered?.state === 'gone')
      return ok(`Not written: somebody deleted call ${remembered.recordId} in ${this.#port.title}`);
    const contacts = await this.#findContact(subject, plan, budget);
    if (contacts.kind === 'stop') return contacts;
    const found = contacts.value;
    if (remembered?.state === 'written') {
      const { recordId } = remembered;
      return this.#update(subject, plan.record, found, recordId, remembered.contact?.id ?? null, budget);
    }
    if (found.contact === null && plan.needsContact) return ok(this.#toNoContact(plan, found));

    return this.#inTurn(subject, plan.record, budget, () => this.#writeNew(subject, plan, found, budget));
  }

  /** Of several destinations that look for a call and create it, the second one finds what the first has made. */
  async #inTurn(
    { account }: Subject,
    { callId }: CallRecord,
    budget: Budget,
    work: () => Promise<Step<string>>,
  ): Promise<Step<string>> {
    const { turns, title } = this.#port;
    if (turns === undefined) return work();
    const { pacer, release } = turns.take(`${account ?? ''} ${toCallKey(callId)}`, ONE_AT_A_TIME);
    try {
      const turn = await pacer.enter(this.#ground, budget.remainingMs() - REQUEST_MS_MIN);
      if (turn.kind === 'too_long')
        return stopFailed('timeout', `another destination is writing the same call to ${title}`);
      try {
        return await work();
      } finally {
        turn.leave();
      }
    } finally {
      release();
    }
  }

  async #writeNew(
    subject: Subject,
    plan: WritePlan,
    found: FoundContact,
    budget: Budget,
  ): Promise<Step<string>> {
    const { record } = plan;
    if (await this.#mustLook(subject)) {
      const look = this.#openLook(subject, found);
      const lookedAtMs = this.#ground.nowMs();
      const step = await this.#port.findRecord(toCallKey(record.callId), budget, record, look);
      if (step.kind === 'stop') return step;
      if (step.value !== null) return this.#adopt(subject, record, found, step.value, budget);
      const doubtMs = await this.#toDoubtMs(subject, lookedAtMs);
      if (doubtMs > 0)
        return stopLater(
          doubtMs,
          `Waits up to a minute: an earlier try may still create the call in ${this.#port.title}`,
        );
    }
    if (budget.remainingMs() < REQUEST_MS_MIN)
      return stopFailed('timeout', `${this.#port.title} answered too slowly to finish within the deadline`);
    await this.#remember(subject, {
      state: 'creating',
      sinceMs: this.#ground.nowMs() + budget.remainingMs(),
    });
    const step = await this.#create(subject, plan, found, budget);
    if (step.kind === 'stop') await this.#noteFailedCreation(subject, step.result);
    return step;
  }

  async #mustLook({ call, isKnown, remembered }: Subject): Promise<boolean> {
    const { refusesDuplicates, looksOnlyInDoubt = false } = this.#port;
    if (remembered?.state === 'creating' || !isKnown) return true;
    if (refusesDuplicates || !looksOnlyInDoubt) return !refusesDuplicates;
    if (remembered?.state === 'noted' && remembered.sawLive === true) return false;
    return call.firstReportAtMs < (await this.#readSinceMs());
  }

  async #readSinceMs(): Promise<number> {
    if (this.#sinceMs !== null) return this.#sinceMs;
    const { memory } = this.#ground;
    const [text] = await memory.read([SINCE_KEY]);
    const known = Number(text ?? Number.NaN);
    const sinceMs = Number.isFinite(known) ? known : this.#ground.nowMs();
    if (!Number.isFinite(known)) await memory.write([{ key: SINCE_KEY, value: String(sinceMs) }]);
    this.#sinceMs ??= sinceMs;
    return this.#sinceMs;
  }

  #openLook(subject: Subject, found: FoundContact): Look {
    const { remembered } = subject;
    const before = remembered?.state === 'creating' || remembered?.state === 'noted' ? remembered : null;
    const { look: progress, ...rest } = before ?? { state: 'noted' };
    return {
      contactId: found.contact?.id ?? null,
      progress: progress ?? null,
      keep: (look) => this.#remember(subject, { ...rest, ...(look !== null && { look }) }),
    };
  }

  /** How long a creation whose answer was lost may still come into being, though the look-up does not show it. */
  async #toDoubtMs(subject: Subject, lookedAtMs: number): Promise<number> {
    const { remembered } = subject;
    if (this.#port.refusesDuplicates || remembered?.state !== 'creating') return 0;
    // When the look began: what came into being while it went on it may not have seen.
    const now = lookedAtMs;
    const { sinceMs } = remembered;
    if (sinceMs === undefined || sinceMs > now + DEADLINE_MS_MAX) {
      // By another version, or a clock that was set back since: the doubt begins now.
      await this.#remember(subject, { state: 'creating', sinceMs: now });
      return CREATION_DOUBT_MS;
    }
    return sinceMs + CREATION_DOUBT_MS - now;
  }

  /** After a clear no things are as they were; else the request was sent by now, if at all. */
  async #noteFailedCreation(subject: Subject, result: AttemptResult): Promise<void> {
    if (this.#port.refusesDuplicates) return;
    if (!isClearRefusal(result))
      return this.#remember(subject, { state: 'creating', sinceMs: this.#ground.nowMs() });
    const { callId } = subject.call;
    if (subject.isKnown) await rememberCall(this.#ground.memory, callId, withoutLook(subject.remembered));
    else this.#forgotten.delete(callId);
  }

  #findContact(subject: Subject, plan: WritePlan, budget: Budget): Promise<Step<FoundContact>> {
    const { call, isKnown, remembered } = subject;
    const creates = this.#settings.unknown_contacts === 'create_contact' && isKnown;
    return this.#contacts.find({
      hint: plan.contact,
      remembered: remembered?.state === 'written' ? remembered.contact : null,
      createsFor: creates ? call.callId : null,
      budget,
    });
  }

  async #create(
    subject: Subject,
    plan: WritePlan,
    found: FoundContact,
    budget: Budget,
  ): Promise<Step<string>> {
    const { record } = plan;
    const draft = this.#port.toDraft(record, found.contact?.id ?? null);
    const step = await this.#port.createRecord(draft, toCallKey(record.callId), budget);
    if (step.kind === 'stop') return step;
    switch (step.value.kind) {
      case 'created': {
        const { recordId } = step.value;
        await this.#rememberWritten(subject, recordId, draft, found.contact);
        return ok(`Call ${recordId} created in ${this.#port.title}${this.#toWhom(found)}`);
      }
      case 'exists':
        return this.#adopt(subject, record, found, step.value.recordId, budget);
      case 'contact_gone': {
        // Without a contact this cannot come again; with one, each round has one contact less to believe in.
        if (found.contact === null) return ok(this.#toNoContact(plan, found));
        const next = await this.#findAgain(subject, plan, found.contact, budget);
        if (next.kind === 'stop') return next;
        if (next.value.contact === null && plan.needsContact) return ok(this.#toNoContact(plan, next.value));
        return this.#create(subject, plan, next.value, budget);
      }
    }
  }

  /** Asks the CRM anew; the same answer again is not believed a second time. */
  async #findAgain(
    subject: Subject,
    plan: WritePlan,
    gone: RememberedContact,
    budget: Budget,
  ): Promise<Step<FoundContact>> {
    this.#contacts.forget(gone);
    const step = await this.#findContact(subject, plan, budget);
    if (step.kind === 'stop' || step.value.contact?.id !== gone.id) return step;
    return ok({ ...step.value, contact: null });
  }

  /** A record that an earlier try, or another destination, has made. */
  async #adopt(
    subject: Subject,
    record: CallRecord,
    found: FoundContact,
    recordId: string,
    budget: Budget,
  ): Promise<Step<string>> {
    // Its message alone knows less than what was written while the journal still held the call.
    if (!subject.isKnown) return ok(`Call ${recordId} was in ${this.#port.title} already`);
    return this.#update(subject, record, found, recordId, undefined, budget);
  }

  async #update(
    subject: Subject,
    record: CallRecord,
    found: FoundContact,
    recordId: string,
    wroteContactId: string | null | undefined,
    budget: Budget,
  ): Promise<Step<string>> {
    const draft = this.#port.toDraft(record, found.contact?.id ?? null);
    const { remembered } = subject;
    if (remembered?.state === 'written' && remembered.hash === toHash(draft))
      return ok(`Call ${recordId} in ${this.#port.title} is as it should be already`);
    if (this.#port.keepsRecords === true) {
      if (remembered?.state !== 'written')
        await this.#rememberWritten(subject, recordId, draft, found.contact);
      return ok(`Call ${recordId} was in ${this.#port.title} already`);
    }
    const step = await this.#port.updateRecord(recordId, draft, wroteContactId, budget);
    if (step.kind === 'stop') return step;
    switch (step.value) {
      case 'updated':
        await this.#rememberWritten(subject, recordId, draft, found.contact);
        return ok(`Call ${recordId} updated in ${this.#port.title}${this.#toWhom(found)}`);
      case 'gone':
        await this.#remember(subject, { state: 'gone', recordId });
        return ok(`Not written: somebody deleted call ${recordId} in ${this.#port.title}`);
      case 'contact_gone':
        if (found.contact === null)
          return stopFailed('protocol', `${this.#port.title} misses a contact that was not named`);
        this.#contacts.forget(found.contact);
        return this.#update(subject, record, { ...found, contact: null }, recordId, null, budget);
    }
  }

  #rememberWritten(
    subject: Subject,
    recordId: string,
    draft: Draft,
    contact: RememberedContact | null,
  ): Promise<void> {
    return this.#remember(subject, { state: 'written', recordId, hash: toHash(draft), contact });
  }

  async #remember(subject: Subject, remembered: RememberedCall): Promise<void> {
    if (!subject.isKnown) return this.#rememberForgotten(subject.call.callId, remembered);
    const { metadataId, account } = subject;
    await rememberCall(this.#ground.memory, subject.call.callId, {
      ...remembered,
      ...(metadataId !== null && remembered.state !== 'gone' && { metadataId }),
      ...(account !== null && (remembered.state === 'written' || remembered.state === 'gone') && { account }),
    });
  }

  /** Nothing would ever take it away from the journal's memory. */
  #rememberForgotten(callId: string, remembered: RememberedCall): void {
    this.#forgotten.delete(callId);
    const isOpen =
      remembered.state === 'creating' || (remembered.state === 'noted' && remembered.look !== undefined);
    if (!isOpen) return;
    this.#forgotten.set(callId, remembered);
    for (const oldest of this.#forgotten.keys()) {
      if (this.#forgotten.size <= FORGOTTEN_KEPT_MAX) return;
      this.#forgotten.delete(oldest);
    }
  }

  #toWhom({ contact, wasCreated, isMetadataUnknown }: FoundContact): string {
    const whom =
      contact === null ? ' without a contact' : ` for ${wasCreated ? 'the new ' : ''}contact ${contact.id}`;
    return isMetadataUnknown ? `${whom}; its ${this.#settings.metadata_key} names no contact there` : whom;
  }

  #toNoContact({ contact, record }: WritePlan, { isMetadataUnknown }: FoundContact): string {
    if (isMetadataUnknown)
      return `Not written: its ${this.#settings.metadata_key} names no contact in ${this.#port.title}`;
    if (contact.number === null)
      return record.isWebCall
        ? 'Not written: a web call without a number'
        : 'Not written: a call without a number';
    return `Not written: no contact in ${this.#port.title} has this number`;
  }
}

/** Ids of another account say nothing here; but something may have been written here before they were. */
function toHere(remembered: RememberedCall | null, account: string | null): RememberedCall | null {
  if (remembered === null || account === null || !('account' in remembered)) return remembered;
  if (remembered.account === undefined || remembered.account === account) return remembered;
  return { state: 'creating', sinceMs: 0 };
}

/** A look-up that came to its end begins anew. */
function withoutLook(remembered: RememberedCall | null): RememberedCall | null {
  if (remembered?.state !== 'noted' && remembered?.state !== 'creating') return remembered;
  const { look: _, ...rest } = remembered;
  return rest;
}

function toHash(draft: unknown): string {
  return createHash('sha256').update(JSON.stringify(draft)).digest('hex').slice(0, 32);
}
