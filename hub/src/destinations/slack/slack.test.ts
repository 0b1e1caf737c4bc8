import { describe, expect, it } from 'vitest';
import type { OperationalContent } from '@offhook/contract/operational-event';
import { SlackTrial, BEGIN_MS } from '../../../../test/support/slack-trial.ts';
import type { AttemptResult } from '../destination.ts';

const DETAIL = (result: AttemptResult): string =>
  'detail' in result ? result.detail : `status ${result.status}`;
const DESTINATION = { id: 'dst_1', kind: 'webhook', name: 'CRM <!channel>' };
const DISABLED: OperationalContent = {
  type: 'destination.disabled',
  destination: DESTINATION,
  reason: 'it answered 410',
};
const RECOVERED: OperationalContent = {
  type: 'destination.recovered',
  destination: DESTINATION,
  failing_since: null,
};

describe('calls that fail, told through an incoming webhook', () => {
  it('are told of at once, gathered during the cool-down, followed up, and taken back', async () => {
    const trial = new SlackTrial({ mode: 'hook' });
    const first = await trial.after(100, trial.fail());
    expect(first).toMatchObject({ kind: 'done', detail: 'Posted to the channel of the incoming webhook' });
    expect(trial.slack.messages[0]?.text).toBe('A call failed: STT connection failed. At 12:00:00 UTC.');
    await trial.pass(2_900);
    for (let call = 0; call < 11; call += 1) {
      const counted = await trial.after(5_000, trial.fail());
      expect(DETAIL(counted)).toMatch(
        /^Counted: the message of 12:00:00 UTC is followed up at 12:05:00 UTC$/,
      );
    }
    expect(trial.headlines).toEqual(['A call failed']);
    await trial.clock.runUntil(BEGIN_MS + 300_100);
    expect(trial.headlines).toEqual(['A call failed', '11 more calls failed']);
    expect(trial.slack.shown[1]).toContain('First 12:00:03 · last 12:00:53 · 12 since 12:00:00');
    await trial.pass(3_600_000);
    expect(trial.slack.messages.at(-1)?.text).toBe(
      'Recovered: no call failed with “STT connection failed” for 10 minutes (12 calls between 12:00:00 UTC and 12:00:53 UTC).',
    );
    expect(trial.headlines).toHaveLength(3);
    expect(trial.ground.remembered.size).toBe(0);
    expect(trial.callsTold).toBe(12);
  });

  it('come with three examples at most, masked but linked, and without the number of a caller', async () => {
    const trial = new SlackTrial({ mode: 'hook' });
    await trial.after(100, trial.fail({ callId: 'call-_+31623731537_x' }));
    for (let call = 0; call < 9; call += 1) await trial.after(10, trial.fail());
    await trial.pass(300_000);
    const [one, more] = trial.slack.messages;
    const text = JSON.stringify([one, more]);
    expect(text).toContain(
      '`<https://offhook.example/calls/call-_%2B31623731537_x|call-_+31•••••••37_x>` · inbound · `Support`',
    );
    expect(text).not.toContain('+31612345678');
    expect(text).not.toContain('+31850835037');
    expect(trial.slack.shown[1]?.match(/^• /gm)).toHaveLength(3);
  });

  it('are one group where only numbers and ids differ, and two where words do', async () => {
    const trial = new SlackTrial({ mode: 'hook' });
    await trial.after(5_000, trial.fail({ error: 'Timeout after 30000 ms' }));
    await trial.after(5_000, trial.fail({ error: 'Timeout after 15000 ms' }));
    await trial.after(5_000, trial.fail({ error: 'Deepgram is gone' }));
    await trial.after(5_000, trial.fail({ error: '' }));
    expect(trial.headlines).toEqual(['A call failed', 'A call failed', 'A call failed']);
    expect(trial.slack.shown[2]).toContain('The source gave no error text');
  });

  it('are told of at once again after a quiet cool-down, as part of the same trouble', async () => {
    const trial = new SlackTrial({ mode: 'hook' });
    await trial.after(100, trial.fail());
    await trial.pass(301_000);
    await trial.after(100, trial.fail());
    expect(trial.headlines).toEqual(['A call failed', '1 more call failed']);
    expect(trial.slack.shown[1]).toContain('2 since 12:00:00');
  });

  it('are never called recovered where recovery_s is 0', async () => {
    const trial = new SlackTrial({ mode: 'hook', settings: { recovery_s: 0 } });
    await trial.after(100, trial.fail());
    await trial.pass(86_400_000);
    expect(trial.headlines).toEqual(['A call failed']);
    expect(trial.ground.remembered.size).toBe(0);
  });

  it('are told from min_calls on, counted within one cool-down that moves along', async () => {
    const trial = new SlackTrial({ mode: 'hook', settings: { min_calls: 3, cool_down_s: 60 } });
    expect(DETAIL(await trial.after(30_000, trial.fail()))).toBe('Counted: 1 of 3 calls before a message');
    await trial.after(31_000, trial.fail());
    expect(DETAIL(await trial.after(100, trial.fail()))).toBe('Counted: 2 of 3 calls before a message');
    expect(trial.headlines).toEqual([]);
    trial.crash();
    await trial.after(100, trial.fail());
    expect(trial.headlines).toEqual(['3 calls failed']);
    await trial.pass(3_600_000);
    expect(trial.headlines).toEqual(['3 calls failed', 'Recovered']);
    await trial.after(100, trial.fail());
    await trial.pass(61_000);
    expect(trial.headlines).toHaveLength(2);
    expect(trial.ground.remembered.size).toBe(0);
  });

  it('are all that is posted of calls', async () => {
    const trial = new SlackTrial({ mode: 'hook' });
    const results = [
      await trial.after(100, trial.fail({ status: 'ended' })),
      await trial.after(100, trial.fail({ status: 'in-progress' })),
    ];
    expect(results.map(({ kind }) => kind)).toEqual(['done', 'done']);
    expect(trial.slack.requests).toEqual([]);
  });

  it('that differ in their errors by the hundred share one message after the first twenty', async () => {
    const trial = new SlackTrial({ mode: 'hook' });
    const attempts: Promise<AttemptResult>[] = [];
    for (let call = 0; call < 300; call += 1) {
      attempts.push(
        trial.fail({
          error: `${'abcdefghijklmnopqrst'[call % 20]}${'xyz'.repeat(1 + Math.floor(call / 20))} broke`,
        }),
      );
      await trial.pass(100);
    }
    await trial.pass(400_000);
    expect((await Promise.all(attempts)).every(({ kind }) => kind === 'done')).toBe(true);
    expect(trial.headlines.length).toBeLessThanOrEqual(24);
    expect(trial.headlines.some((line) => line.includes('failed with other errors'))).toBe(true);
    expect(trial.slack.shown.find((text) => text.includes('other errors'))).toMatch(
      /• `call-\d+` · inbound · `Support` · `\w+ broke`/,
    );
    expect(trial.callsTold).toBe(300);
    expect(trial.leastGapMs).toBeGreaterThanOrEqual(1_000);
    expect(trial.slack.rateRefusals).toBe(0);
  });
});

