/**
 * Whether a destination is the only one that writes to its company. Pipedrive refuses no second log of a call, so where
 * there are several, each looks before it writes. They meet in this process; that they have met is remembered, since
 * after a restart one may begin before the others are open, and one that was deleted has left its logs behind.
 */
import type { DestinationGround } from '../destination.ts';

export interface CompanySeat {
  /** Nobody else writes there, nor did of late. */
  isAlone(): Promise<boolean>;
  leave(): void;
}

export interface CompanyBook {
  join(company: string, ground: DestinationGround): CompanySeat;
}

/** After the last meeting: no delivery of a call is tried for longer. */
export const MET_KEPT_MS = 7 * 24 * 3_600_000;
/** A meeting that goes on is written down this often. */
export const MET_WRITTEN_EVERY_MS = 3_600_000;
const MEMORY_KEY = 'company';

export function createCompanyBook(): CompanyBook {
  /** Destinations by company; a new seat may be taken before the old one of the same destination is left. */
  const seats = new Map<string, Set<{ readonly destinationId: string }>>();
  return {
    join(company, ground) {
      const { destinationId } = ground;
      const seat = { destinationId };
      const ours = seats.get(company) ?? new Set();
      seats.set(company, ours.add(seat));
      let metAtMs: number | null = null;

      async function readMet(): Promise<number> {
        const [text] = await ground.memory.read([MEMORY_KEY]);
        const atMs = Number(text ?? Number.NEGATIVE_INFINITY);
        return Number.isNaN(atMs) ? Number.NEGATIVE_INFINITY : atMs;
      }

      return {
        async isAlone() {
          const now = ground.nowMs();
          metAtMs ??= await readMet();
          const meetsOthers = [...ours].some((other) => other.destinationId !== destinationId);
          if (!meetsOthers) return Math.abs(now - metAtMs) > MET_KEPT_MS;
          if (Math.abs(now - metAtMs) > MET_WRITTEN_EVERY_MS) {
            await ground.memory.write([{ key: MEMORY_KEY, value: String(now) }]);
            metAtMs = now;
          }
          return false;
        },
        leave() {
          ours.delete(seat);
          if (ours.size === 0 && seats.get(company) === ours) seats.delete(company);
        },
      };
    },
  };
}
