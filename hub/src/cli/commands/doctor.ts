/** What usually stands in the way, each with what to do about it. Reads and probes; changes nothing that stays. */
import { promises as dns } from 'node:dns';
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  openSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';

import { API_KEY_FILE, MASTER_KEY_FILE, readKeptApiKey } from '../../config/keys.ts';
import { isLoopbackHost } from '../../config/parse-value.ts';
import { listStartFaults } from '../../config/start-rules.ts';
import { toBaseUrl, toCause } from '../api-client.ts';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../failure.ts';
import { printTable } from '../output.ts';

interface Finding {
  readonly check: string;
  /** `note` is worth knowing and nothing to repair. */
  readonly verdict: 'ok' | 'note' | 'fault';
  readonly detail: string;
}

const NODE_MAJOR_MIN = 24;
const SQLITE_MIN = [3, 51, 3] as const;
const FSYNCS = 20;
/** A disk that takes longer makes every acknowledgement wait; one that takes none probably lies. */
const FSYNC_MS_SLOW = 20;
const SKEW_MS_MAX = 30_000;
const ANSWER_MS = 3_000;
const DNS_MS = 2_000;

export async function runDoctor(context: CommandContext): Promise<number> {
  const { settings, output } = context;
  const hub = await probeHub(context);
  const findings: Finding[] = [
    checkNode(),
    checkSqlite(),
    ...checkRules(context),
    checkDataDir(settings.dataDir),
    checkDisk(settings.dataDir),
    ...hub.findings,
    ...(hub.isThere ? [] : [await checkPort(settings.host, settings.port)]),
    await checkDns(settings.dnsServers),
    checkEgress(context),
  ];
  printTable(output, findings, [
    {
      title: 'VERDICT',
      toText: (finding) => finding.verdict,
      toColour: (finding) => ({ ok: 'green', note: 'yellow', fault: 'red' } as const)[finding.verdict],
    },
    { title: 'CHECK', toText: (finding) => finding.check },
    { title: 'DETAIL', toText: (finding) => finding.detail },
  ]);
  return findings.some((finding) => finding.verdict === 'fault') ? EXIT.failed : EXIT.ok;
}

function checkNode(): Finding {
  const { node } = process.versions;
  const isGood = Number(node.split('.')[0]) >= NODE_MAJOR_MIN;
  return {
    check: 'Node',
    verdict: isGood ? 'ok' : 'fault',
    detail: `${node}; ${NODE_MAJOR_MIN} or newer is needed`,
  };
}

function checkSqlite(): Finding {
  const found = process.versions['sqlite'] ?? '0';
  const parts = found.split('.').map(Number);
  const firstDifference = SQLITE_MIN.findIndex((part, index) => part !== (parts[index] ?? 0));
  const isGood = firstDifference === -1 || (parts[firstDifference] ?? 0) > (SQLITE_MIN[firstDifference] ?? 0);
  return {
    check: 'SQLite',
    verdict: isGood ? 'ok' : 'fault',
    detail: `${found}; ${SQLITE_MIN.join('.')} or newer is needed: older ones can corrupt their write-ahead log`,
  };
}

function checkRules({ settings }: CommandContext): Finding[] {
  const faults = listStartFaults(settings, {
    wouldMakeApiKey: settings.apiKey === null && readKeptApiKey(settings.dataDir) === undefined,
    isVoicedockUnsigned: settings.voicedockSecrets.length === 0,
  });
  if (faults.length > 0) return faults.map((detail) => ({ check: 'Settings', verdict: 'fault', detail }));
  const isUnsigned = settings.voicedockSecrets.length === 0;
  return [
    {
      check: 'Settings',
      verdict: isUnsigned ? 'note' : 'ok',
      detail: isUnsigned
        ? 'reports are taken unsigned, from this machine only; OFFHOOK_VOICEDOCK_SECRET makes signatures a must'
        : 'they let a hub start',
    },
  ];
}

function checkDataDir(dataDir: string): Finding {
  const check = 'Data directory';
  if (!existsSync(dataDir))
    return { check, verdict: 'note', detail: `${dataDir} does not exist yet; start makes it` };
  try {
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    return { check, verdict: 'fault', detail: `${dataDir} cannot be written by this user` };
  }
  const open = ['', API_KEY_FILE, MASTER_KEY_FILE]
    .map((name) => join(dataDir, name))
    .filter((path) => existsSync(path) && (statSync(path).mode & 0o077) !== 0);
  return open.length === 0
    ? { check, verdict: 'ok', detail: dataDir }
    : { check, verdict: 'fault', detail: `others may read ${open.join(', ')}: chmod go-rwx them` };
}

