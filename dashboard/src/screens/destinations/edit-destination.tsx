import type { DestinationView } from '../../data/types.ts';
import type { DestinationDraft } from './destination-draft.ts';

import { useState } from 'preact/hooks';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { ProblemNote } from '../../components/problem.tsx';
import { showToast } from '../../components/toast.tsx';
import { request, toApiFault } from '../../data/api.ts';
import type { ApiFault } from '../../data/api.ts';
import { toChange, toDraft } from './destination-draft.ts';
import { DestinationForm, toFieldFaults } from './destination-form.tsx';

/** Sends what was changed; what is masked stays as it is unless it is written anew. */
export function EditDestination({
  destination,
  onClose,
  onSaved,
}: {
  readonly destination: DestinationView;
  readonly onClose: () => void;
  readonly onSaved: () => void;
}) {
  const [draft, setDraft] = useState<DestinationDraft>(() => toDraft(destination));
  const [faults, setFaults] = useState<Partial<Record<keyof DestinationDraft, string>>>({});
  const [fault, setFault] = useState<ApiFault | null>(null);
  const [isBusy, setBusy] = useState(false);

  const save = async (): Promise<void> => {
    const made = toChange(toDraft(destination), draft);
    if (made.kind === 'fault') {
      setFaults({ [made.field]: made.detail });
      return;
    }
    setBusy(true);
    setFault(null);
    setFaults({});
    try {
      await request('PATCH', `/v1/destinations/${destination.id}`, { body: made.body });
      showToast('Saved: it holds from the next attempt on', {
        action: {
          label: 'See what failed',
          href: `/deliveries?tab=failed&q=destination:${destination.id}&since=7d`,
        },
      });
      onSaved();
      onClose();
    } catch (error) {
      const refused = toApiFault(error);
      const byField = toFieldFaults(refused.problem);
      if (byField === null) setFault(refused);
      else setFaults(byField);
    } finally {
      setBusy(false);
    }
  };

  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={`Edit ${destination.name ?? destination.id}`}
      onSubmit={() => void save()}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" isBusy={isBusy}>
            Save
          </Button>
        </>
      }
    >
      <DestinationForm
        draft={draft}
        onChange={(next) => {
          setDraft(next);
          setFaults({});
        }}
        faults={faults}
      />
      {fault !== null && <ProblemNote fault={fault} isCompact />}
    </Dialog>
  );
}
