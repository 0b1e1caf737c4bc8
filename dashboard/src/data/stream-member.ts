/**
 * One tab's part in the shared stream: it joins when somebody looks, leads when it holds the lock, hands over when it
 * leaves, and notices when nobody speaks any more. What the browser lacks (locks, channels) is done without: then the
 * tab reads for itself.
 */
import type { StreamMessage } from './sse.ts';
import type { LinkState, Link, RelayNote } from './stream-relay.ts';
import type { StreamReader } from './stream-reader.ts';

import { makeRelay } from './stream-relay.ts';
import { openStreamReader } from './stream-reader.ts';

export interface StreamMember {
  /** Begins to listen, from where it stopped if it ever did. */
  join(): void;
  /** Stops; another tab takes the lead over. */
  leave(): void;
  /** Drops the connection and opens it again: what the session may see has changed. */
  reopen(): void;
  /** Something happened (network back, tab shown) after which trying at once is worth it. */
  hurry(): void;
  readonly link: () => Link;
  readonly isJoined: () => boolean;
  readonly isLeader: () => boolean;
}

export interface StreamMemberOptions {
  readonly id: string;
  readonly open: (lastId: string | null, signal: AbortSignal) => Promise<Response>;
  readonly locks: LockManager | null;
  readonly channel: BroadcastChannel | null;
  readonly lockName: string;
  readonly received: (messages: readonly StreamMessage[]) => void;
  /** All that is shown must be read anew (false: only what the stream does not replay). */
  readonly opened: (isAllLost: boolean) => void;
  readonly linkChanged: (link: Link) => void;
  readonly refused: () => void;
  readonly now: () => number;
  readonly random: () => number;
}

/** How often a leader says that it is there. */
export const LEADER_BEAT_MS = 2_000;
/** A leader that says nothing for so long is frozen or gone without the browser noticing: its lock is taken. */
export const LEADER_SILENCE_MS = 9_000;

export function createStreamMember(options: StreamMemberOptions): StreamMember {
  const { locks, channel, now } = options;
  const relay = makeRelay();
  const isShared = locks !== null && channel !== null;
  let link: Link = { state: 'connecting', sinceMs: now(), heardMs: now() };
  let membership: AbortController | null = null;
  let reader: StreamReader | null = null;
  let release: (() => void) | null = null;
  let leaderHeardMs = 0;
  let hasJoinedBefore = false;
  /** What was missed before is known: from the leader's welcome, or by leading. */
  let isWelcomed = false;
  let beat: ReturnType<typeof setInterval> | undefined;

  function join(): void {
    if (membership !== null) return;
    membership = new AbortController();
    setLink(hasJoinedBefore ? 'reconnecting' : 'connecting');
    link = { ...link, heardMs: now() };
    hasJoinedBefore = true;
    if (!isShared) {
      lead();
      return;
    }
    leaderHeardMs = now();
    beat = setInterval(beatOrTakeOver, LEADER_BEAT_MS);
    isWelcomed = false;
    sayHello();
    void requestLock(membership, false);
  }

  /** Resolves when the lead is over. */
  async function requestLock(mine: AbortController, steal: boolean): Promise<void> {
    if (locks === null) return;
    try {
      await locks.request(
        options.lockName,
        steal ? { steal: true } : { signal: mine.signal },
        async (): Promise<void> => {
          if (mine.signal.aborted) return;
          const { promise, resolve } = Promise.withResolvers<void>();
          release = resolve;
          lead();
          await promise;
        },
      );
    } catch {
      // Left while waiting, or the lock was taken by a tab that did not hear this one.
      if (membership !== mine || mine.signal.aborted) return;
      stopLeading();
      leaderHeardMs = now();
      sayHello();
      void requestLock(mine, false);
    }
  }

  function lead(): void {
    if (reader !== null) return;
    isWelcomed = true;
    reader = openStreamReader({
      open: options.open,
      lastId: () => relay.lastId()?.toString() ?? null,
      random: options.random,
      opened(isResumed) {
        say({ kind: 'opened', isResumed });
        heard('live');
        options.opened(!isResumed);
      },
      received(messages) {
        heard('live');
        const taken = relay.take(messages);
        if (taken.length === 0) return;
        say({ kind: 'messages', messages: taken });
        options.received(taken);
      },
      broken() {
        setLink('reconnecting');
      },
      refused() {
        leave();
        options.refused();
      },
    });
  }

  function stopLeading(): void {
    reader?.close();
    reader = null;
    release = null;
    isWelcomed = false;
  }

  function leave(): void {
    if (membership === null) return;
    const mine = membership;
    membership = null;
    clearInterval(beat);
    const handOver = release;
    stopLeading();
    handOver?.();
    mine.abort();
  }

  function beatOrTakeOver(): void {
    if (membership === null) return;
    if (reader !== null) say({ kind: 'link', link });
    else if (now() - leaderHeardMs > LEADER_SILENCE_MS) {
      leaderHeardMs = now();
      void requestLock(membership, true);
    }
  }

  function heard(state: LinkState): void {
    link = { ...link, heardMs: now() };
    setLink(state);
  }

  function setLink(state: LinkState): void {
    const isChanged = link.state !== state;
    if (isChanged) link = { ...link, state, sinceMs: now() };
    if (isChanged && reader !== null) say({ kind: 'link', link });
    options.linkChanged(link);
  }

  function say(note: RelayNote): void {
    if (isShared) channel?.postMessage(note);
  }

  function sayHello(): void {
    say({ kind: 'hello', from: options.id, lastId: relay.lastId() });
  }

  function hear(note: RelayNote): void {
    if (membership === null) return;
    if (reader !== null) {
      if (note.kind === 'hello') say(relay.welcome(note, link));
      return;
    }
    switch (note.kind) {
      case 'hello': {
        break;
      }
      case 'welcome': {
        if (note.to !== options.id) break;
        leaderHeardMs = now();
        welcomed(note);
        break;
      }
      case 'messages': {
        leaderHeardMs = now();
        heard('live');
        // Under way since before the leader heard our hello: to take them would skip what was missed before them. Its
        // welcome holds both.
        if (!isWelcomed) break;
        const taken = relay.take(note.messages);
        if (taken.length > 0) options.received(taken);
        break;
      }
      case 'opened': {
        leaderHeardMs = now();
        heard('live');
        options.opened(!note.isResumed);
        // The leader that was to answer our hello left before it did; this is the next one.
        if (!isWelcomed) sayHello();
        break;
      }
      case 'link': {
        leaderHeardMs = now();
        link = note.link;
        options.linkChanged(link);
        if (!isWelcomed) sayHello();
        break;
      }
    }
  }

  function welcomed(note: Extract<RelayNote, { readonly kind: 'welcome' }>): void {
    isWelcomed = true;
    link = note.link;
    options.linkChanged(link);
    if (note.missed === null) {
      relay.moveTo(note.lastId);
      options.opened(true);
    } else {
      // What happened to deliveries meanwhile is not kept by anybody.
      options.opened(false);
      options.received(relay.take(note.missed));
    }
    if (note.overview !== null) options.received(relay.take([note.overview]));
  }

  channel?.addEventListener('message', (event: MessageEvent) => hear(event.data as RelayNote));

  return {
    join,
    leave,
    reopen() {
      if (membership === null) return;
      relay.moveTo(null);
      reader?.reconnect();
    },
    hurry() {
      if (link.state !== 'live') reader?.reconnect();
    },
    link: () => link,
    isJoined: () => membership !== null,
    isLeader: () => reader !== null,
  };
}
