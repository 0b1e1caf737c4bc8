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
          <CodeBadge status={answer.status} cause={answer.cause} fallback="Did not work" />
        )}{' '}
        {toWords(answer) ?? (answer.ok ? accepted : refused)}{' '}
        <span class="muted">· {formatLatency(answer.duration_ms)}</span>
      </p>
      {answer.explanation != null && <p class="muted">{answer.explanation.hint}</p>}
      {answer.response_body !== null && answer.response_body !== '' && (
        <JsonView text={answer.response_body} label="Answer to the test" />
      )}
    </div>
  );
}

/** Where the detail goes on with what to do, that stands below already. */
function toWords({ detail, explanation }: TestView): string | null {
  const title = explanation?.title ?? null;
  if (detail === null || title === null) return detail ?? title;
  return detail.toLowerCase().startsWith(title.toLowerCase()) ? title : detail;
}
