/**
 * The settings of a kind as its schema says them (FieldMeta in the hub's destination.ts), as fields of a form, and the
 * way there and back. Texts stay texts until they are sent.
 */
import type { FieldMeta } from '../../../../hub/src/destinations/destination.ts';

/** What the hub masks comes back as this, and stays what it is as long as it is left so. */
export const MASK = '••••••';

export interface HeaderDraft {
  readonly name: string;
  readonly value: string;
}

/** Lists are texts with one entry in each line. */
export type SettingDraft = string | boolean | number | null | readonly HeaderDraft[];
export type SettingsDraft = Readonly<Record<string, SettingDraft>>;

export interface SettingsField extends Omit<FieldMeta, 'choices'> {
  readonly name: string;
  readonly kind: 'text' | 'choice' | 'flag' | 'number' | 'list' | 'record';
  /** Of a choice. */
  readonly options: readonly { readonly value: string; readonly label: string }[];
  /** Has to be given: no default, and not only where something else is chosen. */
  readonly isRequired: boolean;
  /** Nobody has to give it, and without it nothing takes its place. Credentials say themselves when they are needed. */
  readonly isOptional: boolean;
  readonly isWhole: boolean;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  readonly default: unknown;
}

/** The part of JSON Schema that flat settings come to. */
interface Property extends Partial<FieldMeta> {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly anyOf?: readonly Property[];
}

export function toFields(schema: Readonly<Record<string, unknown>>): readonly SettingsField[] {
  const required = (schema['required'] ?? []) as readonly string[];
  const properties = (schema['properties'] ?? {}) as Readonly<Record<string, Property>>;
  return Object.entries(properties).map(([name, whole]) => toField(name, whole, required.includes(name)));
}

function toField(name: string, whole: Property, isListed: boolean): SettingsField {
  // A field that may be null is a choice between its type and null.
  const inner = whole.anyOf?.find((one) => one.type !== 'null');
  const { choices = {}, enum: values, minimum, maximum, ...facts }: Property = { ...inner, ...whole };
  const hasDefault = facts.default !== undefined;
  return {
    ...facts,
    name,
    title: facts.title ?? name,
    kind: values === undefined ? (KINDS[facts.type ?? inner?.type ?? ''] ?? 'text') : 'choice',
    options: (values ?? []).map(String).map((value) => ({ value, label: choices[value] ?? value })),
    isRequired: isListed && !hasDefault && facts.when === undefined,
    isOptional:
      !isListed && (!hasDefault || facts.default === '') && facts.when === undefined && facts.secret !== true,
    isWhole: facts.type === 'integer',
    // z.int() is bounded by what a double holds exactly, which tells people nothing.
    min: minimum === Number.MIN_SAFE_INTEGER ? undefined : minimum,
    max: maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum,
    default: facts.default,
  };
}

const KINDS: Readonly<Record<string, SettingsField['kind']>> = {
  boolean: 'flag',
  integer: 'number',
  number: 'number',
  array: 'list',
  object: 'record',
};

/** Without settings: what a new one begins with. */
export function toSettingsDraft(
  fields: readonly SettingsField[],
  settings: Readonly<Record<string, unknown>> = {},
): SettingsDraft {
  return Object.fromEntries(
    fields.map((field) => [field.name, toSettingDraft(field, settings[field.name] ?? field.default)]),
  );
}

function toSettingDraft({ kind, options, isRequired }: SettingsField, value: unknown): SettingDraft {
  switch (kind) {
    case 'flag':
      return value === true;
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'list':
      return ((value ?? []) as readonly unknown[]).join('\n');
    case 'record':
      return Object.entries((value ?? {}) as Readonly<Record<string, string>>).map(([name, text]) => ({
        name,
        value: text,
      }));
    case 'choice':
      return typeof value === 'string' ? value : isRequired ? (options[0]?.value ?? '') : '';
    case 'text':
      return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  }
}

export function isShown({ when }: SettingsField, draft: SettingsDraft): boolean {
  return when === undefined || when.is.includes(draft[when.field] as string | boolean);
}

/** What is sent. What is not shown, and what was left empty, is left out. */
export function toSettings(fields: readonly SettingsField[], draft: SettingsDraft): Record<string, unknown> {
  const given = fields
    .filter((field) => isShown(field, draft))
    .map((field) => [field.name, toSetting(field, draft[field.name] ?? null)] as const);
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}

function toSetting({ kind, default: standard }: SettingsField, value: SettingDraft): unknown {
  switch (kind) {
    case 'list': {
      const lines = toLines(value as string);
      // An emptied list is not the list one begins with.
      return lines.length === 0 && standard === undefined ? undefined : lines;
    }
    case 'record': {
      const entries = (value as readonly HeaderDraft[]).filter(({ name }) => name.trim() !== '');
      if (entries.length === 0) return undefined;
      return Object.fromEntries(entries.map(({ name, value: text }) => [name.trim(), text]));
    }
    case 'flag':
      return value;
    case 'number':
      return value ?? undefined;
    case 'choice':
    case 'text': {
      const text = (value as string).trim();
      return text === '' ? undefined : text;
    }
  }
}

export function toLines(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** By field: what nobody has to ask the hub about. */
export function findFaults(fields: readonly SettingsField[], draft: SettingsDraft): Record<string, string> {
  const faults: Record<string, string> = {};
  for (const field of fields) {
    const value = draft[field.name] ?? null;
    const { title, min = -Infinity, max = Infinity } = field;
    if (!isShown(field, draft)) continue;
    if (field.isRequired && (value === null || (typeof value === 'string' && value.trim() === '')))
      faults[field.name] = `${title} is needed.`;
    else if (typeof value === 'number' && (value < min || value > max || (field.isWhole && value % 1 !== 0)))
      faults[field.name] = `Write ${field.isWhole ? 'a whole number' : 'a number'}${toSpan(min, max)}.`;
  }
  return faults;
}

function toSpan(min: number, max: number): string {
  if (max === Infinity) return min === -Infinity ? '' : ` of at least ${min}`;
  return min === -Infinity ? ` of at most ${max}` : ` from ${min} to ${max}`;
}
