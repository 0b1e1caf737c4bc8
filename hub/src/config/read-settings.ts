/**
 * Flags, environment and file → settings, once, at the start of a process. Nothing else reads the environment.
 * Every fault is found before anything is answered, so that a person fixes them in one go.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { findNearest } from '../nearest-word.ts';
import {
  CONFIG_FILE_DEFAULT,
  CONFIG_FILE_ENV,
  CONFIG_FILE_FLAG,
  SETTING_NAMES,
  SETTINGS,
  toFileKey,
} from './settings.ts';
import type { Setting, SettingName, Settings } from './settings.ts';

export interface SettingsInput {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** By setting name, as text; `config` names the file. */
  readonly flags: Readonly<Record<string, string | undefined>>;
  /** Where relative paths start. */
  readonly cwd: string;
}

/** Where a value came from, in words: `default`, `--port`, `PORT`, `offhook.config.json`. */
export type SettingOrigins = Readonly<Record<SettingName, string>>;

export type SettingsReading =
  | { readonly ok: true; readonly settings: Settings; readonly origins: SettingOrigins }
  /** One whole sentence each; never holds a secret's value. */
  | { readonly ok: false; readonly faults: readonly string[] };

export function readSettings(input: SettingsInput): SettingsReading {
  const faults: string[] = [...listUnknownEnv(input.env)];
  const file = readConfigFile(input, faults);
  const values: Record<string, unknown> = {};
  const origins: Record<string, string> = {};
  for (const name of SETTING_NAMES) {
    const setting = SETTINGS[name] as Setting<unknown>;
    const given = findText(name, setting, input, file, faults);
    values[name] = setting.default;
    origins[name] = 'default';
    if (given === undefined) continue;
    const parsed = setting.parse(given.text);
    if (parsed.ok) {
      values[name] = parsed.value;
      origins[name] = given.origin;
    } else {
      const shown = setting.secret === true ? '' : `, not ${JSON.stringify(given.text)}`;
      faults.push(`${given.origin} must be ${parsed.expected}${shown}.`);
    }
  }
  if (faults.length > 0) return { ok: false, faults };
  const settings = values as unknown as Settings;
  return {
    ok: true,
    settings: { ...settings, dataDir: resolve(input.cwd, settings.dataDir) },
    origins: origins as unknown as SettingOrigins,
  };
}

interface GivenText {
  readonly text: string;
  readonly origin: string;
}

/** Flag before environment before file. Empty counts as not given, as compose files hand over unset variables so. */
function findText(
  name: SettingName,
  setting: Setting<unknown>,
  input: SettingsInput,
  file: ConfigFile,
  faults: string[],
): GivenText | undefined {
  const flagText = input.flags[name];
  if (flagText !== undefined) return { text: flagText, origin: setting.flag ?? name };
  const envText = input.env[setting.env];
  const secretFile = setting.secret === true ? input.env[`${setting.env}_FILE`] : undefined;
  if (envText && secretFile) {
    faults.push(`${setting.env} and ${setting.env}_FILE are both set: keep one of them.`);
    return undefined;
  }
  if (envText) return { text: envText, origin: setting.env };
  if (secretFile) return readSecretFile(setting, resolve(input.cwd, secretFile), faults);
  const fileText = file.texts.get(toFileKey(name));
  return fileText === undefined
    ? undefined
    : { text: fileText, origin: `"${toFileKey(name)}" in ${file.path}` };
}

/** Docker and Kubernetes hand secrets over as files; editors end them with a line break that is no part of the secret. */
function readSecretFile(setting: Setting<unknown>, path: string, faults: string[]): GivenText | undefined {
  const origin = `${setting.env}_FILE`;
  try {
    return { text: readFileSync(path, 'utf8').trim(), origin };
  } catch (error) {
    faults.push(`${origin} names a file that cannot be read: ${toReason(error)}.`);
    return undefined;
  }
}

interface ConfigFile {
  readonly path: string;
  readonly texts: ReadonlyMap<string, string>;
}

function readConfigFile(input: SettingsInput, faults: string[]): ConfigFile {
  const given = input.flags['config'] ?? (input.env[CONFIG_FILE_ENV] || undefined);
  const path = given ?? CONFIG_FILE_DEFAULT;
  const texts = new Map<string, string>();
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(resolve(input.cwd, path), 'utf8'));
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (isMissing && given === undefined) return { path, texts };
    const origin = input.flags['config'] === undefined ? CONFIG_FILE_ENV : CONFIG_FILE_FLAG;
    faults.push(
      error instanceof SyntaxError
        ? `${path} is not JSON: ${error.message}.`
        : `${given === undefined ? path : `${origin} names a file that`} cannot be read: ${toReason(error)}.`,
    );
    return { path, texts };
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    faults.push(`${path} must hold one JSON object whose keys are settings.`);
    return { path, texts };
  }
  const keys = SETTING_NAMES.map(toFileKey);
  for (const [key, value] of Object.entries(content)) {
    if (!keys.includes(key)) {
      faults.push(`"${key}" in ${path} is no setting.${toSuggestion(key, keys)}`);
      continue;
    }
    const text = toFileText(value);
    if (text === undefined)
      faults.push(`"${key}" in ${path} must be a text, a number, true, false or a list of texts.`);
    else if (text !== '') texts.set(key, text);
  }
  return { path, texts };
}

/** null and an empty list mean "not given", so that the example file can name every setting. */
function toFileText(value: unknown): string | undefined {
  if (value === null) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value) && value.every((entry) => typeof entry === 'string')) return value.join(',');
  return undefined;
}

const ENV_PREFIX = 'OFFHOOK_';

/** A mistyped OFFHOOK_RETENTION_DAY would otherwise be a default that nobody notices. */
function listUnknownEnv(env: SettingsInput['env']): string[] {
  const known = [CONFIG_FILE_ENV];
  for (const name of SETTING_NAMES) {
    const setting = SETTINGS[name] as Setting<unknown>;
    known.push(setting.env);
    if (setting.secret === true) known.push(`${setting.env}_FILE`);
  }
  return Object.keys(env)
    .filter((key) => key.startsWith(ENV_PREFIX) && !known.includes(key))
    .map((key) => `${key} is no setting.${toSuggestion(key, known)}`);
}

function toSuggestion(key: string, known: readonly string[]): string {
  const nearest = findNearest(key, known);
  return nearest === undefined ? '' : ` Did you mean ${nearest}?`;
}

function toReason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
