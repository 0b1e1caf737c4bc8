/** Against a real HTTP server, the platform's own locks and channels: Node has the same ones as browsers. */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { StreamMember } from './stream-member.ts';

import { createStreamMember } from './stream-member.ts';

interface Viewer {
  readonly lastId: string | undefined;
  readonly response: ServerResponse;
}

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).toReversed()) cleanup();
});

/** A hub that holds calls 1 to n and sends each viewer those after its Last-Event-ID. */
async function startHub() {
  const viewers: Viewer[] = [];
  let row = 0;
  let status = 200;
  let opened = 0;
  const write = ({ response }: Viewer, id: number): void => {
    response.write(`id: ${id}\nevent: call\ndata: {"row":${id}}\n\n`);
  };
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    opened += 1;
    if (status !== 200) {
      response.writeHead(status).end();
      return;
    }
    const viewer: Viewer = { lastId: request.headers['last-event-id'] as string | undefined, response };
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('retry: 20\n\n');
    if (viewer.lastId !== undefined) {
      for (let id = Number(viewer.lastId) + 1; id <= row; id += 1) write(viewer, id);
    }
    viewers.push(viewer);
    response.on('close', () => viewers.splice(viewers.indexOf(viewer), 1));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    viewers,
    opened: () => opened,
    change() {
      row += 1;
      for (const viewer of viewers) write(viewer, row);
    },
    cut() {
      server.closeAllConnections();
    },
    answer(code: number) {
      status = code;
    },
  };
}

let group = 0;

function openTab(url: string, options: { readonly isAlone?: boolean; readonly now?: () => number } = {}) {
  const rows: number[] = [];
  const openings: boolean[] = [];
  const name = `test-stream-${group}`;
  const channel = options.isAlone === true ? null : new BroadcastChannel(name);
  let refusals = 0;
  const member: StreamMember = createStreamMember({
    id: crypto.randomUUID(),
    open: (lastId, signal) =>
      fetch(url, { signal, headers: lastId === null ? {} : { 'last-event-id': lastId } }),
    locks: options.isAlone === true ? null : navigator.locks,
    channel,
    lockName: name,
    received: (messages) => rows.push(...messages.map((message) => Number(message.id))),
    opened: (isAllLost) => openings.push(isAllLost),
    linkChanged: () => undefined,
    refused: () => {
      refusals += 1;
    },
    now: options.now ?? Date.now,
    random: () => 0.5,
  });
  cleanups.push(() => {
    member.leave();
    channel?.close();
  });
  return { member, rows, openings, refusals: () => refusals };
}

/** What is told from then on reaches the tab as a message; before, it is in what it is told to read. */
async function untilWelcome(tab: ReturnType<typeof openTab>): Promise<void> {
  await expect.poll(() => tab.openings.length).toBeGreaterThan(0);
  await expect.poll(() => tab.member.link().state).toBe('live');
}

async function openTwo(url: string) {
  group += 1;
  const first = openTab(url);
  first.member.join();
  await expect.poll(() => first.member.link().state).toBe('live');
  const second = openTab(url);
  second.member.join();
  await untilWelcome(second);
  return { first, second };
}

