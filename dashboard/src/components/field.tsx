import './field.css';
import { createContext } from 'preact';
import type { ComponentChildren, HTMLAttributes, Ref } from 'preact';
import { useContext, useEffect, useId, useRef, useState } from 'preact/hooks';
import { IconButton } from './button.tsx';
import { Icon } from './icon.tsx';

interface FieldWires {
  readonly id: string;
  readonly describedBy: string | undefined;
  readonly isInvalid: boolean;
}

const FieldContext = createContext<FieldWires | null>(null);

export interface FieldProps {
  readonly label: string;
  readonly hint?: ComponentChildren;
  /** Shown in place beneath the control, and read with it. */
  readonly error?: string | null | undefined;
  /** Says "optional" beside the label. */
  readonly isOptional?: boolean | undefined;
  readonly isLabelHidden?: boolean | undefined;
  /** One control of this file; it takes its id, description and fault from here. */
  readonly children: ComponentChildren;
}

export function Field({ label, hint, error, isOptional, isLabelHidden, children }: FieldProps) {
  const id = useId();
  const hasError = error !== null && error !== undefined && error !== '';
  const hasHint = hint !== undefined && hint !== null && hint !== '';
  const describedBy = [hasHint ? `${id}-hint` : '', hasError ? `${id}-error` : '']
    .filter((one) => one !== '')
    .join(' ');
  return (
    <div class="field" data-invalid={hasError ? '' : undefined}>
      <label class={isLabelHidden === true ? 'visually-hidden' : 'field-label'} for={id}>
        {label}
        {isOptional === true && <span class="field-optional"> optional</span>}
      </label>
      <FieldContext.Provider
        value={{ id, describedBy: describedBy === '' ? undefined : describedBy, isInvalid: hasError }}
      >
        {children}
      </FieldContext.Provider>
      {hasHint && (
        <p class="field-hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {hasError && (
        <p class="field-error" id={`${id}-error`}>
          <Icon name="alert" />
          <span>{error}</span>
        </p>
      )}
    </div>
  );
}

function useWires(): { id?: string; 'aria-describedby'?: string; 'aria-invalid'?: 'true' } {
  const wires = useContext(FieldContext);
  if (wires === null) return {};
  return {
    id: wires.id,
    ...(wires.describedBy !== undefined && { 'aria-describedby': wires.describedBy }),
    ...(wires.isInvalid && { 'aria-invalid': 'true' as const }),
  };
}

/** Preact's own types make a union over type= that nothing spread fits into. */
interface ControlProps<Control extends HTMLElement> extends Omit<
  HTMLAttributes<Control>,
  'onInput' | 'onChange' | 'class' | 'id' | 'role' | 'size'
> {
  readonly class?: string | undefined;
  readonly name?: string | undefined;
  readonly placeholder?: string | undefined;
  readonly disabled?: boolean | undefined;
  readonly required?: boolean | undefined;
  readonly readOnly?: boolean | undefined;
  readonly maxLength?: number | undefined;
  readonly autocomplete?: string | undefined;
  readonly ref?: Ref<Control>;
}

export interface TextInputProps extends ControlProps<HTMLInputElement> {
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly type?:
    | 'text'
    | 'search'
    | 'url'
    | 'email'
    | 'tel'
    | 'password'
    | 'datetime-local'
    | 'date'
    | 'time'
    | undefined;
  /** Ids of suggestions: a <datalist>. */
  readonly list?: string | undefined;
  readonly isMono?: boolean | undefined;
}

export function TextInput({
  value,
  onValue,
  isMono,
  type = 'text',
  class: className = '',
  ...rest
}: TextInputProps) {
  return (
    <input
      {...useWires()}
      autocomplete="off"
      {...({ ...rest, type } as object)}
      class={`input ${className}`}
      data-mono={isMono === true ? '' : undefined}
      value={value}
      onInput={(event) => onValue(event.currentTarget.value)}
    />
  );
}

/** For keys and secrets: hidden until its eye is pressed. */
export function SecretInput({ ...props }: Omit<TextInputProps, 'type'>) {
  const [isShown, setShown] = useState(false);
  return (
    <span class="input-with-button">
      <TextInput
        {...props}
        isMono
        type={isShown ? 'text' : 'password'}
        spellcheck={false}
        autocapitalize="off"
      />
      <IconButton
        icon={isShown ? 'eye-off' : 'eye'}
        label={isShown ? 'Hide what is typed' : 'Show what is typed'}
        size="small"
        onClick={() => setShown(!isShown)}
      />
    </span>
  );
}

export interface TextAreaProps extends ControlProps<HTMLTextAreaElement> {
  readonly rows?: number | undefined;
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly isMono?: boolean | undefined;
}

export function TextArea({ value, onValue, isMono, rows = 4, ...rest }: TextAreaProps) {
  return (
    <textarea
      {...useWires()}
      {...rest}
      rows={rows}
      class="input"
      data-mono={isMono === true ? '' : undefined}
      value={value}
      onInput={(event) => onValue(event.currentTarget.value)}
    />
  );
}

export interface NumberInputProps extends ControlProps<HTMLInputElement> {
  /** Null while the box is empty. */
  readonly value: number | null;
  /** Null where what is typed is no number. */
  readonly onValue: (value: number | null) => void;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  /** Shown behind the number: "s", "per second". */
  readonly unit?: string | undefined;
}