/** The cost of an acknowledgement: how long fsync takes where the journal lies. */
function checkDisk(dataDir: string): Finding {
  const check = 'Disk';
  const directory = existsSync(dataDir) ? dataDir : dirname(dataDir);
  const path = join(directory, `.offhook-doctor-${process.pid}`);
  try {
    const file = openSync(path, 'wx', 0o600);
    const timesMs: number[] = [];
    try {
      for (let index = 0; index < FSYNCS; index += 1) {
        writeSync(file, Buffer.alloc(4096, index));
        const beganAtMs = performance.now();
        fsyncSync(file);
        timesMs.push(performance.now() - beganAtMs);
      }
    } finally {
      closeSync(file);
      rmSync(path, { force: true });
    }
    const medianMs = timesMs.sort((one, other) => one - other)[FSYNCS / 2] ?? 0;
    return {
      check,
      verdict: medianMs > FSYNC_MS_SLOW ? 'note' : 'ok',
      detail: `fsync takes ${medianMs.toFixed(2)} ms; every acknowledgement waits for one`,
    };
  } catch (error) {
    return { check, verdict: 'fault', detail: `${directory} takes no file: ${(error as Error).message}` };
  }
}

async function probeHub(
  context: CommandContext,
): Promise<{ readonly isThere: boolean; readonly findings: readonly Finding[] }> {
  const baseUrl = toBaseUrl(context);
  const check = 'Hub';
  try {
    const response = await fetch(`${baseUrl}/readyz`, { signal: AbortSignal.timeout(ANSWER_MS) });
    const { status, checks = [] } = (await response.json()) as {
      status?: string;
      checks?: readonly { ok: boolean; detail: string | null }[];
    };
    if (status === undefined) throw new Error('something else answers there');
    const faults = checks.filter((one) => !one.ok).map((one) => one.detail);
    const skewMs = Math.abs(Date.parse(response.headers.get('date') ?? '') - Date.now());
    return {
      isThere: true,
      findings: [
        {
          check,
          verdict: response.ok ? 'ok' : 'fault',
          detail: response.ok ? `ready at ${baseUrl}` : faults.join(' '),
        },
        {
          check: 'Clocks',
          verdict: skewMs <= SKEW_MS_MAX ? 'ok' : 'fault',
          detail: `${Math.round(skewMs / 1000)} s apart; signatures bear 300 s`,
        },
      ],
    };
  } catch (error) {
    const isElsewhere = context.settings.url !== null;
    return {
      isThere: false,
      findings: [
        {
          check,
          verdict: isElsewhere ? 'fault' : 'note',
          detail: `none answers at ${baseUrl} (${toCause(error)})`,
        },
      ],
    };
  }
}

async function checkPort(host: string, port: number): Promise<Finding> {
  const check = 'Port';
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
    await new Promise((resolve) => server.close(resolve));
    return { check, verdict: 'ok', detail: `${host} port ${port} is free` };
  } catch (error) {
    return {
      check,
      verdict: 'fault',
      detail: `${host} port ${port} cannot be used: ${(error as Error).message}`,
    };
  }
}

async function checkDns(servers: readonly string[]): Promise<Finding> {
  const check = 'DNS';
  const resolver = new dns.Resolver({ timeout: DNS_MS, tries: 1 });
  if (servers.length > 0) resolver.setServers(servers);
  const asked = resolver.getServers().join(', ');
  try {
    await resolver.resolve4('example.com');
    return { check, verdict: 'ok', detail: `${asked} answers` };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    return {
      check,
      verdict: 'note',
      detail: `${asked} does not know example.com (${code}): destinations with public names cannot be reached`,
    };
  }
}

function checkEgress({ settings }: CommandContext): Finding {
  const reach = ['public addresses'];
  if (isLoopbackHost(settings.host)) reach.push('this machine');
  reach.push(...settings.egressAllow);
  return {
    check: 'Egress',
    verdict: 'ok',
    detail: `destinations may be at ${reach.join(', ')}${settings.egressAllowHttp ? ', over http too' : ''}`,
  };
}
