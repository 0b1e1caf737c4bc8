import { join } from 'node:path';

import { API_KEY_FILE, KeyFileError, prepareKeys } from '../../config/keys.ts';
import { isLoopbackHost } from '../../config/parse-value.ts';
import type { Settings } from '../../config/settings.ts';
import { createApiKeyText } from '../../ingest/api-key.ts';
import { JournalError } from '../../journal/journal-error.ts';
import { startHub, StartRefusal, STOP_MS_MAX } from '../../main.ts';
import type { Hub } from '../../main.ts';
import type { CommandContext } from '../context.ts';
import { runDemo } from '../demo/run-demo.ts';
import { CommandFailure, EXIT } from '../failure.ts';

export async function start(
  context: CommandContext,
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  const isDemo = options['demo'] === true;
  const settings = isDemo ? toDemoSettings(context) : context.settings;
  const hub = await openHub(settings);
  printBanner(context, hub, settings);

  process.on('unhandledRejection', (error) =>
    endAtOnce(hub, 'hub.crashed', error, 'Something broke inside Offhook'),
  );
  process.on('uncaughtException', (error) =>
    endAtOnce(hub, 'hub.crashed', error, 'Something broke inside Offhook'),
  );
  void hub.broken.then((error) =>
    // Acknowledging on after an I/O error would promise what the disk may not hold.
    endAtOnce(
      hub,
      'journal.broken',
      error,
      `The journal in ${settings.dataDir} cannot be trusted any more, so the hub ends; what it acknowledged before is on disk. Check the disk, then start again`,
    ),
  );

  if (isDemo) await runDemo({ context, hub, settings });
  else await untilAborted(context.signal);

  context.output.note(
    'Stopping: nothing new is taken, attempts under way may finish. Once more to stop at once.',
  );
  setTimeout(() => {
    hub.log.error('hub.stop_overdue', undefined);
    hub.log.flush();
    process.exit(EXIT.failed);
  }, STOP_MS_MAX - 500).unref();
  await hub.stop();
  return EXIT.ok;
}

async function openHub(settings: Settings): Promise<Hub> {
  try {
    return await startHub(settings);
  } catch (error) {
    throw toFailure(error, settings);
  }
}

function toFailure(error: unknown, settings: Settings): unknown {
  if (error instanceof StartRefusal) {
    return new CommandFailure(
      EXIT.usage,
      ['The hub does not start with these settings:', ...error.faults.map((fault) => `  - ${fault}`)].join(
        '\n',
      ),
    );
  }
  if (error instanceof JournalError || error instanceof KeyFileError) {
    return new CommandFailure(EXIT.failed, `The hub does not start: ${error.message}`, { cause: error });
  }
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'EADDRINUSE':
      return new CommandFailure(
        EXIT.failed,
        `Something listens on ${settings.host} port ${settings.port} already. Choose another with --port or PORT (0 takes any free one).`,
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new CommandFailure(EXIT.failed, `${settings.host} is no address of this machine: check HOST.`);
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'ENOTDIR':
    case 'ENOSPC':
      return new CommandFailure(
        EXIT.failed,
        `The hub does not start: ${(error as Error).message}. It needs to listen on port ${settings.port} and to write to ${settings.dataDir}.`,
      );
    default:
      return error;
  }
}

/** Demo calls must not be found among real ones later; the key is shared, so that commands find it where they look. */
function toDemoSettings(context: CommandContext): Settings {
  const { settings, origins } = context;
  if (!isLoopbackHost(settings.host))
    throw new CommandFailure(EXIT.usage, `--demo runs on this machine only; HOST is ${settings.host}.`);
  const { apiKey } = prepareKeys(settings, () => createApiKeyText().text);
  return {
    ...settings,
    apiKey,
    dataDir: join(settings.dataDir, 'demo'),
    // Its CRM fails on purpose; JSON between the calls would say what the dashboard is there to show.
    logLevel: origins.logLevel === 'default' ? 'error' : settings.logLevel,
  };
}

function printBanner(context: CommandContext, hub: Hub, settings: Settings): void {
  const { output } = context;
  const isKeyOurs = context.settings.apiKey === null;
  if (output.json) {
    output.value({
      address: hub.address,
      dashboard: toDashboardAddress(hub, settings, isKeyOurs),
      ...(isKeyOurs && { api_key: hub.apiKey }),
      data_dir: settings.dataDir,
      pid: process.pid,
    });
    return;
  }
  const address = settings.publicUrl ?? hub.address;
  const isUnsigned = settings.voicedockSecrets.length === 0;
  const lines = [
    '',
    `${output.paint('bold', 'Offhook')} listens at ${output.paint('cyan', address)}`,
    '',
    `  Dashboard  ${toDashboardAddress(hub, settings, isKeyOurs) ?? 'not built: npm run dashboard builds it'}`,
    // A key that was given is known to whoever gave it, and must not end up in a container's log.
    `  API key    ${isKeyOurs ? `${hub.apiKey}  (${join(context.settings.dataDir, API_KEY_FILE)})` : 'as given'}`,
    `  Data       ${settings.dataDir}`,
    ...(isUnsigned
      ? [
          '  Reports    taken unsigned, from this machine only; OFFHOOK_VOICEDOCK_SECRET makes signatures a must',
        ]
      : ['  Reports    must be signed with OFFHOOK_VOICEDOCK_SECRET']),
    '',
    'Report the start of a call:',
    '',
    isUnsigned
      ? `  curl ${address}/webhooks/status-update -H 'Content-Type: application/json' -d '${EXAMPLE}'`
      : `  ${toCommand(context, hub, 'trigger in-progress')}`,
    '',
    'Then:',
    '',
    ...['calls list', 'listen', 'destinations create <url>'].map(
      (words) => `  ${toCommand(context, hub, words)}`,
    ),
    '',
  ];
  for (const line of lines) output.line(line);
}

/**
 * On this machine alone the link signs in by itself: what follows the # is read by the page and never sent, and the
 * page takes it out of the address bar. Null where no dashboard was built.
 */
function toDashboardAddress(hub: Hub, settings: Settings, isKeyOurs: boolean): string | null {
  if (!hub.hasDashboard) return null;
  const address = (settings.publicUrl ?? hub.address).replace(/\/$/, '');
  return isKeyOurs && isLoopbackHost(settings.host)
    ? `${address}/#key=${encodeURIComponent(hub.apiKey)}`
    : `${address}/`;
}

/** As it can be typed where the hub was started: nothing puts `offhook` on the PATH. */
function toCommand(context: CommandContext, hub: Hub, words: string): string {
  // Only a checkout runs the sources; what is installed runs what was built from them.
  const program = import.meta.url.endsWith('.ts') ? 'npm run -s offhook --' : 'npx offhook';
  const url = hub.address === context.settings.url ? '' : ` --url ${hub.address}`;
  return `${program} ${words}${url}`;
}

/** The source document's first payload. */
const EXAMPLE =
  '{"message":{"type":"status-update","timestamp":"2025-12-13T12:00:00.000Z","call":{"id":"5c4d030f-43e3-4e65-899e-8148521e660f","type":"inbound_phone_call","status":"in-progress"},"phone_number":{"number":"+31850835037","name":"HMS Sovereign Demo"},"customer":{"number":"+31612345678"}}}';

function endAtOnce(hub: Hub, event: string, error: unknown, sentence: string): void {
  hub.log.error(event, error);
  hub.log.flush();
  process.stderr.write(`${sentence}: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(EXIT.failed);
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  // A pending promise keeps no process alive; the listening server does.
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}
