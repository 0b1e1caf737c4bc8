import { toStatusUpdateBody } from '@offhook/contract/body';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { AppliedReport } from './apply-report.ts';
import type { Call } from './call.ts';
import type { CallReport } from './report.ts';

import { applyReport, CALL_TYPE_DEFAULT, isStale } from './apply-report.ts';
import { isTerminal } from './transition.ts';

const STARTED = Date.UTC(2025, 11, 13, 12, 0, 0);
const ENDED = STARTED + 300_000;

describe('the life of a call', () => {
  it('becomes live and ends, with one event for each and the duration between them', () => {
    const { call, results } = fold([inProgress, ended]);
    expect(results.map(({ kind }) => kind)).toEqual(['advanced', 'advanced']);
    expect(call).toMatchObject({
      state: 'ended',
      startedAtMs: STARTED,
      endedAtMs: ENDED,
      durationMs: 300_000,
      sequence: 2,
    });
    expect(events(results).map(({ sequence, status, timestamp }) => [sequence, status, timestamp])).toEqual([
      [1, 'in-progress', '2025-12-13T12:00:00.000Z'],
      [2, 'ended', '2025-12-13T12:05:00.000Z'],
    ]);
  });

  it('keeps the error of a call that failed, and only of that', () => {
    expect(fold([inProgress, failed]).call).toMatchObject({
      state: 'failed',
      error: 'STT connection failed',
    });
    expect(fold([inProgress, { ...ended, error: 'noise' }]).call.error).toBeNull();
  });

  it('takes an end without a start: the duration stays unknown', () => {
    const { call, results } = fold([ended]);
    expect(call).toMatchObject({ state: 'ended', startedAtMs: null, durationMs: null, sequence: 1 });
    expect(events(results)).toHaveLength(1);
  });

  it('lets a late in-progress fill in the start time, and nothing come back to life', () => {
    const { call, results } = fold([ended, inProgress]);
    expect(results[1]).toMatchObject({ kind: 'late', reason: expect.stringContaining('start time') });
    expect(call).toMatchObject({
      state: 'ended',
      startedAtMs: STARTED,
      durationMs: 300_000,
      sequence: 1,
      liveSinceMs: null,
    });
  });

  it('learns no start from a late in-progress that gives no time', () => {
    expect(fold([ended, { ...inProgress, occurredAtMs: null }]).call.startedAtMs).toBeNull();
  });

  it('keeps the first end when two contradict each other', () => {
    const { call, results } = fold([inProgress, ended, failed]);
    expect(results[2]).toMatchObject({ kind: 'conflicting', reason: expect.stringContaining('first end') });
    expect(call).toMatchObject({ state: 'ended', error: null });
    expect(fold([inProgress, failed, ended]).call.state).toBe('failed');
  });

  it('notes a status it does not know without guessing what it means', () => {
    const { call, results } = fold([{ ...inProgress, status: 'ringing' }]);
    expect(results[0]?.kind).toBe('noted');
    expect(call).toMatchObject({ state: 'none', sequence: 0, startedAtMs: null, type: 'inbound_phone_call' });
    expect(fold([inProgress, { ...ended, status: 'transferred' }]).call.state).toBe('live');
  });

  it('has a duration of zero, never less, when the clocks say that it ended before it began', () => {
    expect(
      fold([
        { ...inProgress, occurredAtMs: ENDED },
        { ...ended, occurredAtMs: STARTED },
      ]).call.durationMs,
    ).toBe(0);
    expect(
      fold([
        { ...ended, occurredAtMs: STARTED },
        { ...inProgress, occurredAtMs: ENDED },
      ]).call.durationMs,
    ).toBe(0);
  });

  it('dates a report that gives no time by our own clock', () => {
    const { call, results } = fold([{ ...inProgress, occurredAtMs: null }]);
    expect(call.startedAtMs).toBe(NOW);
    expect(events(results)[0]?.timestamp).toBe(new Date(NOW).toISOString());
  });
});

