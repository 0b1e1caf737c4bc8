import type { DestinationKindView, DestinationView } from '../../data/types.ts';
import type { DestinationDraft } from './destination-draft.ts';
import type { FormFaults } from './form-faults.ts';

import { useMemo, useState } from 'preact/hooks';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Skeleton } from '../../components/page.tsx';
import { ProblemNote } from '../../components/problem.tsx';
import { showToast } from '../../components/toast.tsx';
import { CheckConnection } from './check-connection.tsx';
import { toChange, toDraft } from './destination-draft.ts';
import { DestinationForm } from './destination-form.tsx';
import { toFields } from './settings-schema.ts';
import { useKinds } from './use-kinds.ts';
import { useSave } from './use-save.ts';

interface EditDestinationProps {
  readonly destination: DestinationView;
  readonly onClose: () => void;
  readonly onSaved: () => void;
}

/** Sends what was changed; what is masked stays as it is unless it is written anew. */
export function EditDestination(props: EditDestinationProps) {
  const { data, fault, reload, isLoading } = useKinds();
  const kind = data?.data.find((one) => one.kind === props.destination.kind);
  if (kind !== undefined) return <Editing {...props} kind={kind} />;
  return (
    <Dialog isOpen onClose={props.onClose} title={toTitle(props.destination)}>
      {fault !== null ? (
        <ProblemNote fault={fault} onRetry={reload} isRetrying={isLoading} />
      ) : data === undefined ? (
        <Skeleton lines={6} />
      ) : (
        <p>This hub has no kind of destination by that name: it can only be deleted.</p>
      )}
    </Dialog>
  );
}

function Editing({
  destination,
  onClose,
  onSaved,
  kind,
}: EditDestinationProps & { readonly kind: DestinationKindView }) {
  const fields = useMemo(() => toFields(kind.settings_schema), [kind]);
  // What came in meanwhile is no change of whoever edits.
  const [before] = useState(() => toDraft(destination, fields));
  const [draft, setDraft] = useState<DestinationDraft>(before);
  const [faults, setFaults] = useState<FormFaults>({});
  const { save, fault, isBusy } = useSave(fields, setFaults);
  const submit = async (): Promise<void> => {
    const saved = await save('PATCH', `/v1/destinations/${destination.id}`, draft, () =>
      toChange(before, draft, fields),
    );
    if (saved === null) return;
    showToast('Saved: it holds from the next attempt on', {
      action: {
        label: 'See what failed',
        href: `/deliveries?tab=failed&q=destination:${destination.id}&since=7d`,
      },
    });
    onSaved();
    onClose();
  };
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={toTitle(destination)}
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
            destinationId={destination.id}
            onFaults={setFaults}
          />
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" isBusy={isBusy}>
            Save
          </Button>
        </>
      }
    >
      <DestinationForm
        kind={kind}
        fields={fields}
        draft={draft}
        onChange={(next) => {
          setDraft(next);
          setFaults({});
        }}
        faults={faults}
      />
    </Dialog>
  );
}

function toTitle({ name, id }: DestinationView): string {
  return `Edit ${name ?? id}`;
}
