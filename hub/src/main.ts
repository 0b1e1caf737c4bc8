/**
 * Builds the hub, in the order in which data flows through it, and stops it in reverse. The only file that knows
 * every stage. In: settings. Out: a hub that answers at an address.
 *
 * Promises: what was started is stopped again where a later step fails; `stop` ends within STOP_MS_MAX; when the
 * journal can no longer be trusted, `broken` says so and nothing more is acknowledged.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';

import { readPages } from './api/pages.ts';
import type { Pages } from './api/pages.ts';
import { createServer } from './api/server.ts';
import { systemClock } from './clock.ts';
import { prepareKeys, readKeptApiKey } from './config/keys.ts';
import type { HubKeys } from './config/keys.ts';
import { isLoopbackHost } from './config/parse-value.ts';
import type { Settings } from './config/settings.ts';
import { listStartFaults } from './config/start-rules.ts';
import { createDeliveryEngine } from './delivery/engine.ts';
import type { DeliveryObserver } from './delivery/observer.ts';
import { RETRY_SCHEDULE_S } from './delivery/retry-schedule.ts';
import { createDestinationGrounds } from './destination-ground.ts';
import { createDestinationTester } from './destination-tester.ts';
import { createEgressGuard } from './destinations/egress/address-rules.ts';
import type { OwnAddress } from './destinations/egress/address-rules.ts';
import { createResolver } from './destinations/egress/resolver.ts';
import { createDestinationKinds } from './destinations/registry.ts';
import { createApiKeyText, ensureBootstrapKey } from './ingest/api-key.ts';
import type { Journal } from './journal/journal.ts';
import type { JournalError } from './journal/journal-error.ts';
import { openThreadJournal } from './journal/sqlite/thread/thread-journal.ts';
import { createDeliveryFeed } from './live/delivery-feed.ts';
import type { DeliveryFeed } from './live/delivery-feed.ts';
import { createMetrics } from './live/metrics.ts';
import type { Metrics } from './live/metrics.ts';
import { createLogLines } from './log-lines.ts';
import type { LogLines } from './log-lines.ts';
import { startRetention } from './retention.ts';
import { startScheduledExport } from './scheduled-export.ts';
import { version } from './version.ts';
import type { ErrorRateRule } from './watch/error-rate.ts';
import { createQualityRecorder } from './watch/quality-recorder.ts';
import { startWatchers } from './watch/watchers.ts';

export interface Hub {
  /** `http://127.0.0.1:8080`: where this machine reaches it. */
  readonly address: string;
  readonly apiKey: string;
  readonly apiKeyOrigin: HubKeys['apiKeyOrigin'];
  /** Pages were found to serve at `/`. */
  readonly hasDashboard: boolean;
  readonly log: LogLines;
  /** Resolves when the journal failed: whoever runs the hub must end the process at once, without `stop`. */
  readonly broken: Promise<JournalError>;
  /** Takes nothing new, lets attempts finish within the grace, hands the rest back, closes. Safe to call twice. */
  stop(): Promise<void>;
}

/** The settings, the keys or the journal do not let a hub start. Each fault is a sentence with its remedy. */
export class StartRefusal extends Error {
  override readonly name = 'StartRefusal';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(faults.join('\n'));
    this.faults = faults;
  }
}

export const JOURNAL_FILE = 'journal.sqlite';
export const STOP_MS_MAX = 10_000;
/** Requests under way answer within milliseconds; whoever takes longer to send one is cut off. */
const DOOR_CLOSE_MS = 1_500;

