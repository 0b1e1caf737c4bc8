/** A JSON client whose requests carry an access token; a 401 is answered with another token, once per request. */
import type { DestinationGround } from '../destination.ts';
import type { JsonAnswer, JsonClient, JsonRequest } from '../http/json-client.ts';
import type { AccessToken, TokenSession } from './token-keeper.ts';

/** toClient: where the API of this token is. Clients stay the caller's to close. */
export function createAuthorizedClient(
  session: TokenSession,
  ground: Pick<DestinationGround, 'monotonicMs'>,
  toClient: (token: AccessToken) => JsonClient,
): Pick<JsonClient, 'request'> {
  return {
    async request(request) {
      const startedAtMs = ground.monotonicMs();
      const leftMs = (): number => Math.max(1, request.deadlineMs - (ground.monotonicMs() - startedAtMs));
      const first = await session.take(leftMs());
      if (first.kind === 'failed') return first.answer;
      const answer = await send(request, first.token, leftMs());
      if (answer.kind === 'failed' || answer.status !== 401) return answer;
      // The API did nothing with what it refused, so this holds for requests that create something, too.
      const second = await session.replace(first.token, leftMs());
      return second.kind === 'failed' ? second.answer : send(request, second.token, leftMs());
    },
  };

  function send(request: JsonRequest, token: AccessToken, deadlineMs: number): Promise<JsonAnswer> {
    const headers = { ...request.headers, Authorization: `Bearer ${token.value}` };
    return toClient(token).request({ ...request, headers, deadlineMs });
  }
}
