import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SlackTrial } from '../../../../test/support/slack-trial.ts';

type Step =
  | { readonly kind: 'fail'; readonly error: number; readonly calls: number }
  | { readonly kind: 'repeat'; readonly of: number }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'reopen' }
  | { readonly kind: 'limit'; readonly seconds: number }
  | { readonly kind: 'fault'; readonly times: number };

const STEPS = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('fail' as const),
        error: fc.nat(30),
        calls: fc.integer({ min: 1, max: 40 }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('repeat' as const), of: fc.nat() }) },
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant('pass' as const),
        ms: fc.oneof(fc.nat(1_500), fc.nat(90_000)),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('fault' as const), times: fc.integer({ min: 1, max: 4 }) }),
    },
    { weight: 1, arbitrary: fc.constant({ kind: 'reopen' as const }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('limit' as const), seconds: fc.integer({ min: 1, max: 40 }) }),
    },
  ),
  { minLength: 1, maxLength: 40 },
);

/** Errors that differ in more than numbers. */
const ERRORS = Array.from(
  { length: 31 },
  (_, index) => `${'abcdefgh'[index % 8]}${'q'.repeat(1 + (index >> 3))} is broken`,
);

describe('whatever comes in whichever order', () => {
  it.each(['hook', 'bot'] as const)(
    'each failed call is told of exactly once, at most one message a second (%s)',
    async (mode) => {
      await fc.assert(
        fc.asyncProperty(
          STEPS,
          fc.integer({ min: 10, max: 120 }),
          async (steps: readonly Step[], coolDownS) => {
            // No recovery, which tells the whole once more instead of what is left.
            const trial = new SlackTrial({ mode, settings: { cool_down_s: coolDownS, recovery_s: 0 } });
            const sent = new Map<string, string>();
            const owed = new Map<string, string>();
            const send = (eventId: string, error: string): void => {
              owed.set(eventId, error);
              void trial.fail({ eventId, error }).then(({ kind }) => kind === 'done' && owed.delete(eventId));
            };
            for (const step of steps) {
              switch (step.kind) {
                case 'fail':
                  for (let call = 0; call < step.calls; call += 1) {
                    const eventId = `evt_${sent.size}`;
                    const error = ERRORS[step.error] ?? '';
                    sent.set(eventId, error);
                    send(eventId, error);
                  }
                  break;
                case 'repeat': {
                  const [eventId, error] = [...sent][step.of % Math.max(1, sent.size)] ?? [];
                  if (eventId !== undefined && error !== undefined && owed.has(eventId)) send(eventId, error);
                  break;
                }
                case 'pass':
                  await trial.pass(step.ms);
                  break;
                case 'reopen':
                  await trial.reopen();
                  break;
                case 'fault':
                  // Not done: what was done without an answer would be told again.
                  for (let time = 0; time < step.times; time += 1)
                    trial.slack.faults.push(
                      time % 2 === 0 ? { kind: 'dropped' } : { kind: 'before', status: 503 },
                    );
                  break;
                case 'limit':
                  trial.slack.faults.push({ kind: 'before', status: 429, retryAfterS: step.seconds });
                  break;
              }
            }
            // As the hub does: what failed is tried again.
            for (let round = 0; round < 20; round += 1) {
              await trial.pass(20_000);
              for (const [eventId, error] of owed) send(eventId, error);
            }
            // Longer than the pauses between tries of what is owed.
            await trial.pass(7_200_000);
            expect(owed.size).toBe(0);
            expect(trial.callsTold).toBe(sent.size);
            if (trial.slack.messages.length > 1) expect(trial.leastGapMs).toBeGreaterThanOrEqual(1_000);
            expect(trial.slack.rateRefusals).toBe(0);
            expect(trial.ground.remembered.size - (trial.ground.remembered.has('hold') ? 1 : 0)).toBe(0);
          },
        ),
        { numRuns: 100 },
      );
    },
  );
});
