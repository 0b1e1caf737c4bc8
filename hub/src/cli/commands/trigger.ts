import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { OUTCOME_HEADER } from '@offhook/contract/headers';
import type { CallStatus } from '@offhook/contract/message';

import { toBaseUrl, toCause } from '../api-client.ts';
import type { CommandContext } from '../context.ts';
import { CommandFailure, EXIT } from '../failure.ts';
import { toPlainText } from '../output.ts';
import { makeReport, overrideField, toSignedHeaders } from '../made-up-report.ts';

const WHATS = ['in-progress', 'ended', 'ended-with-error', 'lifecycle'] as const;

/** Requests under way at once where no rate is given: enough to fill the hub's group commits. */
const CONCURRENCY = 32;
const ANSWER_MS = 35_000;

interface Answer {
  readonly call_id: string;
  readonly status: string;
  readonly answered: number;
  readonly outcome: string | null;
}

export async function trigger(
  context: CommandContext,
  options: Readonly<Record<string, unknown>>,
  [what = '']: readonly string[],
): Promise<number> {
  if (!(WHATS as readonly string[]).includes(what))
    throw new CommandFailure(EXIT.usage, `Trigger one of ${WHATS.join(', ')}, not "${toPlainText(what)}".`);
  const overrides = options['override'] as readonly string[];
  const count = options['count'] as number;
  const rate = options['rate'] as number | undefined;
  const errorRatio = options['errorRatio'] as number;
  const url = toTarget(context, options['to']);
  const isTold = count <= TOLD_CALLS_MAX || context.output.json;
  let refused = 0;
  let sent = 0;

  async function sendCall(): Promise<void> {
    const callId = randomUUID();
    for (const status of toStatuses(what, errorRatio)) {
      if (context.signal.aborted) return;
      const answer = await post(context, url, callId, status, overrides);
      sent += 1;
      if (answer.answered >= 300) refused += 1;
      if (isTold) tell(context, answer);
    }
  }

  const startedAtMs = performance.now();
  let next = 0;
  async function sendCalls(): Promise<void> {
    while (next < count && !context.signal.aborted) {
      const dueMs = rate === undefined ? 0 : (next / rate) * 1000 - (performance.now() - startedAtMs);
      next += 1;
      if (dueMs > 0) await sleep(dueMs, undefined, { signal: context.signal }).catch(() => {});
      if (!context.signal.aborted) await sendCall();
    }
  }
  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, count) }, sendCalls));

  const seconds = (performance.now() - startedAtMs) / 1000;
  if (count > 1) {
    context.output.note(
      `${sent} reports in ${seconds.toFixed(1)} s (${Math.round(sent / seconds)} per second), ${refused} refused.`,
    );
  }
  if (context.signal.aborted) return EXIT.interrupted;
  return refused === 0 ? EXIT.ok : EXIT.failed;
}

/** One line a report is read by nobody beyond this. */
const TOLD_CALLS_MAX = 20;

function toStatuses(what: string, errorRatio: number): readonly CallStatus[] {
  if (what !== 'lifecycle') return [what as CallStatus];
  return ['in-progress', Math.random() < errorRatio ? 'ended-with-error' : 'ended'];
}

function toTarget(context: CommandContext, to: unknown): string {
  if (typeof to !== 'string') return `${toBaseUrl(context)}/webhooks/status-update`;
  if (!URL.canParse(to) || !/^https?:/.test(to))
    throw new CommandFailure(EXIT.usage, '--to must be an address that starts with http:// or https://.');
  return to;
}

async function post(
  context: CommandContext,
  url: string,
  callId: string,
  status: CallStatus,
  overrides: readonly string[],
): Promise<Answer> {
  const nowMs = Date.now();
  const report = makeReport({ callId, status, nowMs });
  for (const override of overrides) overrideField(report, override);
  const body = Buffer.from(JSON.stringify(report));
  let response: Response;
  try {
    response = await fetch(url, {
      method: 'POST',
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(ANSWER_MS),
      headers: {
        'content-type': 'application/json',
        ...toSignedHeaders(context.settings.voicedockSecrets[0], body, nowMs),
      },
    });
  } catch (error) {
    throw new CommandFailure(EXIT.unreachable, `Nothing answers at ${url} (${toCause(error)}).`, {
      cause: error,
    });
  }
  const text = await response.text();
  if (response.status === 401) {
    throw new CommandFailure(
      EXIT.refused,
      `The report was refused (401): ${toPlainText(text.slice(0, 500))}\nSet OFFHOOK_VOICEDOCK_SECRET to the secret of the receiver, so that reports are signed.`,
    );
  }
  return {
    call_id: report.message.call.id,
    status: report.message.call.status,
    answered: response.status,
    outcome: response.headers.get(OUTCOME_HEADER),
  };
}

function tell(context: CommandContext, answer: Answer): void {
  const { output } = context;
  if (output.json) {
    output.value(answer);
    return;
  }
  const verdict = output.paint(answer.answered < 300 ? 'green' : 'red', `[${answer.answered}]`);
  output.line(
    `${verdict} ${answer.status}  call ${toPlainText(answer.call_id)}  ${answer.outcome ?? ''}`.trimEnd(),
  );
}
