import './secret-once.css';

import { CopyButton } from '../../components/copy-button.tsx';
import { Icon } from '../../components/icon.tsx';
import { ReceiverSnippet } from './receiver-snippet.tsx';

/** The hub shows a secret once, so this says so, and gives the code that uses it. */
export function SecretOnce({ secret, isBatch }: { readonly secret: string; readonly isBatch: boolean }) {
  return (
    <div class="secret">
      <p class="secret-warning">
        <Icon name="key" />
        <span>
          This is the secret that signs what is sent there. <strong>It is shown only now</strong>: give it to
          whoever runs the receiver.
        </span>
      </p>
      <p class="secret-line">
        <code class="mono secret-text">{secret}</code>
        <CopyButton text={secret} label="Copy secret" isIconOnly={false} />
      </p>
      <ReceiverSnippet secret={secret} isBatch={isBatch} />
    </div>
  );
}
