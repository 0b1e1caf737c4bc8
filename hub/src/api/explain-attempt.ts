/**
 * What went wrong with an attempt, for the person who has to mend it: what happened in a few words, and what to do
 * about it. In: the status line or the cause, and our own sentence. Pure, and total: whatever the network answers has
 * an explanation. What the receiver wrote is never looked at, since it may say anything.
 */
import type { DestinationState } from '../journal/destinations.ts';

import { explainService } from './explain-service.ts';
import type { Explanation } from './explain-service.ts';
import { startSentence } from './sentence-start.ts';

export interface AttemptFacts {
  /** HTTP status; null where no status line came. */
  readonly status: number | null;
  /** Why no status line came; null where it is not known: then the detail tells. */
  readonly cause: string | null;
  /** Our own sentence about it. */
  readonly detail: string | null;
  /** How long ago it was; null where nobody asks. */
  readonly ageMs: number | null;
  /** deleted: there is nothing left to mend. null where nobody asks. */
  readonly destinationState: DestinationState | 'deleted' | null;
  /** Name of its kind; null where nobody asks: then it is explained as a webhook. */
  readonly destinationKind: string | null;
}

/** As destinations/ names them; a test outside both layers holds the two lists together. */
export const EXPLAINED_CAUSES = [
  'timeout',
  'dns',
  'connect',
  'tls',
  'reset',
  'protocol',
  'blocked',
  'settings',
  'refused',
] as const;
type ExplainedCause = (typeof EXPLAINED_CAUSES)[number];

/** null where it was delivered, or nothing was tried yet. */
export function explainAttempt(facts: AttemptFacts): Explanation | null {
  const explanation = explain(facts);
  return explanation === null ? null : { ...explanation, hint: addCircumstances(explanation.hint, facts) };
}

/** An answer older than this says little about the receiver of today. */
const OLD_MS = 86_400_000;

function addCircumstances(hint: string, { ageMs, destinationState }: AttemptFacts): string {
  switch (destinationState) {
    case 'deleted':
      return `${hint} The destination has been deleted since.`;
    case 'paused':
      return `${hint} The destination is paused: nothing is sent until it is resumed.`;
    case 'disabled':
      return `${hint} The destination is disabled: resume it once this is mended, and what it is owed goes out in order.`;
    case 'enabled':
    case null:
      return ageMs !== null && ageMs > OLD_MS
        ? `${hint} This is ${toAgeWords(ageMs)} old: a test shows what the receiver answers today.`
        : hint;
  }
}

function toAgeWords(ageMs: number): string {
  const days = Math.floor(ageMs / OLD_MS);
  return days === 1 ? 'a day' : `${days} days`;
}

function explain({ status, cause, detail, destinationKind }: AttemptFacts): Explanation | null {
  if (status !== null && status >= 200 && status < 300) return null;
  const known = EXPLAINED_CAUSES.find((one) => one === cause) ?? readCause(detail);
  const ofService = explainService(destinationKind, {
    status,
    // What is told in no words of the network was said by the service itself.
    cause: status === null ? (known ?? (detail === null ? null : 'refused')) : null,
    detail,
  });
  if (ofService !== null) return ofService;
  if (status !== null) return explainStatus(status, detail ?? '');
  if (known !== null) return explainCause(known, detail ?? '');
  if (cause === null && detail === null) return null;
  return {
    title: startSentence(detail === null || detail === '' ? `No answer (${cause ?? 'unknown'})` : detail),
    hint: 'No answer came. Check the URL, and whether the receiver runs.',
  };
}

