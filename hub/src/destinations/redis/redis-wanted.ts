/** The journal as a set sees it that is kept for some calls only: calls the destination's filter does not ask for are none. */
import type { DestinationGround } from '../destination.ts';

export function toWantedCalls(ground: DestinationGround): DestinationGround {
  return {
    ...ground,
    async readCalls(callIds) {
      const calls = await ground.readCalls(callIds);
      return calls.map((call) => (call !== undefined && ground.isWanted(call) ? call : undefined));
    },
    async readActiveCalls(cursor) {
      const { calls, nextCursor } = await ground.readActiveCalls(cursor);
      return { calls: calls.filter((call) => ground.isWanted(call)), nextCursor };
    },
  };
}
