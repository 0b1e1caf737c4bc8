/**
 * Exactly one record of every call in HubSpot, Salesforce and Pipedrive, while everything breaks: the whole program
 * writes into five stand-ins that enforce what is documented, fail before and after having done what they were asked,
 * do it when nobody waits for it any more, cut connections and end tokens; second destinations of the same accounts are
 * made, deleted and made again; and the hub is killed again and again, half of the times after a CRM has made a record
 * and before the hub could learn of it. In the end all deliveries are delivered, no CRM has a call twice or not at all
 * or wrong, nor a contact twice, and none has ever seen more requests than it allows.
 *
 * Not tried, since it is not promised: two destinations of one account that refuses no duplicates, where a request of
 * one is carried out after its time. And what no program can prevent is counted, not hidden: a rotated refresh token
 * whose answer was lost takes the login with it, and somebody logs in again.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { type HubProcess, startHubProcess } from '../test/support/hub-process.ts';
import { type PlannedCall, planCalls, type Report, toReports } from './crm/calls.ts';
import { type Crm, startCrms, type Trouble } from './crm/crms.ts';
import { createRandom, type Random } from './simulation/random.ts';

export interface ProofOptions {
  readonly size: 'full' | 'small';
  readonly seed: number;
}

export interface ProofResult {
  readonly passed: boolean;
  readonly figures: Readonly<Record<string, number | string>>;
}

/** CRMs allow few searches a second, and each life of the hub begins without knowing anybody: so not many people. */
const SIZES = {
  full: {
    calls: 2_000,
    people: { customers: 16, strangers: 4 },
    kills: 50,
    feedMs: 160_000,
    drainMsMax: 240_000,
    lateMsMax: 30_000,
    hubspotPace: 'wide',
  },
  small: {
    calls: 120,
    people: { customers: 8, strangers: 3 },
    kills: 4,
    feedMs: 12_000,
    drainMsMax: 150_000,
    lateMsMax: 20_000,
    hubspotPace: 'default',
  },
} as const;

const API_KEY = 'a-key-for-the-proof-alone-0123456789';
const REPORTS_PER_REQUEST_MAX = 40;
/** Tries enough that what fails one in eight times never exhausts them. */
const RETRY_SCHEDULE_S = Array.from({ length: 50 }, () => 0.5);
/** Of requests to a CRM. */
const TROUBLE_CHANCE = 0.12;
const TROUBLES: readonly Trouble[] = [
  'busy',
  'too-many',
  'cut',
  'done-busy',
  'done-cut',
  'slow',
  'unauthorized',
  'locked',
];
/** Of creations, beside those. */
const LATE_CHANCE = 0.02;
/** A start that was told so long after the end need not be written any more. */
const START_WAIT_MS = 60_000;
const TOKENS_END_EVERY_MS = 7_000;
const LOGIN_EVERY_MS = 1_000;
const AIMED_WAIT_MS_MAX = 4_000;
const POLL_MS = 100;

