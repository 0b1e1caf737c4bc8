/**
 * Exactly one record of every call in HubSpot, Salesforce and Pipedrive, while everything breaks: the whole program
 * writes into three stand-ins that enforce what is documented, fail before and after having done what they were asked,
 * cut connections and end tokens, and it is killed again and again, half of the times after a CRM has made a record and
 * before the hub could learn of it. In the end all deliveries are delivered, no CRM has a call twice or not at all or
 * wrong, and none has ever seen more requests than it allows.
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
    drainMsMax: 150_000,
  },
  small: { calls: 120, people: { customers: 8, strangers: 3 }, kills: 4, feedMs: 9_000, drainMsMax: 25_000 },
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
const TOKENS_END_EVERY_MS = 7_000;
const AIMED_WAIT_MS_MAX = 4_000;
const POLL_MS = 100;

export async function proveCrm({ size, seed }: ProofOptions): Promise<ProofResult> {
  const wanted = SIZES[size];
  const random = createRandom(seed);
  const folder = mkdtempSync(join(tmpdir(), 'offhook-crm-'));
  const crms = await startCrms(wanted.people.customers);
  const run = new Run(folder, crms, random);
  try {
    await run.start();
    await run.createDestinations();
    const calls = planCalls(wanted.calls, wanted.people, random);
    const reports = toReports(calls, (index) => toMetadata(crms, index), random);
    run.trouble();
    const fed = run.feed(reports, wanted.feedMs);
    await run.killAgain(wanted.kills, fed);
    await fed;
    run.calm();
    const drainMs = await run.drain(wanted.drainMsMax);
    const verdicts = crms.map((crm) => judge(crm, calls));
    const rates = crms.flatMap((crm) => crm.readRates());
    const deliveries = run.readDeliveries();
    const sum = (name: keyof Verdict): number => verdicts.reduce((all, verdict) => all + verdict[name], 0);
    const isWithinRates = rates.every(({ peak, limit, refused }) => peak <= limit && refused === 0);
    const isWhole = sum('missing') + sum('twice') + sum('wrong') + sum('unwanted') === 0;
    return {
      passed: isWhole && isWithinRates && deliveries.undelivered === 0 && run.kills >= wanted.kills,
      figures: {
        calls: calls.length,
        reports: reports.length,
        kills: run.kills,
        killsBetweenRequestAndRecord: run.aimedKills,
        troubles: run.troubles,
        recordsMadeWithoutAnAnswer: run.unansweredCreations,
        requests: crms.reduce((all, crm) => all + crm.requests(), 0),
        deliveries: deliveries.delivered,
        undelivered: deliveries.undelivered,
        attempts: deliveries.attempts,
        records: crms.map((crm) => `${crm.kind} ${crm.countRecords()}`).join(', '),
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
  readonly #folder: string;
  readonly #crms: readonly Crm[];
  readonly #random: Random;
  #hub: HubProcess | null = null;
  /** Set while the next creation in this CRM is to be the last thing this hub does. */
  #aim: { readonly kind: Crm['kind']; hit(): void } | null = null;
  #tokenTimer: NodeJS.Timeout | undefined;

  constructor(folder: string, crms: readonly Crm[], random: Random) {
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
    await this.#hub?.kill('SIGKILL');
    this.#hub = null;
  }

  async createDestinations(): Promise<void> {
    for (const { kind, settings } of this.#crms) {
      const body = { kind, name: kind, settings, retry_schedule_s: RETRY_SCHEDULE_S };
      const answer = await this.#post('/v1/destinations', body);
      if (answer?.status !== 201) throw new Error(`${kind}: ${answer?.status} ${await answer?.text()}`);
    }
  }

  /** From here on requests fail, tokens end early, and aimed kills find their moment. */
  trouble(): void {
    const random = createRandom(this.#random.below(2 ** 31));
    for (const crm of this.#crms) {
      crm.setFaults((isCreation) => {
        if (isCreation && this.#aim?.kind === crm.kind) {
          const { hit } = this.#aim;
          this.#aim = null;
          hit();
          this.unansweredCreations += 1;
          return 'done-cut';
        }
        if (!random.chance(TROUBLE_CHANCE)) return null;
        const trouble = random.pick(TROUBLES);
        this.troubles += 1;
        if (isCreation && (trouble === 'done-busy' || trouble === 'done-cut')) this.unansweredCreations += 1;
        return trouble;
      });
    }
    this.#tokenTimer = setInterval(() => {
      for (const crm of this.#crms) crm.expireTokens();
    }, TOKENS_END_EVERY_MS);
  }

  calm(): void {
    for (const crm of this.#crms) crm.setFaults(() => null);
  }

  /** Everything is told in its order, again where nobody answered; spread over the time. */
  async feed(reports: readonly Report[], feedMs: number): Promise<void> {
    const startedMs = performance.now();
    for (let sent = 0; sent < reports.length;) {
      const due = Math.ceil(((performance.now() - startedMs) / feedMs) * reports.length);
      const batch = reports.slice(sent, Math.min(due, sent + REPORTS_PER_REQUEST_MAX));
      const answer = batch.length === 0 ? null : await this.#post('/v1/reports', { reports: batch });
      if (answer?.status === 200) {
        const { results } = (await answer.json()) as { results: readonly { problem?: unknown }[] };
        const problem = results.find((result) => result.problem !== undefined);
        if (problem !== undefined) throw new Error(`A report was refused: ${JSON.stringify(problem)}`);
        sent += batch.length;
      } else if (answer !== null && answer.status < 500) {
        throw new Error(`Reports were answered ${answer.status}: ${await answer.text()}`);
      }
      await pause(POLL_MS / 2);
    }
  }

  /** Every other time at any moment, else right when a CRM has made a record and its answer is not there yet. */
  async killAgain(count: number, fed: Promise<void>): Promise<void> {
    let isFed = false;
    void fed.then(
      () => (isFed = true),
      () => (isFed = true),
    );
    const kinds = this.#crms.map(({ kind }) => kind);
    while (this.kills < count) {
      const isAimed = this.kills % 2 === 1;
      await pause(200 + this.#random.below(2_000));
      const wasHit = isAimed && (await this.#aimAt(kinds[this.#random.below(kinds.length)] ?? 'hubspot'));
      if (wasHit) this.aimedKills += 1;
      await this.stopHub();
      this.kills += 1;
      await this.start();
      if (isFed && (await this.#countPending()) === 0) break;
    }
  }

  async stopHub(): Promise<void> {
    const hub = this.#hub;
    this.#hub = null;
    await hub?.kill('SIGKILL');
  }

  /** Whether a record was made in time; the process is killed in that same turn, so nothing reaches it any more. */
  async #aimAt(kind: Crm['kind']): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#aim = null;
        resolve(false);
      }, AIMED_WAIT_MS_MAX);
      this.#aim = {
        kind,
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
    return this.#ask('SELECT pending FROM counters')['pending'] ?? 0;
  }

  readDeliveries(): {
    readonly delivered: number;
    readonly undelivered: number;
    readonly attempts: number;
  } {
    const { delivered = 0, undelivered = 0 } = this.#ask(
      'SELECT sum(state = 1) AS delivered, sum(state <> 1) AS undelivered FROM deliveries',
    );
    const { attempts = 0 } = this.#ask('SELECT sum(attempts) AS attempts FROM deliveries');
    return { delivered, undelivered, attempts };
  }

  #ask(sql: string): Readonly<Record<string, number>> {
    const db = new DatabaseSync(join(this.#folder, 'data', 'journal.sqlite'), { readOnly: true });
    try {
      return db.prepare(sql).get() as Readonly<Record<string, number>>;
    } finally {
      db.close();
    }
  }

  /** null where the hub is not there, or died before it answered. */
  async #post(path: string, body: unknown): Promise<Response | null> {
    const hub = this.#hub;
    if (hub === null) return null;
    try {
      return await fetch(hub.address + path, {
        method: 'POST',
        headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
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

function judge(crm: Crm, calls: readonly PlannedCall[]): Verdict {
  const verdict = { missing: 0, twice: 0, wrong: 0, unwanted: 0 };
  let expected = 0;
  for (const call of calls) {
    const records = crm.listRecords(call);
    const isWanted = call.type !== 'web_call' || call.namesContact;
    if (!isWanted) {
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
    const contact = call.customerIndex === null ? null : (crm.contacts[call.customerIndex] ?? null);
    const isRight =
      isRightDuration(crm, call, record.durationMs) &&
      record.direction === (call.type === 'outbound_phone_call' ? 'outbound' : 'inbound') &&
      record.isError === (call.error !== null) &&
      record.contact === contact;
    if (!isRight) {
      verdict.wrong += 1;
      tell(crm, call, JSON.stringify({ record, contact, durationMs: call.endedAtMs - call.startedAtMs }));
    }
  }
  // Records of no call that we told of.
  verdict.unwanted += Math.max(0, crm.countRecords() - expected - verdict.twice);
  return verdict;
}

/** Where the start came late, the record may have been written before it: then without a duration. */
function isRightDuration(crm: Crm, call: PlannedCall, durationMs: number | null): boolean {
  if (durationMs === null) return call.start !== 'first';
  if (call.start === 'never') return false;
  const rightMs = call.endedAtMs - call.startedAtMs;
  return Math.abs(durationMs - rightMs) <= (crm.kind === 'hubspot' ? 0 : 500);
}

function tell(crm: Crm, call: PlannedCall, what: string): void {
  process.stderr.write(`${crm.kind} ${call.type} ${call.start} ${JSON.stringify(call.callId)}: ${what}\n`);
}

function toMetadata(crms: readonly Crm[], index: number): Readonly<Record<string, string>> {
  return Object.fromEntries(crms.map(({ metadataKey, contacts }) => [metadataKey, contacts[index] ?? '']));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
