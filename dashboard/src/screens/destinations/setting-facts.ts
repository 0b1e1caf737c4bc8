import type { SettingsField } from './settings-schema.ts';

import { isShown, toSettingsDraft } from './settings-schema.ts';

/** Settings for reading, as the hub shows them: secrets are masked already. What is not set says nothing. */
export function toSettingFacts(
  fields: readonly SettingsField[],
  settings: Readonly<Record<string, unknown>>,
): readonly (readonly [title: string, text: string])[] {
  const draft = toSettingsDraft(fields, settings);
  return fields.flatMap((field) => {
    const value = settings[field.name];
    if (value === undefined || value === null || !isShown(field, draft)) return [];
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
    case 'text':
      return unit === undefined ? String(value) : `${String(value)} ${unit}`;
  }
}
