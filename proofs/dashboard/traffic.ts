import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import type { HubAccess } from '../../test/support/hub-client.ts';
import type { Bulk, FromTraffic, Pace, Paced, ToTraffic } from './traffic.child.ts';

/** Whoever reports calls, in a process of its own. One thing at a time. */
export interface Traffic {
  pace(pace: Pace): Promise<Paced>;
  bulk(bulk: Bulk): Promise<{ readonly events: number; readonly tookMs: number }>;
  stop(): Promise<void>;
}

const FILE = fileURLToPath(new URL('./traffic.child.ts', import.meta.url));

export function startTraffic({ address, apiKey }: HubAccess): Traffic {
  const child = fork(FILE, [address, apiKey], { env: { PATH: process.env['PATH'] } });
  const exited = once(child, 'exit');
  const died = exited.then(([code]) => {
    throw new Error(`the traffic's process ended with ${String(code)}`);
  });
  died.catch(() => undefined);

  async function ask(message: ToTraffic): Promise<FromTraffic> {
    const answered = once(child, 'message');
    child.send(message);
    const [answer] = (await Promise.race([answered, died])) as [FromTraffic];
    if (answer.kind === 'failed') throw new Error(answer.detail);
    return answer;
  }

  return {
    async pace(pace) {
      const answer = await ask({ kind: 'pace', pace });
      if (answer.kind !== 'paced') throw new Error(`asked to pace, answered ${answer.kind}`);
      return answer.paced;
    },
    async bulk(bulk) {
      const answer = await ask({ kind: 'bulk', bulk });
      if (answer.kind !== 'sent') throw new Error(`asked to fill, answered ${answer.kind}`);
      return answer;
    },
    async stop() {
      if (child.exitCode !== null) return;
      child.send({ kind: 'end' } satisfies ToTraffic);
      await exited;
    },
  };
}
