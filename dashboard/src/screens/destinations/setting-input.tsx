/** One field of a kind's settings, as its schema says it. */
import type { HeaderDraft, SettingDraft, SettingsField } from './settings-schema.ts';

import { Button, IconButton } from '../../components/button.tsx';
import {
  Checkbox,
  Choices,
  Field,
  NumberInput,
  SecretInput,
  Select,
  TextArea,
  TextInput,
} from '../../components/field.tsx';
import { MASK } from './settings-schema.ts';

/** More of them, or longer ones, are chosen from a list that opens: they would fill the form. */
const CHOICES_MAX = 3;
const CHOICE_CHARACTERS_MAX = 22;

interface SettingInputProps {
  readonly field: SettingsField;
  readonly value: SettingDraft;
  readonly onValue: (value: SettingDraft) => void;
  readonly fault: string | undefined;
}

export function SettingInput(props: SettingInputProps) {
  const { field, value, onValue, fault } = props;
  const { title: label, description } = field;
  if (field.kind === 'record')
    return <Headers {...props} headers={value as readonly HeaderDraft[]} onHeaders={onValue} />;
  if (field.kind === 'flag') {
    return (
      <div class="field">
        <Checkbox label={label} isChecked={value === true} onChange={onValue} />
        {description !== undefined && <p class="field-hint setting-flag-hint">{description}</p>}
        {fault !== undefined && <p class="field-error">{fault}</p>}
      </div>
    );
  }
  if (field.kind === 'choice' && !field.isOptional && isShort(field)) {
    return (
      <div class="field">
        <Choices legend={label} value={toText(value)} onValue={onValue} options={field.options} isSegmented />
        {description !== undefined && <p class="field-hint">{description}</p>}
        {fault !== undefined && <p class="field-error">{fault}</p>}
      </div>
    );
  }
  return (
    <Field
      label={label}
      isOptional={field.isOptional}
      hint={
        isMasked(props) ? KEPT : field.kind === 'list' ? [description, ONE_PER_LINE].join(' ') : description
      }
      error={fault}
    >
      <Control {...props} />
    </Field>
  );
}

function isShort({ options }: SettingsField): boolean {
  return options.length <= CHOICES_MAX && options.every(({ label }) => label.length <= CHOICE_CHARACTERS_MAX);
}

const KEPT = 'Stays as it is unless you write a new one';
const ONE_PER_LINE = 'One per line.';

function isMasked({ field, value }: Pick<SettingInputProps, 'field' | 'value'>): boolean {
  return field.secret === true && toText(value).includes(MASK);
}

function Control({ field, value, onValue }: SettingInputProps) {
  const text = toText(value);
  const masked = isMasked({ field, value });
  const common = {
    placeholder: field.placeholder,
    required: field.isRequired,
    spellcheck: false,
    value: text,
    onValue: (typed: string) => onValue(text === MASK ? typed.replaceAll('•', '') : typed),
    // What is typed takes the place of a mask, of which no part can be kept.
    onFocus: (event: FocusEvent) => {
      if (masked) (event.currentTarget as HTMLInputElement).select();
    },
  };
  switch (field.kind) {
    case 'number':
      return (
        <NumberInput
          value={value as number | null}
          onValue={onValue}
          min={field.min}
          max={field.max}
          unit={field.unit}
        />
      );
    case 'choice':
      return (
        <Select
          value={text}
          onValue={onValue}
          options={field.isOptional ? [{ value: '', label: '–' }, ...field.options] : field.options}
        />
      );
    case 'list':
      return <TextArea {...common} rows={3} isMono />;
    default:
      if (field.multiline === true) return <TextArea {...common} rows={4} isMono />;
      if (field.secret === true || field.holdsSecret === true) return <SecretInput {...common} />;
      return <TextInput {...common} isMono />;
  }
}

function toText(value: SettingDraft): string {
  return typeof value === 'string' ? value : '';
}

function Headers({
  field,
  headers,
  onHeaders,
  fault,
}: SettingInputProps & {
  readonly headers: readonly HeaderDraft[];
  readonly onHeaders: (headers: readonly HeaderDraft[]) => void;
}) {
  const change = (at: number, part: Partial<HeaderDraft>): void =>
    onHeaders(headers.map((header, index) => (index === at ? { ...header, ...part } : header)));
  const Value = field.secret === true ? SecretInput : TextInput;
  return (
    <fieldset class="flags">
      <legend>
        {field.title} <span class="muted">{field.description}</span>
      </legend>
      {headers.map((header, index) => (
        <div key={index} class="header-row">
          <Field label={`Name of header ${index + 1}`} isLabelHidden>
            <TextInput
              value={header.name}
              onValue={(name) => change(index, { name })}
              placeholder="Authorization"
              isMono
            />
          </Field>
          <Field label={`Value of header ${index + 1}`} isLabelHidden>
            <Value
              value={header.value}
              onValue={(value) => change(index, { value })}
              placeholder="Bearer …"
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
