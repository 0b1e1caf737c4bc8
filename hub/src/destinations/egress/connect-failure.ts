/** Errors of dialling and of TLS as one plain sentence for people. Text from the other side is cut and made printable. */
import type { PeerCertificate } from 'node:tls';
import type { FailureCause } from '../destination.ts';

export function describeDialError(
  error: Error,
  hostname: string,
  port: number,
): { readonly cause: FailureCause; readonly detail: string } {
  switch (errorCode(error)) {
    case 'ECONNREFUSED':
      return {
        cause: 'connect',
        detail: `connection refused: nothing listens on port ${port} of ${hostname}`,
      };
    case 'ECONNRESET':
      // A reset right after the handshake is seen before or after `connect`, by chance; it is one and the same thing.
      return { cause: 'reset', detail: 'the server reset the connection before it answered' };
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EADDRNOTAVAIL':
      return { cause: 'connect', detail: `no route to ${hostname}` };
    case 'EMFILE':
    case 'ENFILE':
      return { cause: 'connect', detail: 'this hub has no free file handles left for another connection' };
    default:
      return { cause: 'connect', detail: `no connection to port ${port} of ${hostname} could be made` };
  }
}

export function describeTlsError(
  error: Error,
  hostname: string,
  certificate: PeerCertificate | null,
): string {
  const code = errorCode(error);
  switch (code) {
    case 'CERT_HAS_EXPIRED':
      return `certificate expired${certificateDay(certificate?.valid_to)}`;
    case 'CERT_NOT_YET_VALID':
      return `certificate is not valid yet${certificateDay(certificate?.valid_from)}`;
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
      return 'certificate is self-signed, so nobody vouches for it';
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return 'certificate chain is incomplete or its issuer is not trusted; the server may lack an intermediate certificate';
    case 'CERT_REVOKED':
      return 'certificate was revoked';
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `certificate is not for ${hostname}${certificateNames(certificate)}`;
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
    case 'ERR_SSL_RECORD_LAYER_FAILURE':
      return 'the server did not speak TLS on this port; it may expect http';
    case 'ERR_SSL_UNSUPPORTED_PROTOCOL':
    case 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION':
      return 'the server offers no TLS version from 1.2 on';
    case 'ECONNRESET':
    case 'EPIPE':
      return 'the server closed the connection during the TLS handshake';
    default:
      return `TLS handshake failed (${printable(code ?? error.name)})`;
  }
}

const printableMax = 120;

/** What the other side wrote may hold line breaks or terminal codes; people read this in logs and terminals. */
export function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, printableMax);
}

export function errorCode(error: Error): string | null {
  return 'code' in error && typeof error.code === 'string' ? error.code : null;
}

function certificateDay(text: string | undefined): string {
  const instant = new Date(text ?? '');
  return Number.isNaN(instant.getTime()) ? '' : ` on ${instant.toISOString().slice(0, 10)}`;
}

function certificateNames(certificate: PeerCertificate | null): string {
  const names = certificate?.subjectaltname ?? certificate?.subject?.CN;
  return typeof names === 'string' && names !== '' ? `, it names ${printable(names)}` : '';
}
