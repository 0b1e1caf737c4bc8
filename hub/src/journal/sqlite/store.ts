/** What the parts of the SQLite journal share: connections, the writer, and what memory knows of the rows. */
import type { DatabaseSync } from 'node:sqlite';

import type { Clock } from '../../clock.ts';
import type { SecretBox } from '../secret-box.ts';
import type { AccountRegistry } from './account-registry.ts';
import type { CallCache } from './call-cache.ts';
import type { ActiveCalls } from './active-calls.ts';
import type { Counting } from './counting.ts';
import type { Counters } from './counters.ts';
import type { DestinationRegistry } from './destination-registry.ts';
import type { DueDispatch } from './due-dispatch.ts';
import type { ErrorGroups } from './error-groups.ts';
import type { Leases } from './leases.ts';
import type { PhoneNames } from './phone-names.ts';
import type { SourceRegistry } from './source-registry.ts';
import type { Slots } from './slots.ts';
import type { PrepareCached } from './statement-cache.ts';
import type { CrashPoint, Writer } from './writer.ts';

export interface Store {
  /** Everything that writes, and what delivery reads: its pages are warm here. */
  readonly db: DatabaseSync;
  readonly read: DatabaseSync;
  /** Of `read`. Run to their end at once: whoever asks next gets the same one. */
  readonly prepareRead: PrepareCached;
  readonly writer: Writer;
  readonly clock: Clock;
  readonly box: SecretBox;
  readonly counters: Counters;
  readonly slots: Slots;
  readonly counting: Counting;
  readonly activeCalls: ActiveCalls;
  readonly errorGroups: ErrorGroups;
  readonly accounts: AccountRegistry;
  readonly sources: SourceRegistry;
  readonly destinations: DestinationRegistry;
  readonly phoneNames: PhoneNames;
  readonly calls: CallCache;
  readonly leases: Leases;
  readonly due: DueDispatch;
  readonly crashPoint: ((point: CrashPoint) => void) | undefined;
}
