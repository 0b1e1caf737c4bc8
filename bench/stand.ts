import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import type {
  BenchDestination,
  Contestant,
  ContestantOptions,
  RunningContestant,
} from './contestants/contestant.ts';
import type { Ledger } from './load/ledger.ts';
import type { ReportFeed } from './load/report-feed.ts';
import type { Sink } from './load/sink.ts';

import { createLedger } from './load/ledger.ts';
import { runClosedLoop } from './load/load.ts';
import { createReportFeed, toNumber } from './load/report-feed.ts';
import { openSink } from './load/sink.ts';

/** One contestant with all around it: its destinations, its reports, and the account of both. */
export interface Stand<Running extends RunningContestant = RunningContestant> {
  readonly contestant: Running;
  readonly ledger: Ledger;
  readonly feed: ReportFeed;
  readonly sink: Sink;
  stop(): Promise<void>;
}

export interface StandOptions {
  readonly destinations: number;
  readonly secret: string;
  /** Emptied before and after. */
  readonly dir: string;
  readonly profileDir: string | null;
  /** Destinations that the ledger does not know: hostile or dead ones. */
  readonly others?: readonly BenchDestination[];
  readonly nodeArguments?: readonly string[];
}

/** As many requests under way as the measurements in design section 11 had. */
export const IN_FLIGHT = 64;

/** An event that has not arrived by then is lost, or the hub has stopped: either ends the bench. */
export const ARRIVAL_MAX_MS = 60_000;

export async function openStand<Running extends RunningContestant>(
  contestant: Pick<Contestant, 'name'> & { start(options: ContestantOptions): Promise<Running> },
  options: StandOptions,
): Promise<Stand<Running>> {
  const dataDir = join(options.dir, contestant.name);
  await rm(dataDir, { recursive: true, force: true });
  await mkdir(dataDir, { recursive: true });
  const ledger = createLedger();
  const sink = await openSink(options.destinations, (slot, destination, atMs) => {
    if ((slot >> 1) % options.destinations !== destination)
      throw new Error(`event ${slot} went to destination ${destination}`);
    ledger.arrive(slot, atMs);
  });
  const destinations = sink.urls.map((url, index) => ({ number: toNumber(index), url }));
  const running = await contestant.start({
    destinations: [...destinations, ...(options.others ?? [])],
    secret: options.secret,
    dataDir,
    profileDir: options.profileDir,
    ...(options.nodeArguments !== undefined && { nodeArguments: options.nodeArguments }),
  });
  const feed = createReportFeed({
    door: running.door,
    numbers: destinations.map(({ number }) => number),
    secret: options.secret,
    ledger,
  });
  return {
    contestant: running,
    ledger,
    feed,
    sink,
    async stop() {
      await running.stop();
      await sink.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Until V8 has compiled what it will compile, and every destination has its connection. */
export async function warmUp({ contestant, feed, ledger }: Stand, durationMs: number): Promise<void> {
  await runClosedLoop({ port: contestant.door.port, feed, ledger }, { inFlight: IN_FLIGHT, durationMs });
  await ledger.waitUntilAllArrived(ARRIVAL_MAX_MS);
}
