import './test-answer.css';
import type { TestView } from '../../data/types.ts';

import { Badge, CodeBadge } from '../../components/badge.tsx';
import { JsonView } from '../../components/json-view.tsx';
import { formatLatency } from '../../data/format.ts';

/** What came back of a test: a status where that is the whole answer, else a sentence of the kind's own. */
export function TestAnswer({
  answer,
  accepted,
  refused,
  tone = answer.ok ? 'good' : 'bad',
}: {
  readonly answer: TestView;
  /** Said where the kind has no words of its own. */
  readonly accepted: string;
  readonly refused: string;
  readonly tone?: 'good' | 'warn' | 'bad' | undefined;
}) {
  return (
    <div class="test-answer" data-tone={tone}>
      <p>
        {answer.ok && answer.status === null ? (
          <Badge tone="good" icon="state-done" isPlain>
            Works
          </Badge>
        ) : (
          <CodeBadge status={answer.status} fallback="Did not work" />
        )}{' '}
        {answer.detail ?? (answer.ok ? accepted : (answer.explanation?.title ?? refused))}{' '}
        <span class="muted">in {formatLatency(answer.duration_ms)}</span>
      </p>
      {answer.explanation != null && <p class="muted">{answer.explanation.hint}</p>}
      {answer.response_body !== null && answer.response_body !== '' && (
        <JsonView text={answer.response_body} label="Answer to the test" />
      )}
    </div>
  );
}
