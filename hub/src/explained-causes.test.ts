/** The API explains what destinations say without knowing them: here the two are held together. */
import { describe, expect, it } from 'vitest';

import { EXPLAINED_CAUSES, explainAttempt } from './api/explain-attempt.ts';
import { FAILURE_CAUSES } from './destinations/destination.ts';
import { describeDialError, describeTlsError } from './destinations/egress/connect-failure.ts';
import { describeExchangeError, describeTimeout } from './destinations/http/exchange-failure.ts';

function explain(cause: string | null, detail: string): ReturnType<typeof explainAttempt> {
  return explainAttempt({
    status: null,
    cause,
    detail,
    ageMs: null,
    destinationState: null,
    destinationKind: null,
  });
}

function toError(code: string, message = 'x'): Error {
  return Object.assign(new Error(message), { code });
}

describe('every failure', () => {
  it('has a cause that is explained', () => {
    expect([...EXPLAINED_CAUSES].toSorted()).toEqual([...FAILURE_CAUSES].toSorted());
  });

  const told = [
    ...['ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH', 'ENETUNREACH', 'EMFILE', 'EOTHER'].map((code) =>
      describeDialError(toError(code), 'a.example', 443),
    ),
    ...[
      'CERT_HAS_EXPIRED',
      'CERT_NOT_YET_VALID',
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'CERT_REVOKED',
      'ERR_TLS_CERT_ALTNAME_INVALID',
      'ERR_SSL_WRONG_VERSION_NUMBER',
      'ERR_SSL_UNSUPPORTED_PROTOCOL',
      'ECONNRESET',
      'EOTHER',
    ].map((code) => ({ cause: 'tls', detail: describeTlsError(toError(code), 'a.example', null) })),
    ...[
      'ECONNRESET',
      'ETIMEDOUT',
      'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
      'UND_ERR_INVALID_ARG',
      'EOTHER',
    ].map((code) => describeExchangeError(toError(code))),
    describeExchangeError(toError('UND_ERR_SOCKET', 'bad upgrade')),
    describeExchangeError(toError('UND_ERR_SOCKET', 'other side closed')),
    ...(['resolving', 'dialling', 'securing', 'waiting', 'answering'] as const).map((stage) => ({
      cause: 'timeout',
      detail: describeTimeout(stage, 'a.example', 15_000),
    })),
    ...[
      'DNS name not found: a.example',
      'the DNS name a.example has no address',
      'the DNS servers of a.example did not answer',
      'not a valid DNS name: a..example',
      'DNS could not answer for a.example (ESERVFAIL)',
    ].map((detail) => ({ cause: 'dns', detail })),
    {
      cause: 'blocked',
      detail:
        'the address of a.example cannot be used: it is a private address; an administrator can allow its range with OFFHOOK_EGRESS_ALLOW',
    },
    { cause: 'settings', detail: 'the URL of this destination cannot be read' },
    { cause: 'settings', detail: 'the attempt could not be made: x' },
  ];

  it.each(told.map(({ cause, detail }) => [cause, detail] as const))(
    'is explained alike with its cause and without it, as lists have it: %s, %s',
    (cause, detail) => {
      const explanation = explain(cause, detail);
      expect(explanation?.title ?? '').not.toBe('');
      expect(explain(null, detail)).toEqual(explanation);
    },
  );
});