export async function startHub(settings: Settings): Promise<Hub> {
  const journalFile = join(settings.dataDir, JOURNAL_FILE);
  refuseBeforeKeys(settings, journalFile);
  const log = createLogLines({ level: settings.logLevel });
  const keys = prepareKeys(settings, () => createApiKeyText().text);
  const localProfile = isLoopbackHost(settings.host);

  const journal = await openThreadJournal({
    file: journalFile,
    masterKey: keys.masterKey,
    staleAfterMs: settings.staleAfterMs,
  });
  const undo: (() => Promise<void>)[] = [() => journal.close()];
  const stopAll = async (): Promise<void> => {
    for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
  };

  try {
    await refuseUnsigned(settings, journal, log);
    await ensureBootstrapKey(journal, keys.apiKey);

    const listening: OwnAddress[] = [];
    const kinds = createDestinationKinds({
      egress: createEgressGuard({
        allow: settings.egressAllow,
        allowHttp: settings.egressAllowHttp,
        allowLoopback: localProfile,
        ownAddresses: () => listening,
      }),
      resolver: createResolver(settings.dnsServers.length === 0 ? {} : { servers: settings.dnsServers }),
      userAgent: `Offhook/${version}`,
    });
    const kindsByName = new Map(kinds.all.map((kind) => [kind.kind as string, kind]));
    const metrics = createMetrics({
      version,
      staleAfterMs: settings.staleAfterMs,
      clock: systemClock,
      journal,
    });

    let ownAddress: string | null = null;
    const grounds = createDestinationGrounds({
      journal,
      clock: systemClock,
      random: Math.random,
      staleAfterMs: settings.staleAfterMs,
      readBaseUrl: () => settings.publicUrl ?? ownAddress,
      troubled: ({ id, accountId }, detail, error) =>
        log.error('destination.troubled', error, { destination_id: id, account_id: accountId, detail }),
    });
    const deliveryFeed = createDeliveryFeed(systemClock);
    const engine = createDeliveryEngine({
      journal,
      kinds: kindsByName,
      grounds,
      clock: systemClock,
      random: Math.random,
      observer: toDeliveryObserver(log, metrics, deliveryFeed),
      // Leases of an earlier process must not look like ours.
      nodeId: `${hostname()}-${process.pid}-${randomBytes(4).toString('hex')}`,
    });
    const quality = createQualityRecorder({
      journal,
      clock: systemClock,
      troubled: (error) => log.error('quality.save_failed', error),
    });
    undo.push(() => quality.stop());
    const pages = readDashboard(log);
    const server = await createServer({
      journal,
      clock: systemClock,
      random: Math.random,
      destinationKinds: kinds,
      tester: createDestinationTester({
        kinds: kindsByName,
        grounds,
        clock: systemClock,
        random: Math.random,
      }),
      lanes: engine,
      deliveryFeed,
      metrics,
      quality,
      observer: log.requests,
      pages,
      settings: {
        version,
        localProfile,
        staleAfterMs: settings.staleAfterMs,
        retentionDays: settings.retentionDays,
        retryScheduleS: RETRY_SCHEDULE_S,
        voicedockSecrets: settings.voicedockSecrets,
        keyRateLimit: toRateLimit(settings.keyRatePerSecond),
        sourceRateLimit: toRateLimit(settings.sourceRatePerSecond),
      },
    });

    journal.listenTrouble(({ task, accountId, error }) =>
      log.error(`journal.${task}_failed`, error, accountId === null ? {} : { account_id: accountId }),
    );
    undo.push(() => engine.stop(settings.shutdownGraceMs));
    await engine.start();
    const retention = startRetention({
      journal,
      clock: systemClock,
      retentionDays: settings.retentionDays,
      pruned: (calls) => log.info('journal.pruned', { calls }),
      troubled: (error) => log.error('journal.prune_failed', error),
    });
    undo.push(async () => retention.stop());
    const watchers = startWatchers({
      journal,
      clock: systemClock,
      staleAfterMs: settings.staleAfterMs,
      // Not quality: it judges sources, and what the hub assumes is said by none of them.
      observer: metrics,
      errorRate: toErrorRateRule(settings),
      troubled: (watch, error) => log.error('watch.failed', error, { watch }),
    });
    undo.push(() => watchers.stop());
    if (settings.exportDir !== null) {
      const scheduledExport = startScheduledExport({
        journal,
        clock: systemClock,
        staleAfterMs: settings.staleAfterMs,
        retentionDays: settings.retentionDays,
        dir: settings.exportDir,
        every: settings.exportEvery,
        format: settings.exportFormat,
        isMasked: !settings.exportNumbers,
        written: ({ path, rows, durationMs }) =>
          log.info('export.written', { path, rows, duration_ms: Math.round(durationMs) }),
        troubled: (error) => log.error('export.failed', error),
      });
      undo.push(() => scheduledExport.stop());
    }
    undo.push(() =>
      closeWithin(
        DOOR_CLOSE_MS,
        () => server.close(),
        () => server.server.closeAllConnections(),
      ),
    );
    await server.listen({ host: settings.host, port: settings.port });
    const bound = server.server.address() as AddressInfo;
    listening.push({ address: bound.address, port: bound.port });
    const address = toAddress(settings.host, bound.port);
    ownAddress = address;
    log.info('hub.started', { version, address, data_dir: settings.dataDir, pid: process.pid });

    let stopping: Promise<void> | undefined;
    return {
      address,
      apiKey: keys.apiKey,
      apiKeyOrigin: keys.apiKeyOrigin,
      hasDashboard: pages !== null,
      log,
      broken: journal.broken,
      stop() {
        stopping ??= (async () => {
          log.info('hub.stopping');
          await stopAll();
          log.info('hub.stopped');
          log.flush();
        })();
        return stopping;
      },
    };
  } catch (error) {
    await stopAll();
    log.flush();
    throw error;
  }
}