describe('calls that fail, told by a bot', () => {
  it('are kept up to date in one message, which says when it is over', async () => {
    const trial = new SlackTrial({ mode: 'bot' });
    await trial.after(100, trial.fail());
    for (let call = 0; call < 11; call += 1) await trial.after(2_000, trial.fail());
    expect(trial.headlines).toEqual(['11 calls failed']);
    await trial.pass(10_000);
    expect(trial.headlines).toEqual(['12 calls failed']);
    // One change in five seconds, however many calls.
    expect(trial.slack.messages[0]?.changes).toBe(5);
    await trial.pass(3_600_000);
    expect(trial.headlines).toEqual(['12 calls failed (over)', 'Recovered']);
    expect(trial.slack.shown[0]).toMatch(/^:large_green_circle:/);
    expect(trial.slack.messages[0]?.text).toMatch(/^Over: 12 calls failed: STT connection failed\./);
    expect(trial.ground.remembered.size).toBe(0);
  });

  it('get a new message after the cool-down', async () => {
    const trial = new SlackTrial({ mode: 'bot', settings: { cool_down_s: 60 } });
    for (let call = 0; call < 40; call += 1) await trial.after(5_000, trial.fail());
    await trial.pass(10_000);
    expect(trial.headlines.length).toBe(4);
    expect(trial.headlines[0]).toMatch(/^\d+ calls failed$/);
    expect(trial.headlines[1]).toMatch(/^\d+ more calls failed$/);
    expect(trial.callsTold).toBe(40);
    expect(trial.leastGapMs).toBeGreaterThanOrEqual(1_000);
  });

  it('get a new message where somebody deleted the one that was kept up to date', async () => {
    const trial = new SlackTrial({ mode: 'bot' });
    await trial.after(100, trial.fail());
    trial.slack.deleteMessage(0);
    await trial.after(1_000, trial.fail());
    await trial.pass(300_000);
    expect(trial.headlines).toEqual(['1 more call failed']);
    expect(trial.ground.troubles).toEqual([]);
  });

  it('are kept up to date after a crash, in the message of before', async () => {
    const trial = new SlackTrial({ mode: 'bot' });
    await trial.after(100, trial.fail());
    await trial.after(100, trial.fail());
    trial.crash();
    await trial.after(100, trial.fail());
    await trial.pass(10_000);
    expect(trial.headlines).toEqual(['3 calls failed']);
  });

  it('go to the new channel after a change of settings, and nowhere else', async () => {
    const trial = new SlackTrial({ mode: 'bot' });
    trial.slack.channels.set('C0OTHER000', 'other');
    await trial.after(100, trial.fail());
    trial.slack.channels.delete('C0ALERTS00');
    await trial.reopen({ ...trial.settings, channel: '#other' });
    await trial.after(100, trial.fail());
    await trial.pass(300_000);
    expect(trial.slack.messages.map(({ channel }) => channel)).toEqual(['C0ALERTS00', 'C0OTHER000']);
    expect(trial.ground.troubles).toEqual([]);
  });
});

