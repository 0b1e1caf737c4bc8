import './destination-form.css';
import type { ProblemView } from '../../data/types.ts';
import type { DestinationDraft } from './destination-draft.ts';

import { Button, IconButton } from '../../components/button.tsx';
import { Checkbox, Choices, Field, NumberInput, TextArea, TextInput } from '../../components/field.tsx';
import { CALL_TYPES, STATUSES } from './destination-draft.ts';

export interface DestinationFormProps {
  readonly draft: DestinationDraft;
  readonly onChange: (draft: DestinationDraft) => void;
  /** By field; what the hub refused stands where it was typed. */
  readonly faults: Readonly<Partial<Record<keyof DestinationDraft, string>>>;
}

export function DestinationForm({ draft, onChange, faults }: DestinationFormProps) {
  const set = <Name extends keyof DestinationDraft>(name: Name, value: DestinationDraft[Name]): void =>
    onChange({ ...draft, [name]: value });
  return (
    <div class="destination-form">
      <Field label="Name" isOptional hint="For people: what or whose it is" error={faults.name}>
        <TextInput
          value={draft.name}
          onValue={(value) => set('name', value)}
          maxLength={200}
          autocomplete="off"
        />
      </Field>
      <Field label="URL" hint="Every event is sent here by POST, signed" error={faults.url}>
        <TextInput
          type="url"
          value={draft.url}
          onValue={(value) => set('url', value)}
          placeholder="https://example.com/webhooks/status-update"
          autocomplete="off"
          spellcheck={false}
          required
          isMono
        />
      </Field>
      <Flags
        legend="Which statuses"
        hint="All, if none is chosen"
        values={draft.statuses}
        options={STATUSES.map((status) => [status, status] as const)}
        onValues={(values) => set('statuses', values)}
      />
      <details class="destination-more">
        <summary>Which calls, headers, order, limits, retries</summary>
        <div class="destination-form">
          <Flags
            legend="Which calls"
            hint="All, if none is chosen"
            values={draft.callTypes}
            options={CALL_TYPES.map((type) => [type, TYPE_WORDS[type]] as const)}
            onValues={(values) => set('callTypes', values)}
          />
          <Field
            label="Only of these numbers of ours"
            isOptional
            hint="One per line"
            error={faults.phoneNumbers}
          >
            <TextArea
              value={draft.phoneNumbers}
              onValue={(value) => set('phoneNumbers', value)}
              rows={2}
              isMono
            />
          </Field>
          <Headers
            headers={draft.headers}
            onHeaders={(headers) => set('headers', headers)}
            fault={faults.headers}
          />
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
            <Field label="At once" isOptional hint="32 if left empty" error={faults.concurrency}>
              <NumberInput
                value={draft.concurrency}
                onValue={(value) => set('concurrency', value)}
                min={1}
                max={1_000}
                unit="requests"
              />
            </Field>
            <Field label="Pace" isOptional hint="No limit if left empty" error={faults.ratePerSecond}>
              <NumberInput
                value={draft.ratePerSecond}
                onValue={(value) => set('ratePerSecond', value)}
                min={0.01}
                max={100_000}
                unit="per second"
              />
            </Field>
            <Field label="Time for an answer" isOptional hint="15 s if left empty" error={faults.timeoutS}>
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
            error={faults.retrySchedule}
          >
            <TextInput
              value={draft.retrySchedule}
              onValue={(value) => set('retrySchedule', value)}
              autocomplete="off"
              isMono
            />
          </Field>
        </div>
      </details>
    </div>
  );
}

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
      <div class="flags-row">
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

function Headers({
  headers,
  onHeaders,
  fault,
}: {
  readonly headers: DestinationDraft['headers'];
  readonly onHeaders: (headers: DestinationDraft['headers']) => void;
  readonly fault: string | undefined;
}) {
  const change = (at: number, part: Partial<DestinationDraft['headers'][number]>): void =>
    onHeaders(headers.map((header, index) => (index === at ? { ...header, ...part } : header)));
  return (
    <fieldset class="flags">
      <legend>
        Headers{' '}
        <span class="muted">Authorization and X-… only; values are kept secret and shown as ••••••</span>
      </legend>
      {headers.map((header, index) => (
        <div key={index} class="header-row">
          <Field label={`Name of header ${index + 1}`} isLabelHidden>
            <TextInput
              value={header.name}
              onValue={(name) => change(index, { name })}
              placeholder="Authorization"
              autocomplete="off"
              isMono
            />
          </Field>
          <Field label={`Value of header ${index + 1}`} isLabelHidden>
            <TextInput
              value={header.value}
              onValue={(value) => change(index, { value })}
              placeholder="Bearer …"
              autocomplete="off"
              isMono
            />
          </Field>
          <IconButton
            icon="trash"
            label={`Remove header ${index + 1}`}
            onClick={() => onHeaders(headers.filter((_, at) => at !== index))}
          />
        </div>
      ))}
      {fault !== undefined && <p class="field-error">{fault}</p>}
      <Button size="small" icon="plus" onClick={() => onHeaders([...headers, { name: '', value: '' }])}>
        Add a header
      </Button>
    </fieldset>
  );
}

const TYPE_WORDS: Readonly<Record<(typeof CALL_TYPES)[number], string>> = {
  inbound_phone_call: 'Inbound',
  outbound_phone_call: 'Outbound',
  web_call: 'Web',
};

/** JSON pointers of the hub's faults, as the fields of the form. */
const FIELDS: readonly (readonly [pointer: RegExp, field: keyof DestinationDraft])[] = [
  [/^\/settings\/url/, 'url'],
  [/^\/settings\/headers/, 'headers'],
  [/^\/settings$/, 'url'],
  [/^\/name/, 'name'],
  [/^\/filter\/phone_numbers/, 'phoneNumbers'],
  [/^\/concurrency/, 'concurrency'],
  [/^\/rate_per_second/, 'ratePerSecond'],
  [/^\/timeout_ms/, 'timeoutS'],
  [/^\/retry_schedule_s/, 'retrySchedule'],
];

/** null where none of them belongs to a field: then the problem is shown as a whole. */
export function toFieldFaults(problem: ProblemView): Partial<Record<keyof DestinationDraft, string>> | null {
  const faults: Partial<Record<keyof DestinationDraft, string>> = {};
  for (const { pointer = '', detail } of problem.errors ?? []) {
    const field = FIELDS.find(([pattern]) => pattern.test(pointer))?.[1];
    if (field !== undefined) faults[field] ??= detail;
  }
  return Object.keys(faults).length === 0 ? null : faults;
}
