/**
 * Whether a browser's request comes from our own pages. Asked only where a cookie lets somebody in: a browser sends
 * cookies along whoever asks it to, which is why they alone prove nothing. Fetch Metadata says it in every browser
 * since 2023 and cannot be set by a page; Origin against Host is for the others.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Problem } from '../ingest/problem.ts';

import { makeProblem } from '../ingest/problem.ts';

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/** Null lets it in. */
export function refuseCrossSite(method: string, headers: IncomingHttpHeaders): Problem | null {
  const site = headers['sec-fetch-site'];
  if (SAFE_METHODS.has(method)) {
    // Reading changes nothing and no other origin is let see the answer; asking is refused to them all the same, to
    // our neighbours of the same site too. "none" is somebody who typed the address or chose a bookmark.
    return site === undefined || site === 'same-origin' || site === 'none' ? null : CROSS_SITE;
  }
  if (site !== undefined) return site === 'same-origin' ? null : CROSS_SITE;
  return isOwnOrigin(headers) ? null : CROSS_SITE;
}

/** For signing in, where there is no cookie yet: programs send neither header, browsers always one. */
export function refuseForeignSignIn(headers: IncomingHttpHeaders): Problem | null {
  if (headers['sec-fetch-site'] === undefined && headers.origin === undefined) return null;
  return refuseCrossSite('POST', headers);
}

/** The scheme is left out: a proxy may end TLS before us, and an address has one of them. */
function isOwnOrigin({ origin, host }: IncomingHttpHeaders): boolean {
  if (origin === undefined || host === undefined || !URL.canParse(origin)) return false;
  const url = new URL(origin);
  return (url.protocol === 'http:' || url.protocol === 'https:') && url.host === host.toLowerCase();
}

const CROSS_SITE = makeProblem(
  'cross_site',
  'A session is only for the pages of this hub: the request came from another site, or did not say where from. Programs send an API key: Authorization: Bearer ohk_…',
);