describe('a burst', () => {
  it.each(['hook', 'bot'] as const)('of 2,000 calls is a handful of messages (%s)', async (mode) => {
    const trial = new SlackTrial({ mode });
    const attempts: Promise<AttemptResult>[] = [];
    const writes = { count: 0 };
    const write = trial.ground.memory.write;
    Object.assign(trial.ground.memory, {
      write: (entries: Parameters<typeof write>[0]) => {
        writes.count += 1;
        return write(entries);
      },
    });
    for (let round = 0; round < 63; round += 1) {
      for (let call = 0; call < 32 && attempts.length < 2_000; call += 1) attempts.push(trial.fail());
      await trial.pass(200);
    }
    await trial.pass(300_000);
    const results = await Promise.all(attempts);
    expect(results.every(({ kind }) => kind === 'done')).toBe(true);
    expect(trial.callsTold).toBe(2_000);
    expect(trial.headlines).toHaveLength(mode === 'hook' ? 2 : 1);
    expect(trial.slack.rateRefusals).toBe(0);
    // Those that come together are written together.
    expect(writes.count).toBeLessThan(200);
  });

  it('that comes at once waits for one request, not for as many', async () => {
    const trial = new SlackTrial({ mode: 'hook' });
    const attempts = Array.from({ length: 32 }, () => trial.fail());
    await trial.pass(2_000);
    await Promise.all(attempts);
    expect(trial.slack.requests).toHaveLength(1);
    expect(trial.headlines).toEqual(['32 calls failed']);
  });
});

