/** Collects what changed and hands it over once per frame: at 100 events a second a screen is drawn 60 times, not 100. */

export interface FrameBatch<Item> {
  add(item: Item): void;
  /** Forgets what has not been handed over. */
  clear(): void;
}

/** Of one thing only the last change is handed over, in the order of the changes. */
export function makeFrameBatch<Item>(options: {
  readonly keyOf: (item: Item) => string;
  readonly flush: (items: readonly Item[]) => void;
  readonly schedule: (run: () => void) => void;
}): FrameBatch<Item> {
  let waiting = new Map<string, Item>();
  let isScheduled = false;
  return {
    add(item) {
      const key = options.keyOf(item);
      waiting.delete(key);
      waiting.set(key, item);
      if (isScheduled) return;
      isScheduled = true;
      options.schedule(() => {
        isScheduled = false;
        const items = [...waiting.values()];
        waiting = new Map();
        if (items.length > 0) options.flush(items);
      });
    },
    clear() {
      waiting = new Map();
    },
  };
}

/** On the next frame, or soon where a hidden tab gets no frames. */
export function scheduleFrame(run: () => void): void {
  if (document.hidden) setTimeout(run, 250);
  else requestAnimationFrame(run);
}
