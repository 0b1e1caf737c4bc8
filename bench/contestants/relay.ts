import type { Contestant } from './contestant.ts';

import { startBaseline, stopChild } from './child.ts';

export const relay: Contestant = defineRelay('relay', false);
export const signingRelay: Contestant = defineRelay('signing-relay', true);

function defineRelay(name: Contestant['name'], signs: boolean): Contestant {
  return {
    name,
    findObstacle: () => null,
    async start({ destinations, secret, profileDir }) {
      const { child, pid, port } = await startBaseline(
        new URL('./relay-hub.ts', import.meta.url),
        { destinations, secret, signs, redisPort: null },
        profileDir,
      );
      return { door: { port, path: '/' }, pids: [pid], stop: () => stopChild(child) };
    },
  };
}