describe('events of the hub itself', () => {
  it('are told with their sentence, and taken back at once', async () => {
    const trial = new SlackTrial({ mode: 'hook', settings: { mention: 'here' } });
    await trial.after(2_000, trial.operate(DISABLED));
    await trial.after(2_000, trial.operate(RECOVERED));
    expect(trial.headlines).toEqual(['Destination disabled', 'Recovered']);
    expect(trial.slack.pings).toEqual(['!here', '!here']);
    expect(trial.slack.shown[0]).toContain('CRM <!channel> is disabled: it answered 410.');
    expect(trial.slack.shown[0]).toContain('Open the destination');
    expect(trial.slack.messages[1]?.text).toBe(
      'Recovered: CRM &lt;!channel&gt; takes deliveries again. Disabled since 12:00:00 UTC.',
    );
    await trial.pass(86_400_000 * 8);
    expect(trial.headlines).toHaveLength(2);
    expect(trial.ground.remembered.size).toBe(0);
  });

  it('mark the message of a bot as over', async () => {
    const trial = new SlackTrial({ mode: 'bot' });
    const high = { rate: 0.4, failed: 40, finished: 100, window_ms: 300_000, threshold: 0.2 };
    await trial.after(2_000, trial.operate({ type: 'error_rate.high', ...high }));
    await trial.after(4_000, trial.operate({ type: 'error_rate.normal', ...high, rate: 0 }));
    expect(trial.headlines).toEqual(['Error rate high (over)', 'Recovered']);
  });

  it('are gathered by type and by what they are about', async () => {
    const trial = new SlackTrial({ mode: 'hook' });
    const dead = (destination: string, call: string): OperationalContent => ({
      type: 'delivery.dead',
      destination: { id: destination, kind: 'webhook', name: destination },
      delivery: { id: 'dlv_1', attempts: 12 },
      event: { id: 'evt_1', status: 'ended' },
      call: { id: call },
      reason: 'answered 500',
    });
    for (const call of ['a', 'b', 'c']) await trial.after(2_000, trial.operate(dead('dst_1', call)));
    await trial.after(2_000, trial.operate(dead('dst_2', 'd')));
    for (const call of ['e', 'f'])
      await trial.after(
        2_000,
        trial.operate({
          type: 'call.stale',
          call: { id: call, type: 'web_call' },
          live_since: '2026-11-22T08:00:00.000Z',
        }),
      );
    await trial.pass(300_000);
    expect([...trial.headlines].sort()).toEqual([
      '2 more deliveries were given up',
      'A call is stale',
      'A delivery was given up',
      'A delivery was given up',
      'Another call is stale',
    ]);
    expect(trial.slack.shown.join()).toContain('`answered 500`');
    await trial.pass(3_600_000);
    expect(trial.headlines).toHaveLength(5);
    expect(trial.ground.remembered.size).toBe(0);
  });

  it('that take back what was never told are told by themselves', async () => {
    const trial = new SlackTrial({ mode: 'hook' });
    await trial.after(2_000, trial.operate(RECOVERED));
    await trial.after(
      2_000,
      trial.operate({
        type: 'source.resumed',
        source: { id: 'src_1', kind: 'voicedock', name: 'VoiceDock' },
        silent_since: '2026-11-22T08:00:00.000Z',
      }),
    );
    expect(trial.headlines).toEqual(['Destination recovered', 'Source reports again']);
  });

  it('that come back before their end was told stay one trouble', async () => {
    const trial = new SlackTrial({ mode: 'hook' });
    const results = [trial.operate(DISABLED), trial.operate(RECOVERED), trial.operate(DISABLED)];
    await trial.pass(310_000);
    expect((await Promise.all(results)).map(({ kind }) => kind)).toEqual(['done', 'done', 'done']);
    expect(trial.headlines).toEqual(['Destination disabled (2 times)']);
  });

  it('are bounded however many destinations are disabled', async () => {
    const trial = new SlackTrial({ mode: 'hook' });
    const attempts: Promise<AttemptResult>[] = [];
    for (let index = 0; index < 100; index += 1) {
      attempts.push(trial.operate({ ...DISABLED, destination: { ...DESTINATION, id: `dst_${index}` } }));
      await trial.pass(50);
    }
    await trial.pass(600_000);
    expect((await Promise.all(attempts)).every(({ kind }) => kind === 'done')).toBe(true);
    expect(trial.headlines.length).toBeLessThanOrEqual(23);
    expect(trial.headlines).toContainEqual(expect.stringMatching(/^Destination disabled \(\d+ times\)$/));
  });
});

describe('an event that comes again', () => {
  it('is not counted twice, even after a crash', async () => {
    const trial = new SlackTrial({ mode: 'hook' });
    await trial.after(100, trial.fail({ eventId: 'evt_a' }));
    await trial.after(100, trial.fail({ eventId: 'evt_b' }));
    for (let round = 0; round < 3; round += 1) {
      const again = [trial.fail({ eventId: 'evt_a' }), trial.fail({ eventId: 'evt_b' })];
      await trial.pass(100);
      expect((await Promise.all(again)).map(DETAIL)).toEqual(['Counted before', 'Counted before']);
      trial.crash();
    }
    await trial.pass(300_000);
    expect(trial.headlines).toEqual(['A call failed', '1 more call failed']);
  });

  it('is known among thousands', async () => {
    const trial = new SlackTrial({ mode: 'hook' });
    const send = async (): Promise<void> => {
      for (let call = 0; call < 5_000; call += 1) {
        void trial.fail({ eventId: `evt_x${call}` });
        if (call % 100 === 0) await trial.pass(10);
      }
      await trial.pass(100);
    };
    await send();
    trial.crash();
    await trial.pass(10);
    await send();
    await trial.pass(300_000);
    expect(trial.callsTold).toBe(5_000);
    for (const { value } of trial.ground.remembered.values())
      expect(value.length).toBeLessThanOrEqual(16_384);
  });
});

