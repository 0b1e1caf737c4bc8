/**
 * The journal's feed for people who watch: events, and calls as they change, in one order of rows. In: a wake-up when
 * something was committed. Out: each viewer gets every row of its account once and in order, from where it asked, at
 * its own pace.
 *
 * Promises: one read of the journal per wake-up and kind of row, however many viewers there are; memory is bounded by
 * each viewer's own buffer, because a viewer that cannot keep up is not queued for but reads the journal itself later,
 * and only a few do so at a time; one that was live and fell too far behind is told to resync instead of being shown
 * the past. A row that cannot be read is left out and its account's viewers are told; it stops nobody.
 */
import type { Call } from '../calls/call.ts';
import type { Clock } from '../clock.ts';
import type { AccountId } from '../journal/ids.ts';
import type { CallChange, EventEntry, JournalReader } from '../journal/reader.ts';

/** Read from the journal at a time. */
export const FEED_PAGE_ROWS = 500;
/** A viewer of events that was live and lags more than this gets `resync` and goes on at the end. */
export const FEED_LAG_ROWS_MAX = 10_000;
/** One that only shows how calls are now is quicker at reading its lists anew than at seeing all that happened. */
export const FEED_LAG_CALLS_MAX = 2_000;
/** The truth is polled, since a wake-up is only a hint. */
export const FEED_POLL_MS = 2_000;
/** When 500 viewers come back at once, their reading must not become the journal's main work. */
export const FEED_CATCH_UPS_MAX = 4;
/** Pages before unreadable rows that are remembered, so that each viewer need not look for the same row. */
const GAPS_MAX = 100;

/** What happened at one row: an event, the call that it changed, or both. */
export interface FeedItem {
  readonly row: number;
  readonly accountId: AccountId;
  /** null where the row made none, or nobody asked for events. */
  readonly event: EventEntry | null;
  /** The call as it was when the row was read, so perhaps later than the row; null likewise. */
  readonly call: Call | null;
}

export interface FeedKinds {
  readonly events: boolean;
  readonly calls: boolean;
}

export interface FeedViewer {
  readonly accountId: AccountId;
  readonly wants: FeedKinds;
  /** Returns false once it has taken as much as it can hold; `resume` says that there is room again. */
  show(item: FeedItem): boolean;
  /** Rows were skipped: what it knows is to be read anew. `row` is where it goes on. */
  resync(row: number): void;
  /** The journal could not be read: the viewer is let go. */
  fail(): void;
}