function explainStatus(status: number, detail: string): Explanation {
  if (detail.includes('asked for no further tries')) {
    return {
      title: `${status}: the receiver asked for no further tries`,
      hint: 'It answered with the header webhook-delivery: abort-message. Ask its owner why; a retry by hand is still possible.',
    };
  }
  const known = STATUSES[status];
  if (known !== undefined) return known;
  if (status < 200)
    return {
      title: `${status}: not a final answer`,
      hint: 'The receiver must answer with a 2xx status once it has the event.',
    };
  if (status < 400)
    return {
      title: `${status}: a redirect, which is never followed`,
      hint: 'Set the final address as the URL of the destination.',
    };
  if (status < 500)
    return {
      title: `${status}: the receiver refuses the request`,
      hint: 'Its answer below, or its own log, should say why.',
    };
  if (status < 600)
    return {
      title: `${status}: the receiver failed`,
      hint: 'Something broke on its side; its log should say what. It is tried again by itself.',
    };
  return {
    title: `${status}: no status that HTTP knows`,
    hint: 'Check that the URL leads to the receiver and to nothing else.',
  };
}

const MOVED_HINT =
  'Redirects are never followed, since they could lead signed events anywhere. Set the new address (the Location it answers with) as the URL of the destination.';

const STATUSES: Readonly<Record<number, Explanation>> = {
  301: { title: '301: the receiver has moved', hint: MOVED_HINT },
  302: { title: '302: the receiver redirects elsewhere', hint: MOVED_HINT },
  303: { title: '303: the receiver redirects elsewhere', hint: MOVED_HINT },
  307: { title: '307: the receiver redirects elsewhere', hint: MOVED_HINT },
  308: { title: '308: the receiver has moved', hint: MOVED_HINT },
  400: {
    title: '400: the receiver cannot read the event',
    hint: 'Its handler refuses the body. Compare the body that was sent with what it expects; its answer below may name the field.',
  },
  401: {
    title: '401: the receiver refuses the signature or credentials',
    hint: 'Was the secret rotated? Set the current signing secret in the receiver, and check the Authorization header of the destination where it needs one. The receiver must verify the raw bytes of the body, and its clock must be right within five minutes.',
  },
  403: {
    title: '403: the receiver refuses the signature or credentials',
    hint: 'Was the secret rotated? Set the current signing secret in the receiver. A firewall or a proxy in front of it answers 403 as well: allow this hub there.',
  },
  404: {
    title: '404: nothing is at this path',
    hint: 'Check the path in the URL of the destination; the answer below may name the right one.',
  },
  405: {
    title: '405: the path takes no POST',
    hint: 'Something is there, but not the webhook handler: check the path in the URL, and that the handler is registered for POST.',
  },
  406: {
    title: '406: the receiver cannot answer in a form it thinks is wanted',
    hint: 'Any form will do, since only the status counts: let its framework answer 200 whatever Accept says.',
  },
  408: {
    title: '408: the receiver waited too long for the request',
    hint: 'It or a proxy before it was too slow or overloaded. It is tried again by itself.',
  },
  409: {
    title: '409: the receiver says it conflicts with what it has',
    hint: 'Often it has the event already. A receiver should answer 200 to an event id that it knows.',
  },
  410: {
    title: '410: the receiver wants no more events',
    hint: '410 Gone disables the destination. Set a URL that is in use, then resume it.',
  },
  411: {
    title: '411: the receiver misses the length of the body',
    hint: 'The length is always sent, so a proxy on the way takes it out: check what stands before the receiver.',
  },
  413: {
    title: '413: the event is too large for the receiver',
    hint: 'Raise the body limit of its web server or framework; events have up to 256 KiB.',
  },
  414: {
    title: '414: the URL is too long for the receiver',
    hint: 'Shorten the URL of the destination; what it carries can go into a header.',
  },
  415: {
    title: '415: the receiver does not take this content type',
    hint: 'Events are sent as application/json: let its handler accept that.',
  },
  421: {
    title: '421: this server does not serve that name',
    hint: 'The name in the URL leads to the wrong server: check its DNS entry, or the virtual host in the web server.',
  },
  422: {
    title: '422: the receiver understands the event but refuses it',
    hint: 'Its validation says no: its answer below may name the field, such as a number that a web call does not have.',
  },
  425: {
    title: '425: the receiver is not ready for it yet',
    hint: 'It is tried again by itself.',
  },
  429: {
    title: '429: the receiver asks for fewer requests',
    hint: 'Its Retry-After is honoured, and the lane slows down by itself. Set a rate for the destination to stay below its limit.',
  },
  431: {
    title: '431: the headers are too large for the receiver',
    hint: 'Shorten the headers that the destination adds, or raise the limit of its web server.',
  },
  451: {
    title: '451: the receiver may not take it for legal reasons',
    hint: 'Ask its owner; a retry changes nothing.',
  },
  500: {
    title: '500: the receiver failed',
    hint: 'Its handler threw an error; its log should say which. It is tried again by itself.',
  },
  501: {
    title: '501: the receiver does not know this request',
    hint: 'Check that the URL leads to the webhook handler.',
  },
  502: {
    title: '502: the proxy got no good answer from the receiver',
    hint: 'The web server before it runs, the receiver behind it does not, or it crashed. It is tried again by itself, more slowly.',
  },
  503: {
    title: '503: the receiver is not available now',
    hint: 'It is overloaded, starting or under maintenance. Its Retry-After is honoured and it is tried again by itself, more slowly.',
  },
  504: {
    title: '504: the receiver did not answer its proxy in time',
    hint: 'Let its handler answer 200 at once and do slow work (CRM, mail) afterwards. It is tried again by itself.',
  },
};

