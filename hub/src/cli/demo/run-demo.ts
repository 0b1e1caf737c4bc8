/** Simulated calls through a real hub to a real receiver, until the person has seen enough. */
import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { OUTCOME_HEADER } from '@offhook/contract/headers';

import type { Settings } from '../../config/settings.ts';
import type { Hub } from '../../main.ts';
import { createApiClient } from '../api-client.ts';
import type { ApiClient } from '../api-client.ts';
import type { CommandContext } from '../context.ts';
import { makeReport, toSignedHeaders } from '../made-up-report.ts';
import type { Colour } from '../output.ts';
import type { DestinationView, DestinationWithSecretView } from '../views.ts';
import { CRM_PATH, CRM_PATH_OLD, RECEIVER_PATH, startDemoReceiver } from './demo-receiver.ts';
import type { Arrival, DemoPath } from './demo-receiver.ts';
import { MORNING_RUSH_CALLS, MORNING_RUSH_MS, openingCalls, simulateCall } from './simulated-calls.ts';
import type { SimulatedReport } from './simulated-calls.ts';

interface DemoDestination {
  /** Keeps id and secret in the demo's data directory. */
  readonly file: string;
  readonly name: string;
  readonly path: string;
  readonly secretOf: DemoPath;
  readonly retryScheduleS: readonly number[] | null;
}

const RECEIVER: DemoDestination = {
  file: 'demo-receiver.json',
  name: 'Demo receiver',
  path: RECEIVER_PATH,
  secretOf: RECEIVER_PATH,
  retryScheduleS: null,
};
/** Two tries a second apart: its first deliveries are dead before the breaker opens and spares the others. */
const CRM: DemoDestination = {
  file: 'demo-crm.json',
  name: 'Demo CRM',
  path: CRM_PATH_OLD,
  secretOf: CRM_PATH,
  retryScheduleS: [1],
};

export async function runDemo(options: {
  readonly context: CommandContext;
  readonly hub: Hub;
  readonly settings: Settings;
}): Promise<void> {
  const { context, hub, settings } = options;
  const { output, signal } = context;
  const receiver = await startDemoReceiver(createArrivalPrinter(context));
  const client = createApiClient({
    ...context,
    settings: { ...settings, url: hub.address, apiKey: hub.apiKey },
  });
  for (const wanted of [RECEIVER, CRM]) {
    receiver.expectSecret(
      wanted.secretOf,
      await keepDestination(client, settings.dataDir, receiver.origin, wanted),
    );
  }
  output.note('Simulated calls arrive; below is what the receiver got, verified. Ctrl-C ends it.');
  output.note(
    `"${CRM.name}" has a mistake in its address: its deliveries say which. Mend it, and send again what failed.\n`,
  );

  const underWay = new Set<Promise<void>>();
  const opening = [...openingCalls(randomUUID)];
  for (let rush = MORNING_RUSH_CALLS; !signal.aborted;) {
    const openingCall = opening.shift();
    const call = openingCall ?? simulateCall(randomUUID(), Math.random);
    const posting = postCall(options, call.reports).finally(() => underWay.delete(posting));
    underWay.add(posting);
    const isRush = openingCall === undefined && rush > 0;
    if (isRush) rush -= 1;
    await pause(isRush ? MORNING_RUSH_MS : call.nextCallAfterMs, signal);
  }
  await Promise.all(underWay);
  await receiver.close();
}

