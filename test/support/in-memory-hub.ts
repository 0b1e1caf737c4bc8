/** A server over a real journal in memory, for the tests of doors and API. Nothing listens; requests are injected. */
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { AnsweredRequest } from '../../hub/src/ingest/request-observer.ts';
import type { AccountId } from '../../hub/src/journal/ids.ts';
import type { Journal } from '../../hub/src/journal/journal.ts';
import type { Scope } from '../../hub/src/journal/accounts.ts';
import type { CallStatus } from '@offhook/contract/message';
import type { DestinationKindPort, DestinationTester, TestResult } from '../../hub/src/api/ground.ts';
import type { Pages } from '../../hub/src/api/pages.ts';
import type { ServerSettings } from '../../hub/src/api/server.ts';

import { systemClock } from '../../hub/src/clock.ts';
import { RETRY_SCHEDULE_S } from '../../hub/src/delivery/retry-schedule.ts';
import { createApiKeyText, ensureBootstrapKey } from '../../hub/src/ingest/api-key.ts';
import { createSecretBox } from '../../hub/src/journal/secret-box.ts';
import { openSqliteJournal } from '../../hub/src/journal/sqlite/sqlite-journal.ts';
import type { DeliveryFeed } from '../../hub/src/live/delivery-feed.ts';
import { createDeliveryFeed } from '../../hub/src/live/delivery-feed.ts';
import { createMetrics } from '../../hub/src/live/metrics.ts';
import { createServer } from '../../hub/src/api/server.ts';

export const ADMIN_KEY = 'test_admin_key_of_enough_length';

export interface TestHub {
  readonly server: FastifyInstance;
  readonly journal: Journal;
  /** No engine runs here: tests say what an attempt came to. */
  readonly deliveryFeed: DeliveryFeed;
  readonly answered: AnsweredRequest[];
  readonly troubles: { readonly detail: string; readonly error: unknown }[];
  /** As the admin of the default account, unless headers say otherwise. */
  call(
    method: NonNullable<InjectOptions['method']>,
    url: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<LightMyRequestResponse>;
  makeKey(scopes: readonly Scope[], accountId?: AccountId): Promise<string>;
  close(): Promise<void>;
}

export async function openTestHub(
  settings: Partial<ServerSettings> = {},
  more: {
    readonly kinds?: readonly DestinationKindPort[];
    readonly journal?: (journal: Journal) => Journal;
    readonly pages?: Pages;
    readonly tester?: DestinationTester;
  } = {},
): Promise<TestHub> {
  const opened = await openSqliteJournal({
    file: ':memory:',
    clock: systemClock,
    secretBox: createSecretBox(randomBytes(32)),
  });
  const journal = more.journal?.(opened) ?? opened;
  await ensureBootstrapKey(opened, ADMIN_KEY);
  const kinds = more.kinds ?? [WEBHOOK_KIND];
  const answered: AnsweredRequest[] = [];
  const troubles: { detail: string; error: unknown }[] = [];
  const deliveryFeed = createDeliveryFeed(systemClock);
  const server = await createServer({
    journal,
    clock: systemClock,
    random: Math.random,
    settings: {
      version: '0.0.0-test',
      localProfile: true,
      staleAfterMs: 4 * 3_600_000,
      retentionDays: 30,
      retryScheduleS: RETRY_SCHEDULE_S,
      voicedockSecrets: [],
      ...settings,
    },
    destinationKinds: { all: kinds, get: (name) => kinds.find((kind) => kind.kind === name) },
    tester: more.tester ?? {
      test: async (_destination, status) => toTestAnswer(status),
      tryKind: async ({ status }) => toTestAnswer(status),
    },
    lanes: { readLanes: () => [] },
    deliveryFeed,
    metrics: createMetrics({
      version: '0.0.0-test',
      staleAfterMs: 4 * 3_600_000,
      clock: systemClock,
      journal,
    }),
    pages: more.pages ?? null,
    observer: {
      answered: (request) => answered.push(request),
      troubled: (detail, error) => troubles.push({ detail, error }),
    },
  });
  await server.ready();
  return {
    server,
    journal: opened,
    deliveryFeed,
    answered,
    troubles,
    call(method, url, body, headers = {}) {
      return server.inject({
        method,
        url,
        headers: {
          authorization: `Bearer ${ADMIN_KEY}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && {
          payload: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
        }),
      });
    },
    async makeKey(scopes, accountId = 'default') {
      const made = createApiKeyText();
      await opened.createKey(
        { accountId, name: 'test', scopes, hint: made.hint, expiresAtMs: null, hash: made.hash },
        { kind: 'hub', id: 'hub' },
      );
      return made.text;
    },
    async close() {
      await server.close();
      await opened.close();
    },
  };
}

function toTestAnswer(status: CallStatus): TestResult {
  return {
    kind: 'answered',
    status: status === 'ended-with-error' ? 500 : 200,
    responseBody: Buffer.from('OK'),
    timing: { firstByteMs: 1, totalMs: 2 },
  };
}

/** Settings of the webhook kind as the API sees them, without the network that stands behind it. */
const WEBHOOK_KIND: DestinationKindPort = {
  kind: 'webhook',
  title: 'Webhook',
  summary: 'Sends every event as a signed POST.',
  setup: [],
  defaults: {},
  signs: true,
  settings: z.strictObject({
    url: z.url(),
    headers: z.record(z.string(), z.string()).optional(),
    batch_events_max: z.int().optional(),
  }),
  toPublicSettings: (settings) => ({ url: (settings as { url: string }).url }),
  keepMasked: (_stored, given) => given,
  describeTarget: (settings) => (settings as { url: string }).url,
  toBatchRule: (settings) => ((settings as { batch_events_max?: number }).batch_events_max ? {} : null),
  // The secret itself where the signature would be: tests see which one signed.
  describeRequest: (settings, { eventId, attemptNumber, secrets }) => ({
    method: 'POST',
    url: (settings as { url: string }).url,
    headers: [
      ['webhook-id', eventId],
      ['Offhook-Attempt', String(attemptNumber)],
      ['webhook-signature', secrets === null ? '…' : `${secrets.current} ${secrets.previous ?? ''}`.trim()],
    ],
  }),
};
