import './problem.css';
import type { ApiFault } from '../data/api.ts';
import { Button } from './button.tsx';
import { CopyButton } from './copy-button.tsx';
import { Icon } from './icon.tsx';

export interface ProblemNoteProps {
  readonly fault: Pick<ApiFault, 'status' | 'problem'>;
  readonly onRetry?: (() => void) | undefined;
  readonly isRetrying?: boolean | undefined;
  /** One quiet line, for above data that is still shown. */
  readonly isCompact?: boolean | undefined;
}

/** What the hub refused, in its own words, with the id that finds it in the log. */
export function ProblemNote({ fault, onRetry, isRetrying = false, isCompact = false }: ProblemNoteProps) {
  const { title, detail, request_id: requestId, errors } = fault.problem;
  return (
    <div class="problem" role="alert" data-compact={isCompact ? '' : undefined}>
      <Icon name="alert" size={20} />
      <div class="problem-words">
        <p class="problem-title">{title}</p>
        {detail !== undefined && detail !== '' && detail !== title && <p class="problem-detail">{detail}</p>}
        {errors !== undefined && errors.length > 0 && (
          <ul class="problem-errors">
            {errors.map((one) => (
              <li key={toErrorText(one)}>{toErrorText(one)}</li>
            ))}
          </ul>
        )}
        {requestId !== null && requestId !== undefined && requestId !== '' && (
          <p class="problem-request">
            Request <code>{requestId}</code>
            <CopyButton text={requestId} label="Copy request id" />
          </p>
        )}
      </div>
      {onRetry !== undefined && (
        <Button size="small" icon="retry" isBusy={isRetrying} onClick={onRetry}>
          Retry
        </Button>
      )}
    </div>
  );
}

/** The hub's faults name a place and a sentence; a proxy's may be anything. */
function toErrorText(error: unknown): string {
  if (typeof error === 'string') return error;
  if (typeof error !== 'object' || error === null) return String(error);
  const { pointer, path, field, parameter, detail, message } = error as Record<string, unknown>;
  const place = [pointer, path, field, parameter].find((one) => typeof one === 'string' && one !== '');
  const sentence = [detail, message].find((one) => typeof one === 'string' && one !== '');
  if (typeof place === 'string' && typeof sentence === 'string') return `${place}: ${sentence}`;
  if (typeof sentence === 'string') return sentence;
  return JSON.stringify(error);
}
