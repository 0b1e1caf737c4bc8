import { randomUUID } from 'node:crypto';

import { readNumber, serveReports } from './baseline-server.ts';
import { runBaseline } from './child.ts';
import { createPoster } from './post.ts';
import { createSigning } from './signing.ts';

/**
 * The limit on this machine: `node:http` in, undici out, and as little as possible between them: one
 * `JSON.parse` to learn which destination the number belongs to. No journal, no retry, no state; it answers
 * when the destination has answered, since before that it has nothing to promise. The bare one neither checks
 * signatures nor signs; the signing one does both, which nobody who keeps the contract can leave out.
 */
runBaseline(({ destinations, secret, signs }) => {
  const urls = new Map(destinations.map(({ number, url }) => [number, url]));
  const post = createPoster();
  const signing = createSigning(secret);
  const bareHeaders = { 'content-type': 'application/json' };

  return serveReports(async (headers, body) => {
    if (signs && !signing.verify(headers, body)) return 401;
    const url = urls.get(readNumber(body.toString())) as string;
    return post(url, signs ? signing.toHeaders(`evt_${randomUUID()}`, body) : bareHeaders, body);
  });
});
