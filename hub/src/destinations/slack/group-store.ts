/**
 * Groups as a destination remembers them: one entry each, and pages of the events they hold, so that nothing that was
 * counted is counted again or forgotten, whatever ends the process. Writes that are asked for while one is under way
 * go out together in the next, so a burst costs a few.
 */
import { createHash } from 'node:crypto';
import type { DestinationGround, MemoryWrite } from '../destination.ts';
import type { AlertGroup } from './alert-group.ts';

export interface StoredGroup {
  group: AlertGroup;
  readonly events: EventLog;
}

export interface GroupStore {
  /** Everything that is remembered. */
  load(): Promise<{ readonly groups: readonly StoredGroup[]; readonly heldUntilMs: number }>;
  /** Resolves when the group as it is now, or newer, is on disk. */
  save(stored: StoredGroup): Promise<void>;
  forget(stored: StoredGroup): Promise<void>;
  /** Slack asked not to be sent anything until then. */
  saveHold(untilMs: number): Promise<void>;
  /** What is under way has ended, well or not. */
  settle(): Promise<void>;
}

const GROUP_PREFIX = 'group:';
const EVENTS_PREFIX = 'events:';
const HOLD_KEY = 'hold';
const GROUPS_LOADED_MAX = 1_000;
/** 64 bits of a hash: among the events of one group, no two are alike by chance. */
const EVENT_CHARACTERS = 11;
/** 13,750 characters, below what one entry may hold. */
const PAGE_EVENTS_MAX = 1_250;
/** What a group knows again: its last 5,000 to 6,250 events; older ones would have to be repeated on purpose. */
const PAGES_MAX = 5;
/** Of what one write may carry; the rest follows in the next. */
const GROUPS_WRITTEN_MAX = 100;

/** An event's id as pages hold it. */
export type EventMark = string;

/** Which events a group holds, in pages that are only ever added to. */
export class EventLog {
  readonly #known = new Set<string>();
  readonly #pages: string[];
  readonly #dirty = new Set<number>();
  #firstPage: number;

  constructor(firstPage = 0, pages: readonly string[] = []) {
    this.#firstPage = firstPage;
    this.#pages = [...pages];
    for (const page of pages) for (const event of toEvents(page)) this.#known.add(event);
  }

  has(event: EventMark): boolean {
    return this.#known.has(event);
  }

