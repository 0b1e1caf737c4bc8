/** What went wrong between the connection and the answer, as a cause and one plain sentence. */
import type { FailureCause } from '../destination.ts';
import { errorCode, printable } from '../egress/connect-failure.ts';
import type { ConnectStage } from '../egress/guarded-connect.ts';

export function describeExchangeError(error: Error): {
  readonly cause: FailureCause;
  readonly detail: string;
} {
  const code = errorCode(error) ?? '';
  switch (code) {
    case 'ECONNRESET':
    case 'EPIPE':
    case 'ECONNABORTED':
      return { cause: 'reset', detail: 'the server reset the connection before it answered' };
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return { cause: 'reset', detail: 'the network lost the connection before the server answered' };
    case 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH':
      return {
        cause: 'protocol',
        detail: 'the answer is not HTTP/1.1 (it contradicts its own Content-Length)',
      };
    case 'UND_ERR_INVALID_ARG':
    case 'UND_ERR_NOT_SUPPORTED':
      return { cause: 'settings', detail: `the request could not be written: ${printable(error.message)}` };
    case 'UND_ERR_SOCKET':
      return error.message.startsWith('bad ')
        ? { cause: 'protocol', detail: 'the server sent something other than an answer to the request' }
        : { cause: 'reset', detail: 'the server closed the connection without an answer' };
    default:
      break;
  }
  if (error.name === 'HTTPParserError') {
    // The parser puts its reason in parentheses at the end: "… (Invalid header value char)".
    const reason = /\(([^()]+)\)$/.exec(error.message)?.[1];
    return {
      cause: 'protocol',
      detail: `the answer is not HTTP/1.1${reason === undefined ? '' : ` (${printable(reason)})`}`,
    };
  }
  if (code.startsWith('ERR_SSL_'))
    return { cause: 'tls', detail: `the server ended the TLS connection (${printable(code)})` };
  return { cause: 'protocol', detail: `the exchange failed (${printable(code === '' ? error.name : code)})` };
}

export function describeTimeout(
  stage: ConnectStage | 'waiting' | 'answering',
  hostname: string,
  deadlineMs: number,
): string {
  const within = `within ${deadlineMs / 1_000} s`;
  switch (stage) {
    case 'resolving':
      return `the DNS servers of ${hostname} did not answer ${within}`;
    case 'dialling':
      return `no connection to ${hostname} was made ${within}`;
    case 'securing':
      return `the TLS handshake with ${hostname} did not finish ${within}`;
    case 'waiting':
      return `the server did not answer ${within}`;
    case 'answering':
      return `the server began to answer but did not finish its headers ${within}`;
  }
}
