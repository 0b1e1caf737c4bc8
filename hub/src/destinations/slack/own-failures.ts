/** How an attempt fails by us and not by Slack. */
import { NO_TIME } from '../destination.ts';
import type { AttemptResult, DestinationGround } from '../destination.ts';

export function failLate(detail: string): AttemptResult {
  return { kind: 'failed', cause: 'timeout', detail, timing: NO_TIME };
}

/** What was thrown is told to whoever runs the hub; the attempt says the sentence alone. */
export function failTroubled(ground: DestinationGround, detail: string, error: unknown): AttemptResult {
  ground.troubled(detail, error);
  return { kind: 'failed', cause: 'refused', detail, timing: NO_TIME };
}