  add(event: EventMark): void {
    if (this.#known.has(event)) return;
    this.#known.add(event);
    const last = this.#pages.at(-1);
    if (last === undefined || last.length >= PAGE_EVENTS_MAX * EVENT_CHARACTERS) this.#pages.push(event);
    else this.#pages[this.#pages.length - 1] = last + event;
    this.#dirty.add(this.#firstPage + this.#pages.length - 1);
    if (this.#pages.length <= PAGES_MAX) return;
    for (const old of toEvents(this.#pages.shift() ?? '')) this.#known.delete(old);
    this.#dirty.add(this.#firstPage);
    this.#firstPage += 1;
  }

  get range(): readonly [number, number] {
    return [this.#firstPage, this.#firstPage + this.#pages.length];
  }

  /** What changed since the last time; null: that page is gone. */
  takeChanges(): readonly (readonly [number, string | null])[] {
    const changes = [...this.#dirty].map(
      (page) => [page, this.#pages[page - this.#firstPage] ?? null] as const,
    );
    this.#dirty.clear();
    return changes;
  }

  /** A write failed: what it carried has to go out again. */
  putBack(pages: readonly number[]): void {
    for (const page of pages) this.#dirty.add(page);
  }
}

export function createGroupStore(ground: DestinationGround): GroupStore {
  return new Store(ground);
}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

class Store implements GroupStore {
  readonly #ground: DestinationGround;
  readonly #dirty = new Set<StoredGroup>();
  readonly #gone = new Map<string, StoredGroup>();
  #heldUntilMs: number | null = null;
  #waiting: Waiting[] = [];
  #isWriting = false;
  #written: Promise<void> = Promise.resolve();

  constructor(ground: DestinationGround) {
    this.#ground = ground;
  }

  async load(): Promise<{ readonly groups: readonly StoredGroup[]; readonly heldUntilMs: number }> {
    const { memory } = this.#ground;
    const entries = await memory.list(GROUP_PREFIX, GROUPS_LOADED_MAX);
    const [hold] = await memory.read([HOLD_KEY]);
    const groups: StoredGroup[] = [];
    for (const { key, value } of entries) {
      const parsed = parseGroup(value);
      if (parsed === null) {
        this.#ground.troubled(`what was remembered under ${key} cannot be read and is forgotten`, null);
        await memory.write([{ key, value: null }]);
        continue;
      }
      const { group, range } = parsed;
      const [from, to] = range;
      const keys = Array.from({ length: to - from }, (_, index) => toPageKey(group.key, from + index));
      const pages = (await memory.read(keys)).map((page) => page ?? '');
      groups.push({ group, events: new EventLog(from, pages) });
    }
    const heldUntilMs = Number(hold ?? 0);
    return { groups, heldUntilMs: Number.isFinite(heldUntilMs) ? heldUntilMs : 0 };
  }

  save(stored: StoredGroup): Promise<void> {
    this.#dirty.add(stored);
    return this.#write();
  }

  forget(stored: StoredGroup): Promise<void> {
    this.#dirty.delete(stored);
    this.#gone.set(stored.group.key, stored);
    return this.#write();
  }

  saveHold(untilMs: number): Promise<void> {
    this.#heldUntilMs = untilMs;
    return this.#write();
  }

  async settle(): Promise<void> {
    while (this.#isWriting) await this.#written;
  }

  #write(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      if (!this.#isWriting) this.#written = this.#writeAll();
    });
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    while (this.#waiting.length > 0) {
      // What else happens in this turn goes along.
      await Promise.resolve();
      const waiting = this.#waiting;
      this.#waiting = [];
      try {
        while (this.#dirty.size + this.#gone.size > 0 || this.#heldUntilMs !== null) await this.#writeSome();
        for (const { resolve } of waiting) resolve();
      } catch (error) {
        for (const { reject } of waiting) reject(error);
      }
    }
    // In the same turn as the look at what waits, or what is asked for in between would wait for ever.
    this.#isWriting = false;
  }

  async #writeSome(): Promise<void> {
    const dirty = [...this.#dirty].slice(0, GROUPS_WRITTEN_MAX);
    // All of them at once: one that came back under the same key must not be forgotten after it was written.
    const gone = [...this.#gone.values()];
    const heldUntilMs = this.#heldUntilMs;
    const changes = dirty.map((stored) => ({ stored, pages: stored.events.takeChanges() }));
    for (const stored of dirty) this.#dirty.delete(stored);
    for (const { group } of gone) this.#gone.delete(group.key);
    this.#heldUntilMs = null;
    const writes = new Map<string, MemoryWrite>();
    for (const write of [
      ...gone.flatMap(toForgetting),
      ...changes.flatMap(({ stored, pages }) => toWrites(stored, pages)),
      ...(heldUntilMs === null ? [] : [{ key: HOLD_KEY, value: String(heldUntilMs) }]),
    ]) {
      writes.set(write.key, write);
    }
    try {
      await this.#ground.memory.write([...writes.values()]);
    } catch (error) {
      for (const { stored, pages } of changes) {
        stored.events.putBack(pages.map(([page]) => page));
        this.#dirty.add(stored);
      }
      for (const stored of gone)
        if (!this.#gone.has(stored.group.key)) this.#gone.set(stored.group.key, stored);
      this.#heldUntilMs ??= heldUntilMs;
      throw error;
    }
  }
}

function toForgetting({ group, events }: StoredGroup): readonly MemoryWrite[] {
  const [from, to] = events.range;
  const pages = Array.from({ length: to - from }, (_, index) => toPageKey(group.key, from + index));
  return [GROUP_PREFIX + group.key, ...pages].map((key) => ({ key, value: null }));
}

function toWrites(stored: StoredGroup, pages: readonly (readonly [number, string | null])[]): MemoryWrite[] {
  const { group, events } = stored;
  return [
    ...pages.map(([page, value]) => ({ key: toPageKey(group.key, page), value })),
    { key: GROUP_PREFIX + group.key, value: JSON.stringify({ group, range: events.range }) },
  ];
}

/** Written by this file only; what another version wrote is forgotten rather than guessed at. */
function parseGroup(
  text: string,
): { readonly group: AlertGroup; readonly range: readonly [number, number] } | null {
  try {
    const { group, range } = JSON.parse(text) as {
      readonly group: AlertGroup;
      readonly range: readonly [number, number];
    };
    const isWhole =
      typeof group.key === 'string' &&
      typeof group.total.count === 'number' &&
      typeof group.untold.count === 'number' &&
      Array.isArray(group.early) &&
      range[1] - range[0] >= 0 &&
      range[1] - range[0] <= PAGES_MAX;
    return isWhole ? { group, range } : null;
  } catch {
    return null;
  }
}

function toPageKey(groupKey: string, page: number): string {
  return `${EVENTS_PREFIX}${groupKey}:${page}`;
}

export function toEventMark(eventId: string): EventMark {
  return createHash('sha256').update(eventId).digest('base64url').slice(0, EVENT_CHARACTERS);
}

function toEvents(page: string): string[] {
  return page.match(/.{11}/g) ?? [];
}
