/**
 * `POST /webhooks/status-update` and `/webhooks/{source_id}`: what a platform's own webhooks are pointed at. The
 * body of the answer means nothing to them, a status does: 200 for everything that is on disk or not meant for
 * us, so that they never repeat what was understood.
 */
import { OUTCOME_HEADER } from '@offhook/contract/headers';
import type { Source } from '../journal/accounts.ts';
import type { Source as SourceParser } from '../sources/source.ts';
import type { Door, DoorGround } from './door.ts';

import { voicedock } from '../sources/voicedock.ts';
import { acceptReports, parseTraceparent } from './accept-report.ts';
import { checkContentType } from './content-type.ts';
import { JSON_MEDIA_TYPE, setRateHeaders } from './door.ts';
import { makeProblem, sendProblem, toRefusalProblem } from './problem.ts';
import { createSourceCache } from './source-cache.ts';

export interface WebhookDoor {
  readonly receive: Door;
  /** To be called when a source was changed here: its new secrets count at once. */
  forgetSource(id: string): void;
}

export function createWebhookDoor(ground: DoorGround): WebhookDoor {
  const sources = createSourceCache(ground.journal, ground.clock);

  const receive: Door = async (request, reply) => {
    const { headers, notes } = request;
    // The published path has no id in it.
    const sourceId = (request.params as { source_id?: string }).source_id ?? 'voicedock';
    const source = await sources.find(sourceId);
    if (source === undefined || source.kind === 'api') return sendProblem(request, reply, NO_SOURCE);
    notes.sourceId = source.id;
    notes.accountId = source.accountId;
    const taken = ground.sourceLimiter.take(source.id);
    if (taken.problem !== null) return sendProblem(request, reply, taken.problem);
    setRateHeaders(reply, taken);
    const typeProblem = checkContentType(headers['content-type'], headers['content-encoding']);
    if (typeProblem !== null) return sendProblem(request, reply, typeProblem);

    const result = PARSERS[source.kind].parse({
      body: (request.body as Uint8Array | null) ?? new Uint8Array(),
      headers,
      secrets: source.id === 'voicedock' ? toBuiltInSecrets(source, ground.voicedockSecrets) : source.secrets,
      unsigned: ground.localProfile ? 'accept' : 'refuse',
      nowMs: ground.clock.nowMs(),
    });
    switch (result.kind) {
      case 'refused':
        return sendProblem(request, reply, toRefusalProblem(result));
      case 'ignored':
        // An assistant-request would read anything but {} as instructions for the call.
        notes.outcome = 'ignored';
        return reply.header(OUTCOME_HEADER, 'ignored').header('content-type', JSON_MEDIA_TYPE).send('{}');
      case 'report':
      case 'note': {
        notes.callId = result.report.callId;
        const origin = {
          accountId: source.accountId,
          sourceId: source.id,
          sourceKind: source.kind,
          traceparent: parseTraceparent(headers['traceparent']),
        };
        const [accepted] = await acceptReports(ground, origin, [result.report]);
        if (accepted === undefined) throw new Error('The journal answered a report with nothing.');
        notes.outcome = accepted.outcome;
        return reply
          .header(OUTCOME_HEADER, accepted.outcome)
          .header('content-type', 'text/plain; charset=utf-8')
          .send('OK');
      }
    }
  };
  return { receive, forgetSource: sources.forget };
}

const PARSERS: Readonly<Record<Exclude<Source['kind'], 'api'>, SourceParser>> = { voicedock };

const NO_SOURCE = makeProblem(
  'not_found',
  'No source takes webhooks at this address: the path is /webhooks/status-update or /webhooks/ and the id of a source.',
);

/** The environment's come first: they are what an operator sets when the ones in the journal are lost. */
function toBuiltInSecrets(source: Source, fromSettings: readonly string[]): readonly string[] {
  if (fromSettings.length === 0) return source.secrets;
  return source.secrets.length === 0 ? fromSettings : [...fromSettings, ...source.secrets];
}
