/** A Slack destination on simulated time against the stand-in, without sockets: hours of alerts in milliseconds. */
import { toOperationalBody } from '@offhook/contract/operational-event';
import type { OperationalContent } from '@offhook/contract/operational-event';
import type {
  AttemptRequest,
  AttemptResult,
  DestinationKind,
  DestinationSender,
} from '../../hub/src/destinations/destination.ts';
import { createEgressGuard } from '../../hub/src/destinations/egress/address-rules.ts';
import { createSlackKind } from '../../hub/src/destinations/slack/slack.ts';
import type { SlackSettings } from '../../hub/src/destinations/slack/slack-settings.ts';
import type { TestGround } from '../../hub/src/destinations/test-ground.ts';
import { createTestGround } from '../../hub/src/destinations/test-ground.ts';
import type { SimClock } from './sim-clock.ts';
import { createSimClock } from './sim-clock.ts';
import { BOT_TOKEN, SlackStandIn } from './slack-stand-in.ts';
import type { SlackStandInOptions } from './slack-stand-in.ts';

export const BEGIN_MS = Date.parse('2026-11-22T12:00:00Z');

export interface SlackTrialOptions {
  readonly mode: 'hook' | 'bot';
  readonly settings?: Partial<SlackSettings>;
  readonly slack?: Omit<SlackStandInOptions, 'nowMs' | 'latency'>;
  /** Of every request. */
  readonly latencyMs?: number;
}

export interface FailedCall {
  readonly error?: string;
  readonly eventId?: string;
  readonly callId?: string;
  readonly status?: string;
  readonly name?: string | null;
  readonly type?: string;
  readonly atMs?: number;
  readonly deadlineMs?: number;
}

export class SlackTrial {
  readonly clock: SimClock;
  readonly slack: SlackStandIn;
  readonly ground: TestGround;
  readonly kind: DestinationKind<SlackSettings>;
  settings: SlackSettings;
  sender: DestinationSender;
  #order = 0;

  constructor(options: SlackTrialOptions) {
    const clock = createSimClock(BEGIN_MS);
    const { latencyMs = 20 } = options;
    this.clock = clock;
    this.slack = new SlackStandIn({
      ...options.slack,
      nowMs: clock.nowMs,
      latency: () =>
        new Promise((resolve) => {
          clock.setTimer(resolve, latencyMs);
        }),
    });
    this.ground = createTestGround({ clock });
    this.kind = createSlackKind({
      egress: createEgressGuard({ allow: [], allowLoopback: false }),
      resolver: { resolve: async () => ({ kind: 'failed', detail: 'no names here' }) },
      userAgent: 'Offhook/test',
      http: this.slack.createHttpClient(),
      connect: () => {
        throw new Error('nothing is dialled');
      },
    });
    const place =
      options.mode === 'hook'
        ? { webhook_url: this.slack.hookUrl }
        : { bot_token: BOT_TOKEN, channel: '#alerts', api_url: this.slack.origin };
    this.settings = this.kind.settings.parse({ ...place, ...options.settings });
    this.sender = this.kind.open(this.settings, this.ground);
  }

  /** The event of one call that failed, as an attempt. */
  fail(call: FailedCall = {}): Promise<AttemptResult> {
    this.#order += 1;
    const {
      eventId = `evt_${this.#order}`,
      callId = `call-${this.#order}`,
      error = 'STT connection failed',
    } = call;
    const message = {
      type: 'status-update',
      timestamp: new Date(call.atMs ?? this.clock.nowMs()).toISOString(),
      call: {
        id: callId,
        type: call.type ?? 'inbound_phone_call',
        status: call.status ?? 'ended-with-error',
      },
      phone_number: { number: '+31850835037', name: call.name === undefined ? 'Support' : call.name },
      customer: { number: '+31612345678' },
      error,
    };
    return this.sender.attempt(
      this.toRequest(eventId, 'status-update', Buffer.from(JSON.stringify({ message })), call.deadlineMs),
    );
  }

  operate(content: OperationalContent): Promise<AttemptResult> {
    this.#order += 1;
    const body = toOperationalBody(content, new Date(this.clock.nowMs()).toISOString());
    return this.sender.attempt(this.toRequest(`ope_${this.#order}`, content.type, body));
  }

  toRequest(eventId: string, eventType: string, body: Uint8Array, deadlineMs = 15_000): AttemptRequest {
    return {
      eventId,
      eventType,
      sequence: 2,
      attemptNumber: 1,
      body,
      nowMs: this.clock.nowMs(),
      traceparent: '00-00-00-00',
      deadlineMs,
      secrets: { current: 'whsec_x', previous: null },
    };
  }

  /** Lets so much time pass. */
  async pass(ms: number): Promise<void> {
    await this.clock.runUntil(this.clock.nowMs() + ms);
  }

  /** What came of an attempt once so much time has passed. */
  async after<T>(ms: number, attempt: Promise<T>): Promise<T> {
    await this.pass(ms);
    const late = Symbol('late');
    const result = await Promise.race([attempt, this.clock.settle().then(() => late)]);
    if (typeof result === 'symbol') throw new Error(`the attempt has not ended after ${ms} ms`);
    return result;
  }

  /** As a crash does it: what was under way is cut off, and the next process begins with what is on disk. */
  crash(settings: SlackSettings = this.settings): void {
    this.sender.abandon();
    this.settings = settings;
    this.sender = this.kind.open(settings, this.ground);
  }

  /** As a change of settings does it. */
  async reopen(settings: SlackSettings = this.settings): Promise<void> {
    const { sender } = this;
    const closed = sender.close().then(() => true);
    this.settings = settings;
    this.sender = this.kind.open(settings, this.ground);
    // A request under way needs its time.
    while (!(await Promise.race([closed, this.pass(10).then(() => false)])));
  }

  /** First words of what stands in the channel. */
  get headlines(): readonly string[] {
    return this.slack.shown.map((text) => text.split('\n')[0]?.replace(/^:\w+: /, '') ?? '');
  }

  /** Calls that the messages of the channel tell of; what is "over" tells of them once more, in other words. */
  get callsTold(): number {
    return this.headlines
      .map((line) => /^(?:(An?)|(\d+))(?: more)? calls? failed/.exec(line))
      .reduce((sum, found) => sum + (found === null ? 0 : Number(found[2] ?? 1)), 0);
  }

  /** The shortest time between two messages. */
  get leastGapMs(): number {
    const times = this.slack.messages.map(({ postedAtMs }) => postedAtMs);
    return Math.min(...times.slice(1).map((atMs, index) => atMs - (times[index] ?? 0)));
  }
}