describe('a lost answer', () => {
  it('costs one repeated message, and no call is counted twice', async () => {
    const trial = new SlackTrial({ mode: 'hook' });
    trial.slack.faults.push({ kind: 'lost' });
    const first = await trial.after(100, trial.fail({ eventId: 'evt_a' }));
    expect(first).toMatchObject({ kind: 'failed', cause: 'reset' });
    await trial.pass(5_000);
    await trial.after(100, trial.fail({ eventId: 'evt_a' }));
    await trial.after(100, trial.fail({ eventId: 'evt_b' }));
    trial.slack.faults.push({ kind: 'lost' });
    await trial.pass(3_600_000);
    expect(trial.headlines).toEqual([
      'A call failed',
      'A call failed',
      '1 more call failed',
      '1 more call failed',
      'Recovered',
    ]);
    expect(trial.slack.messages.at(-1)?.text).toContain('(2 calls at 12:00:05 UTC)');
  });

  it.each([500, 503])('of a message that was posted before a %i is the same', async (status) => {
    const trial = new SlackTrial({ mode: 'bot' });
    trial.slack.faults.push({ kind: 'after', status });
    expect(await trial.after(100, trial.fail({ eventId: 'evt_a' }))).toMatchObject({
      kind: 'answered',
      status,
    });
    await trial.after(2_000, trial.fail({ eventId: 'evt_a' }));
    await trial.after(10_000, trial.fail({ eventId: 'evt_b' }));
    expect(trial.headlines).toEqual(['A call failed', '2 calls failed']);
  });
});

describe('a crash', () => {
  it('loses nothing that was counted, whenever it comes', async () => {
    for (const crashAfterMs of [0, 1, 19, 20, 21, 500, 5_000, 299_990, 300_000, 300_010]) {
      const trial = new SlackTrial({ mode: 'hook' });
      const eventIds = Array.from({ length: 5 }, (_, index) => `evt_${index}`);
      const done = new Set<string>();
      const send = async (eventId: string): Promise<void> => {
        if ((await trial.fail({ eventId })).kind === 'done') done.add(eventId);
      };
      for (const eventId of eventIds) void send(eventId);
      await trial.pass(crashAfterMs);
      trial.crash();
      // What the hub knows no outcome of is sent again.
      for (const eventId of eventIds) if (!done.has(eventId)) void send(eventId);
      await trial.pass(3_600_000);
      expect([crashAfterMs, done.size]).toEqual([crashAfterMs, 5]);
      expect(trial.slack.messages.at(-1)?.text).toContain('(5 calls');
      // A message that was posted but not written down is posted again, once.
      expect(trial.headlines.length).toBeLessThanOrEqual(3);
    }
  });

  it('forgets no wait that Slack asked for', async () => {
    const trial = new SlackTrial({ mode: 'hook' });
    trial.slack.faults.push({ kind: 'before', status: 429, retryAfterS: 120 });
    await trial.after(100, trial.fail());
    // Another process, which knows only what is on disk.
    const other = new SlackTrial({ mode: 'hook' });
    for (const [key, entry] of trial.ground.remembered) other.ground.remembered.set(key, entry);
    other.crash();
    await other.pass(119_000);
    expect(other.slack.requests).toEqual([]);
    await other.pass(2_000);
    expect(other.headlines).toEqual(['A call failed']);
  });
});

describe('a Slack that asks to wait', () => {
  it('is sent nothing until then, and all of it then', async () => {
    const trial = new SlackTrial({ mode: 'hook' });
    trial.slack.faults.push({ kind: 'before', status: 429, retryAfterS: 42 });
    const first = await trial.after(100, trial.fail());
    expect(DETAIL(first)).toBe('Counted: posted as soon as Slack takes messages again');
    const answeredAtMs = BEGIN_MS + 20;
    for (let call = 0; call < 20; call += 1) {
      const result = await trial.after(1_000, trial.fail({ error: call % 2 === 0 ? 'a' : 'b' }));
      expect(result.kind).toBe('done');
    }
    expect(trial.slack.requests).toHaveLength(1);
    await trial.pass(60_000);
    const [, next] = trial.slack.requests;
    // The request takes 20 ms to arrive.
    expect(next?.atMs).toBe(answeredAtMs + 42_000 + 20);
    expect(trial.headlines).toEqual(['A call failed', '10 calls failed', '10 calls failed']);
  });

  it('by ok: false is understood too', async () => {
    const trial = new SlackTrial({ mode: 'bot' });
    trial.slack.faults.push({ kind: 'error', code: 'ratelimited' });
    await trial.after(100, trial.fail());
    await trial.pass(29_000);
    expect(trial.slack.requests).toHaveLength(1);
    await trial.pass(2_000);
    expect(trial.headlines).toEqual(['A call failed']);
  });

  it('again and again shows as failing', async () => {
    const trial = new SlackTrial({ mode: 'hook' });
    trial.slack.outage = { kind: 'before', status: 429, retryAfterS: 5 };
    await trial.after(60_000, trial.fail());
    const later = await trial.after(15_000, trial.fail());
    expect(later).toMatchObject({ kind: 'answered', status: 429 });
    expect(trial.ground.troubles).toHaveLength(1);
    trial.slack.outage = null;
    await trial.pass(700_000);
    expect(trial.headlines[0]).toBe('A call failed');
  });
});

