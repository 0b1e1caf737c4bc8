/**
 * Which calls the wall shows. In: the list of live calls and every change after it. Out: tiles in a stable order.
 * A call that ended stays for a moment with its ending, so that somebody who looks sees what became of it; so does one
 * that began and ended between two readings of the stream, which was never here live.
 */
import type { CallView } from '../../data/types.ts';

/** Tiles on the wall; more than anybody can read, and still drawn in one frame. */
export const TILES_MAX = 500;
export const LINGER_MS = 4_000;

export type TileOrder = 'longest' | 'newest';

export interface Tile {
  readonly call: CallView;
  /** Unix ms since which it is over; null while it is live. */
  readonly overSinceMs: number | null;
}

export interface LiveCalls {
  /** What the list says; calls that are over but still shown stay. Of what is stale `age` may know more. */
  replace(calls: readonly CallView[]): void;
  /** Returns whether anything on the wall changed. */
  apply(changed: readonly CallView[], nowMs: number): boolean;
  /** Shows as stale what became live before this; returns whether anything was not yet. */
  age(liveBeforeMs: number): boolean;
  /** Takes down what is over for long enough; returns whether anything was. */
  sweep(nowMs: number): boolean;
  toTiles(order: TileOrder): readonly Tile[];
  readonly size: number;
}

export function createLiveCalls(): LiveCalls {
  const tiles = new Map<string, Tile>();
  let staleBeforeMs = -Infinity;

  // A list that was on its way may be older than the counts.
  const isAged = (call: CallView): boolean =>
    !call.stale && Date.parse(call.live_since ?? '') < staleBeforeMs;
  const show = (call: CallView): void => {
    tiles.set(call.id, { call: isAged(call) ? { ...call, stale: true } : call, overSinceMs: null });
  };

  return {
    replace(calls) {
      for (const [id, tile] of tiles) if (tile.overSinceMs === null) tiles.delete(id);
      for (const call of calls) {
        if (tiles.size >= TILES_MAX) break;
        show(call);
      }
    },
    apply(changed, nowMs) {
      let isChanged = false;
      for (const call of changed) {
        const known = tiles.get(call.id);
        const isLive = call.state === 'live';
        // Old calls change too, by a late report: none of the wall's business.
        const isNews = isLive || nowMs - Date.parse(call.live_since ?? '') < LINGER_MS;
        if (known === undefined && (!isNews || tiles.size >= TILES_MAX)) continue;
        if (isLive) show(call);
        else tiles.set(call.id, { call, overSinceMs: known?.overSinceMs ?? nowMs });
        isChanged = true;
      }
      return isChanged;
    },
    age(liveBeforeMs) {
      staleBeforeMs = liveBeforeMs;
      let isChanged = false;
      for (const { call, overSinceMs } of tiles.values()) {
        if (overSinceMs !== null || !isAged(call)) continue;
        show(call);
        isChanged = true;
      }
      return isChanged;
    },
    sweep(nowMs) {
      let isChanged = false;
      for (const [id, tile] of tiles) {
        if (tile.overSinceMs === null || nowMs - tile.overSinceMs < LINGER_MS) continue;
        tiles.delete(id);
        isChanged = true;
      }
      return isChanged;
    },
    toTiles(order) {
      const sign = order === 'longest' ? 1 : -1;
      return [...tiles.values()].sort(
        (left, right) =>
          sign * (toSinceMs(left.call) - toSinceMs(right.call)) || compare(left.call.id, right.call.id),
      );
    },
    get size() {
      return tiles.size;
    },
  };
}

/** Calls of one of our numbers together, the busiest number first. */
export function groupByNumber(tiles: readonly Tile[]): readonly {
  readonly key: string;
  readonly name: string | null;
  readonly number: string | null;
  readonly tiles: readonly Tile[];
}[] {
  const groups = new Map<string, Tile[]>();
  for (const tile of tiles) {
    const { phone_number: ours } = tile.call;
    const key = ours?.number ?? ours?.name ?? '';
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [tile]);
    else group.push(tile);
  }
  return [...groups]
    .map(([key, members]) => ({
      key,
      name: members[0]?.call.phone_number?.name ?? null,
      number: members[0]?.call.phone_number?.number ?? null,
      tiles: members,
    }))
    .sort((left, right) => right.tiles.length - left.tiles.length || compare(left.key, right.key));
}

/** Where the source gave no start, since we know of it. */
export function toSinceMs(call: CallView): number {
  return Date.parse(call.started_at ?? call.live_since ?? call.first_report_at);
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
