import type { IncomingHttpHeaders } from 'node:http';

import {
  STANDARD_ID_HEADER,
  STANDARD_SIGNATURE_HEADER,
  STANDARD_TIMESTAMP_HEADER,
  STATUS_UPDATE_EVENT,
  WEBHOOK_EVENT_HEADER,
  WEBHOOK_SIGNATURE_HEADER,
  WEBHOOK_TIMESTAMP_HEADER,
} from '@offhook/contract/headers';
import { createSigner, verifyPublished } from '@offhook/contract/signature';

/** The contract's work on both ends, done as Offhook does it, for the baselines that do it at all. */
export interface Signing {
  verify(headers: IncomingHttpHeaders, body: Uint8Array): boolean;
  /** All headers of one attempt. */
  toHeaders(eventId: string, body: Uint8Array): Record<string, string>;
}

export function createSigning(secret: string): Signing {
  const secrets = [secret];
  const signer = createSigner({ current: secret, previous: null });
  return {
    verify: (headers, body) =>
      verifyPublished({
        secrets,
        body,
        timestamp: headers['x-webhook-timestamp'] as string,
        signature: headers['x-webhook-signature'] as string,
        nowMs: Date.now(),
      }).ok,
    toHeaders(eventId, body) {
      const timestamp = Math.floor(Date.now() / 1_000);
      return {
        'content-type': 'application/json',
        'user-agent': 'bench',
        [WEBHOOK_EVENT_HEADER]: STATUS_UPDATE_EVENT,
        [WEBHOOK_TIMESTAMP_HEADER]: String(timestamp),
        [WEBHOOK_SIGNATURE_HEADER]: signer.signPublished(timestamp, body),
        [STANDARD_ID_HEADER]: eventId,
        [STANDARD_TIMESTAMP_HEADER]: String(timestamp),
        [STANDARD_SIGNATURE_HEADER]: signer.signStandard(eventId, timestamp, body),
      };
    },
  };
}
