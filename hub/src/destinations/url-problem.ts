/** Whether a URL may be delivered to, told at the API door, where the problem still reaches the person who made it. */
import net from 'node:net';
import { z } from 'zod';
import type { EgressGuard } from './egress/address-rules.ts';
import { isLocalhost } from './egress/resolver.ts';
import { MASK } from './masked-settings.ts';

export const URL_CHARACTERS_MAX = 2_048;
const ENCODED_MASK = encodeURIComponent(MASK);

/** A settings field that holds such a URL; the field's name begins what is said of it. */
export function createUrlSchema(guard: EgressGuard, field: string): z.ZodString {
  return z
    .string()
    .max(URL_CHARACTERS_MAX, `${field} is longer than ${URL_CHARACTERS_MAX} characters`)
    .superRefine((url, context) => {
      const problem = urlProblem(url, guard, field);
      if (problem !== null) context.addIssue({ code: 'custom', message: problem });
    });
}

/** One sentence that begins with the field's name and says how to put it right; null where there is none. */
export function urlProblem(text: string, guard: EgressGuard, field: string): string | null {
  const url = URL.parse(text);
  if (url === null) return `${field} is not a URL; write it in full, such as https://example.com/webhooks`;
  // "localhost:3000/hook" is, to the letter, a URL of the scheme "localhost".
  if (/^[\w.-]+:\d+(?:\/|$)/.test(text))
    return `${field} has no scheme; write it in full, such as ${guard.mayUseHttp ? 'http' : 'https'}://${text}`;
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    return `${field} begins with ${url.protocol}//; only https:// is delivered to`;
  if (url.username !== '' || url.password !== '') {
    return `${field} holds a user name or password, which would end up in logs; put it into an Authorization header, or the field that is there for it, instead`;
  }
  if (text.includes('#')) return `${field} has a fragment (#…), which is never sent; leave it out`;
  if (url.protocol === 'http:' && !guard.mayUseHttp) {
    return `${field} is plain http, so anyone on the way could read what is sent; use https`;
  }
  if (text.includes(MASK) || text.includes(ENCODED_MASK))
    return `${field} holds ${MASK} where a value was hidden; write the value itself, since it is kept only for the same host`;
  const hostname = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname;
  const literals = isLocalhost(hostname) ? ['127.0.0.1', '::1'] : net.isIP(hostname) === 0 ? [] : [hostname];
  const port = url.port === '' ? (url.protocol === 'http:' ? 80 : 443) : Number(url.port);
  for (const address of literals) {
    const problem = guard.refuse({ address, port, protocol: url.protocol });
    if (problem !== null) return `${field} points to ${hostname}, which cannot be used: ${problem}`;
  }
  return null;
}
