import type { Thresholds } from '../../data/preferences.ts';

import { useState } from 'preact/hooks';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Field, NumberInput } from '../../components/field.tsx';
import { thresholds, THRESHOLDS_DEFAULT } from '../../data/preferences.ts';

interface Row {
  readonly name: keyof Thresholds;
  readonly label: string;
  readonly unit: string;
  /** Of the unit shown. */
  readonly factor: number;
}

const ROWS: readonly Row[] = [
  { name: 'active', label: 'Active calls from', unit: 'calls', factor: 1 },
  { name: 'longestMs', label: 'Longest call from', unit: 'min', factor: 60_000 },
  { name: 'errorRate', label: 'Error rate from', unit: '%', factor: 0.01 },
  { name: 'perMinuteMin', label: 'Connected per minute below', unit: 'calls', factor: 1 },
  { name: 'backlogAgeMs', label: 'Oldest delivery from', unit: 's', factor: 1_000 },
];

/** Colours on the wall are by these alone; they are kept in this browser. */
export function ThresholdsDialog({
  isOpen,
  onClose,
}: {
  readonly isOpen: boolean;
  readonly onClose: () => void;
}) {
  const [draft, setDraft] = useState<Thresholds>(thresholds.peek());
  const set = (row: Row, level: 'warn' | 'alarm', value: number | null): void =>
    setDraft({ ...draft, [row.name]: { ...draft[row.name], [level]: (value ?? 0) * row.factor } });
  const save = (): void => {
    thresholds.value = draft;
    onClose();
  };
  return (
    <Dialog
      isOpen={isOpen}
      onClose={onClose}
      title="Thresholds of the wall"
      onSubmit={save}
      actions={
        <>
          <Button kind="quiet" onClick={() => setDraft(THRESHOLDS_DEFAULT)}>
            Back to the defaults
          </Button>
          <Button kind="primary" type="submit">
            Save
          </Button>
        </>
      }
    >
      <p>
        A tile is marked “Watch” from the first value on and “Act now” from the second. 0 switches it off.
      </p>
      {ROWS.map((row) => (
        <fieldset key={row.name} class="threshold-row">
          <legend>{row.label}</legend>
          <Field label="Watch">
            <NumberInput
              value={toShown(draft[row.name].warn, row)}
              onValue={(value) => set(row, 'warn', value)}
              min={0}
              unit={row.unit}
            />
          </Field>
          <Field label="Act now">
            <NumberInput
              value={toShown(draft[row.name].alarm, row)}
              onValue={(value) => set(row, 'alarm', value)}
              min={0}
              unit={row.unit}
            />
          </Field>
        </fieldset>
      ))}
    </Dialog>
  );
}

/** 0.05 / 0.01 is 5.000000000000001 to a computer. */
function toShown(value: number, { factor }: Row): number {
  return Math.round((value / factor) * 1_000) / 1_000;
}
