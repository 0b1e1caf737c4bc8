/**
 * One attempt at one call, for every CRM. It promises at most one record of a call in the CRM, however often and by
 * whatever way the call comes here again, and that the record ends up as the journal's call is: what was written is
 * remembered with the call, the intent to create is on disk before the request that creates, and where such an intent
 * is found, or the CRM does not refuse a second record by itself, the CRM is asked before anything is created.
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
import { ok, startBudget, stopFailed } from './budget.ts';
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
import { ContactBook, type FoundContact } from './contact-book.ts';
import type { Budget, CrmPort, Step } from './crm-port.ts';
import type { CrmSettings } from './crm-settings.ts';
import { toE164 } from './e164.ts';

export function createCrmSender<Draft>(
  port: CrmPort<Draft>,
  settings: CrmSettings,
  ground: DestinationGround,
): DestinationSender {
  return new CrmSender(port, settings, ground);
}

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

class CrmSender<Draft> implements DestinationSender {
  readonly #port: CrmPort<Draft>;
  readonly #settings: CrmSettings;
  readonly #ground: DestinationGround;
  readonly #contacts: ContactBook;

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
    if (step.kind === 'ok')
      return { kind: 'done', detail: step.value, timing: { firstByteMs: null, totalMs } };
    return { ...step.result, timing: { ...step.result.timing, totalMs } };
  }

  async close(): Promise<void> {
    this.#port.close();
  }

  abandon(): void {
    this.#port.abandon();
  }

  async #run(request: AttemptRequest, budget: Budget): Promise<Step<string>> {
    if (request.eventType !== 'status-update')
      return ok(`Nothing to write: ${this.#port.title} destinations log calls only`);
    const { message } = JSON.parse(Buffer.from(request.body).toString('utf8')) as StatusUpdateMessage;
    const subject = await this.#read(message);
    const { call } = subject;
    if (!subject.isKnown && call.state === 'live')
      return ok('Not written: the journal has forgotten this call, and its message only says that it began');

    const plan = await this.#plan(subject);
    if (plan.kind === 'skip') {
      await this.#note(subject);
      return ok(plan.reason);
    }
    const prepared = await this.#port.prepare?.(budget);
    if (prepared?.kind === 'stop') return prepared;
    const account = prepared?.value ?? null;
    return this.#write(
      { ...subject, account, remembered: toHere(subject.remembered, account) },
      plan,
      budget,
    );
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
      remembered,
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
    if (!isKnown || call.state !== 'live' || metadataId === null) return;
    if (remembered !== null && remembered.state !== 'noted') return;
    if (remembered?.metadataId === metadataId) return;
    await rememberCall(this.#ground.memory, call.callId, { state: 'noted', metadataId });
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

    const { refusesDuplicates, looksOnlyInDoubt = false } = this.#port;
    const isInDoubt = remembered?.state === 'creating' || !subject.isKnown;
    if (isInDoubt || !(refusesDuplicates || looksOnlyInDoubt)) {
      const step = await this.#port.findRecord(toCallKey(plan.record.callId), budget, plan.record);
      if (step.kind === 'stop') return step;
      if (step.value !== null) return this.#adopt(subject, plan.record, found, step.value, budget);
    }
    if (remembered?.state !== 'creating') await this.#remember(subject, { state: 'creating' });
    return this.#create(subject, plan, found, budget);
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
    if (!subject.isKnown) return;
    const { metadataId, account } = subject;
    await rememberCall(this.#ground.memory, subject.call.callId, {
      ...remembered,
      ...(metadataId !== null && remembered.state !== 'gone' && { metadataId }),
      ...(account !== null && remembered.state !== 'creating' && { account }),
    });
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
  return { state: 'creating' };
}

function toHash(draft: unknown): string {
  return createHash('sha256').update(JSON.stringify(draft)).digest('hex').slice(0, 32);
}