describe('a Slack that is down', () => {
  it('fails attempts, which nothing counts', async () => {
    const trial = new SlackTrial({ mode: 'hook' });
    trial.slack.outage = { kind: 'before', status: 503 };
    const attempts = Array.from({ length: 10 }, () => trial.fail());
    await trial.pass(3_000);
    for (const result of await Promise.all(attempts))
      expect(result).toMatchObject({ kind: 'answered', status: 503 });
    expect(trial.slack.requests).toHaveLength(1);
    expect(trial.ground.remembered.size).toBe(0);
    expect(trial.ground.troubles).toEqual([]);
  });

  it('with a follow-up owed fails attempts instead of counting them in silence, until it is back', async () => {
    const trial = new SlackTrial({ mode: 'hook' });
    await trial.after(100, trial.fail());
    await trial.after(100, trial.fail());
    trial.slack.outage = { kind: 'dropped' };
    await trial.pass(400_000);
    expect(trial.ground.troubles).toHaveLength(1);
    expect(trial.ground.troubles[0]?.detail).toMatch(/owed could not be sent to Slack and is tried again/);
    for (let call = 0; call < 5; call += 1) {
      const failed = await trial.after(2_000, trial.fail({ eventId: 'evt_later' }));
      expect(failed).toMatchObject({ kind: 'failed', cause: 'reset' });
    }
    // By its own timer and by attempts together: no storm.
    expect(trial.slack.requests.length).toBeLessThan(20);
    trial.slack.outage = null;
    const works = await trial.after(3_000, trial.fail({ eventId: 'evt_later' }));
    expect(works.kind).toBe('done');
    await trial.pass(3_600_000);
    expect(trial.headlines).toEqual([
      'A call failed',
      '1 more call failed',
      '1 more call failed',
      'Recovered',
    ]);
    expect(trial.slack.messages.at(-1)?.text).toContain('(3 calls between');
  });

  it('catches up by itself where no attempt comes', async () => {
    const trial = new SlackTrial({ mode: 'bot' });
    await trial.after(100, trial.fail());
    await trial.after(100, trial.fail());
    trial.slack.outage = { kind: 'before', status: 500 };
    await trial.pass(7_200_000);
    trial.slack.outage = null;
    await trial.pass(700_000);
    expect(trial.headlines).toEqual(['2 calls failed (over)', 'Recovered']);
    expect(trial.slack.requests.length).toBeLessThan(30);
  });

  it('does not keep an attempt beyond its deadline', async () => {
    const trial = new SlackTrial({ mode: 'hook', latencyMs: 600 });
    for (const deadlineMs of [1_000, 3_000, 15_000]) {
      const errors = ['a', 'b', 'c', 'd'].map((error) => `${error}${'z'.repeat(deadlineMs / 1_000)}`);
      const attempts = errors.map((error) => trial.fail({ error, deadlineMs }));
      await trial.pass(deadlineMs);
      const settled = await Promise.race([Promise.all(attempts), trial.pass(0).then(() => null)]);
      expect([deadlineMs, settled === null]).toEqual([deadlineMs, false]);
      await trial.pass(60_000);
    }
  });
});

