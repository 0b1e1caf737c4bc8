import { setTimeout as sleep } from 'node:timers/promises';

import type { ApiClient } from './api-client.ts';
import type { CommandContext } from './context.ts';
import { EXIT } from './failure.ts';
import { printRecord } from './output.ts';
import type { ReplayView } from './views.ts';

const LOOK_MS = 500;

/** Says how far the replay is until it ends. Ctrl-C ends the watching, not the replay. */
export async function watchReplay(context: CommandContext, client: ApiClient, id: string): Promise<number> {
  const { output, signal } = context;
  for (let told = ''; ;) {
    const replay = await client.get<ReplayView>(`/v1/replays/${encodeURIComponent(id)}`);
    const progress = `${replay.id} ${replay.state}: ${replay.created} sent again, ${replay.skipped} skipped`;
    if (progress !== told) output.note(progress);
    told = progress;
    if (replay.state !== 'running') {
      printRecord(output, replay);
      return replay.state === 'finished' ? EXIT.ok : EXIT.failed;
    }
    await sleep(LOOK_MS, undefined, { signal }).catch(() => {});
    if (signal.aborted) {
      output.note(`The replay goes on: offhook replays get ${id}`);
      return EXIT.interrupted;
    }
  }
}
