/**
 * The address bar as a signal. Everything a screen shows stands in the URL: back, forward, reload, a shared link and a
 * middle click all lead to the same picture.
 */
import { batch, signal } from '@preact/signals';
import type { ReadonlySignal } from '@preact/signals';
import type { Place, QueryChanges } from './href.ts';

import { toHref, toPlace } from './href.ts';

export type { Place, QueryChanges } from './href.ts';

const place = signal<Place>({ path: '/', query: new URLSearchParams(), hash: '' });
const moves = signal(0);

export const location: ReadonlySignal<Place> = place;

/** Grows with each change of path: who moves focus and reads titles out listens to it. */
export const navigations: ReadonlySignal<number> = moves;

export interface GoOptions {
  /** Takes the place of the present entry in the history: for what is typed letter by letter. */
  readonly replace?: boolean;
}

export function go(href: string, options: GoOptions = {}): void {
  const url = new URL(href, globalThis.location.href);
  if (url.origin !== globalThis.location.origin) {
    globalThis.location.assign(url);
    return;
  }
  if (url.href === globalThis.location.href) return;
  const isOtherPath = url.pathname !== globalThis.location.pathname;
  rememberScroll();
  if (options.replace === true) {
    history.replaceState(history.state, '', url);
  } else {
    entry = makeEntry();
    history.pushState({ entry }, '', url);
  }
  show(isOtherPath);
  if (isOtherPath) globalThis.scrollTo(0, 0);
}

/** Changes names of the query: null takes one out. */
export function setQuery(changes: QueryChanges, options: GoOptions = {}): void {
  go(hrefWith(changes), options);
}

/** This page's address with other values in its query. */
export function hrefWith(changes: QueryChanges): string {
  return toHref(place.value, changes);
}

/** Takes over clicks on links, back and forward. Called once, by main. */
export function startLocation(): void {
  history.scrollRestoration = 'manual';
  const state: unknown = history.state;
  if (isEntryState(state)) entry = state.entry;
  else history.replaceState({ entry }, '');
  readScrolls();
  show(false);
  restoreScroll();

  globalThis.addEventListener('popstate', () => {
    rememberScroll();
    const before = place.value.path;
    const now: unknown = history.state;
    if (isEntryState(now)) {
      entry = now.entry;
    } else {
      // A change of the fragment by hand makes an entry without our mark.
      entry = makeEntry();
      history.replaceState({ entry }, '');
    }
    show(toPlace(new URL(globalThis.location.href)).path !== before);
    restoreScroll();
  });
  globalThis.addEventListener('pagehide', () => {
    rememberScroll();
    writeScrolls();
  });
  document.addEventListener('click', takeClick);
}

function show(isNavigation: boolean): void {
  batch(() => {
    place.value = toPlace(new URL(globalThis.location.href));
    if (isNavigation) moves.value += 1;
  });
}

function takeClick(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = (event.target as Element | null)?.closest?.('a[href]');
  if (!(link instanceof HTMLAnchorElement)) return;
  if (link.target !== '' && link.target !== '_self') return;
  if (link.hasAttribute('download') || link.getAttribute('rel') === 'external') return;
  const url = new URL(link.href);
  if (url.origin !== globalThis.location.origin || isServed(url.pathname)) return;
  // A jump inside the page is the browser's: it moves focus too.
  const isJump =
    url.hash !== '' &&
    url.pathname === globalThis.location.pathname &&
    url.search === globalThis.location.search;
  if (isJump) return;
  event.preventDefault();
  go(url.href);
}

/** What the hub itself answers, not a page of the dashboard. */
function isServed(pathname: string): boolean {
  return /^\/(?:v1|assets|schemas|webhooks|docs)\/|^\/[^/]+\.[a-z]+$|^\/(?:metrics|livez|readyz|healthz)$/.test(
    pathname,
  );
}

// ───────────────────────────── where each entry of the history was scrolled to ─────────────────────────────

const SCROLLS_KEY = 'offhook-scrolls';
const SCROLLS_MAX = 100;
/** Rows may still be on their way when somebody comes back; after this long the place is given up. */
const RESTORE_MS = 1_500;

let entry = makeEntry();
let scrolls = new Map<string, number>();
let restoring: AbortController | null = null;

function makeEntry(): string {
  return `${Date.now().toString(36)}${Math.random().toString(36).slice(2, 8)}`;
}

function isEntryState(state: unknown): state is { readonly entry: string } {
  return typeof state === 'object' && state !== null && 'entry' in state && typeof state.entry === 'string';
}

function rememberScroll(): void {
  restoring?.abort();
  scrolls.delete(entry);
  scrolls.set(entry, globalThis.scrollY);
  for (const oldest of scrolls.keys()) {
    if (scrolls.size <= SCROLLS_MAX) break;
    scrolls.delete(oldest);
  }
}

/** Once the page is tall enough again, and never against the hand of the person. */
function restoreScroll(): void {
  restoring?.abort();
  const top = scrolls.get(entry) ?? 0;
  const controller = new AbortController();
  const { signal: aborted } = controller;
  restoring = controller;
  const startedMs = performance.now();
  for (const kind of ['wheel', 'touchstart', 'keydown', 'pointerdown']) {
    globalThis.addEventListener(kind, () => controller.abort(), {
      once: true,
      passive: true,
      signal: aborted,
    });
  }
  const tryIt = (): void => {
    if (aborted.aborted) return;
    const heightMax = document.documentElement.scrollHeight - globalThis.innerHeight;
    if (heightMax >= top) {
      globalThis.scrollTo(0, top);
      // One more frame: the first render may still be growing above the place.
      if (performance.now() - startedMs > 100) {
        controller.abort();
        return;
      }
    } else if (performance.now() - startedMs > RESTORE_MS) {
      globalThis.scrollTo(0, heightMax);
      controller.abort();
      return;
    }
    requestAnimationFrame(tryIt);
  };
  requestAnimationFrame(tryIt);
}

function readScrolls(): void {
  try {
    scrolls = new Map(JSON.parse(sessionStorage.getItem(SCROLLS_KEY) ?? '[]') as [string, number][]);
  } catch {
    scrolls = new Map();
  }
}

function writeScrolls(): void {
  try {
    sessionStorage.setItem(SCROLLS_KEY, JSON.stringify([...scrolls]));
  } catch {
    // No storage: a reload begins at the top.
  }
}
