/**
 * Which of the deliveries that wait in a lane go together in one request. Pure: time is handed in.
 * It promises that nobody is held hostage by what else is in a batch: the later the try, the fewer travel with it; what
 * was in a rejected batch, and what has its last try, travels alone. Times are monotonic ms: a wall clock that is set
 * back must not make anybody wait for the difference.
 */
import type { BatchRule } from '../destinations/destination.ts';
import type { ClaimedDelivery } from '../journal/deliveries.ts';

export type Waiting = Pick<ClaimedDelivery, 'attempts' | 'rejections'> & {
  readonly body: { readonly length: number };
};

/** Around each body in a batch: ids, names and numbers. */
const ENTRY_BYTES = 160;

export class Gathering {
  readonly #rule: BatchRule;
  /** By how many may travel together: since when those that wait now have waited for company. */
  readonly #sinceMs = new Map<number, number>();

  constructor(rule: BatchRule) {
    this.#rule = rule;
  }

  get eventsMax(): number {
    return this.#rule.eventsMax;
  }

  /**
   * Takes the next batch out of `held`, oldest first; null while company may still come. triesMax: of each delivery.
   * hurry: whoever is first goes now, with whom is there.
   */
  take<Held extends Waiting>(
    held: Held[],
    triesMax: number,
    atMs: number,
    hurry: boolean,
  ): readonly Held[] | null {
    const groups = this.#group(held, triesMax);
    this.#noteWaits(groups, atMs);
    const chosen = this.#choose(groups, atMs) ?? (hurry ? groups.values().next().value : undefined);
    if (chosen === undefined) return null;
    const taken = new Set(chosen.members);
    held.splice(0, held.length, ...held.filter((delivery) => !taken.has(delivery)));
    // What stays of the group is the first in line now, so its wait begins again.
    if (chosen.isFull && held.length > 0) this.#sinceMs.set(chosen.sizeMax, atMs);
    else this.#sinceMs.delete(chosen.sizeMax);
    return chosen.members;
  }

  /** Nobody waits any more: what was held is given back. */
  reset(): void {
    this.#sinceMs.clear();
  }

  /** Monotonic ms at which `take` may give what it does not give now; null where nothing waits for company. */
  nextAtMs(): number | null {
    if (this.#sinceMs.size === 0) return null;
    return Math.min(...this.#sinceMs.values()) + this.#rule.waitMs;
  }

  #group<Held extends Waiting>(held: readonly Held[], triesMax: number): ReadonlyMap<number, Group<Held>> {
    const groups = new Map<number, Group<Held>>();
    for (const delivery of held) {
      const sizeMax = toSizeMax(delivery, this.#rule.eventsMax, triesMax);
      let group = groups.get(sizeMax);
      if (group === undefined) {
        group = { sizeMax, members: [], bytes: 0, isFull: false };
        groups.set(sizeMax, group);
      }
      if (group.isFull) continue;
      const bytes = group.bytes + delivery.body.length + ENTRY_BYTES;
      if (group.members.length > 0 && bytes > this.#rule.bytesMax) {
        group.isFull = true;
        continue;
      }
      group.members.push(delivery);
      group.bytes = bytes;
      group.isFull = group.members.length >= sizeMax;
    }
    return groups;
  }

  #noteWaits(groups: ReadonlyMap<number, unknown>, atMs: number): void {
    for (const sizeMax of this.#sinceMs.keys()) if (!groups.has(sizeMax)) this.#sinceMs.delete(sizeMax);
    for (const sizeMax of groups.keys()) if (!this.#sinceMs.has(sizeMax)) this.#sinceMs.set(sizeMax, atMs);
  }

  /** Who has waited comes before who is many: full batches without end must not keep the few from going. */
  #choose<Held>(groups: ReadonlyMap<number, Group<Held>>, atMs: number): Group<Held> | undefined {
    let full: Group<Held> | undefined;
    for (const group of groups.values()) {
      if ((this.#sinceMs.get(group.sizeMax) ?? atMs) + this.#rule.waitMs <= atMs) return group;
      if (group.isFull) full ??= group;
    }
    return full;
  }
}

interface Group<Held> {
  readonly sizeMax: number;
  readonly members: Held[];
  bytes: number;
  isFull: boolean;
}

/** How many may travel with it, itself included. */
export function toSizeMax(
  { attempts, rejections }: Pick<Waiting, 'attempts' | 'rejections'>,
  eventsMax: number,
  triesMax: number,
): number {
  if (rejections > 0 || attempts + 1 >= triesMax) return 1;
  return Math.max(1, Math.floor(eventsMax / 2 ** attempts));
}
