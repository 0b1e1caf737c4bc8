import './send-test.css';

import { useState } from 'preact/hooks';
import { CodeBadge } from '../../components/badge.tsx';
import { Button } from '../../components/button.tsx';
import { JsonView } from '../../components/json-view.tsx';
import { ProblemNote } from '../../components/problem.tsx';
import { announce } from '../../components/status-line.tsx';
import { request, toApiFault } from '../../data/api.ts';
import type { ApiFault } from '../../data/api.ts';
import { formatLatency } from '../../data/format.ts';
import { STATUSES } from './destination-draft.ts';

type Status = (typeof STATUSES)[number];

/** As the hub's testView says it. */
interface TestView {
  readonly ok: boolean;
  readonly status: number | null;
  readonly cause: string | null;
  readonly detail: string | null;
  readonly response_body: string | null;
  readonly duration_ms: number;
  readonly first_byte_ms: number | null;
}

/** Each of the three published payloads, signed as a real one, and what comes back. Nothing of it enters the journal. */
export function SendTest({ destinationId }: { readonly destinationId: string }) {
  const [sending, setSending] = useState<Status | null>(null);
  const [result, setResult] = useState<{ readonly status: Status; readonly answer: TestView } | null>(null);
  const [fault, setFault] = useState<ApiFault | null>(null);

  const send = async (status: Status): Promise<void> => {
    setSending(status);
    setFault(null);
    try {
      const answer = await request<TestView>('POST', `/v1/destinations/${destinationId}/test`, {
        body: { status },
      });
      setResult({ status, answer });
      announce(answer.ok ? `The test was accepted with ${answer.status}` : 'The test was not accepted', {
        isUrgent: true,
      });
    } catch (error) {
      setFault(toApiFault(error));
    } finally {
      setSending(null);
    }
  };

  return (
    <div class="send-test">
      <div class="send-test-buttons" role="group" aria-label="Send a test">
        {STATUSES.map((status) => (
          <Button
            key={status}
            isBusy={sending === status}
            disabled={sending !== null && sending !== status}
            onClick={() => void send(status)}
          >
            Send {status}
          </Button>
        ))}
      </div>
      {fault !== null && <ProblemNote fault={fault} isCompact />}
      {result !== null && (
        <div class="send-test-answer" data-ok={result.answer.ok ? '' : undefined}>
          <p>
            <CodeBadge status={result.answer.status} />{' '}
            {result.answer.ok
              ? `${result.status} was accepted`
              : (result.answer.detail ??
                `${result.status} was refused: a delivery would be tried again`)}{' '}
            <span class="muted">in {formatLatency(result.answer.duration_ms)}</span>
          </p>
          {result.answer.response_body !== null && result.answer.response_body !== '' && (
            <JsonView text={result.answer.response_body} label="Answer to the test" />
          )}
        </div>
      )}
    </div>
  );
}