export async function proveCrm({ size, seed }: ProofOptions): Promise<ProofResult> {
  const wanted = SIZES[size];
  const random = createRandom(seed);
  const folder = mkdtempSync(join(tmpdir(), 'offhook-crm-'));
  const crms = await startCrms(wanted.people.customers, wanted.hubspotPace);
  const run = new Run(folder, crms, random, wanted.lateMsMax);
  try {
    await run.start();
    await run.createDestinations();
    const calls = planCalls(wanted.calls, wanted.people, random);
    const reports = toReports(calls, (index) => toMetadata(crms, index), random);
    run.trouble();
    const fed = Promise.all([run.feed(reports, wanted.feedMs, wanted.kills), run.changeTwins(wanted.feedMs)]);
    // What goes wrong in it is told when it is awaited; until then it must not end the process.
    fed.catch(() => {});
    await run.killAgain(wanted.kills);
    await fed;
    run.calm();
    const drainMs = await run.drain(wanted.drainMsMax);
    await run.waitForLate();
    const verdicts = crms.map((crm) => judge(crm, calls, run.lateStarts));
    const rates = crms.flatMap((crm) => crm.readRates());
    const deliveries = run.readDeliveries();
    const sum = (name: keyof Verdict): number => verdicts.reduce((all, verdict) => all + verdict[name], 0);
    const isWithinRates = rates.every(({ peak, limit, refused }) => peak <= limit && refused === 0);
    const isWhole = sum('missing') + sum('twice') + sum('wrong') + sum('unwanted') === 0;
    const isLoginLossExplained = run.loginsLost <= run.loginAnswersLost + run.kills;
    return {
      passed:
        isWhole &&
        isWithinRates &&
        isLoginLossExplained &&
        deliveries.undelivered === 0 &&
        run.kills >= wanted.kills,
      figures: {
        calls: calls.length,
        reports: reports.length,
        kills: run.kills,
        killsBetweenRequestAndRecord: run.aimedKills,
        troubles: run.troubles,
        recordsMadeWithoutAnAnswer: run.unansweredCreations,
        creationsDoneLate: run.lateCreations,
        secondDestinationsMade: run.twinsMade,
        loginAnswersLost: run.loginAnswersLost,
        loginsLost: run.loginsLost,
        startsAfterTheEnd: calls.filter(({ start }) => start === 'late').length,
        startsLaterThanAMinute: run.lateStarts.size,
        requests: crms.reduce((all, crm) => all + crm.requests(), 0),
        deliveries: deliveries.delivered,
        undelivered: deliveries.undelivered,
        attempts: deliveries.attempts,
        records: crms.map((crm) => `${crm.name} ${crm.countRecords()}`).join(', '),
        missing: sum('missing'),
        twice: sum('twice'),
        wrong: sum('wrong'),
        unwanted: sum('unwanted'),
        peaks: rates.map(({ name, peak, limit }) => `${name} ${peak}/${limit}`).join(', '),
        refusedForRate: rates.reduce((all, { refused }) => all + refused, 0),
        drainSeconds: Math.round(drainMs / 100) / 10,
      },
    };
  } finally {
    await run.stop();
    await Promise.all(crms.map((crm) => crm.close()));
    rmSync(folder, { recursive: true });
  }
}

class Run {
  kills = 0;
  aimedKills = 0;
  troubles = 0;
  unansweredCreations = 0;
  lateCreations = 0;
  twinsMade = 0;
  loginAnswersLost = 0;
  loginsLost = 0;
  /** Calls whose start was told, or may have been, more than a minute after their end. */
  readonly lateStarts = new Set<string>();
  readonly #lateMsMax: number;
  /** When the last of what is done late is done. */
  #lateUntilMs = 0;
  readonly #destinations = new Map<string, { readonly crm: Crm; readonly id: string }>();
  readonly #endSentAtMs = new Map<string, number>();
  readonly #folder: string;
  readonly #crms: readonly Crm[];
  readonly #random: Random;
  #hub: HubProcess | null = null;
  /** Set while the next creation in this CRM is to be the last thing this hub does. */
  #aim: { readonly name: string; hit(): void } | null = null;
  #isOver = false;
  #tokenTimer: NodeJS.Timeout | undefined;
  #loginTimer: NodeJS.Timeout | undefined;

  constructor(folder: string, crms: readonly Crm[], random: Random, lateMsMax: number) {
    this.#lateMsMax = lateMsMax;
    this.#folder = folder;
    this.#crms = crms;
    this.#random = random;
  }