describe('an end-of-call-report', () => {
  it('adds summary, end reason and duration to a call that has ended without a start', () => {
    const { call, results } = fold([ended, endOfCall]);
    expect(results[1]?.kind).toBe('noted');
    expect(call).toMatchObject({
      state: 'ended',
      summary: 'All well.',
      endReason: 'user_hangup',
      durationMs: 299_000,
      endedAtMs: ENDED,
    });
  });

  it('never outranks what start and end say', () => {
    expect(fold([inProgress, ended, endOfCall]).call.durationMs).toBe(300_000);
    expect(fold([ended, endOfCall, inProgress]).call.durationMs).toBe(300_000);
  });

  it('does not end a live call, nor give it an end', () => {
    const { call } = fold([inProgress, endOfCall]);
    expect(call).toMatchObject({ state: 'live', endedAtMs: null, durationMs: null, summary: 'All well.' });
  });

  it('says all there is about a call that nobody else reported, until somebody does', () => {
    expect(fold([endOfCall]).call).toMatchObject({ state: 'none', endedAtMs: ENDED, durationMs: 299_000 });
    expect(fold([endOfCall, inProgress]).call).toMatchObject({
      state: 'live',
      endedAtMs: null,
      durationMs: null,
    });
  });

  it('gives the ending event its end reason when the ending report has none', () => {
    expect(events(fold([inProgress, endOfCall, ended]).results)[1]?.endReason).toBe('user_hangup');
    expect(
      events(fold([inProgress, endOfCall, { ...ended, endReason: 'max_duration' }]).results)[1]?.endReason,
    ).toBe('max_duration');
  });
});

describe('facts about a call', () => {
  it('are filled in by any report and changed by none', () => {
    const silent = { ...inProgress, type: null, phoneNumber: null, customer: null };
    const spoken = { ...inProgress, status: 'ringing' };
    expect(fold([silent, spoken]).call).toMatchObject({
      type: 'inbound_phone_call',
      customer: { number: '+31612345678' },
    });
    const other = { ...inProgress, type: 'web_call', customer: { number: null } };
    expect(fold([inProgress, other]).call).toMatchObject({
      type: 'inbound_phone_call',
      customer: { number: '+31612345678' },
    });
  });

  it('get the name of a number from whoever knows it', () => {
    const unnamed = { ...inProgress, phoneNumber: { number: '+31850835037' } };
    expect(fold([unnamed, ended]).call.phoneNumber).toEqual({
      number: '+31850835037',
      name: 'HMS Sovereign Demo',
    });
    expect(fold([inProgress, { ...unnamed, status: 'ended' }]).results[1]).toMatchObject({
      event: { phoneNumber: { number: '+31850835037', name: 'HMS Sovereign Demo' } },
    });
    const otherNumber = { ...ended, phoneNumber: { number: '+31000000000', name: 'Elsewhere' } };
    expect(fold([unnamed, otherNumber]).call.phoneNumber).toEqual({ number: '+31850835037' });
  });

  it('stand in the event where the report is silent', () => {
    const { results } = fold([inProgress, { ...ended, type: null, phoneNumber: null, customer: null }]);
    expect(events(results)[1]).toMatchObject({
      type: 'inbound_phone_call',
      phoneNumber: { number: '+31850835037', name: 'HMS Sovereign Demo' },
      customer: { number: '+31612345678' },
    });
  });

  it('stand in the event as the report says them, whatever the call holds', () => {
    const { call, results } = fold([inProgress, { ...ended, type: 'web_call', customer: { number: null } }]);
    expect(events(results)[1]).toMatchObject({ type: 'web_call', customer: { number: null } });
    expect(call.type).toBe('inbound_phone_call');
  });

  it('default to an inbound call in the event, and stay unknown on the call', () => {
    const { call, results } = fold([{ ...inProgress, type: null }]);
    expect(events(results)[0]?.type).toBe(CALL_TYPE_DEFAULT);
    expect(call.type).toBeNull();
  });
});

describe('a stale call', () => {
  it('is one that has been live for longer than allowed, and can still be closed with the right duration', () => {
    const { call } = fold([inProgress]);
    const hours4 = 4 * 3_600_000;
    expect(isStale(call, NOW + hours4, hours4)).toBe(false);
    expect(isStale(call, NOW + hours4 + 1, hours4)).toBe(true);
    expect(isStale(fold([inProgress, ended]).call, NOW + 10 * hours4, hours4)).toBe(false);
    const closed = applyReport(
      call,
      { ...ended, occurredAtMs: STARTED + 5 * 3_600_000 },
      NOW + 9 * 3_600_000,
    );
    expect(closed.call.durationMs).toBe(5 * 3_600_000);
  });

  it('that is ended by the hub fails at the time it was given up, with no duration but what is reported later (I15)', () => {
    const { call } = fold([inProgress]);
    const givenUp = applyReport(call, assumed, LATER);
    expect(givenUp).toMatchObject({
      kind: 'advanced',
      call: { state: 'failed', startedAtMs: STARTED, endedAtMs: LATER, durationMs: null },
      event: {
        sequence: 2,
        status: 'ended-with-error',
        timestamp: new Date(LATER).toISOString(),
        error: 'No end was reported for 4 h',
        type: 'inbound_phone_call',
        phoneNumber: inProgress.phoneNumber,
      },
    });
    const afterwards = [ended, failed, inProgress].map((report) =>
      applyReport(givenUp.call, report, LATER + 1),
    );
    expect(afterwards.map(({ kind }) => kind)).toEqual(['conflicting', 'repeated', 'late']);
    for (const { call: unchanged } of afterwards) expect(unchanged).toBe(givenUp.call);
    expect(applyReport(givenUp.call, endOfCall, LATER + 1).call).toMatchObject({
      state: 'failed',
      durationMs: 299_000,
      endedAtMs: LATER,
      error: 'No end was reported for 4 h',
    });
  });
});

