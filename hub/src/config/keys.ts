/** The two keys of a hub: given by settings, kept in the data directory, or made there on first start. */
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

import { MASTER_KEY_BYTES, parseMasterKey } from './parse-value.ts';
import { API_KEY_CHARACTERS_MIN } from './settings.ts';
import type { Settings } from './settings.ts';

export const API_KEY_FILE = 'api-key';
export const MASTER_KEY_FILE = 'master-key';
const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;

export interface HubKeys {
  readonly apiKey: string;
  /** `given` by settings, `kept` in the data directory, or `made` just now. */
  readonly apiKeyOrigin: 'given' | 'kept' | 'made';
  readonly masterKey: Uint8Array;
}

/** A fault of the ground the hub stands on, with its remedy in the message. */
export class KeyFileError extends Error {
  override readonly name = 'KeyFileError';
}

/** Made keys are on disk before they are used: a secret sealed with a lost key could never be opened again. */
export function prepareKeys(
  settings: Pick<Settings, 'apiKey' | 'masterKey' | 'dataDir'>,
  makeApiKey: () => string,
): HubKeys {
  mkdirSync(settings.dataDir, { recursive: true, mode: DIRECTORY_MODE });
  const apiKey =
    settings.apiKey === null
      ? keepKey(join(settings.dataDir, API_KEY_FILE), makeApiKey)
      : { text: settings.apiKey, origin: 'given' as const };
  const masterKey =
    settings.masterKey ??
    keepKey(join(settings.dataDir, MASTER_KEY_FILE), () => randomBytes(MASTER_KEY_BYTES).toString('base64'))
      .text;
  if (apiKey.text.length < API_KEY_CHARACTERS_MIN) {
    throw new KeyFileError(
      `${join(settings.dataDir, API_KEY_FILE)} holds fewer than ${API_KEY_CHARACTERS_MIN} characters: delete the file to have a new key made, or set OFFHOOK_API_KEY.`,
    );
  }
  if (!parseMasterKey(masterKey).ok) {
    throw new KeyFileError(
      `${join(settings.dataDir, MASTER_KEY_FILE)} does not hold the base64 of ${MASTER_KEY_BYTES} bytes: restore it from a backup. A new one could not open the secrets in the journal.`,
    );
  }
  return {
    apiKey: apiKey.text,
    apiKeyOrigin: apiKey.origin,
    masterKey: Buffer.from(masterKey, 'base64'),
  };
}

/** The key that an earlier start left, for commands on the same machine; undefined where there is none. */
export function readKeptApiKey(dataDir: string): string | undefined {
  return readKeyFile(join(dataDir, API_KEY_FILE));
}

function keepKey(path: string, make: () => string): { text: string; origin: 'kept' | 'made' } {
  const kept = readKeyFile(path);
  if (kept !== undefined) {
    // A copy or a restore may have widened the rights.
    chmodSync(path, FILE_MODE);
    return { text: kept, origin: 'kept' };
  }
  // Written beside and linked into place, so that a crash leaves no half key and of two starts only one wins.
  const unfinished = `${path}.${process.pid}.new`;
  const file = openSync(unfinished, 'w', FILE_MODE);
  try {
    writeSync(file, `${make()}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  try {
    linkSync(unfinished, path);
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error;
  } finally {
    rmSync(unfinished, { force: true });
  }
  syncDirectory(path);
  return { text: readKeyFile(path) ?? '', origin: 'made' };
}

function readKeyFile(path: string): string | undefined {
  try {
    const text = readFileSync(path, 'utf8').trim();
    return text === '' ? undefined : text;
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw new KeyFileError(
      `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}.`,
      {
        cause: error,
      },
    );
  }
}

function syncDirectory(path: string): void {
  const directory = openSync(join(path, '..'), 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
