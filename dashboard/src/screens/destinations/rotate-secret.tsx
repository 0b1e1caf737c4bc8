import type { DestinationWithSecretView } from '../../data/types.ts';

import { useState } from 'preact/hooks';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Choices } from '../../components/field.tsx';
import { ProblemNote } from '../../components/problem.tsx';
import { request, toApiFault } from '../../data/api.ts';
import type { ApiFault } from '../../data/api.ts';
import { SecretOnce } from './secret-once.tsx';

type Overlap = '24h' | '1h' | '7d' | '0';

export function RotateSecret({
  destinationId,
  isBatch,
  onClose,
  onRotated,
}: {
  readonly destinationId: string;
  readonly isBatch: boolean;
  readonly onClose: () => void;
  readonly onRotated: () => void;
}) {
  const [overlap, setOverlap] = useState<Overlap>('24h');
  const [secret, setSecret] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [fault, setFault] = useState<ApiFault | null>(null);

  const rotate = async (): Promise<void> => {
    setBusy(true);
    try {
      const rotated = await request<DestinationWithSecretView>(
        'POST',
        `/v1/destinations/${destinationId}/rotate-secret`,
        { body: { overlap } },
      );
      setSecret(rotated.secret ?? null);
      onRotated();
    } catch (error) {
      setFault(toApiFault(error));
    } finally {
      setBusy(false);
    }
  };

  if (secret !== null) {
    return (
      <Dialog
        isOpen
        onClose={onClose}
        title="The new secret"
        size="wide"
        actions={
          <Button kind="primary" onClick={onClose}>
            I have copied it
          </Button>
        }
      >
        <SecretOnce secret={secret} isBatch={isBatch} />
      </Dialog>
    );
  }
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title="Make a new secret?"
      onSubmit={() => void rotate()}
      actions={
        <>
          <Button onClick={onClose}>Keep the present one</Button>
          <Button kind="primary" type="submit" isBusy={isBusy}>
            Make a new secret
          </Button>
        </>
      }
    >
      <p>
        During the overlap both secrets sign, so the receiver can change over at any time in it.
        X-Webhook-Signature, which can carry only one, stays with the old secret until the overlap ends.
      </p>
      <Choices<Overlap>
        legend="Overlap"
        value={overlap}
        onValue={setOverlap}
        options={[
          { value: '24h', label: '24 hours' },
          { value: '1h', label: '1 hour' },
          { value: '7d', label: '7 days' },
          { value: '0', label: 'None', hint: 'The old secret got out: it ends at once' },
        ]}
      />
      {fault !== null && <ProblemNote fault={fault} isCompact />}
    </Dialog>
  );
}
