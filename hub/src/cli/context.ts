import type { SettingOrigins } from '../config/read-settings.ts';
import type { Settings } from '../config/settings.ts';
import type { Output } from './output.ts';

/** What a command gets handed; it reads no process state of its own. */
export interface CommandContext {
  readonly output: Output;
  readonly settings: Settings;
  readonly origins: SettingOrigins;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly stdin: AsyncIterable<Uint8Array | string> & { readonly isTTY?: boolean };
  /** Aborted by the first SIGINT or SIGTERM: the command ends what it does and returns. */
  readonly signal: AbortSignal;
}