describe('a refusal', () => {
  it.each([
    ['hook', 'no_service', 'settings', /no longer exists; make a new one/],
    ['hook', 'invalid_token', 'settings', /no longer exists/],
    ['hook', 'channel_is_archived', 'settings', /archived in Slack/],
    ['hook', 'action_prohibited', 'settings', /rule of the workspace/],
    ['hook', 'something_new', 'settings', /Slack refuses the message: something_new/],
    ['bot', 'not_in_channel', 'settings', /not in #alerts; invite it there: \/invite @/],
    ['bot', 'channel_not_found', 'settings', /finds no #alerts/],
    ['bot', 'invalid_auth', 'settings', /does not know the bot token/],
    ['bot', 'token_revoked', 'settings', /no longer takes the bot token; install the app again/],
    ['bot', 'missing_scope', 'settings', /chat:write/],
    ['bot', 'is_archived', 'settings', /archived/],
    ['bot', 'fatal_error', 'refused', /trouble of its own \(fatal_error\)/],
  ] as const)('of a %s by %s is a failure that says what to do', async (mode, code, cause, detail) => {
    const trial = new SlackTrial({ mode });
    trial.slack.faults.push({ kind: 'error', code });
    const result = await trial.after(100, trial.fail());
    expect(result).toMatchObject({ kind: 'failed', cause, detail: expect.stringMatching(detail) });
    expect(trial.ground.remembered.size).toBe(0);
  });

  it('by the stand-in itself is read from what it answers', async () => {
    const hook = new SlackTrial({ mode: 'hook' });
    hook.slack.isHookRevoked = true;
    expect(DETAIL(await hook.after(100, hook.fail()))).toMatch(/incoming webhook no longer exists/);
    hook.slack.isHookRevoked = false;
    hook.slack.isArchived = true;
    expect(DETAIL(await hook.after(2_000, hook.fail()))).toMatch(/archived/);
    const bot = new SlackTrial({ mode: 'bot', settings: { channel: '#private-talk' } });
    expect(DETAIL(await bot.after(100, bot.fail()))).toMatch(/\/invite/);
    bot.slack.isTokenRevoked = true;
    expect(DETAIL(await bot.after(2_000, bot.fail()))).toMatch(/bot token/);
  });

  it('of the blocks leaves the sentence', async () => {
    const trial = new SlackTrial({ mode: 'bot' });
    trial.slack.faults.push({ kind: 'error', code: 'invalid_blocks' });
    expect((await trial.after(3_000, trial.fail())).kind).toBe('done');
    expect(trial.slack.shown).toEqual(['A call failed: STT connection failed. At 12:00:00 UTC.']);
  });

  it('of one message does not hold up the others', async () => {
    const trial = new SlackTrial({ mode: 'bot' });
    await trial.after(2_000, trial.fail({ error: 'a' }));
    await trial.after(100, trial.fail({ error: 'a' }));
    trial.slack.faults.push({ kind: 'error', code: 'msg_too_long' }, { kind: 'error', code: 'msg_too_long' });
    await trial.pass(10_000);
    expect(trial.ground.troubles[0]?.detail).toMatch(/told nowhere/);
    expect((await trial.after(2_000, trial.fail({ error: 'b' }))).kind).toBe('done');
  });

  it('by something that is not Slack is no success', async () => {
    const trial = new SlackTrial({ mode: 'bot' });
    trial.slack.faults.push({ kind: 'before', status: 200, body: '<html>Welcome</html>' });
    expect(await trial.after(100, trial.fail())).toMatchObject({ kind: 'failed', cause: 'refused' });
    trial.slack.faults.push({ kind: 'before', status: 404, body: '<html>Not here</html>' });
    expect(await trial.after(2_000, trial.fail())).toMatchObject({ kind: 'answered', status: 404 });
  });
});

describe('a mistake of ours while a message is made', () => {
  it('costs its attempts, and nothing else', async () => {
    const trial = new SlackTrial({ mode: 'hook' });
    const { toCallLink } = trial.ground;
    Object.assign(trial.ground, {
      toCallLink: () => {
        throw new Error('a bug');
      },
    });
    expect(await trial.after(100, trial.fail())).toMatchObject({ kind: 'failed' });
    Object.assign(trial.ground, { toCallLink });
    expect(await trial.after(2_000, trial.fail())).toMatchObject({ kind: 'done' });
  });
});

describe('a journal in trouble', () => {
  it('fails what it cannot count, and what Slack took stays done', async () => {
    const trial = new SlackTrial({ mode: 'hook' });
    await trial.pass(10);
    trial.ground.trouble = new Error('disk full');
    expect((await trial.after(100, trial.fail({ eventId: 'evt_a' }))).kind).toBe('done');
    expect(await trial.after(100, trial.fail({ eventId: 'evt_b' }))).toMatchObject({ kind: 'failed' });
    trial.ground.trouble = null;
    expect(DETAIL(await trial.after(100, trial.fail({ eventId: 'evt_b' })))).toBe('Counted before');
    await trial.pass(300_000);
    expect(trial.callsTold).toBe(2);
  });

  it('while it opens fails attempts, and is asked again', async () => {
    const trial = new SlackTrial({ mode: 'hook' });
    await trial.after(100, trial.fail());
    await trial.after(100, trial.fail());
    trial.ground.trouble = new Error('locked');
    trial.crash();
    expect(await trial.after(100, trial.fail())).toMatchObject({ kind: 'failed' });
    trial.ground.trouble = null;
    await trial.pass(400_000);
    expect(trial.headlines).toEqual(['A call failed', '1 more call failed']);
  });

  it('that remembers nonsense forgets it and says so', async () => {
    const trial = new SlackTrial({ mode: 'hook' });
    await trial.pass(10);
    trial.ground.remembered.set('group:calls:x', { value: '{"group":7}', callId: null, isSecret: false });
    trial.crash();
    await trial.pass(10);
    expect(trial.ground.troubles).toHaveLength(1);
    expect(trial.ground.remembered.size).toBe(0);
  });
});

describe('closing', () => {
  it('counts what waits, ends what is under way, and leaves the rest to its successor', async () => {
    const trial = new SlackTrial({ mode: 'hook', latencyMs: 500 });
    const attempts = ['a', 'b', 'c'].map((error) => trial.fail({ error }));
    await trial.pass(100);
    await Promise.all([trial.reopen(), trial.pass(2_000)]);
    expect((await Promise.all(attempts)).map(({ kind }) => kind)).toEqual(['done', 'done', 'done']);
    await trial.pass(10_000);
    expect(trial.headlines).toEqual(['A call failed', 'A call failed', 'A call failed']);
    expect(trial.leastGapMs).toBeGreaterThanOrEqual(1_000);
  });

  it('after attempts were cut off does not wait for them', async () => {
    const trial = new SlackTrial({ mode: 'hook', latencyMs: 60_000 });
    void trial.fail();
    await trial.pass(100);
    const { sender } = trial;
    sender.abandon();
    await trial.after(10, sender.close());
  });
});

describe('destinations of one channel', () => {
  it('share its second', async () => {
    const trial = new SlackTrial({ mode: 'hook' });
    const other = trial.kind.open(trial.settings, { ...trial.ground, destinationId: 'dst_OTHER' });
    const attempts: Promise<AttemptResult>[] = [];
    for (const [index, error] of ['a', 'b', 'c', 'd'].entries()) {
      attempts.push(trial.fail({ error }));
      const message = {
        timestamp: new Date(BEGIN_MS).toISOString(),
        summary: 'x',
        ...DISABLED,
      };
      attempts.push(
        other.attempt(
          trial.toRequest(`ope_o${index}`, 'destination.disabled', Buffer.from(JSON.stringify({ message }))),
        ),
      );
    }
    await trial.pass(30_000);
    expect(trial.leastGapMs).toBeGreaterThanOrEqual(1_000);
    expect(trial.slack.rateRefusals).toBe(0);
    expect(trial.slack.messages.length).toBeGreaterThanOrEqual(5);
  });
});

describe('a try that somebody asks for', () => {
  it('says hello, and who the token belongs to', async () => {
    const bot = new SlackTrial({ mode: 'bot' });
    const said = await bot.after(
      100,
      bot.kind.test?.(bot.settings, bot.ground, 15_000) ?? Promise.reject(new Error()),
    );
    expect(said).toMatchObject({ kind: 'done', detail: 'Posted to #alerts (workspace Acme, app offhook)' });
    expect(bot.slack.messages[0]?.text).toMatch(/^Offhook can reach this channel\./);
    const hook = new SlackTrial({ mode: 'hook' });
    const heard = await hook.after(
      100,
      hook.kind.test?.(hook.settings, hook.ground, 15_000) ?? Promise.reject(new Error()),
    );
    expect(DETAIL(heard)).toBe('Posted to the channel of the incoming webhook');
  });

  it('fails with what Slack says', async () => {
    const bot = new SlackTrial({ mode: 'bot' });
    bot.slack.isTokenRevoked = true;
    const said = await bot.after(
      100,
      bot.kind.test?.(bot.settings, bot.ground, 15_000) ?? Promise.reject(new Error()),
    );
    expect(said).toMatchObject({ kind: 'failed', cause: 'settings' });
    expect(bot.slack.messages).toEqual([]);
  });
});
