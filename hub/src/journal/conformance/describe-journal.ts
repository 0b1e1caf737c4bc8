/** The one suite that every store must pass, split by topic. */
import { afterEach, describe } from 'vitest';

import { describeAccept } from './accept.ts';
import { describeAccounts } from './accounts.ts';
import { describeAdmin } from './admin.ts';
import { describeAnalytics } from './analytics.ts';
import { describeClaims } from './claims.ts';
import { describeCommands } from './commands.ts';
import { describeDestinations } from './destinations.ts';
import { describeFilters } from './filters.ts';
import type { Harness, OpenHarness } from './harness.ts';
import { describeMemory, describeMemoryRestart } from './memory.ts';
import { describeOperational, describeOperationalRestart } from './operational.ts';
import { describeOrder } from './order.ts';
import { describeOutcomes } from './outcomes.ts';
import { describePostponements, describePostponementsRestart } from './postponements.ts';
import { describeQuality } from './quality.ts';
import { describeReading } from './reading.ts';
import { describeReplays } from './replays.ts';
import { describeRestart } from './restart.ts';
import { describeRetention } from './retention.ts';
import { describeSessions } from './sessions.ts';

export interface StoreTraits {
  /** False for a store that does not outlive its process: it has nothing to promise about crashes. */
  readonly survivesCrash: boolean;
}

export function describeJournal(
  name: string,
  open: OpenHarness,
  { survivesCrash }: StoreTraits = { survivesCrash: true },
): void {
  describe(`the journal: ${name}`, () => {
    const opened: Harness[] = [];
    const openTracked: OpenHarness = async () => {
      const harness = await open();
      opened.push(harness);
      return harness;
    };
    afterEach(async () => {
      for (const harness of opened.splice(0)) await harness.close();
    });
    describeAccept(openTracked);
    describeOrder(openTracked);
    describeClaims(openTracked);
    describeOutcomes(openTracked);
    describePostponements(openTracked);
    describeDestinations(openTracked);
    describeCommands(openTracked);
    describeReplays(openTracked);
    describeReading(openTracked);
    describeFilters(openTracked);
    describeAdmin(openTracked);
    describeAccounts(openTracked);
    describeSessions(openTracked);
    describeRetention(openTracked);
    describeAnalytics(openTracked);
    describeOperational(openTracked);
    describeMemory(openTracked);
    describeQuality(openTracked);
    if (survivesCrash) {
      describeRestart(openTracked);
      describeOperationalRestart(openTracked);
      describeMemoryRestart(openTracked);
      describePostponementsRestart(openTracked);
    }
  });
}