function explainCause(cause: ExplainedCause, detail: string): Explanation {
  switch (cause) {
    case 'timeout':
      return explainTimeout(detail);
    case 'dns':
      return /not found/.test(detail)
        ? {
            title: 'The host name does not exist',
            hint: 'Check the host in the URL for a typing error, or its DNS entry if it is new.',
          }
        : {
            title: 'The host name leads nowhere',
            hint: 'Its DNS has no address for it, or did not answer. Check the DNS entry; it is tried again by itself.',
          };
    case 'connect':
      return explainConnect(detail);
    case 'tls':
      return explainTls(detail);
    case 'reset':
      return {
        title: 'The connection broke before an answer came',
        hint: 'The receiver or something on the way closed it: a crash, a restart, a proxy. It may have got the event; the same webhook-id lets it notice the second one.',
      };
    case 'protocol':
      return {
        title: 'What answers does not speak HTTP',
        hint: 'Check the port and the scheme (http or https) in the URL.',
      };
    case 'blocked':
      return {
        title: 'This address must not be dialled',
        hint: /OFFHOOK_EGRESS_ALLOW/.test(detail)
          ? 'It is not a public address. If it is yours and safe, an administrator can allow its range with OFFHOOK_EGRESS_ALLOW.'
          : 'Events go to public addresses only, so that nobody can reach inner machines through the hub. Set another URL.',
      };
    case 'settings':
      return {
        title: 'The settings of the destination cannot be used',
        hint: 'Set its URL, headers or secret anew.',
      };
    case 'refused':
      return {
        title: startSentence(detail === '' ? 'It was reached and refused what was asked' : detail),
        hint: 'It is tried again by itself; a test shows whether it is mended.',
      };
  }
}

function explainTimeout(detail: string): Explanation {
  if (/DNS/.test(detail)) {
    return {
      title: 'DNS did not answer in time',
      hint: 'The DNS servers of the host are slow or down. It is tried again by itself.',
    };
  }
  if (detail.startsWith('no connection')) {
    return {
      title: 'The receiver could not be reached in time',
      hint: 'Its machine is down, or a firewall drops the packets: check that this hub may reach the host and port.',
    };
  }
  if (/TLS/.test(detail)) {
    return {
      title: 'The TLS handshake took too long',
      hint: 'The receiver is overloaded, or something else than TLS listens on the port.',
    };
  }
  return {
    title: 'The receiver did not answer in time',
    hint: 'Let its handler answer 200 at once and do slow work (CRM, mail) afterwards. It may have got the event; the same webhook-id lets it notice the second one.',
  };
}

