/** What settings must be before a hub may start with them, beyond each being well formed (design section 8). */
import { isLoopbackHost } from './parse-value.ts';
import type { Settings } from './settings.ts';

export interface StartFacts {
  /** No key was given and none lies in the data directory, so this start would make one. */
  readonly wouldMakeApiKey: boolean;
  /** The built-in source, which needs no key to be reached, holds no secret and none is given. */
  readonly isVoicedockUnsigned: boolean;
}

/** One sentence for each reason not to start, each with its remedy; empty where the hub may start. */
export function listStartFaults(settings: Settings, facts: StartFacts): readonly string[] {
  const faults: string[] = [];
  if (settings.databaseUrl !== null) {
    faults.push(
      'DATABASE_URL is set, but this version keeps its journal in SQLite only; a Postgres journal comes with a later version. Unset DATABASE_URL and choose the place of the SQLite file with OFFHOOK_DATA_DIR.',
    );
  }
  if (isLoopbackHost(settings.host)) return faults;
  // Whoever reaches this port could otherwise write into the calls of the default account. Other sources do not count:
  // their door refuses what is unsigned, and one account must not keep the hub from starting for all.
  if (facts.isVoicedockUnsigned) {
    faults.push(
      `HOST ${settings.host} can be reached from other machines, so reports must be signed: set OFFHOOK_VOICEDOCK_SECRET to the secret your platform signs with, or listen on 127.0.0.1.`,
    );
  }
  // A key that nobody chose would have to be fished out of a container's disk or its log.
  if (facts.wouldMakeApiKey) {
    faults.push(
      `HOST ${settings.host} can be reached from other machines, so the API key must be chosen by you: set OFFHOOK_API_KEY (or OFFHOOK_API_KEY_FILE) to 24 characters or more, or listen on 127.0.0.1.`,
    );
  }
  return faults;
}
