/** The form of a destination in its dialog, for a new one and for one that is changed. */
import type { ComponentChildren } from 'preact';
import type { Method } from '../../data/api.ts';
import type { DestinationKindView } from '../../data/types.ts';
import type { DestinationDraft, DraftBody } from './destination-draft.ts';
import type { FormFaults } from './form-faults.ts';
import type { SettingsField } from './settings-schema.ts';

import { useMemo, useState } from 'preact/hooks';
import { Button } from '../../components/button.tsx';
import { ConfirmDialog, Dialog } from '../../components/dialog.tsx';
import { ProblemNote } from '../../components/problem.tsx';
import { toDestinationName } from '../../data/destination-name.ts';
import { useDestinations } from '../../data/use-destinations.ts';
import { request, toApiFault } from '../../data/api.ts';
import type { ApiFault } from '../../data/api.ts';
import { CheckConnection, toSettingFaults } from './check-connection.tsx';
import { DestinationForm } from './destination-form.tsx';
import { toFormFaults, toFormWords } from './form-faults.ts';
import { findFaults, isShown, toFields } from './settings-schema.ts';

export interface DestinationDialogProps<Answer> {
  readonly kind: DestinationKindView;
  /** null for a new one. */
  readonly destinationId: string | null;
  readonly title: string;
  readonly submitLabel: string;
  readonly begin: (fields: readonly SettingsField[]) => DestinationDraft;
  readonly toBody: (
    before: DestinationDraft,
    draft: DestinationDraft,
    fields: readonly SettingsField[],
  ) => DraftBody;
  readonly method: Method;
  readonly path: string;
  readonly onClose: () => void;
  readonly onSaved: (answer: Answer) => void;
  /** Above the form. */
  readonly children?: ComponentChildren;
}

export function DestinationDialog<Answer>(props: DestinationDialogProps<Answer>) {
  const { kind, destinationId, title, submitLabel, method, path, onClose } = props;
  const fields = useMemo(() => toFields(kind.settings_schema), [kind]);
  // What comes in meanwhile is no change of whoever edits.
  const [before] = useState(() => props.begin(fields));
  const [draft, setDraft] = useState(before);
  const [faults, setFaults] = useState<FormFaults>({});
  const [fault, setFault] = useState<ApiFault | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [isLeaving, setLeaving] = useState(false);
  const destinations = useDestinations().data?.data;
  const close = (): void => (draft === before ? onClose() : setLeaving(true));

  const refuse = (error: unknown): void => {
    const refused = toApiFault(error);
    const shown = fields.filter((field) => isShown(field, draft.settings)).map(({ name }) => name);
    const byField = toFormFaults(refused.problem, shown, (detail) =>
      toFormWords(detail, fields, (id) => toDestinationName(id, destinations)),
    );
    if (byField === null) setFault(refused);
    else setFaults(byField);
  };
  /** False where something is wrong that the hub need not be asked about. */
  const isPlausible = (more: FormFaults = {}): boolean => {
    const own = { ...toSettingFaults(findFaults(fields, draft.settings)), ...more };
    setFaults(own);
    setFault(null);
    return Object.keys(own).length === 0;
  };
  const submit = async (): Promise<void> => {
    const made = props.toBody(before, draft, fields);
    if (!isPlausible(made.kind === 'fault' ? { [made.field]: made.detail } : {}) || made.kind === 'fault')
      return;
    setBusy(true);
    try {
      props.onSaved(await request<Answer>(method, path, { body: made.body }));
    } catch (error) {
      refuse(error);
    } finally {
      setBusy(false);
    }
  };

  return (
    <>
      <Dialog
        isOpen
        onClose={close}
        title={title}
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
              destinationId={destinationId}
              isPlausible={isPlausible}
              onRefused={refuse}
            />
            <Button onClick={close}>Cancel</Button>
            <Button kind="primary" type="submit" isBusy={isBusy}>
              {submitLabel}
            </Button>
          </>
        }
      >
        {props.children}
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
      <ConfirmDialog
        isOpen={isLeaving}
        onClose={() => setLeaving(false)}
        onConfirm={onClose}
        title="Drop what you wrote?"
        confirmLabel="Drop it"
        cancelLabel="Go on writing"
        isDangerous
      >
        Nothing of it was saved.
      </ConfirmDialog>
    </>
  );
}