/** The same destination at every start: the port is another one; its secret, and a path that was mended, stay. */
async function keepDestination(
  client: ApiClient,
  dataDir: string,
  origin: string,
  wanted: DemoDestination,
): Promise<string> {
  const file = join(dataDir, wanted.file);
  const kept = readKept(file);
  const { data } = await client.get<{ readonly data: readonly DestinationView[] }>('/v1/destinations');
  const existing = data.find((destination) => destination.id === kept?.id);
  if (kept !== undefined && existing !== undefined) {
    const path = URL.parse(String(existing.settings['url']))?.pathname ?? wanted.path;
    await client.send('PATCH', `/v1/destinations/${kept.id}`, { settings: { url: origin + path } });
    await client.send('POST', `/v1/destinations/${kept.id}/resume`);
    return kept.secret;
  }
  const created = await client.send<DestinationWithSecretView>('POST', '/v1/destinations', {
    kind: 'webhook',
    name: wanted.name,
    settings: { url: origin + wanted.path },
    retry_schedule_s: wanted.retryScheduleS,
  });
  const { id, secret } = created;
  if (secret === undefined) throw new Error('A webhook signs, so it was made with a secret.');
  writeFileSync(file, JSON.stringify({ id, secret }), { mode: 0o600 });
  return secret;
}

function readKept(file: string): { readonly id: string; readonly secret: string } | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as { id: string; secret: string };
  } catch {
    return undefined;
  }
}

async function postCall(
  options: { readonly context: CommandContext; readonly hub: Hub; readonly settings: Settings },
  reports: readonly SimulatedReport[],
): Promise<void> {
  const { context, hub, settings } = options;
  const beganAtMs = Date.now();
  for (const report of reports) {
    await pause(beganAtMs + report.arrivesAfterMs - Date.now(), context.signal);
    if (context.signal.aborted) return;
    const nowMs = Date.now();
    const content = makeReport({
      callId: report.callId,
      status: report.status,
      nowMs: beganAtMs + Math.round(report.happensAfterMs),
    });
    const body = Buffer.from(JSON.stringify(content));
    try {
      const response = await fetch(`${hub.address}/webhooks/status-update`, {
        method: 'POST',
        body,
        headers: {
          'content-type': 'application/json',
          ...toSignedHeaders(settings.voicedockSecrets[0], body, nowMs),
        },
      });
      await response.body?.cancel();
      showOutcome(context, report, response.headers.get(OUTCOME_HEADER));
    } catch {
      // The hub is stopping; a real platform would send it again.
      return;
    }
  }
}

const STATUS_COLOURS: Readonly<Record<string, Colour>> = {
  'in-progress': 'green',
  ended: 'blue',
  'ended-with-error': 'red',
};

/** Everything the receiver gets, and of the CRM the first thing only: twice as many lines nobody reads. */
function createArrivalPrinter(context: CommandContext): (arrival: Arrival) => void {
  const { output } = context;
  let isCrmReached = false;
  return (arrival) => {
    if (arrival.path === RECEIVER_PATH) {
      showArrival(context, arrival);
    } else if (!isCrmReached && !output.json) {
      isCrmReached = true;
      const word = output.paint('green', CRM.name.padEnd(16));
      output.line(`${toClock(output)}  ${word}  call ${arrival.message.call.id}  its address is right`);
    }
  };
}

function showArrival(context: CommandContext, { eventId, sequence, message }: Arrival): void {
  const { output } = context;
  if (output.json) {
    output.value({ event_id: eventId, sequence, message });
    return;
  }
  const status = output.paint(STATUS_COLOURS[message.call.status] ?? 'dim', message.call.status.padEnd(16));
  const ours = message.phone_number.name ?? message.phone_number.number ?? 'web call';
  const error = message.error === undefined ? '' : `  ${output.paint('red', message.error)}`;
  output.line(`${toClock(output)}  ${status}  call ${message.call.id}  ${ours}${error}`);
}

function showOutcome(context: CommandContext, report: SimulatedReport, outcome: string | null): void {
  const { output } = context;
  if (outcome === 'advanced' || output.json) return;
  const note = `${report.status} reported again or late: ${outcome}, nothing delivered`;
  output.line(
    `${toClock(output)}  ${output.paint('dim', `${''.padEnd(16)}  call ${report.callId}  ${note}`)}`,
  );
}

function toClock(output: CommandContext['output']): string {
  return output.paint('dim', new Date().toTimeString().slice(0, 8));
}

async function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  if (delayMs > 0) await sleep(delayMs, undefined, { signal }).catch(() => {});
}
