/** What makes a destination, of whatever kind: its settings from the kind's schema, what it is told of, and how. */
import './destination-form.css';
import type { DestinationKindView } from '../../data/types.ts';
import type { DestinationDraft } from './destination-draft.ts';
import type { FormFaults } from './form-faults.ts';
import type { SettingsField } from './settings-schema.ts';

import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Checkbox, Choices, Field, NumberInput, TextArea, TextInput } from '../../components/field.tsx';
import { OPERATIONAL_TYPES, OPERATIONAL_WORDS } from '../../components/operational-words.ts';
import { CALL_TYPES, STATUSES } from './destination-draft.ts';
import { SettingInput } from './setting-input.tsx';
import { isShown } from './settings-schema.ts';

export interface DestinationFormProps {
  readonly kind: DestinationKindView;
  readonly fields: readonly SettingsField[];
  readonly draft: DestinationDraft;
  readonly onChange: (draft: DestinationDraft) => void;
  /** What the hub refused stands where it was typed. */
  readonly faults: FormFaults;
}

export function DestinationForm(props: DestinationFormProps) {
  const { kind, fields, draft, onChange, faults } = props;
  const { defaults } = kind;
  const root = useRef<HTMLDivElement>(null);
  const [isMoreOpen, setMoreOpen] = useState(false);
  const set = <Name extends keyof DestinationDraft>(name: Name, value: DestinationDraft[Name]): void =>
    onChange({ ...draft, [name]: value });
  const toInput = (field: SettingsField) => (
    <SettingInput
      key={field.name}
      field={field}
      value={draft.settings[field.name] ?? null}
      onValue={(value) => set('settings', { ...draft.settings, [field.name]: value })}
      fault={faults[`settings.${field.name}`]}
    />
  );
  const shown = fields.filter((field) => isShown(field, draft.settings));
  const advanced = shown.filter((field) => field.advanced === true);
  const isMoreFaulty =
    MORE_FIELDS.some((name) => faults[name] !== undefined) ||
    advanced.some(({ name }) => faults[`settings.${name}`] !== undefined);

  // With the words, not a frame after them: what is typed as soon as they are seen belongs to the field they stand at.
  useLayoutEffect(() => {
    if (isMoreFaulty) setMoreOpen(true);
    root.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus();
  }, [faults]);

  // A CRM has no use for it, but whoever wants it there may have it.
  const isToldOfHub = kind.signs || defaults.filter.operational_events !== undefined;
  const toldOfHub = (
    <Flags
      legend="Also told of"
      hint="What the hub notices; nothing, if none is chosen"
      values={draft.operationalEvents}
      options={OPERATIONAL_TYPES.map((type) => [type, OPERATIONAL_WORDS[type].title] as const)}
      onValues={(values) => set('operationalEvents', values)}
    />
  );

  return (
    <div class="destination-form" ref={root}>
      {kind.setup.length > 0 && (
        <details class="destination-more">
          <summary>How to get it</summary>
          <ol class="destination-steps">
            {kind.setup.map((step) => (
              <li key={step}>{step}</li>
            ))}
          </ol>
        </details>
      )}
      <Field label="Name" isOptional hint="For people: what or whose it is" error={faults['name']}>
        <TextInput value={draft.name} onValue={(value) => set('name', value)} maxLength={200} />
      </Field>
      {shown.filter((field) => field.advanced !== true).map(toInput)}
      <div class="destination-form destination-told">
        <Flags
          legend="Which statuses"
          hint="All, if none is chosen"
          values={draft.statuses}
          options={STATUSES.map((status) => [status, status] as const)}
          onValues={(values) => set('statuses', values)}
        />
        <Flags
          legend="Which calls"
          hint="All, if none is chosen"
          values={draft.callTypes}
          options={CALL_TYPES.map((type) => [type, TYPE_WORDS[type]] as const)}
          onValues={(values) => set('callTypes', values)}
        />
        {isToldOfHub && toldOfHub}
      </div>
      <details
        class="destination-more"
        open={isMoreOpen}
        onToggle={(event) => setMoreOpen(event.currentTarget.open)}
      >
        <summary>
          More settings{' '}
          <span class="muted">
            {[...advanced.map(({ title }) => title), 'Numbers', 'Order', 'Pace', 'Retries'].join(', ')}
          </span>
        </summary>
        <div class="destination-form">
          {advanced.map(toInput)}
          {!isToldOfHub && toldOfHub}
          <Field
            label="Only of these numbers of ours"
            isOptional
            hint="One per line"
            error={faults['phoneNumbers']}
          >
            <TextArea
              value={draft.phoneNumbers}
              onValue={(value) => set('phoneNumbers', value)}
              rows={2}
              isMono
            />
          </Field>
          <Choices
            legend="Order within a call"
            value={draft.order}
            onValue={(value) => set('order', value)}
            options={[
              {
                value: 'strict',
                label: 'Every event, in order',
                hint: 'The next one waits until the one before is delivered or given up',
              },
              {
                value: 'latest',
                label: 'Only the latest matters',
                hint: 'A newer event of a call replaces those that still wait',
              },
            ]}
          />
          <div class="destination-numbers">
            <Field
              label="At once"
              isOptional
              hint={`${defaults.concurrency} if left empty`}
              error={faults['concurrency']}
            >
              <NumberInput
                value={draft.concurrency}
                onValue={(value) => set('concurrency', value)}
                min={1}
                max={1_000}
                unit="requests"
              />
            </Field>
            <Field label="Pace" isOptional hint="No limit if left empty" error={faults['ratePerSecond']}>
              <NumberInput
                value={draft.ratePerSecond}
                onValue={(value) => set('ratePerSecond', value)}
                min={0.01}
                max={100_000}
                unit="per second"
              />
            </Field>
            <Field
              label="Time for an answer"
              isOptional
              hint={`${defaults.timeout_ms / 1_000} s if left empty`}
              error={faults['timeoutS']}
            >
              <NumberInput
                value={draft.timeoutS}
                onValue={(value) => set('timeoutS', value)}
                min={1}
                max={30}
                unit="s"
              />
            </Field>
          </div>
          <Field
            label="Retries"
            isOptional
            hint="Waiting times before each further try, such as 5s, 30s, 2m. The default goes on for at least 75 hours."
            error={faults['retrySchedule']}
          >
            <TextInput value={draft.retrySchedule} onValue={(value) => set('retrySchedule', value)} isMono />
          </Field>
        </div>
      </details>
    </div>
  );
}

const MORE_FIELDS = ['phoneNumbers', 'concurrency', 'ratePerSecond', 'timeoutS', 'retrySchedule'] as const;

const TYPE_WORDS: Readonly<Record<(typeof CALL_TYPES)[number], string>> = {
  inbound_phone_call: 'Inbound',
  outbound_phone_call: 'Outbound',
  web_call: 'Web',
};

function Flags({
  legend,
  hint,
  values,
  options,
  onValues,
}: {
  readonly legend: string;
  readonly hint: string;
  readonly values: readonly string[];
  readonly options: readonly (readonly [value: string, label: string])[];
  readonly onValues: (values: readonly string[]) => void;
}) {
  return (
    <fieldset class="flags">
      <legend>
        {legend} <span class="muted">{hint}</span>
      </legend>
      <div class="flags-row" data-many={options.length > 4 ? '' : undefined}>
        {options.map(([value, label]) => (
          <Checkbox
            key={value}
            label={label}
            isChecked={values.includes(value)}
            onChange={(isOn) => onValues(isOn ? [...values, value] : values.filter((one) => one !== value))}
          />
        ))}
      </div>
    </fieldset>
  );
}