function explainConnect(detail: string): Explanation {
  if (/refused/.test(detail)) {
    return {
      title: 'Nothing listens there',
      hint: 'The connection was refused: start the receiver, or check host and port in the URL.',
    };
  }
  if (/no route/.test(detail)) {
    return {
      title: 'There is no route to the host',
      hint: 'Check the network between this hub and the host.',
    };
  }
  if (/file handles/.test(detail)) {
    return {
      title: 'This hub has no free file handles',
      hint: 'Raise its limit of open files (ulimit -n, LimitNOFILE); the receiver is not at fault.',
    };
  }
  return {
    title: 'No connection could be made',
    hint: 'Check host and port in the URL, and that a firewall lets this hub through.',
  };
}

function explainTls(detail: string): Explanation {
  if (/expired/.test(detail)) {
    const day = /\d{4}-\d\d-\d\d/.exec(detail)?.[0];
    return {
      title: day === undefined ? 'Certificate expired' : `Certificate expired on ${day}`,
      hint: 'Renew the certificate of the receiver, and see why its renewal did not run by itself.',
    };
  }
  if (/not valid yet/.test(detail)) {
    return {
      title: 'Certificate is not valid yet',
      hint: 'One of the two clocks is wrong, or the certificate was put in place too early.',
    };
  }
  if (/self-signed/.test(detail)) {
    return {
      title: 'Certificate is self-signed',
      hint: 'Nobody vouches for it: give the receiver a certificate of a public authority (Let’s Encrypt costs nothing).',
    };
  }
  if (/chain is incomplete/.test(detail)) {
    return {
      title: 'Certificate chain is incomplete',
      hint: 'Let the receiver send its intermediate certificates too (the “full chain” file). Browsers fetch them by themselves, programs do not.',
    };
  }
  if (/revoked/.test(detail)) {
    return { title: 'Certificate was revoked', hint: 'Give the receiver a new certificate.' };
  }
  if (/is not for/.test(detail)) {
    return {
      title: 'Certificate is for another name',
      hint: 'Use the name that the certificate has in the URL, or get one for this name. The name may also lead to the wrong server.',
    };
  }
  if (/did not speak TLS/.test(detail)) {
    return {
      title: 'The port does not speak TLS',
      hint: 'The receiver expects http here: check the port in the URL.',
    };
  }
  if (/no TLS version/.test(detail)) {
    return { title: 'The receiver’s TLS is too old', hint: 'Let it offer TLS 1.2 or 1.3.' };
  }
  return {
    title: 'The TLS connection could not be made',
    hint: 'Check the certificate and the TLS settings of the receiver.',
  };
}

/** A list keeps only our sentence about the last answer, not its cause; these sentences are all ours. */
function readCause(detail: string | null): ExplainedCause | null {
  if (detail === null) return null;
  return CAUSE_WORDS.find(([words]) => words.test(detail))?.[1] ?? null;
}

/** The first that fits. A certificate's sentence ends in names that its owner chose, so it is looked for first. */
const CAUSE_WORDS: readonly (readonly [RegExp, ExplainedCause])[] = [
  [/^certificate /, 'tls'],
  [/ within [\d.]+ s$/, 'timeout'],
  [/\bcannot be used: /, 'blocked'],
  [/\bDNS\b/, 'dns'],
  [
    /^the attempt could not be made|^the URL of this destination|^the request could not be written|secret (?:is|must) /,
    'settings',
  ],
  [/\bTLS\b/, 'tls'],
  [/^connection refused|^no route|file handles|^no connection|^there was no address/, 'connect'],
  [/reset the connection|lost the connection|closed the connection/, 'reset'],
  [/not HTTP|something other than an answer|^the exchange failed/, 'protocol'],
];
