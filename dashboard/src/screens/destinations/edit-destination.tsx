import type { DestinationView } from '../../data/types.ts';

import { Dialog } from '../../components/dialog.tsx';
import { Skeleton } from '../../components/page.tsx';
import { ProblemNote } from '../../components/problem.tsx';
import { showToast } from '../../components/toast.tsx';
import { DestinationDialog } from './destination-dialog.tsx';
import { toChange, toDraft } from './destination-draft.ts';
import { useKinds } from './use-kinds.ts';

interface EditDestinationProps {
  readonly destination: DestinationView;
  readonly name: string;
  readonly onClose: () => void;
  readonly onSaved: () => void;
}

/** Sends what was changed; what is masked stays as it is unless it is written anew. */
export function EditDestination(props: EditDestinationProps) {
  const { data, fault, reload, isLoading } = useKinds();
  const kind = data?.data.find((one) => one.kind === props.destination.kind);
  const { destination, onClose, onSaved } = props;
  const title = `Edit ${props.name}`;
  if (kind !== undefined) {
    return (
      <DestinationDialog
        kind={kind}
        destinationId={destination.id}
        title={title}
        submitLabel="Save"
        begin={(fields) => toDraft(destination, fields)}
        toBody={toChange}
        method="PATCH"
        path={`/v1/destinations/${destination.id}`}
        onClose={onClose}
        onSaved={() => {
          showToast('Saved: it holds from the next attempt on', {
            action: {
              label: 'See what failed',
              href: `/deliveries?tab=failed&q=destination:${destination.id}&since=7d`,
            },
          });
          onSaved();
          onClose();
        }}
      />
    );
  }
  return (
    <Dialog isOpen onClose={onClose} title={title}>
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
