import type { DestinationKindView, DestinationWithSecretView } from '../../data/types.ts';
import type { DestinationDraft } from './destination-draft.ts';
import type { FormFaults } from './form-faults.ts';

import { useMemo, useState } from 'preact/hooks';
import { Button, LinkButton } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { KindIcon } from '../../components/kind-icon.tsx';
import { Skeleton } from '../../components/page.tsx';
import { ProblemNote } from '../../components/problem.tsx';
import { hrefWith } from '../../data/location.ts';
import { toEventTitle } from '../../components/operational-words.ts';
import { CheckConnection } from './check-connection.tsx';
import { toBody, toNewDraft } from './destination-draft.ts';
import { DestinationForm } from './destination-form.tsx';
import { KindPicker } from './kind-picker.tsx';
import { SecretOnce } from './secret-once.tsx';
import { SendTest } from './send-test.tsx';
import { toFields } from './settings-schema.ts';
import { useKinds } from './use-kinds.ts';
import { useSave } from './use-save.ts';

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
  if (created !== null) return <Created destination={created} onClose={onClose} />;
  if (kind !== undefined) {
    return (
      <NewDestination
        key={wanted}
        kind={kind}
        onClose={onClose}
        onCreated={(made) => {
          setCreated(made);
          onCreated();
        }}
      />
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

function NewDestination({
  kind,
  onClose,
  onCreated,
}: {
  readonly kind: DestinationKindView;
  readonly onClose: () => void;
  readonly onCreated: (made: DestinationWithSecretView) => void;
}) {
  const fields = useMemo(() => toFields(kind.settings_schema), [kind]);
  const [draft, setDraft] = useState<DestinationDraft>(() => toNewDraft(kind, fields));
  const [faults, setFaults] = useState<FormFaults>({});
  const { save, fault, isBusy } = useSave(fields, setFaults);
  const submit = async (): Promise<void> => {
    const made = await save<DestinationWithSecretView>('POST', '/v1/destinations', draft, () => {
      const body = toBody(draft, fields);
      return body.kind === 'fault' ? body : { kind: 'body', body: { kind: kind.kind, ...body.body } };
    });
    if (made !== null) onCreated(made);
  };
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={`Add a ${kind.title} destination`}
      onSubmit={() => void submit()}
      actions={
        <>
          {fault !== null && (
            <div class="check-answer">
              <ProblemNote fault={fault} isCompact />
            </div>
          )}
          <CheckConnection
            kind={kind}
            fields={fields}
            draft={draft}
            destinationId={null}
            onFaults={setFaults}
          />
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" isBusy={isBusy}>
            Add destination
          </Button>
        </>
      }
    >
      <p class="kind-line muted">
        <KindIcon kind={kind.kind} />
        <span>
          {kind.summary} <a href={hrefWith({ new: 'choose' })}>Another kind</a>
        </span>
      </p>
      <DestinationForm
        kind={kind}
        fields={fields}
        draft={draft}
        onChange={(next) => {
          setDraft(next);
          // What is being corrected is not held against anybody until it is sent again.
          setFaults({});
        }}
        faults={faults}
      />
    </Dialog>
  );
}

function Created({
  destination,
  onClose,
}: {
  readonly destination: DestinationWithSecretView;
  readonly onClose: () => void;
}) {
  const { id, name, kind_title: title, target, secret, signs, filter } = destination;
  const { statuses = [], operational_events: noticed = [] } = filter;
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={`${name ?? (signs ? 'The destination' : title)} is told from now on`}
      size="wide"
      actions={
        <LinkButton kind="primary" href={`/destinations/${id}`}>
          Open it
        </LinkButton>
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
        <SecretOnce secret={secret} />
      )}
      <h3>Try it</h3>
      <SendTest destinationId={id} signs={signs} />
    </Dialog>
  );
}
