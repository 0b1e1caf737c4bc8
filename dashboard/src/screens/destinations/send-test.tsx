import type { TestView } from '../../data/types.ts';

import { useState } from 'preact/hooks';
import { Button } from '../../components/button.tsx';
import { ProblemNote } from '../../components/problem.tsx';
import { announce } from '../../components/status-line.tsx';
import { request, toApiFault } from '../../data/api.ts';
import type { ApiFault } from '../../data/api.ts';
import { STATUSES } from './destination-draft.ts';
import { TestAnswer } from './test-answer.tsx';

type Status = (typeof STATUSES)[number];

/**
 * Where requests are signed: each of the three published payloads, as a real one, and what comes back. The other kinds
 * have a test of their own, since a test must not leave a call in somebody's CRM. Nothing of it enters the journal.
 */
export function SendTest({
  destinationId,
  signs,
}: {
  readonly destinationId: string;
  readonly signs: boolean;
}) {
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
      announce(answer.ok ? 'The test was accepted' : 'The test was not accepted', { isUrgent: true });
    } catch (error) {
      setFault(toApiFault(error));
    } finally {
      setSending(null);
    }
  };

  const word = signs ? (result?.status ?? '') : 'The test';
  return (
    <div class="send-test">
      <div class="send-test-buttons" role="group" aria-label="Send a test">
        {(signs ? STATUSES : STATUSES.slice(0, 1)).map((status) => (
          <Button
            key={status}
            isBusy={sending === status}
            disabled={sending !== null && sending !== status}
            onClick={() => void send(status)}
          >
            {signs ? `Send ${status}` : 'Send a test'}
          </Button>
        ))}
      </div>
      {fault !== null && <ProblemNote fault={fault} isCompact />}
      {result !== null && (
        <TestAnswer
          answer={result.answer}
          accepted={`${word} was accepted`}
          refused={`${word} was refused: a delivery would be tried again`}
        />
      )}
    </div>
  );
}