/** Before anything is written: a key made by a refused start would count as chosen at the next one. */
function refuseBeforeKeys(settings: Settings, journalFile: string): void {
  const faults = listStartFaults(settings, {
    wouldMakeApiKey: settings.apiKey === null && readKeptApiKey(settings.dataDir) === undefined,
    // An existing journal may hold the secret; it is asked once it is open.
    isVoicedockUnsigned: settings.voicedockSecrets.length === 0 && !existsSync(journalFile),
  });
  if (faults.length > 0) throw new StartRefusal(faults);
}

async function refuseUnsigned(settings: Settings, journal: Journal, log: LogLines): Promise<void> {
  const unsignedSources: string[] = [];
  for (const account of await journal.listAccounts()) {
    for (const source of await journal.listSources(account.id)) {
      const isSignedBySettings = source.id === 'voicedock' && settings.voicedockSecrets.length > 0;
      if (source.kind === 'voicedock' && source.secrets.length === 0 && !isSignedBySettings)
        unsignedSources.push(source.id);
    }
  }
  const faults = listStartFaults(settings, {
    wouldMakeApiKey: false,
    isVoicedockUnsigned: unsignedSources.includes('voicedock'),
  });
  if (faults.length > 0) throw new StartRefusal(faults);
  const detail = isLoopbackHost(settings.host)
    ? 'This source has no secret: anybody on this machine may report calls to it.'
    : 'This source has no secret: what is sent to it is refused until it is given one.';
  for (const sourceId of unsignedSources) {
    log.warn('source.unsigned', { source_id: sourceId, detail });
  }
}

function toDeliveryObserver(log: LogLines, metrics: Metrics, deliveryFeed: DeliveryFeed): DeliveryObserver {
  return {
    ...log.deliveries,
    attempted(attempt) {
      metrics.attempted({
        destinationKind: attempt.destination.kind,
        outcome: attempt.record.outcome,
        durationMs: attempt.record.durationMs,
      });
      deliveryFeed.attempted(attempt);
      log.deliveries.attempted(attempt);
    },
  };
}

/** A hub without its pages still moves calls: a folder that cannot be read is no reason not to start. */
function readDashboard(log: LogLines): Pages | null {
  try {
    return readPages();
  } catch (error) {
    log.error('dashboard.unreadable', error);
    return null;
  }
}

function toRateLimit(perSecond: number | null): { perSecond: number; burst: number } | null {
  return perSecond === null ? null : { perSecond, burst: perSecond * 2 };
}

function toErrorRateRule(settings: Settings): ErrorRateRule | null {
  const { errorRateAlertPercent, errorRateWindowMs, errorRateCallsMin } = settings;
  if (errorRateAlertPercent === 0) return null;
  return {
    threshold: errorRateAlertPercent / 100,
    windowMs: errorRateWindowMs,
    finishedMin: errorRateCallsMin,
  };
}

/** Where the hub listens on every address, this machine reaches it over loopback. */
function toAddress(host: string, port: number): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}

async function closeWithin(limitMs: number, close: () => Promise<unknown>, force: () => void): Promise<void> {
  const timer = setTimeout(force, limitMs);
  try {
    await close();
  } finally {
    clearTimeout(timer);
  }
}
