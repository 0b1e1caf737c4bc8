import type { SettingsField } from './settings-schema.ts';

import { formatCount } from '../../data/format.ts';
import { isShown, toSettingsDraft } from './settings-schema.ts';

/**
 * Settings for reading, as the hub shows them: secrets are masked already. What is not set says nothing, nor does what is
 * set by few and was left as it comes.
 */
export function toSettingFacts(
  fields: readonly SettingsField[],
  settings: Readonly<Record<string, unknown>>,
): readonly (readonly [title: string, text: string])[] {
  const draft = toSettingsDraft(fields, settings);
  return fields.flatMap((field) => {
    const value = settings[field.name];
    if (value === undefined || value === null || value === '' || !isShown(field, draft)) return [];
    if (field.advanced === true && JSON.stringify(value) === JSON.stringify(field.default)) return [];
    return [[field.title, toText(field, value)] as const];
  });
}

function toText({ kind, options, unit }: SettingsField, value: unknown): string {
  switch (kind) {
    case 'flag':
      return value === true ? 'yes' : 'no';
    case 'list':
      return (value as readonly unknown[]).join(', ');
    case 'record':
      return Object.keys(value as object).join(', ');
    case 'choice':
      return options.find((option) => option.value === value)?.label ?? String(value);
    case 'number':
    case 'text': {
      const text = typeof value === 'number' ? formatCount(value) : String(value);
      return unit === undefined ? text : `${text} ${unit}`;
    }
  }
}
