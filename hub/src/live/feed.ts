/**
 * The journal's feed for people who watch. In: a wake-up when events were committed. Out: each viewer gets every
 * event of its account once and in order, from where it asked, at its own pace.
 *
 * Promises: one read of the journal per wake-up however many viewers there are; memory is bounded by the ring
 * and by each viewer's own buffer, because a viewer that cannot keep up is not queued for but reads the journal
 * itself later; one that was live and fell too far behind is told to resync instead of being shown the past.
 */
import type { Clock } from '../clock.ts';
import type { AccountId } from '../journal/ids.ts';
import type { EventEntry, JournalReader } from '../journal/journal.ts';

/** Read from the journal at a time. */
export const FEED_PAGE_EVENTS = 500;
/** A viewer that was live and lags more than this gets `resync` and goes on at the end. */
export const FEED_LAG_EVENTS_MAX = 10_000;
/** The truth is polled, since a wake-up is only a hint. */
export const FEED_POLL_MS = 2_000;

export interface FeedViewer {
  readonly accountId: AccountId;
  /** Returns false once it has taken as much as it can hold; `resume` says that there is room again. */
  show(event: EventEntry): boolean;
  /** Events were skipped: what it knows is to be read anew. `row` is where it goes on. */
  resync(row: number): void;
  /** The journal could not be read: the viewer is let go. */
  fail(): void;
}

export interface FeedSubscription {
  /** There is room again. */
  resume(): void;
  stop(): void;
}

export interface Feed {
  start(): Promise<void>;
  stop(): void;
  /** afterRow null: from now on. Once it resolves, nothing that is committed later can be missed. */
  watch(viewer: FeedViewer, afterRow: number | null): Promise<FeedSubscription>;
  readonly viewers: number;
}

export function createFeed(options: {
  readonly journal: Pick<JournalReader, 'readFeed' | 'readFeedEnd' | 'listenFeed'>;
  readonly clock: Clock;
  readonly troubled: (detail: string, error: unknown) => void;
}): Feed {
  const { journal, clock, troubled } = options;
  const viewers = new Set<Viewer>();
  /** Everything up to here was shown to the viewers that are live. */
  let endRow = 0;
  let isReading = false;
  let wantsRead = false;
  let isRunning = false;
  let stopListening = (): void => {};
  let cancelPoll = (): void => {};

  /** One viewer's place: live viewers are fed by the shared read, the others read the journal themselves. */
  class Viewer implements FeedSubscription {
    readonly shown: FeedViewer;
    /** The last row it was shown, or knows it need not be shown. */
    row: number;
    isLive = false;
    hasBeenLive = false;
    isFull = false;
    isCatchingUp = false;
    isStopped = false;

    constructor(shown: FeedViewer, row: number) {
      this.shown = shown;
      this.row = row;
    }

    offer(event: EventEntry): void {
      this.row = event.row;
      if (event.accountId === this.shown.accountId && !this.shown.show(event)) {
        this.isFull = true;
        this.isLive = false;
      }
    }

    resume(): void {
      this.isFull = false;
      void this.catchUp();
    }

    stop(): void {
      this.isStopped = true;
      viewers.delete(this);
    }

    async catchUp(): Promise<void> {
      if (this.isCatchingUp || this.isLive) return;
      this.isCatchingUp = true;
      try {
        while (!this.isStopped && !this.isFull) {
          if (this.hasBeenLive && endRow - this.row > FEED_LAG_EVENTS_MAX) {
            this.row = endRow;
            this.shown.resync(endRow);
          }
          // What was committed up to here is either in this page or, once it is empty, behind us.
          const upTo = endRow;
          const events = await journal.readFeed(this.shown.accountId, this.row, FEED_PAGE_EVENTS);
          if (this.isStopped) return;
          for (const event of events) {
            if (this.isFull) break;
            this.offer(event);
          }
          if (this.isFull) return;
          if (events.length < FEED_PAGE_EVENTS) {
            this.row = Math.max(this.row, upTo);
            if (this.row >= endRow) {
              // No await since the comparison: nothing can have been shown to the others in between.
              this.isLive = true;
              this.hasBeenLive = true;
              return;
            }
          }
        }
      } catch (error) {
        troubled('A stream could not read the journal and was closed.', error);
        this.stop();
        this.shown.fail();
      } finally {
        this.isCatchingUp = false;
      }
    }
  }

  async function readEnd(): Promise<void> {
    wantsRead = true;
    if (isReading || !isRunning) return;
    isReading = true;
    try {
      while (wantsRead && isRunning) {
        wantsRead = false;
        await readPages();
      }
    } catch (error) {
      troubled('The feed could not be read; the next poll tries again.', error);
    } finally {
      isReading = false;
    }
  }

  async function readPages(): Promise<void> {
    for (;;) {
      if (viewers.size === 0) return;
      if (!hasLive()) {
        // Only the place of the end matters; those who are behind read for themselves, up to there.
        const end = await journal.readFeedEnd();
        if (!hasLive()) {
          endRow = Math.max(endRow, end);
          for (const viewer of viewers) if (!viewer.isFull) void viewer.catchUp();
          return;
        }
      }
      const events = await journal.readFeed(undefined, endRow, FEED_PAGE_EVENTS);
      for (const event of events) {
        endRow = event.row;
        for (const viewer of viewers) if (viewer.isLive && event.row > viewer.row) viewer.offer(event);
      }
      if (events.length < FEED_PAGE_EVENTS) return;
    }
  }

  function hasLive(): boolean {
    for (const viewer of viewers) if (viewer.isLive) return true;
    return false;
  }

  function poll(): void {
    cancelPoll = clock.setTimer(() => {
      void readEnd();
      poll();
    }, FEED_POLL_MS);
  }

  return {
    async start() {
      endRow = await journal.readFeedEnd();
      isRunning = true;
      stopListening = journal.listenFeed(() => void readEnd());
      poll();
    },
    stop() {
      isRunning = false;
      stopListening();
      cancelPoll();
      viewers.clear();
    },
    async watch(shown, afterRow) {
      const end = await journal.readFeedEnd();
      // While nobody is live, nobody misses what the end is moved past.
      if (!hasLive()) endRow = Math.max(endRow, end);
      // A row past the end is from another journal, or from before a backup was restored.
      const isFuture = afterRow !== null && afterRow > end;
      const viewer = new Viewer(shown, afterRow === null || isFuture ? end : afterRow);
      viewers.add(viewer);
      if (isFuture) shown.resync(end);
      void viewer.catchUp();
      return viewer;
    },
    get viewers() {
      return viewers.size;
    },
  };
}
