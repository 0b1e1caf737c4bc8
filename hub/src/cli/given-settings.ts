/**
 * Settings of a destination as somebody types them: `--set name=value` and its siblings, read by the schema of the
 * kind. Credentials come from the environment, a file or stdin, since what stands on a command line is in the shell's
 * history and in the list of processes.
 */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';

import { findNearest } from '../nearest-word.ts';
import type { CommandContext } from './context.ts';
import { CommandFailure, EXIT } from './failure.ts';
import { toPlainText } from './output.ts';
import type { DestinationKindView } from './views.ts';

export const SETTING_OPTIONS = ['set', 'setEnv', 'setFile', 'setStdin', 'unset'] as const;

type Options = Readonly<Record<string, unknown>>;

/** What a field of a kind's schema says, as far as it matters here. */
export interface SettingField {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly title?: string;
  readonly description?: string;
  readonly unit?: string;
  readonly secret?: boolean;
  readonly holdsSecret?: boolean;
  readonly anyOf?: readonly SettingField[];
}

export function hasGivenSettings(options: Options): boolean {
  return SETTING_OPTIONS.some((name) => toList(options[name]).length > 0);
}

/** base: what stays where nothing else is given. */
export async function readGivenSettings(
  context: CommandContext,
  options: Options,
  kind: DestinationKindView,
  base: Readonly<Record<string, unknown>>,
): Promise<Record<string, unknown>> {
  const fields = toFields(kind);
  const settings: Record<string, unknown> = { ...base };
  const put = (name: string, text: string): void => putSetting(settings, kind, fields, name, text);

  for (const name of toList(options['unset'])) {
    findField(kind, fields, name);
    delete settings[name];
  }
  for (const given of toList(options['set'])) {
    const [name, text] = splitGiven(given, '--set', 'value');
    put(name, text);
    if (fields[name]?.secret === true || URL_WITH_PASSWORD.test(text)) {
      context.output.note(
        `${name} is a credential: --set-env ${name}=VARIABLE, --set-file ${name}=path or --set-stdin ${name} keep it out of the shell's history.`,
      );
    }
  }
  for (const given of toList(options['setEnv'])) {
    const [name, variable] = splitGiven(given, '--set-env', 'VARIABLE');
    const text = context.env[variable];
    if (text === undefined || text === '') throw toUsage(`${variable} is not set in the environment.`);
    put(name, text);
  }
  for (const given of toList(options['setFile'])) {
    const [name, path] = splitGiven(given, '--set-file', 'path');
    put(name, await readText(resolve(context.cwd, path)));
  }
  const fromStdin = toList(options['setStdin']);
  if (fromStdin.length > 1) throw toUsage('--set-stdin can be given once: stdin holds one value.');
  for (const name of fromStdin) {
    findField(kind, fields, name);
    put(name, await readStdin(context));
  }
  return settings;
}

export function toFields(kind: DestinationKindView): Readonly<Record<string, SettingField>> {
  return (kind.settings_schema['properties'] ?? {}) as Readonly<Record<string, SettingField>>;
}

/** A field that may be null has its type one level deeper. */
export function toFieldType(field: SettingField): string {
  return field.type ?? field.anyOf?.find((one) => one.type !== 'null')?.type ?? 'string';
}

/** `headers.X-Tenant` is an entry of the setting `headers`. */
function putSetting(
  settings: Record<string, unknown>,
  kind: DestinationKindView,
  fields: Readonly<Record<string, SettingField>>,
  name: string,
  text: string,
): void {
  const dot = name.indexOf('.');
  const outer = dot < 0 ? name : name.slice(0, dot);
  if (dot >= 0 && toFieldType(findField(kind, fields, outer)) === 'object') {
    const held = settings[outer];
    settings[outer] = { ...(typeof held === 'object' ? held : null), [name.slice(dot + 1)]: text };
    return;
  }
  settings[name] = toValue(findField(kind, fields, name), name, text);
}

function findField(
  kind: DestinationKindView,
  fields: Readonly<Record<string, SettingField>>,
  name: string,
): SettingField {
  const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (field !== undefined) return field;
  const known = Object.keys(fields);
  const nearest = findNearest(name, known);
  throw toUsage(
    `${kind.title} has no setting "${toPlainText(name)}". ${nearest === undefined ? `It has ${known.join(', ')}.` : `Did you mean "${nearest}"?`}`,
  );
}

function toValue(field: SettingField, name: string, text: string): unknown {
  switch (toFieldType(field)) {
    case 'integer':
    case 'number': {
      const value = text.trim() === '' ? Number.NaN : Number(text);
      if (!Number.isFinite(value)) throw toUsage(`${name} must be a number.`);
      return value;
    }
    case 'boolean':
      if (text !== 'true' && text !== 'false') throw toUsage(`${name} must be true or false.`);
      return text === 'true';
    case 'array':
      return text.trimStart().startsWith('[')
        ? toJson(name, text)
        : text
            .split(/[,\n]/)
            .map((entry) => entry.trim())
            .filter((entry) => entry !== '');
    case 'object':
      return toJson(name, text);
    default:
      return text;
  }
}

function toJson(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // The message would repeat what may be a credential.
    throw new CommandFailure(EXIT.usage, `${name} must be JSON.`, { cause: error });
  }
}

const URL_WITH_PASSWORD = /^[a-z]+:\/\/[^/@]*:[^/@]*@/i;

function splitGiven(given: string, option: string, what: string): readonly [string, string] {
  const at = given.indexOf('=');
  if (at < 1) throw toUsage(`Write ${option} name=${what}.`);
  return [given.slice(0, at), given.slice(at + 1)];
}

async function readText(path: string): Promise<string> {
  try {
    return withoutLineEnd(await readFile(path, 'utf8'));
  } catch (error) {
    throw new CommandFailure(
      EXIT.usage,
      `${toPlainText(path)} cannot be read (${toPlainText((error as Error).message)}).`,
      { cause: error },
    );
  }
}

async function readStdin({ stdin, output }: CommandContext): Promise<string> {
  if (stdin.isTTY === true) output.note('Type the value, then Enter and Ctrl-D.');
  const chunks: Buffer[] = [];
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk));
  const text = withoutLineEnd(Buffer.concat(chunks).toString('utf8'));
  if (text === '') throw toUsage('Nothing came on stdin.');
  return text;
}

/** Editors and `echo` put one there; it belongs to no credential. */
function withoutLineEnd(text: string): string {
  return text.replace(/\r?\n$/, '');
}

function toList(given: unknown): readonly string[] {
  return Array.isArray(given) ? (given as readonly string[]) : [];
}

function toUsage(message: string): CommandFailure {
  return new CommandFailure(EXIT.usage, message);
}