export interface FeedSubscription {
  /** The last row it was shown, or need not be shown: where it goes on after a break. */
  readonly row: number;
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

interface FeedPage {
  /** What was read; a viewer who wants more than that is not served by it. */
  readonly kinds: FeedKinds;
  readonly items: readonly FeedItem[];
  /** There may be more after its last row. */
  readonly hasMore: boolean;
}

/** A page as far as it can be read. */
interface FeedStretch extends FeedPage {
  /** The row after its items that cannot be read: where to go on. null where the page is whole. */
  readonly gapRow: number | null;
}

export function createFeed(options: {
  readonly journal: Pick<JournalReader, 'readFeed' | 'readCallChanges' | 'readFeedEnd' | 'listenFeed'>;
  readonly clock: Clock;
  readonly troubled: (detail: string, error: unknown) => void;
}): Feed {
  const { journal, clock, troubled } = options;
  const viewers = new Set<Viewer>();
  const inTurn = createTurnstile(FEED_CATCH_UPS_MAX);
  /** Everything up to here was shown to the viewers that are live. */
  let endRow = 0;
  const gaps = new Map<string, Promise<FeedStretch>>();
  let isReading = false;
  let wantsRead = false;
  let isRunning = false;
  let stopListening = (): void => {};
  let cancelPoll = (): void => {};

  /** One viewer's place: live viewers are fed by the shared read, the others read the journal themselves. */
  class Viewer implements FeedSubscription {
    readonly shown: FeedViewer;
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

    offer(item: FeedItem): void {
      this.row = item.row;
      if (item.accountId === this.shown.accountId && !this.shown.show(item)) {
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

    isLost(): boolean {
      const lag = endRow - this.row;
      return this.shown.wants.events ? this.hasBeenLive && lag > FEED_LAG_ROWS_MAX : lag > FEED_LAG_CALLS_MAX;
    }

    async catchUp(): Promise<void> {
      if (this.isCatchingUp || this.isLive) return;
      this.isCatchingUp = true;
      try {
        while (!this.isStopped && !this.isFull && !this.isLive) await inTurn(() => this.readOn());
      } catch (error) {
        troubled('A stream could not read the journal and was closed.', error);
        this.stop();
        this.shown.fail();
      } finally {
        this.isCatchingUp = false;
      }
    }

    async readOn(): Promise<void> {
      if (this.isStopped || this.isFull) return;
      if (this.isLost()) {
        this.row = endRow;
        this.shown.resync(endRow);
      }
      // What was committed up to here is either in this page or, once it is empty, behind us.
      const upTo = endRow;
      const page = await readStretch(this.shown.accountId, this.row, this.shown.wants);
      if (this.isStopped) return;
      for (const item of page.items) {
        if (this.isFull) return;
        this.offer(item);
      }
      if (this.isFull) return;
      if (page.gapRow !== null) {
        this.row = page.gapRow;
        this.shown.resync(page.gapRow);
      }
      if (page.hasMore) return;
      this.row = Math.max(this.row, upTo);
      if (this.row < endRow) return;
      // No await since the comparison: nothing can have been shown to the others in between.
      this.isLive = true;
      this.hasBeenLive = true;
    }
  }

  /**
   * Both kinds up to one row. Every event changes its call, so that all events up to the last change that was read
   * are there when events are read after it; those beyond it wait for the next page, whose changes will reach them.
   */
  async function readPage(
    accountId: AccountId | undefined,
    afterRow: number,
    kinds: FeedKinds,
    limit: number = FEED_PAGE_ROWS,
  ): Promise<FeedPage> {
    if (!kinds.calls) {
      const events = await journal.readFeed(accountId, afterRow, limit);
      return { kinds, items: events.map(fromEvent), hasMore: events.length >= limit };
    }
    const changes = await journal.readCallChanges(accountId, afterRow, limit);
    const last = changes.at(-1);
    if (!kinds.events || last === undefined) {
      return { kinds, items: changes.map(fromChange), hasMore: changes.length >= limit };
    }
    const events = await journal.readFeed(accountId, afterRow, limit);
    const eventOf = new Map(events.map((event) => [event.row, event]));
    return {
      kinds,
      items: changes.map((change) => ({
        ...fromChange(change),
        event: eventOf.get(change.row) ?? null,
      })),
      hasMore: changes.length >= limit || (events.at(-1)?.row ?? 0) > last.row,
    };
  }

  /** A page, or as much of it as comes before the first row that cannot be read. */
  async function readStretch(
    accountId: AccountId | undefined,
    afterRow: number,
    kinds: FeedKinds,
  ): Promise<FeedStretch> {
    const key = `${accountId ?? ''} ${afterRow} ${kinds.events} ${kinds.calls}`;
    const known = gaps.get(key);
    if (known !== undefined) return known;
    const read = (row: number, limit?: number): Promise<FeedPage> => readPage(accountId, row, kinds, limit);
    try {
      return { ...(await read(afterRow)), gapRow: null };
    } catch (error) {
      const known = gaps.get(key);
      if (known !== undefined) return known;
      const reading = readUpToGap(read, kinds, afterRow, error);
      gaps.set(key, reading);
      const [oldest] = gaps.keys();
      if (gaps.size > GAPS_MAX && oldest !== undefined) gaps.delete(oldest);
      try {
        const stretch = await reading;
        if (stretch.gapRow === null) gaps.delete(key);
        return stretch;
      } catch (broken) {
        gaps.delete(key);
        throw broken;
      }
    }
  }

  /** Some ten readings find how many rows come before the unreadable one, and two or three more its number. */
  async function readUpToGap(
    read: (afterRow: number, limit?: number) => Promise<FeedPage>,
    kinds: FeedKinds,
    afterRow: number,
    error: unknown,
  ): Promise<FeedStretch> {
    // A journal that cannot even read what is not there has no unreadable row, but is in trouble.
    await read(Number.MAX_SAFE_INTEGER, 1);
    const canRead = (row: number): Promise<boolean> =>
      read(row, 1).then(
        () => true,
        () => false,
      );
    let items: readonly FeedItem[] = [];
    for (let [good, bad] = [0, FEED_PAGE_ROWS]; bad - good > 1;) {
      const middle = Math.floor((good + bad) / 2);
      try {
        ({ items } = await read(afterRow, middle));
        good = middle;
      } catch {
        bad = middle;
      }
    }
    const lastRow = items.at(-1)?.row ?? afterRow;
    // It was a passing trouble, where the next row can be read now: it is asked for again.
    if (await canRead(lastRow)) return { kinds, items, hasMore: true, gapRow: null };
    // Rows have gaps between them, above all those of one account: doubled steps find one to read on from.
    let [low, high] = [lastRow, lastRow + 1];
    while (!(await canRead(high))) {
      [low, high] = [high, high + 2 * (high - low)];
      // It broke meanwhile.
      if (high > Number.MAX_SAFE_INTEGER) throw error;
    }
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (await canRead(middle)) high = middle;
      else low = middle;
    }
    troubled(
      `The feed leaves out row ${high}, which cannot be read; whoever watches its account is told to resync.`,
      error,
    );
    return { kinds, items, hasMore: true, gapRow: high };
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
      let kinds = findLiveKinds();
      if (kinds === null) {
        // Only the place of the end matters; those who are behind read for themselves, up to there.
        const end = await journal.readFeedEnd();
        kinds = findLiveKinds();
        if (kinds === null) {
          endRow = Math.max(endRow, end);
          for (const viewer of viewers) if (!viewer.isFull) void viewer.catchUp();
          return;
        }
      }
      const page = await readStretch(undefined, endRow, kinds);
      show(page);
      if (page.gapRow !== null) leaveOut(page.gapRow);
      if (!page.hasMore) return;
    }
  }

  function show({ kinds, items }: FeedPage): void {
    for (const viewer of viewers) {
      if (!viewer.isLive || covers(kinds, viewer.shown.wants)) continue;
      // It became live while this page was read without its kind.
      viewer.isLive = false;
      void viewer.catchUp();
    }
    for (const item of items) {
      endRow = Math.max(endRow, item.row);
      for (const viewer of viewers) if (viewer.isLive && item.row > viewer.row) viewer.offer(item);
    }
  }

  /** Whose row it is cannot be read either: each reads on for itself, and whose own it is meets it there. */
  function leaveOut(gapRow: number): void {
    endRow = Math.max(endRow, gapRow);
    for (const viewer of viewers) {
      if (!viewer.isLive) continue;
      viewer.isLive = false;
      void viewer.catchUp();
    }
  }

  /** What those who are live want together; null while nobody is. */
  function findLiveKinds(): FeedKinds | null {
    let [isAny, events, calls] = [false, false, false];
    for (const { isLive, shown } of viewers) {
      if (!isLive) continue;
      isAny = true;
      events ||= shown.wants.events;
      calls ||= shown.wants.calls;
      if (events && calls) break;
    }
    return isAny ? { events, calls } : null;
  }

  /** A row past the end is from another journal, or from before a backup was restored. */
  async function isFuture(row: number, end: number, { calls }: FeedKinds): Promise<boolean> {
    if (row <= end) return false;
    // The end is that of events; reports after it may have changed calls.
    if (!calls) return true;
    try {
      return (await journal.readCallChanges(undefined, row - 1, 1)).length === 0;
    } catch {
      // There is a row, though none that can be read.
      return false;
    }
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
      for (const viewer of viewers) viewer.stop();
    },
    async watch(shown, afterRow) {
      const end = await journal.readFeedEnd();
      const isElsewhere = afterRow !== null && (await isFuture(afterRow, end, shown.wants));
      // While nobody is live, nobody misses what the end is moved past.
      if (findLiveKinds() === null) endRow = Math.max(endRow, end);
      const viewer = new Viewer(shown, afterRow === null || isElsewhere ? end : afterRow);
      viewers.add(viewer);
      if (isElsewhere) shown.resync(end);
      void viewer.catchUp();
      return viewer;
    },
    get viewers() {
      return viewers.size;
    },
  };
}

function fromEvent(event: EventEntry): FeedItem {
  return { row: event.row, accountId: event.accountId, event, call: null };
}

function fromChange({ row, accountId, call }: CallChange): FeedItem {
  return { row, accountId, event: null, call };
}

function covers(kinds: FeedKinds, wants: FeedKinds): boolean {
  return (kinds.events || !wants.events) && (kinds.calls || !wants.calls);
}

/** At most so many at a time; the others wait in line. */
function createTurnstile(max: number): (work: () => Promise<void>) => Promise<void> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    // Whoever leaves hands its place to the next in line, so that nobody slips in between.
    if (running < max) running += 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
