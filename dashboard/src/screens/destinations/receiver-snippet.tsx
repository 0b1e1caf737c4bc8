import './receiver-snippet.css';
import type { Framework } from './receiver-snippets.ts';

import { useState } from 'preact/hooks';
import { CopyButton } from '../../components/copy-button.tsx';
import { Command } from '../../components/empty.tsx';
import { Choices } from '../../components/field.tsx';
import { FRAMEWORKS, toSnippet } from './receiver-snippets.ts';

/** `secret` null: it was shown once, the code reads it from the environment. */
export function ReceiverSnippet({
  secret,
  isBatch,
}: {
  readonly secret: string | null;
  readonly isBatch: boolean;
}) {
  const [framework, setFramework] = useState<Framework>('express');
  const chosen = FRAMEWORKS.find(({ key }) => key === framework) ?? FRAMEWORKS[0];
  const code = toSnippet(framework, secret, isBatch);
  return (
    <div class="snippet">
      <Choices<Framework>
        legend="Framework"
        isLegendHidden
        isSegmented
        value={framework}
        onValue={setFramework}
        options={FRAMEWORKS.map(({ key, title }) => ({ value: key, label: title }))}
      />
      <Command text={chosen.install} label="Install" />
      <div class="snippet-code">
        <pre class="mono" tabIndex={0} role="group" aria-label={`Receiver for ${chosen.title}`}>
          {code}
        </pre>
        <CopyButton text={code} label="Copy the receiver" isIconOnly={false} />
      </div>
    </div>
  );
}
