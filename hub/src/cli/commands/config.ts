import { toExampleFile, toSettingsPage, toShownValue } from '../../config/settings-page.ts';
import { SETTING_NAMES, SETTINGS, toFileKey } from '../../config/settings.ts';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../failure.ts';
import { printTable } from '../output.ts';

export async function showConfig(context: CommandContext): Promise<number> {
  const rows = SETTING_NAMES.map((name) => ({
    setting: toFileKey(name),
    value: toShownValue(name, context.settings),
    origin: context.origins[name],
    env: SETTINGS[name].env,
  }));
  printTable(context.output, rows, [
    { title: 'SETTING', toText: (row) => row.setting },
    { title: 'VALUE', toText: (row) => row.value },
    { title: 'FROM', toText: (row) => row.origin },
  ]);
  return EXIT.ok;
}

export async function printExample(context: CommandContext): Promise<number> {
  context.output.line(toExampleFile().trimEnd());
  return EXIT.ok;
}

export async function printReference(context: CommandContext): Promise<number> {
  context.output.line(toSettingsPage().trimEnd());
  return EXIT.ok;
}