describe('tabs that share one stream', () => {
  it('one connection serves them all', async () => {
    const hub = await startHub();
    const { first, second } = await openTwo(hub.url);
    hub.change();
    hub.change();
    await expect
      .poll(() => [first.rows, second.rows])
      .toEqual([
        [1, 2],
        [1, 2],
      ]);
    expect(hub.opened()).toBe(1);
    expect([first.member.isLeader(), second.member.isLeader()]).toEqual([true, false]);
  });

  it('when the leader leaves another goes on where it was, and loses nothing', async () => {
    const hub = await startHub();
    const { first, second } = await openTwo(hub.url);
    hub.change();
    await expect.poll(() => second.rows).toEqual([1]);
    first.member.leave();
    hub.change();
    await expect.poll(() => second.rows).toEqual([1, 2]);
    expect(second.member.isLeader()).toBe(true);
    // The hub may notice that the first is gone after it has taken the second in.
    await expect.poll(() => hub.viewers.map((viewer) => viewer.lastId)).toEqual(['1']);
  });

  it('a tab that comes back from a pause is told what it missed by the one that stayed', async () => {
    const hub = await startHub();
    const { first, second } = await openTwo(hub.url);
    hub.change();
    await expect.poll(() => second.rows).toEqual([1]);
    second.member.leave();
    hub.change();
    hub.change();
    await expect.poll(() => first.rows).toEqual([1, 2, 3]);
    expect(second.rows).toEqual([1]);
    second.member.join();
    await expect.poll(() => second.rows).toEqual([1, 2, 3]);
    expect(second.openings.at(-1)).toBe(false);
  });

  it('a tab that comes back is told what it missed before anything that is newer', async () => {
    const hub = await startHub();
    const { first, second } = await openTwo(hub.url);
    hub.change();
    await expect.poll(() => second.rows).toEqual([1]);
    second.member.leave();
    hub.change();
    hub.change();
    await expect.poll(() => first.rows).toEqual([1, 2, 3]);
    // What the leader told before it could hear the hello, and arrives after that was said.
    const underWay = new BroadcastChannel(`test-stream-${group}`);
    cleanups.push(() => underWay.close());
    underWay.postMessage({ kind: 'messages', messages: [{ event: 'call', id: '3', data: '{"row":3}' }] });
    second.member.join();
    await expect.poll(() => second.rows).toEqual([1, 2, 3]);
  });

  it('a tab whose hello nobody heard says it again to the next leader', async () => {
    const hub = await startHub();
    const { first, second } = await openTwo(hub.url);
    hub.change();
    await expect.poll(() => second.rows).toEqual([1]);
    second.member.leave();
    const third = openTab(hub.url);
    third.member.join();
    await untilWelcome(third);
    hub.change();
    await expect.poll(() => third.rows).toEqual([2]);
    second.member.join();
    // In the same turn, so that it does not hear it any more; the third asked for the lock first.
    first.member.leave();
    await expect.poll(() => second.rows).toEqual([1, 2]);
    expect(third.member.isLeader()).toBe(true);
  });

  it('a tab that was away too long reads all anew', async () => {
    const hub = await startHub();
    const { first, second } = await openTwo(hub.url);
    hub.change();
    await expect.poll(() => second.rows).toEqual([1]);
    second.member.leave();
    for (let count = 0; count < 1_200; count += 1) hub.change();
    await expect.poll(() => first.rows).toHaveLength(1_201);
    const openings = second.openings.length;
    second.member.join();
    await expect.poll(() => second.openings.slice(openings)).toContain(true);
    hub.change();
    await expect.poll(() => second.rows).toEqual([1, 1_202]);
  });

  it('a broken line comes back by itself and catches up', async () => {
    const hub = await startHub();
    const { first, second } = await openTwo(hub.url);
    hub.change();
    await expect.poll(() => second.rows).toEqual([1]);
    hub.cut();
    hub.change();
    await expect
      .poll(() => [first.rows, second.rows])
      .toEqual([
        [1, 2],
        [1, 2],
      ]);
    expect(hub.opened()).toBe(2);
  });

  it('a hub that is away is asked again until it is there', async () => {
    const hub = await startHub();
    const { first } = await openTwo(hub.url);
    hub.change();
    await expect.poll(() => first.rows).toEqual([1]);
    hub.answer(503);
    hub.cut();
    await expect.poll(() => hub.opened()).toBeGreaterThan(3);
    expect(first.member.link().state).toBe('reconnecting');
    hub.answer(200);
    hub.change();
    await expect.poll(() => first.rows).toEqual([1, 2]);
    expect(first.member.link().state).toBe('live');
  });

  it('a session that ended is told once, and not asked for again', async () => {
    const hub = await startHub();
    const { first } = await openTwo(hub.url);
    hub.answer(401);
    hub.cut();
    await expect.poll(() => first.refusals()).toBe(1);
    expect(first.member.isJoined()).toBe(false);
  });

  it('without locks and channels each tab reads for itself', async () => {
    const hub = await startHub();
    const tabs = [openTab(hub.url, { isAlone: true }), openTab(hub.url, { isAlone: true })];
    for (const { member } of tabs) member.join();
    await expect.poll(() => hub.viewers).toHaveLength(2);
    hub.change();
    await expect.poll(() => tabs.map((tab) => tab.rows)).toEqual([[1], [1]]);
  });

  it('a leader that holds the lock and says nothing any more is replaced', async () => {
    const hub = await startHub();
    group += 1;
    let isReplaced = false;
    const frozen = navigator.locks.request(
      `test-stream-${group}`,
      () => Promise.withResolvers<void>().promise,
    );
    frozen.catch(() => {
      isReplaced = true;
    });
    // Ten seconds of its clock pass in one of ours.
    const tab = openTab(hub.url, { now: () => Date.now() * 10 });
    tab.member.join();
    await expect.poll(() => tab.member.isLeader()).toBe(true);
    await expect.poll(() => isReplaced).toBe(true);
    await expect.poll(() => hub.viewers).toHaveLength(1);
  });
});
