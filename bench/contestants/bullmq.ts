import type { Contestant } from './contestant.ts';
import type { AppendFsync } from './redis.ts';

import { startBaseline, stopChild } from './child.ts';
import { findRedisObstacle, startRedis } from './redis.ts';

export const bullmqEverysec: Contestant = defineBullmq('bullmq-everysec', 'everysec');
/** The only setting of Redis with the promise Offhook makes: an answer means that it is on disk. */
export const bullmqAlways: Contestant = defineBullmq('bullmq-always', 'always');

function defineBullmq(name: Contestant['name'], appendFsync: AppendFsync): Contestant {
  return {
    name,
    findObstacle: findRedisObstacle,
    async start({ destinations, secret, dataDir, profileDir }) {
      const redis = await startRedis(dataDir, appendFsync);
      const { child, pid, port } = await startBaseline(
        new URL('./bullmq-hub.ts', import.meta.url),
        { destinations, secret, signs: true, redisPort: redis.port },
        profileDir,
      ).catch(async (error: unknown) => {
        await redis.stop();
        throw error;
      });
      return {
        door: { port, path: '/' },
        pids: [pid, redis.pid],
        async stop() {
          await stopChild(child);
          await redis.stop();
        },
      };
    },
  };
}
