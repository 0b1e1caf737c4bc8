import type { DestinationWithSecretView } from '../../data/types.ts';
import type { DestinationDraft } from './destination-draft.ts';

import { useState } from 'preact/hooks';
import { Button, LinkButton } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { ProblemNote } from '../../components/problem.tsx';
import { request, toApiFault } from '../../data/api.ts';
import type { ApiFault } from '../../data/api.ts';
import { EMPTY_DRAFT, toBody } from './destination-draft.ts';
import { DestinationForm, toFieldFaults } from './destination-form.tsx';
import { SecretOnce } from './secret-once.tsx';
import { SendTest } from './send-test.tsx';

/** First the address, then, this once, the secret with the code that checks it. */
export function CreateDestination({
  onClose,
  onCreated,
}: {
  readonly onClose: () => void;
  readonly onCreated: () => void;
}) {
  const [draft, setDraft] = useState<DestinationDraft>(EMPTY_DRAFT);
  const [faults, setFaults] = useState<Partial<Record<keyof DestinationDraft, string>>>({});
  const [fault, setFault] = useState<ApiFault | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [created, setCreated] = useState<DestinationWithSecretView | null>(null);

  const submit = async (): Promise<void> => {
    const made = toBody(draft);
    if (made.kind === 'fault') {
      setFaults({ [made.field]: made.detail });
      return;
    }
    if (draft.url.trim() === '') {
      setFaults({ url: 'Say where events are to be sent.' });
      return;
    }
    setBusy(true);
    setFault(null);
    setFaults({});
    try {
      setCreated(
        await request<DestinationWithSecretView>('POST', '/v1/destinations', {
          body: { kind: 'webhook', ...made.body },
        }),
      );
      onCreated();
    } catch (error) {
      const refused = toApiFault(error);
      const byField = toFieldFaults(refused.problem);
      if (byField === null) setFault(refused);
      else setFaults(byField);
    } finally {
      setBusy(false);
    }
  };

  if (created !== null) {
    return (
      <Dialog
        isOpen
        onClose={onClose}
        title={`${created.name ?? 'The destination'} is told from now on`}
        size="wide"
        actions={
          <LinkButton kind="primary" href={`/destinations/${created.id}`}>
            Open it
          </LinkButton>
        }
      >
        <SecretOnce secret={created.secret} />
        <h3>Try it</h3>
        <SendTest destinationId={created.id} />
      </Dialog>
    );
  }
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title="Add a webhook destination"
      onSubmit={() => void submit()}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" isBusy={isBusy}>
            Add destination
          </Button>
        </>
      }
    >
      <DestinationForm
        draft={draft}
        onChange={(next) => {
          setDraft(next);
          // What is being corrected is not held against anybody until it is sent again.
          setFaults({});
        }}
        faults={faults}
      />
      {fault !== null && <ProblemNote fault={fault} isCompact />}
    </Dialog>
  );
}
