import type { Clock } from '../clock.ts';
import type { DestinationId } from '../journal/ids.ts';
import type { JournalReader } from '../journal/reader.ts';

export interface Backlog {
  readonly pending: number;
  readonly oldestAtMs: number | null;
}

export type BacklogReader = () => Promise<ReadonlyMap<DestinationId, Backlog>>;

/** A dashboard with ten people in front of it asks every second; counting once for all of them is enough. */
const BACKLOG_MS = 1_000;

export function createBacklogReader(
  journal: Pick<JournalReader, 'readBacklog'>,
  clock: Pick<Clock, 'monotonicMs'>,
): BacklogReader {
  let readAtMs = Number.NEGATIVE_INFINITY;
  let reading: Promise<ReadonlyMap<DestinationId, Backlog>> = Promise.resolve(new Map());

  return () => {
    if (clock.monotonicMs() - readAtMs >= BACKLOG_MS) {
      readAtMs = clock.monotonicMs();
      reading = read();
      // Whoever waits for it is told; the next one asks anew.
      reading.catch(() => {
        readAtMs = Number.NEGATIVE_INFINITY;
      });
    }
    return reading;
  };

  async function read(): Promise<ReadonlyMap<DestinationId, Backlog>> {
    const lanes = await journal.readBacklog();
    return new Map(lanes.map(({ destinationId, ...backlog }) => [destinationId, backlog]));
  }
}
