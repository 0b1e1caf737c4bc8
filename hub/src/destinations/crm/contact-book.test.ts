import { describe, expect, it } from 'vitest';
import type { AttemptResult } from '../destination.ts';
import { createTestGround } from '../test-ground.ts';
import { ok, stop, stopFailed } from './budget.ts';
import { ContactBook, CREATION_DOUBT_MS, MISSED_AGE_MS_MAX, type FindContactInput } from './contact-book.ts';
import type { CrmPort, Step } from './crm-port.ts';

const NUMBER = '+31612345678';
const DUTCH = '+31850835037';
const FRENCH = '+33140000000';

describe('a contact that is to be created', () => {
  it('is one for calls of one number at the same time, also where they came in on numbers of two countries', async () => {
    const { book, crm, input } = open();
    const steps = await Promise.all([
      book.find(input(DUTCH)),
      book.find(input(DUTCH)),
      book.find(input(FRENCH)),
    ]);
    expect(crm.contacts).toEqual([NUMBER]);
    for (const step of steps) expect(step).toMatchObject({ value: { contact: { id: '1' } } });
  });

  it('is waited for where its answer was lost, and created again where it never came', async () => {
    const { book, crm, input, passTime } = open();
    crm.answers.push(stopFailed('timeout', 'too slow'));
    expect(await book.find(input(DUTCH))).toMatchObject({ result: { kind: 'failed' } });
    const step = await book.find(input(DUTCH));
    expect(step).toMatchObject({ result: { kind: 'later', afterMs: CREATION_DOUBT_MS } });
    passTime(CREATION_DOUBT_MS);
    expect(await book.find(input(DUTCH))).toMatchObject({ value: { wasCreated: true } });
    expect(crm.contacts).toEqual([NUMBER]);
  });

  it('is tried again at once after a clear no', async () => {
    const { book, crm, ground, input } = open();
    crm.answers.push(stop(REFUSED));
    expect((await book.find(input(DUTCH))).kind).toBe('stop');
    expect(ground.remembered.size).toBe(0);
    expect((await book.find(input(DUTCH))).kind).toBe('ok');
  });

  it('is known again though the search does not show it, and looked for by what a later version may have written', async () => {
    const { book, crm, ground, input, passTime } = open();
    await book.find(input(DUTCH));
    crm.isShown = false;
    passTime(24 * 3_600_000);
    expect(await book.find(input(DUTCH))).toMatchObject({ value: { contact: { id: '1' } } });
    for (const [key, entry] of ground.remembered) ground.remembered.set(key, { ...entry, value: '{"v":2}' });
    passTime(24 * 3_600_000);
    crm.isShown = true;
    expect(await book.find(input(DUTCH))).toMatchObject({ value: { contact: { id: '1' } } });
    expect(crm.contacts).toEqual([NUMBER]);
  });
});

describe('a contact that was not found', () => {
  it('is looked for again after a while, and by numbers of each country for themselves', async () => {
    const { book, crm, input, passTime } = open();
    const find = (own: string) => book.find({ ...input(own), createsFor: null });
    await find(DUTCH);
    await find(DUTCH);
    await find(FRENCH);
    expect(crm.searches).toEqual([DUTCH, FRENCH]);
    passTime(MISSED_AGE_MS_MAX + 1);
    await find(DUTCH);
    expect(crm.searches).toHaveLength(3);
  });
});

const REFUSED: AttemptResult = {
  kind: 'answered',
  status: 400,
  retryAfter: null,
  abort: false,
  responseBody: null,
  timing: { firstByteMs: null, totalMs: 0 },
};

function open() {
  let nowMs = 1_000_000;
  const ground = createTestGround({
    clock: { nowMs: () => nowMs, monotonicMs: () => nowMs, setTimer: () => () => {} },
  });
  const crm = {
    contacts: [] as string[],
    searches: [] as (string | null)[],
    /** Of the next creations, which then do nothing. */
    answers: [] as Step<string>[],
    isShown: true,
  };
  const find = (number: string): string | null => {
    const index = crm.contacts.indexOf(number);
    return index === -1 ? null : String(index + 1);
  };
  const port: CrmPort = {
    title: 'the CRM',
    refusesDuplicates: true,
    parseContactId: () => null,
    toDraft: () => ({}),
    findRecord: () => Promise.reject(new Error('not asked')),
    createRecord: () => Promise.reject(new Error('not asked')),
    updateRecord: () => Promise.reject(new Error('not asked')),
    readContact: async (id) => ok(id),
    async findContact(number, _budget, ownNumber) {
      crm.searches.push(ownNumber);
      return ok(crm.isShown ? find(number) : null);
    },
    async createContact(number) {
      const answer = crm.answers.shift();
      if (answer !== undefined) return answer;
      crm.contacts.push(number);
      return ok(String(crm.contacts.length));
    },
    close: () => {},
    abandon: () => {},
  };
  return {
    ground,
    crm,
    book: new ContactBook(port, ground),
    input: (ownNumber: string): FindContactInput => ({
      hint: { metadataId: null, number: NUMBER, ownNumber },
      remembered: null,
      createsFor: 'call-1',
      budget: { remainingMs: () => 10_000 },
    }),
    passTime(ms: number) {
      nowMs += ms;
    },
  };
}
