/**
 * How the tabs of one browser share one connection. The tab that holds the lock leads: it reads the stream and tells
 * the others. In: what a tab hears. Out: what it takes and what it answers. No channel, no lock, no clock here.
 */
import type { StreamMessage } from './sse.ts';

export type LinkState = 'connecting' | 'live' | 'reconnecting';

export type RelayNote =
  /** A tab has come (back) and has seen everything up to `lastId`. */
  | { readonly kind: 'hello'; readonly from: string; readonly lastId: number | null }
  /** The leader's answer: what that tab missed, or null where it must read all anew. */
  | {
      readonly kind: 'welcome';
      readonly to: string;
      readonly missed: readonly StreamMessage[] | null;
      readonly lastId: number | null;
      readonly overview: StreamMessage | null;
      readonly link: Link;
    }
  | { readonly kind: 'messages'; readonly messages: readonly StreamMessage[] }
  /** The leader's line was opened: anew (everything must be read) or with Last-Event-ID. */
  | { readonly kind: 'opened'; readonly isResumed: boolean }
  /** Told every few seconds too, so that the others notice a leader that no longer speaks. */
  | { readonly kind: 'link'; readonly link: Link };

export interface Link {
  readonly state: LinkState;
  /** Unix ms by the browser's clock. */
  readonly sinceMs: number;
  /** When the hub was last heard. */
  readonly heardMs: number;
}

/** At 100 calls a second some ten seconds: the time it takes to look at another tab and come back. */
const KEPT_MESSAGES_MAX = 1_000;

export interface Relay {
  /** Of the last message taken, or of the last resync. */
  readonly lastId: () => number | null;
  /** Those of the messages that have not been taken before. */
  take(messages: readonly StreamMessage[]): readonly StreamMessage[];
  /** Everything up to there has been read otherwise. */
  moveTo(lastId: number | null): void;
  /** For a tab that says hello to this one, which leads. */
  welcome(hello: Extract<RelayNote, { readonly kind: 'hello' }>, link: Link): RelayNote;
}

export function makeRelay(): Relay {
  let lastId: number | null = null;
  let kept: StreamMessage[] = [];
  /** `kept` holds every message with an id above this one. */
  let keptAfter: number | null = null;
  let overview: StreamMessage | null = null;

  return {
    lastId: () => lastId,
    take(messages) {
      const taken: StreamMessage[] = [];
      for (const message of messages) {
        if (message.event === 'overview') {
          overview = message;
          taken.push(message);
          continue;
        }
        const id = toRow(message.id);
        if (message.event === 'resync') {
          // Rows may have been numbered anew (a restored journal), so that it may lie below what was seen.
          lastId = id ?? lastId;
          kept = [];
          keptAfter = lastId;
          taken.push(message);
          continue;
        }
        if (message.event === 'call' && id !== null) {
          if (lastId !== null && id <= lastId) continue;
          keptAfter ??= lastId ?? id - 1;
          lastId = id;
          kept.push(message);
        }
        taken.push(message);
      }
      while (kept.length > KEPT_MESSAGES_MAX) keptAfter = toRow(kept.shift()?.id ?? null) ?? keptAfter;
      return taken;
    },
    moveTo(id) {
      lastId = id;
      kept = [];
      keptAfter = id;
    },
    welcome(hello, link) {
      const isNear = hello.lastId !== null && keptAfter !== null && hello.lastId >= keptAfter;
      const from = hello.lastId ?? 0;
      return {
        kind: 'welcome',
        to: hello.from,
        missed: isNear ? kept.filter((message) => (toRow(message.id) ?? 0) > from) : null,
        lastId,
        overview,
        link,
      };
    },
  };
}

function toRow(id: string | null): number | null {
  return id !== null && /^\d{1,15}$/.test(id) ? Number(id) : null;
}