/** A text field with a number pad: type=number changes under the scroll wheel and hides what it cannot read. */
export function NumberInput({ value, onValue, min, max, unit, ...rest }: NumberInputProps) {
  const [text, setText] = useState(value === null ? '' : String(value));
  const toldRef = useRef(value);
  useEffect(() => {
    if (value === toldRef.current) return;
    toldRef.current = value;
    setText(value === null ? '' : String(value));
  }, [value]);

  function change(next: string) {
    setText(next);
    const number = toNumber(next);
    toldRef.current = number;
    onValue(number);
  }

  function step(direction: number) {
    const next = (toNumber(text) ?? 0) + direction;
    change(
      String(Math.min(max ?? Number.POSITIVE_INFINITY, Math.max(min ?? Number.NEGATIVE_INFINITY, next))),
    );
  }

  const input = (
    <input
      {...useWires()}
      autocomplete="off"
      {...rest}
      class="input"
      type="text"
      inputMode="decimal"
      value={text}
      onInput={(event) => change(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return;
        event.preventDefault();
        step(event.key === 'ArrowUp' ? 1 : -1);
      }}
    />
  );
  if (unit === undefined) return input;
  return (
    <span class="input-with-unit">
      {input}
      <span class="input-unit">{unit}</span>
    </span>
  );
}

function toNumber(text: string): number | null {
  const plain = text.trim().replace(',', '.');
  return /^-?\d+(?:\.\d+)?$/.test(plain) ? Number(plain) : null;
}

export interface SelectOption<Value extends string = string> {
  readonly value: Value;
  readonly label: string;
  readonly disabled?: boolean | undefined;
}

export interface SelectProps<Value extends string = string> extends ControlProps<HTMLSelectElement> {
  readonly value: Value;
  readonly onValue: (value: Value) => void;
  readonly options: readonly SelectOption<Value>[];
  readonly size?: 'normal' | 'small' | undefined;
}

export function Select<Value extends string>({
  value,
  onValue,
  options,
  size = 'normal',
  class: className = '',
  ...rest
}: SelectProps<Value>) {
  return (
    <span class="select" data-size={size}>
      <select
        {...useWires()}
        {...rest}
        class={`input ${className}`}
        value={value}
        onChange={(event) => onValue(event.currentTarget.value as Value)}
      >
        {options.map((option) => (
          <option
            key={option.value}
            value={option.value}
            disabled={option.disabled}
            selected={option.value === value}
          >
            {option.label}
          </option>
        ))}
      </select>
      <Icon name="chevron-down" />
    </span>
  );
}

export interface SwitchProps {
  readonly isOn: boolean;
  readonly onChange: (isOn: boolean) => void;
  readonly label: string;
  readonly hint?: ComponentChildren;
  readonly isLabelHidden?: boolean | undefined;
  readonly disabled?: boolean | undefined;
  readonly isBusy?: boolean | undefined;
}

/** Takes effect at once; what is saved with a form is a Checkbox. */
export function Switch({ isOn, onChange, label, hint, isLabelHidden, disabled, isBusy }: SwitchProps) {
  const id = useId();
  return (
    <div class="switch-field">
      <button
        type="button"
        class="switch"
        role="switch"
        id={id}
        aria-checked={isOn}
        aria-labelledby={`${id}-label`}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        aria-busy={isBusy === true ? 'true' : undefined}
        disabled={disabled}
        onClick={() => {
          if (isBusy !== true) onChange(!isOn);
        }}
      >
        <span class="switch-thumb" />
      </button>
      <span class={isLabelHidden === true ? 'visually-hidden' : 'switch-words'}>
        <label id={`${id}-label`} for={id}>
          {label}
        </label>
        {hint !== undefined && (
          <span class="field-hint" id={`${id}-hint`}>
            {hint}
          </span>
        )}
      </span>
    </div>
  );
}

export interface CheckboxProps {
  readonly isChecked: boolean;
  readonly isMixed?: boolean | undefined;
  readonly onChange: (isChecked: boolean) => void;
  readonly label: string;
  readonly isLabelHidden?: boolean | undefined;
  readonly disabled?: boolean | undefined;
  readonly name?: string | undefined;
}

export function Checkbox({
  isChecked,
  isMixed = false,
  onChange,
  label,
  isLabelHidden,
  disabled,
  name,
}: CheckboxProps) {
  const ref = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (ref.current !== null) ref.current.indeterminate = isMixed && !isChecked;
  }, [isMixed, isChecked]);
  return (
    <label class="checkbox">
      <input
        ref={ref}
        type="checkbox"
        name={name}
        checked={isChecked}
        disabled={disabled}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <span class={isLabelHidden === true ? 'visually-hidden' : undefined}>{label}</span>
    </label>
  );
}

export interface ChoicesProps<Value extends string> {
  readonly legend: string;
  readonly value: Value;
  readonly onValue: (value: Value) => void;
  readonly options: readonly {
    readonly value: Value;
    readonly label: string;
    readonly hint?: string | undefined;
  }[];
  /** As one row of joined buttons; otherwise one beneath the other with their hints. */
  readonly isSegmented?: boolean | undefined;
  readonly isLegendHidden?: boolean | undefined;
}

/** Radio buttons. */
export function Choices<Value extends string>({
  legend,
  value,
  onValue,
  options,
  isSegmented = false,
  isLegendHidden = false,
}: ChoicesProps<Value>) {
  const name = useId();
  return (
    <fieldset class="choices" data-segmented={isSegmented ? '' : undefined}>
      <legend class={isLegendHidden ? 'visually-hidden' : 'field-label'}>{legend}</legend>
      <div class="choices-list">
        {options.map((option) => (
          <label key={option.value} class="choice">
            <input
              type="radio"
              name={name}
              value={option.value}
              checked={option.value === value}
              onChange={() => onValue(option.value)}
            />
            <span class="choice-words">
              {option.label}
              {option.hint !== undefined && <span class="field-hint">{option.hint}</span>}
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