describe('any history of reports', () => {
  it('gives the same truth in any order and with any repetition, as long as it has one kind of end (I1)', () => {
    fc.assert(
      fc.property(histories(), ({ reports, other }) => {
        const kinds = new Set(reports.map(({ status }) => status));
        fc.pre(!(kinds.has('ended') && kinds.has('ended-with-error')));
        expect(truth(fold(other).call)).toEqual(truth(fold(reports).call));
      }),
      { numRuns: 3_000 },
    );
  });

  it('gives the same truth in any order that has the same first end (I2)', () => {
    fc.assert(
      fc.property(histories(), ({ reports, other }) => {
        fc.pre(firstEnd(reports) === firstEnd(other));
        expect(truth(fold(other).call)).toEqual(truth(fold(reports).call));
      }),
      { numRuns: 3_000 },
    );
  });

  it('never leaves a terminal state, and never goes back to none (I3)', () => {
    everyStep((before, { call }) => {
      if (before === undefined) return;
      if (isTerminal(before.state)) expect(call.state).toBe(before.state);
      if (before.state === 'live') expect(call.state).not.toBe('none');
    });
  });

  it('makes an event exactly when the state changes, numbered without a gap (I4)', () => {
    everyStep((before, result) => {
      const stateBefore = before?.state ?? 'none';
      expect(result.kind === 'advanced').toBe(result.call.state !== stateBefore);
      expect(result.call.sequence).toBe((before?.sequence ?? 0) + (result.kind === 'advanced' ? 1 : 0));
      if (result.kind === 'advanced') expect(result.event.sequence).toBe(result.call.sequence);
    });
  });

  it('makes at most two events, and at most one end among them (I5)', () => {
    fc.assert(
      fc.property(fc.array(reportArbitrary(), { minLength: 1, maxLength: 12 }), (reports) => {
        const made = events(fold(reports).results);
        expect(made.length).toBeLessThanOrEqual(2);
        expect(made.filter(({ status }) => status !== 'in-progress').length).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('is never changed by a report that comes again: the call is the same object (I6)', () => {
    everyStep((_before, result, report) => {
      const again = applyReport(result.call, report, LATER);
      expect(again.kind).not.toBe('advanced');
      expect(again.call).toBe(result.call);
    });
  });

  it('is folded without changing what was handed in (I7)', () => {
    // Every report and call is frozen before it is handed in, so that a mutation would throw.
    everyStep((before, result, report) => {
      expect(Object.isFrozen(report) && (before === undefined || Object.isFrozen(before))).toBe(true);
      expect(applyReport(before, report, NOW)).toEqual(applyReport(before, report, NOW));
      expect(result.call === before || result.call.updatedAtMs >= NOW).toBe(true);
    });
  });

  it('never changes a fact that is known (I8)', () => {
    everyStep((before, { call }) => {
      if (before === undefined) return;
      if (before.type !== null) expect(call.type).toBe(before.type);
      if (before.customer !== null) expect(call.customer).toBe(before.customer);
      if (before.phoneNumber !== null) expect(call.phoneNumber?.number).toBe(before.phoneNumber.number);
      if (before.startedAtMs !== null) expect(call.startedAtMs).toBe(before.startedAtMs);
      if (before.summary !== null) expect(call.summary).toBe(before.summary);
      if (isTerminal(before.state)) {
        expect(call.endedAtMs).toBe(before.endedAtMs);
        if (before.endReason !== null) expect(call.endReason).toBe(before.endReason);
        if (before.error !== null) expect(call.error).toBe(before.error);
      }
      expect(call.firstReportAtMs).toBe(before.firstReportAtMs);
    });
  });

  it('keeps the duration at end minus start, never negative, wherever both are known (I9)', () => {
    let isEndAssumed = false;
    everyStep((before, { kind, call }, report) => {
      if (before === undefined) isEndAssumed = false;
      if (kind === 'advanced' && report.isAssumed === true) {
        isEndAssumed = true;
        // Of a call that was live nothing but an end-of-call-report tells it, and those of live calls tell none.
        if (before?.state === 'live') expect(call.durationMs).toBeNull();
      }
      if (call.durationMs !== null) expect(call.durationMs).toBeGreaterThanOrEqual(0);
      if (!isEndAssumed && call.startedAtMs !== null && call.endedAtMs !== null) {
        expect(call.durationMs).toBe(Math.max(0, call.endedAtMs - call.startedAtMs));
      }
    });
  });

  it('gives a live call a start and no end, an ended call an end, and an error only to a failed one (I10)', () => {
    everyStep((_before, { call }) => {
      if (call.state === 'live')
        expect(call).toMatchObject({ startedAtMs: expect.any(Number), endedAtMs: null, durationMs: null });
      if (isTerminal(call.state)) expect(call.endedAtMs).not.toBeNull();
      if (call.state !== 'failed') expect(call.error).toBeNull();
      if (call.state === 'live') expect(call.liveSinceMs).not.toBeNull();
      if (call.startedAtMs === null) expect(call.liveSinceMs).toBeNull();
    });
  });

  it('makes only events that have a published body (I11)', () => {
    everyStep((_before, result) => {
      if (result.kind !== 'advanced') return;
      const { message } = JSON.parse(Buffer.from(toStatusUpdateBody(result.event)).toString());
      expect(Date.parse(message.timestamp)).toBe(
        result.call.state === 'live' ? result.call.startedAtMs : result.call.endedAtMs,
      );
      expect('error' in message).toBe(
        message.call.status === 'ended-with-error' && result.event.error !== null,
      );
    });
  });

  it('says why, in a sentence, for every report that did not advance the call (I12)', () => {
    everyStep((_before, result) => {
      if (result.kind !== 'advanced') expect(result.reason).toMatch(/^[A-Z].*\.$/);
    });
  });
});

const NOW = STARTED + 1_234;
const LATER = NOW + 10_000_000;

const inProgress: CallReport = {
  callId: '5c4d030f-43e3-4e65-899e-8148521e660f',
  status: 'in-progress',
  occurredAtMs: STARTED,
  type: 'inbound_phone_call',
  phoneNumber: { number: '+31850835037', name: 'HMS Sovereign Demo' },
  customer: { number: '+31612345678' },
  error: null,
  endReason: null,
  assistant: null,
  unknownFields: null,
};
const ended: CallReport = { ...inProgress, status: 'ended', occurredAtMs: ENDED };
const failed: CallReport = { ...ended, status: 'ended-with-error', error: 'STT connection failed' };
/** What the hub says where nobody else says anything. */
const assumed: CallReport = {
  ...failed,
  occurredAtMs: null,
  type: null,
  phoneNumber: null,
  customer: null,
  error: 'No end was reported for 4 h',
  isAssumed: true,
};
const endOfCall: CallReport = {
  ...ended,
  status: 'end-of-call-report',
  endReason: 'user_hangup',
  durationSeconds: 299,
  summary: 'All well.',
};

interface Folded {
  readonly call: Call;
  readonly results: readonly AppliedReport[];
}

/** Applies reports in order, one millisecond apart; every input is frozen, so that a mutation throws. */
function fold(reports: readonly CallReport[]): Folded {
  let call: Call | undefined;
  const results: AppliedReport[] = [];
  for (const [index, report] of reports.entries()) {
    const result = applyReport(call, deepFreeze(report), NOW + index);
    call = deepFreeze(result.call);
    results.push(result);
  }
  if (call === undefined) throw new Error('a history has at least one report');
  return { call, results };
}

function events(results: readonly AppliedReport[]) {
  return results.flatMap((result) => (result.kind === 'advanced' ? [result.event] : []));
}

function everyStep(
  check: (before: Call | undefined, result: AppliedReport, report: CallReport) => void,
): void {
  fc.assert(
    fc.property(fc.array(reportArbitrary(), { minLength: 1, maxLength: 10 }), (reports) => {
      let call: Call | undefined;
      for (const [index, report] of reports.entries()) {
        const result = applyReport(call, deepFreeze(report), NOW + index);
        check(call, result, report);
        call = deepFreeze(result.call);
      }
    }),
    { numRuns: 500 },
  );
}

/** What a history is about, without what depends on when and in which order its reports were accepted. */
function truth({
  state,
  type,
  phoneNumber,
  customer,
  startedAtMs,
  endedAtMs,
  durationMs,
  error,
  endReason,
  summary,
}: Call) {
  return {
    state,
    type,
    phoneNumber,
    customer,
    startedAtMs,
    endedAtMs,
    durationMs,
    error,
    endReason,
    summary,
  };
}

function firstEnd(reports: readonly CallReport[]): string | undefined {
  return reports.find(({ status }) => status === 'ended' || status === 'ended-with-error')?.status;
}

/**
 * Consistent histories: all reports of one status make the same claim (time, error, end reason), and all that
 * speak of type or numbers agree, though any of them may be silent. Comes with a second order of the same reports,
 * some of them repeated.
 */
function histories(): fc.Arbitrary<{ reports: readonly CallReport[]; other: readonly CallReport[] }> {
  const instant = fc.integer({ min: STARTED - 1e6, max: STARTED + 1e6 });
  const text = fc.option(fc.string({ maxLength: 5 }), { nil: null });
  const claims = fc.record({
    'in-progress': fc.record({ occurredAtMs: instant }),
    ended: fc.record({ occurredAtMs: instant, endReason: text }),
    'ended-with-error': fc.record({ occurredAtMs: instant, endReason: text, error: text }),
    ringing: fc.record({ occurredAtMs: instant }),
    'end-of-call-report': fc.record({
      occurredAtMs: instant,
      endReason: text,
      summary: text,
      durationSeconds: fc.option(fc.integer({ min: 0, max: 5_000 }), { nil: null }),
    }),
  });
  const status = fc.constantFrom('in-progress', 'ended', 'ended-with-error', 'ringing', 'end-of-call-report');
  const voice = fc.record({
    status,
    type: fc.boolean(),
    number: fc.constantFrom('none', 'bare', 'named'),
    customer: fc.boolean(),
  });
  return fc
    .record({ claims, voices: fc.array(voice, { minLength: 1, maxLength: 8 }) })
    .map(({ claims, voices }) =>
      voices.map((said): CallReport => ({
        ...inProgress,
        ...claims[said.status],
        status: said.status,
        type: said.type ? inProgress.type : null,
        phoneNumber:
          { none: null, bare: { number: '+31850835037' }, named: inProgress.phoneNumber }[said.number] ??
          null,
        customer: said.customer ? inProgress.customer : null,
      })),
    )
    .chain((reports) =>
      fc
        .array(fc.nat({ max: reports.length - 1 }), { maxLength: 4 })
        .map((again) => [...reports, ...again.map((index) => reports[index] as CallReport)])
        .chain((all) => fc.shuffledSubarray(all, { minLength: all.length }))
        .map((other) => ({ reports, other })),
    );
}

/** Anything a source may say, contradictions included. */
function reportArbitrary(): fc.Arbitrary<CallReport> {
  const text = fc.option(fc.string({ maxLength: 5 }), { nil: null });
  const number = fc.option(fc.constantFrom('+31612345678', 'anonymous', '100'), { nil: null });
  const endOfCallFacts = fc.record({
    durationSeconds: fc.option(fc.double({ min: -10 }), { nil: null }),
    summary: text,
  });
  return fc
    .record({
      callId: fc.constant('c1'),
      status: fc.constantFrom(
        'in-progress',
        'ended',
        'ended-with-error',
        'ringing',
        'end-of-call-report',
        '',
      ),
      occurredAtMs: fc.option(fc.integer({ min: -62_167_219_200_000, max: 253_402_300_799_999 }), {
        nil: null,
      }),
      type: fc.option(fc.constantFrom('inbound_phone_call', 'web_call', 'sms'), { nil: null }),
      phoneNumber: fc.option(fc.record({ number, name: text }, { requiredKeys: ['number'] }), { nil: null }),
      customer: fc.option(fc.record({ number }), { nil: null }),
      error: text,
      endReason: text,
      assistant: fc.constant(null),
      unknownFields: fc.constant(null),
    })
    .chain((report) =>
      report.status === 'end-of-call-report'
        ? endOfCallFacts.map((facts) => ({ ...report, ...facts }))
        : report.status === 'ended-with-error'
          ? fc.constantFrom(report, { ...report, isAssumed: true as const })
          : fc.constant(report),
    );
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}
