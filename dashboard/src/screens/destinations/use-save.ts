import { useState } from 'preact/hooks';
import type { DestinationDraft, DraftBody } from './destination-draft.ts';
import type { FormFaults } from './form-faults.ts';
import type { SettingsField } from './settings-schema.ts';

import { request, toApiFault } from '../../data/api.ts';
import type { ApiFault, Method } from '../../data/api.ts';
import { toFormFaults } from './form-faults.ts';
import { findFaults, isShown } from './settings-schema.ts';

/** Sends a form; what is refused stands at its fields, or as a whole where it has none. */
export function useSave(
  fields: readonly SettingsField[],
  setFaults: (faults: FormFaults) => void,
): {
  readonly isBusy: boolean;
  readonly fault: ApiFault | null;
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- whoever asks says what comes back
  save<Answer>(
    method: Method,
    path: string,
    draft: DestinationDraft,
    toBody: () => DraftBody,
  ): Promise<Answer | null>;
} {
  const [isBusy, setBusy] = useState(false);
  const [fault, setFault] = useState<ApiFault | null>(null);
  return {
    isBusy,
    fault,
    async save<Answer>(
      method: Method,
      path: string,
      draft: DestinationDraft,
      toBody: () => DraftBody,
    ): Promise<Answer | null> {
      const made = toBody();
      const missing = Object.entries(findFaults(fields, draft.settings));
      const own = Object.fromEntries([
        ...missing.map(([name, detail]) => [`settings.${name}`, detail]),
        ...(made.kind === 'fault' ? [[made.field, made.detail]] : []),
      ]) as FormFaults;
      setFaults(own);
      setFault(null);
      if (made.kind === 'fault' || missing.length > 0) return null;
      setBusy(true);
      try {
        return await request<Answer>(method, path, { body: made.body });
      } catch (error) {
        const refused = toApiFault(error);
        const shown = fields.filter((field) => isShown(field, draft.settings)).map(({ name }) => name);
        const byField = toFormFaults(refused.problem, shown);
        if (byField === null) setFault(refused);
        else setFaults(byField);
        return null;
      } finally {
        setBusy(false);
      }
    },
  };
}
