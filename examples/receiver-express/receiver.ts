/**
 * The handler of the source document, made right. In: a signed status-update. Out: 200 as soon as it is safely kept,
 * and the slow work afterwards, in the order of arrival.
 */
import {
  STANDARD_ID_HEADER,
  STANDARD_SIGNATURE_HEADER,
  STANDARD_TIMESTAMP_HEADER,
} from '@offhook/contract/headers';
import { verifyStandard } from '@offhook/contract/signature';
import type { StatusUpdateMessage } from '@offhook/contract/message';
import express from 'express';
import type { Express } from 'express';

import { applyEffects } from './effects.ts';
import type { Effects } from './effects.ts';
import type { Inbox } from './inbox.ts';

export interface Receiver {
  readonly app: Express;
  /** Ends once the work under way is done; the rest waits in the inbox for the next start. */
  stop(): Promise<void>;
}

export function createReceiver(options: {
  /** All that are valid now: two while you rotate. */
  readonly secrets: readonly string[];
  readonly inbox: Inbox;
  readonly effects: Effects;
  readonly report: (line: string) => void;
}): Receiver {
  const { secrets, inbox, effects, report } = options;
  const app = express();

  // The raw bytes: a body that was parsed and written again has another signature. Keep any `express.json()` of your
  // app away from this route.
  app.post('/webhooks/status-update', express.raw({ type: () => true, limit: '64kb' }), (req, res) => {
    const body: unknown = req.body;
    if (!(body instanceof Uint8Array)) {
      res.status(400).send('The body is missing, or something parsed it before this handler.');
      return;
    }
    const webhookId = req.get(STANDARD_ID_HEADER) ?? '';
    const signature = verifyStandard({
      secrets,
      body,
      id: webhookId,
      timestamp: req.get(STANDARD_TIMESTAMP_HEADER),
      signature: req.get(STANDARD_SIGNATURE_HEADER),
      nowMs: Date.now(),
    });
    if (!signature.ok) {
      res.status(401).send(signature.detail);
      return;
    }
    // Kept on disk before the 200: from here on it is ours, and the sender may forget it.
    inbox.add({ webhookId, body }, Date.now());
    res.status(200).send('OK');
    work();
  });

  let stopping = false;
  let working: Promise<void> | null = null;

  /** One at a time, so that effects happen in the order in which the hub delivered. */
  function work(): void {
    working ??= drain().finally(() => {
      working = null;
    });
  }

  async function drain(): Promise<void> {
    for (let entry = inbox.next(); entry !== undefined && !stopping; entry = inbox.next()) {
      const { message } = JSON.parse(Buffer.from(entry.body).toString('utf8')) as StatusUpdateMessage;
      try {
        await applyEffects(entry.webhookId, message, effects);
      } catch (error) {
        // Left undone: the next arrival or the next start tries it again. Yours may want a pause and a limit here.
        report(`${entry.webhookId} failed: ${error instanceof Error ? error.message : String(error)}`);
        return;
      }
      inbox.markDone(entry.webhookId);
    }
  }

  // What a crash left undone.
  work();
  return {
    app,
    async stop() {
      stopping = true;
      await working;
    },
  };
}
