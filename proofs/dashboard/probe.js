/**
 * What a page is asked to measure about itself; run in the browser, where nothing of it is imported. A frame counts as
 * painted when the one after it begins: two animation frames, up to 17 ms later than the eye.
 */
globalThis.offhookProbe = {
  /** Unix ms; the other end of what is measured runs on the same machine and reads the same clock. */
  now: () => performance.timeOrigin + performance.now(),

  /** From now on notes when each tile, and each tile's ending, was painted first. */
  watchTiles() {
    const seen = new Map();
    const note = (tile) => {
      const { callId, state } = tile.dataset;
      if (callId === undefined) return;
      const key = `${callId} ${state === 'live' || state === 'stale' ? 'live' : 'over'}`;
      if (seen.has(key)) return;
      seen.set(key, null);
      afterPaint(() => seen.set(key, this.now()));
    };
    const observer = new MutationObserver((changes) => {
      for (const { type, target, addedNodes } of changes) {
        if (type === 'attributes') note(target);
        for (const node of addedNodes) {
          if (!(node instanceof HTMLElement)) continue;
          note(node);
          for (const tile of node.querySelectorAll('[data-call-id]')) note(tile);
        }
      }
    });
    observer.observe(document.querySelector('#main'), {
      subtree: true,
      childList: true,
      attributes: true,
      attributeFilter: ['data-state'],
    });
    this.tiles = () => [...seen].filter(([, paintedAt]) => paintedAt !== null);
  },

  /** Times between frames, and the tasks that kept the page from answering. */
  async countFrames(durationMs) {
    const longTasksMs = [];
    const observer = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) longTasksMs.push(duration);
    });
    observer.observe({ type: 'longtask' });
    const frames = [];
    let tilesMin = Number.POSITIVE_INFINITY;
    await new Promise((resolve) => {
      const beganAt = performance.now();
      const step = (at) => {
        frames.push(at);
        // Twice a second: asking is not free.
        if (frames.length % 30 === 1)
          tilesMin = Math.min(tilesMin, document.querySelectorAll('.call-tile').length);
        if (performance.now() - beganAt < durationMs) requestAnimationFrame(step);
        else resolve();
      };
      requestAnimationFrame(step);
    });
    observer.disconnect();
    const gapsMs = frames.slice(1).map((at, index) => at - frames[index]);
    return { gapsMs, longTasksMs, tilesMin };
  },

  countElements: () => document.getElementsByTagName('*').length,

  countRows: () => document.querySelectorAll('[data-row-key]').length,

  /** "Load more", without a scroll to it that would load by itself. */
  pressLoadMore() {
    scrollTo({ top: 0 });
    const button = [...document.querySelectorAll('.table-foot button')].find(
      (one) => one.textContent.trim() === 'Load more',
    );
    if (button === undefined) throw new Error('There is no "Load more".');
    return this.timeRows(() => button.click());
  },

  /** Reading on to the end of what is there. */
  scrollToEnd() {
    return this.timeRows(() => scrollTo({ top: document.documentElement.scrollHeight }));
  },

  /** From the click on a tab to its rows. */
  async pressTab(title) {
    const tab = [...document.querySelectorAll('[role=tab]')].find((one) =>
      one.textContent.trim().startsWith(title),
    );
    if (tab === undefined) throw new Error(`There is no tab "${title}".`);
    scrollTo({ top: 0 });
    return this.timeRows(
      () => tab.click(),
      () => tab.getAttribute('aria-selected') === 'true',
    );
  },

  /** From what is done to the paint of rows that were not there; `hubMs` is spent on the request. */
  async timeRows(act, isDone = () => true) {
    performance.clearResourceTimings();
    const before = new Set(readRowKeys());
    const main = document.querySelector('#main');
    const beganAt = performance.now();
    const changedAt = new Promise((resolve, reject) => {
      setTimeout(() => reject(new Error('No new row came.')), ROWS_MS_MAX);
      const look = () => {
        if (main.querySelector('.calls[data-behind]') !== null || !isDone()) return;
        if (!readRowKeys().some((key) => !before.has(key))) return;
        observer.disconnect();
        resolve(performance.now());
      };
      const observer = new MutationObserver(look);
      observer.observe(main, { subtree: true, childList: true, attributes: true });
    });
    act();
    const changedMs = (await changedAt) - beganAt;
    await new Promise((resolve) => {
      afterPaint(resolve);
    });
    const totalMs = performance.now() - beganAt;
    const asked = performance
      .getEntriesByType('resource')
      .filter(({ name }) => new URL(name).pathname === '/v1/calls' && !name.includes('/counts'));
    const hubMs = Math.max(0, ...asked.map((one) => one.responseEnd - one.startTime));
    return { totalMs, changedMs, hubMs, pageMs: totalMs - hubMs, rows: this.countRows() };
  },
};

const ROWS_MS_MAX = 15_000;

function readRowKeys() {
  return [...document.querySelectorAll('[data-row-key]')].map((row) => row.dataset.rowKey);
}

function afterPaint(run) {
  requestAnimationFrame(() => {
    requestAnimationFrame(run);
  });
}
