import './sent-request.css';
import type { AttemptRequestView } from '../../data/types.ts';

import { CopyButton } from '../../components/copy-button.tsx';
import { JsonView } from '../../components/json-view.tsx';
import { isMasked, toAttemptCurl } from '../calls/curl-text.ts';

/** What went out with one attempt, and how far it can be shown as it was. */
export function SentRequest({
  sent,
  body,
  isBodyShown = false,
}: {
  readonly sent: NonNullable<AttemptRequestView>;
  readonly body: string;
  /** False where the body stands beside it already: it is the same for all attempts. */
  readonly isBodyShown?: boolean;
}) {
  const isBatch = sent.signature === 'batch';
  return (
    <div class="wire">
      <p class="wire-line mono">
        {sent.method} {sent.url}
      </p>
      <dl class="wire-headers mono">
        {sent.headers.map(([name, value], index) => (
          <div key={`${index} ${name}`}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {isBodyShown && (
        <JsonView text={body} label={isBatch ? 'What the batch held for it' : 'Body as sent'} />
      )}
      {!isBatch && (
        <div class="row">
          <CopyButton
            text={() => toAttemptCurl(sent, body)}
            label="Copy as curl"
            isIconOnly={false}
            kind="normal"
          />
        </div>
      )}
      <p class="wire-note">
        {sent.settings_changed && 'The destination was changed since: address and headers are those of now. '}
        {isBatch
          ? 'It went in a batch. Which other events that held is not kept, so its body, id and signatures cannot be shown. '
          : sent.signature === 'not for this key'
            ? 'Signatures are not shown to a key that may only watch. '
            : isMasked(body)
              ? 'Numbers are masked for you, so that the signature does not fit this body: reveal them to copy what was sent. '
              : sent.signature === 'valid'
                ? 'The signature is the one that was sent. '
                : 'The secret was rotated since, so that the signature of then cannot be shown. '}
        Receivers refuse signatures older than five minutes; to send it anew, retry the delivery.
      </p>
    </div>
  );
}