  async start(): Promise<void> {
    this.#hub = await startHubProcess(join(this.#folder, 'data'), {
      OFFHOOK_API_KEY: API_KEY,
      OFFHOOK_MASTER_KEY: Buffer.alloc(32, 1).toString('base64'),
      LOG_LEVEL: 'error',
      NODE_COMPILE_CACHE: join(this.#folder, 'code'),
    });
  }

  async stop(): Promise<void> {
    clearInterval(this.#tokenTimer);
    clearInterval(this.#loginTimer);
    this.#isOver = true;
    await this.#hub?.kill('SIGKILL');
    this.#hub = null;
  }

  async createDestinations(): Promise<void> {
    for (const crm of this.#crms) await this.#createDestination(crm, crm.name);
  }

  async #createDestination(crm: Crm, name: string): Promise<void> {
    const body = {
      kind: crm.kind,
      name,
      settings: crm.settings,
      retry_schedule_s: RETRY_SCHEDULE_S,
      ...(crm.statuses !== null && { filter: { statuses: crm.statuses } }),
    };
    const answer = await this.#insist('POST', '/v1/destinations', body);
    if (answer.status !== 201) throw new Error(`${name}: ${answer.status} ${await answer.text()}`);
    const { id } = (await answer.json()) as { readonly id: string };
    this.#destinations.set(name, { crm, id });
  }

  /** Second destinations come, are deleted in the middle of their work, come again, and some go. */
  async changeTwins(feedMs: number): Promise<void> {
    const startedMs = performance.now();
    const steps = this.#crms
      .flatMap((crm) => (crm.twin ?? []).map((share, nth) => ({ crm, share, isMade: nth % 2 === 0 })))
      .filter(({ share }) => share < 1)
      .sort((a, b) => a.share - b.share);
    for (const { crm, share, isMade } of steps) {
      await pause(Math.max(0, startedMs + share * feedMs - performance.now()));
      const name = `${crm.name}, second`;
      if (isMade) {
        await this.#createDestination(crm, name);
        this.twinsMade += 1;
      } else {
        const answer = await this.#insist('DELETE', `/v1/destinations/${this.#destinations.get(name)?.id}`);
        if (answer.status >= 300 && answer.status !== 404)
          throw new Error(`${name} could not be deleted: ${answer.status}`);
        this.#destinations.delete(name);
      }
    }
  }

  /** As people do who read that the login is refused. */
  async #renewLogins(): Promise<void> {
    for (const crm of this.#crms) {
      const settings = crm.renewLogin();
      if (settings === null) continue;
      this.loginsLost += 1;
      for (const destination of this.#destinations.values())
        if (destination.crm === crm)
          await this.#insist('PATCH', `/v1/destinations/${destination.id}`, { settings });
    }
  }

  /** From here on requests fail, tokens end early, and aimed kills find their moment. */
  trouble(): void {
    const random = createRandom(this.#random.below(2 ** 31));
    for (const crm of this.#crms) {
      crm.setFaults((act) => {
        const isCreation = act === 'creates-record';
        if (isCreation && this.#aim?.name === crm.name) {
          const { hit } = this.#aim;
          this.#aim = null;
          hit();
          this.unansweredCreations += 1;
          return 'done-cut';
        }
        if (crm.comesLate && (isCreation || act === 'creates-contact') && random.chance(LATE_CHANCE))
          return this.#comeLate(random);
        if (!random.chance(TROUBLE_CHANCE)) return null;
        const trouble = random.pick(TROUBLES);
        this.troubles += 1;
        const isDone = trouble === 'done-busy' || trouble === 'done-cut';
        if (isDone && isCreation) this.unansweredCreations += 1;
        if (isDone && act === 'logs-in') this.loginAnswersLost += 1;
        return trouble;
      });
    }
    this.#loginTimer = setInterval(() => void this.#renewLogins().catch(() => {}), LOGIN_EVERY_MS);
    this.#tokenTimer = setInterval(() => {
      for (const crm of this.#crms) crm.expireTokens();
    }, TOKENS_END_EVERY_MS);
  }

  #comeLate(random: Random): Trouble {
    const doneAfterMs = 500 + random.below(this.#lateMsMax - 500);
    this.lateCreations += 1;
    this.#lateUntilMs = Math.max(this.#lateUntilMs, performance.now() + doneAfterMs);
    return { doneAfterMs };
  }

  async waitForLate(): Promise<void> {
    await pause(Math.max(0, this.#lateUntilMs - performance.now()) + POLL_MS);
  }

  calm(): void {
    for (const crm of this.#crms) crm.setFaults(() => null);
  }

  /** Everything is told in its order, again where nobody answered; spread over the time. */
  async feed(reports: readonly Report[], feedMs: number, kills: number): Promise<void> {
    const startedMs = performance.now();
    for (let sent = 0; sent < reports.length;) {
      // Each kill has its part of the reports, so that there is work left for every one, however slowly hubs start.
      const share = Math.min((performance.now() - startedMs) / feedMs, (this.kills + 1) / (kills + 1));
      const due = Math.ceil(share * reports.length);
      const batch = reports.slice(sent, Math.min(due, sent + REPORTS_PER_REQUEST_MAX));
      for (const { call_id: id, status } of batch)
        if (status !== 'in-progress' && !this.#endSentAtMs.has(id))
          this.#endSentAtMs.set(id, performance.now());
      const answer = batch.length === 0 ? null : await this.#ask('POST', '/v1/reports', { reports: batch });
      if (answer?.status === 200) {
        const { results } = (await answer.json()) as { results: readonly { problem?: unknown }[] };
        const problem = results.find((result) => result.problem !== undefined);
        if (problem !== undefined) throw new Error(`A report was refused: ${JSON.stringify(problem)}`);
        for (const { call_id: id, status } of batch)
          if (
            status === 'in-progress' &&
            performance.now() - (this.#endSentAtMs.get(id) ?? Infinity) > START_WAIT_MS
          )
            this.lateStarts.add(id);
        sent += batch.length;
      } else if (answer !== null && answer.status < 500) {
        throw new Error(`Reports were answered ${answer.status}: ${await answer.text()}`);
      }
      await pause(POLL_MS / 2);
    }
  }

  /** Every other time at any moment, else right when a CRM has made a record and its answer is not there yet. */
  async killAgain(count: number): Promise<void> {
    const names = this.#crms.map(({ name }) => name);
    while (this.kills < count) {
      const isAimed = this.kills % 2 === 1;
      await pause(200 + this.#random.below(2_000));
      const wasHit = isAimed && (await this.#aimAt(this.#random.pick(names)));
      if (wasHit) this.aimedKills += 1;
      await this.stopHub();
      this.kills += 1;
      await this.start();
    }
  }

  async stopHub(): Promise<void> {
    const hub = this.#hub;
    this.#hub = null;
    await hub?.kill('SIGKILL');
  }

  /** Whether a record was made in time; the process is killed in that same turn, so nothing reaches it any more. */
  async #aimAt(name: string): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#aim = null;
        resolve(false);
      }, AIMED_WAIT_MS_MAX);
      this.#aim = {
        name,
        hit: () => {
          clearTimeout(timer);
          this.#hub?.child.kill('SIGKILL');
          resolve(true);
        },
      };
    });
  }

  async drain(msMax: number): Promise<number> {
    const startedMs = performance.now();
    while ((await this.#countPending()) > 0 && performance.now() - startedMs < msMax) await pause(POLL_MS);
    return performance.now() - startedMs;
  }

  async #countPending(): Promise<number> {
    return this.#query('SELECT pending FROM counters')['pending'] ?? 0;
  }

  readDeliveries(): {
    readonly delivered: number;
    readonly undelivered: number;
    readonly attempts: number;
  } {
    // Cancelled are those of destinations that were deleted.
    const { delivered = 0, undelivered = 0 } = this.#query(
      'SELECT sum(state = 1) AS delivered, sum(state NOT IN (1, 4)) AS undelivered FROM deliveries',
    );
    const { attempts = 0 } = this.#query('SELECT sum(attempts) AS attempts FROM deliveries');
    return { delivered, undelivered, attempts };
  }

  #query(sql: string): Readonly<Record<string, number>> {
    const db = new DatabaseSync(join(this.#folder, 'data', 'journal.sqlite'), { readOnly: true });
    try {
      return db.prepare(sql).get() as Readonly<Record<string, number>>;
    } finally {
      db.close();
    }
  }

  /** Until a hub answers; what it did before it died is done again, which leaves a second destination at worst. */
  async #insist(method: string, path: string, body?: unknown): Promise<Response> {
    for (;;) {
      const answer = await this.#ask(method, path, body);
      if (answer !== null && answer.status < 500) return answer;
      if (this.#isOver) throw new Error(`${method} ${path}: the hub is gone`);
      await pause(POLL_MS);
    }
  }

  /** null where the hub is not there, or died before it answered. */
  async #ask(method: string, path: string, body?: unknown): Promise<Response | null> {
    const hub = this.#hub;
    if (hub === null) return null;
    try {
      return await fetch(hub.address + path, {
        method,
        headers: {
          authorization: `Bearer ${API_KEY}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
    } catch {
      return null;
    }
  }
}

interface Verdict {
  readonly missing: number;
  readonly twice: number;
  readonly wrong: number;
  readonly unwanted: number;
}

function judge(crm: Crm, calls: readonly PlannedCall[], lateStarts: ReadonlySet<string>): Verdict {
  const verdict = { missing: 0, twice: 0, wrong: 0, unwanted: 0 };
  let expected = 0;
  for (const call of calls) {
    const records = crm.listRecords(call);
    const isToldOf = crm.statuses?.includes(call.error === null ? 'ended' : 'ended-with-error') ?? true;
    if (!isToldOf || (call.type === 'web_call' && !call.namesContact)) {
      verdict.unwanted += records.length;
      continue;
    }
    expected += 1;
    const [record] = records;
    if (record === undefined) {
      verdict.missing += 1;
      tell(crm, call, 'missing');
      continue;
    }
    if (records.length > 1) {
      verdict.twice += 1;
      tell(crm, call, `${records.length} records`);
    }
    const contacts = toContacts(crm, call);
    const isRight =
      isRightDuration(crm, call, record.durationMs, lateStarts) &&
      record.direction === (call.type === 'outbound_phone_call' ? 'outbound' : 'inbound') &&
      record.isError === (call.error !== null) &&
      contacts.length === 1 &&
      record.contact === contacts[0];
    if (!isRight) {
      verdict.wrong += 1;
      const durationMs = call.endedAtMs - call.startedAtMs;
      tell(crm, call, JSON.stringify({ record, contacts, durationMs }));
    }
  }
  // Records of no call that we told of.
  verdict.unwanted += Math.max(0, crm.countRecords() - expected - verdict.twice);
  return verdict;
}

/** Whom it must hang on; where the CRM was to make a contact, there must be one of them. */
function toContacts(crm: Crm, { customer, customerIndex }: PlannedCall): readonly (string | null)[] {
  if (customerIndex !== null) return [crm.contacts[customerIndex] ?? null];
  const made = customer === null ? null : crm.listMade(customer);
  return made ?? [null];
}

/** A start that was told within a minute of the end is in the record, whichever of them came first. */
function isRightDuration(
  crm: Crm,
  call: PlannedCall,
  durationMs: number | null,
  lateStarts: ReadonlySet<string>,
): boolean {
  if (durationMs === null) return call.start === 'never' || lateStarts.has(call.callId);
  if (call.start === 'never') return false;
  const rightMs = call.endedAtMs - call.startedAtMs;
  return Math.abs(durationMs - rightMs) <= (crm.kind === 'hubspot' ? 0 : 500);
}

function tell(crm: Crm, call: PlannedCall, what: string): void {
  process.stderr.write(`${crm.name} ${call.type} ${call.start} ${JSON.stringify(call.callId)}: ${what}\n`);
}

function toMetadata(crms: readonly Crm[], index: number): Readonly<Record<string, string>> {
  return Object.fromEntries(crms.map(({ metadataKey, contacts }) => [metadataKey, contacts[index] ?? '']));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
