/** The settings table as people read it: docs/settings.md, the example file, and the lines of `--help`. */
import { toDurationText } from './parse-value.ts';
import {
  CONFIG_FILE_DEFAULT,
  CONFIG_FILE_ENV,
  CONFIG_FILE_FLAG,
  SETTING_GROUPS,
  SETTING_NAMES,
  SETTINGS,
  toFileKey,
} from './settings.ts';
import type { Setting, SettingGroup, SettingName, Settings } from './settings.ts';

const GROUP_TITLES: Readonly<Record<SettingGroup, string>> = {
  server: 'The server',
  store: 'What is kept, and where',
  keys: 'Keys and secrets',
  delivery: 'Calls and deliveries',
  watch: 'What is watched',
  export: 'Exports on a schedule',
  commands: 'Commands that talk to a hub',
};

/** docs/settings.md. */
export function toSettingsPage(): string {
  const lines = [
    '# Settings',
    '',
    '<!-- Printed by `node hub/bin/offhook.js config reference`; a test keeps it equal to the table in hub/src/config/settings.ts. -->',
    '',
    'A flag wins over the environment, the environment over the file, the file over the default. Settings are read once, at the start;',
    'all faults are reported together, and an unknown `OFFHOOK_` variable or file key is a fault.',
    `The file is \`${CONFIG_FILE_DEFAULT}\` in the working directory, or what \`${CONFIG_FILE_FLAG}\` or \`${CONFIG_FILE_ENV}\` names; its keys are the names in the headings.`,
    'Of a secret, `<VARIABLE>_FILE` may name a file that holds it. Secrets have no flags, since every user of a machine can read command lines.',
    'Durations are written with their unit: `15s`, `30m`, `4h`, `7d`.',
    '`offhook config show` prints what is in force and where each value came from.',
    '',
  ];
  for (const group of SETTING_GROUPS) {
    lines.push(`## ${GROUP_TITLES[group]}`, '');
    for (const name of namesOf(group)) {
      const setting = SETTINGS[name] as Setting<unknown>;
      const sources = [`\`${setting.env}\``];
      if (setting.secret === true) sources.push(`\`${setting.env}_FILE\``);
      if (setting.flag !== null) sources.push(`\`${setting.flag}\``);
      lines.push(
        `### \`${toFileKey(name)}\``,
        '',
        setting.sentence,
        '',
        `- Set by: ${sources.join(', ')}`,
        `- Unit: ${setting.unit}`,
        `- Default: ${toDefaultText(name) === null ? 'none' : `\`${toDefaultText(name)}\``}`,
        '',
      );
    }
  }
  return `${lines.join('\n').trimEnd()}\n`;
}

/** offhook.config.example.json: every setting that is no secret, at its default; null stands for none. */
export function toExampleFile(): string {
  const entries = SETTING_NAMES.filter((name) => (SETTINGS[name] as Setting<unknown>).secret !== true).map(
    (name) => [toFileKey(name), toFileValue(name)] as const,
  );
  return `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`;
}

/** One value as `config show` prints it: secrets masked, durations with their unit. */
export function toShownValue(name: SettingName, settings: Settings): string {
  const setting = SETTINGS[name] as Setting<unknown>;
  const value = settings[name];
  if (value === null || (Array.isArray(value) && value.length === 0)) return 'none';
  if (setting.secret === true) return '••••••••';
  if (setting.unit === 'duration') return toDurationText(value as number);
  return Array.isArray(value) ? value.join(',') : String(value);
}

/** The value of a setting's `--help` line: `(PORT; default 8080)`. */
export function toHelpNote(name: SettingName): string {
  return `(${SETTINGS[name].env}; default ${toDefaultText(name) ?? 'none'})`;
}

export function namesOf(group: SettingGroup): readonly SettingName[] {
  return SETTING_NAMES.filter((name) => SETTINGS[name].group === group);
}

function toDefaultText(name: SettingName): string | null {
  const value = toFileValue(name);
  return value === null || (typeof value === 'object' && value.length === 0) ? null : String(value);
}

function toFileValue(name: SettingName): string | number | boolean | null | readonly string[] {
  const value = SETTINGS[name].default;
  return SETTINGS[name].unit === 'duration' && typeof value === 'number' ? toDurationText(value) : value;
}
