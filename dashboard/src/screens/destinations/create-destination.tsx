import type { DestinationWithSecretView } from '../../data/types.ts';

import { useState } from 'preact/hooks';
import { Button, LinkButton } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { KindIcon } from '../../components/kind-icon.tsx';
import { Skeleton } from '../../components/page.tsx';
import { ProblemNote } from '../../components/problem.tsx';
import { hrefWith, setQuery } from '../../data/location.ts';
import { toEventTitle } from '../../components/operational-words.ts';
import { DestinationDialog } from './destination-dialog.tsx';
import { toBody, toNewDraft } from './destination-draft.ts';
import { KindPicker } from './kind-picker.tsx';
import { isBatched } from './receiver-snippets.ts';
import { SecretOnce } from './secret-once.tsx';
import { SendTest } from './send-test.tsx';
import { useKinds } from './use-kinds.ts';

/** First the kind, then its settings, then how to see that it works. */
export function CreateDestination({
  kind: wanted,
  onClose,
  onCreated,
}: {
  /** As the address says it; another word shows them all. */
  readonly kind: string;
  readonly onClose: () => void;
  readonly onCreated: () => void;
}) {
  const { data, fault, reload, isLoading } = useKinds();
  const [created, setCreated] = useState<DestinationWithSecretView | null>(null);
  const kinds = data?.data;
  const kind = kinds?.find((one) => one.kind === wanted);
  if (created !== null) {
    return (
      <Created
        destination={created}
        onClose={onClose}
        onMore={() => {
          setCreated(null);
          setQuery({ new: 'choose' });
        }}
      />
    );
  }
  if (kind !== undefined) {
    return (
      <DestinationDialog<DestinationWithSecretView>
        key={wanted}
        kind={kind}
        destinationId={null}
        title={`Add a ${kind.title} destination`}
        submitLabel="Add destination"
        begin={(fields) => toNewDraft(kind, fields)}
        toBody={(_, draft, fields) => toBody(draft, fields, { kind: kind.kind })}
        method="POST"
        path="/v1/destinations"
        onClose={onClose}
        onSaved={(made) => {
          setCreated(made);
          onCreated();
        }}
      >
        <p class="kind-line muted">
          <KindIcon kind={kind.kind} />
          <span>
            {kind.summary} <a href={hrefWith({ new: 'choose' })}>Another kind</a>
          </span>
        </p>
      </DestinationDialog>
    );
  }
  return (
    <Dialog isOpen onClose={onClose} title="Add a destination">
      {kinds !== undefined ? (
        <KindPicker kinds={kinds} />
      ) : fault === null ? (
        <Skeleton lines={6} />
      ) : (
        <ProblemNote fault={fault} onRetry={reload} isRetrying={isLoading} />
      )}
    </Dialog>
  );
}

function Created({
  destination,
  onClose,
  onMore,
}: {
  readonly destination: DestinationWithSecretView;
  readonly onClose: () => void;
  readonly onMore: () => void;
}) {
  const { id, name, kind_title: title, target, secret, signs, filter } = destination;
  const { statuses = [], operational_events: noticed = [] } = filter;
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={`${name ?? title} is told from now on`}
      size="wide"
      actions={
        <>
          <Button icon="plus" onClick={onMore}>
            Add another
          </Button>
          <LinkButton kind="primary" href={`/destinations/${id}`}>
            Open it
          </LinkButton>
        </>
      }
    >
      {secret === undefined ? (
        <>
          <p>
            The next call that {statuses.length === 0 ? 'changes' : `says ${statuses.join(' or ')}`} reaches{' '}
            <strong>{target}</strong>. What goes there, and what came of it, stands in Deliveries and on the
            page of each call.
          </p>
          {noticed.length > 0 && <p class="muted">Also told of: {noticed.map(toEventTitle).join(', ')}.</p>}
        </>
      ) : (
        <SecretOnce secret={secret} isBatch={isBatched(destination.settings)} />
      )}
      <h3>Try it</h3>
      <SendTest destinationId={id} signs={signs} />
    </Dialog>
  );
}
