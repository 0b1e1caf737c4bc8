import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { signPublished, signStandard, verifyStandard } from '@offhook/contract/signature';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import type { Hub } from '../../hub/src/main.ts';
import { addWebhook, callApi } from '../support/hub-client.ts';
import {
  end,
  LAUNCHER,
  makeDataDir,
  runOffhook,
  spawnOffhook,
  startHubHere,
} from '../support/hub-process.ts';
import type { CommandResult } from '../support/hub-process.ts';
import { findFreePort } from '../support/free-port.ts';
import { Receiver } from '../support/receiver.ts';
import { waitFor } from '../support/wait-for.ts';

// Up to fifteen commands a story: each took up to 4 s beside other test runs, 0.3 s alone.
vi.setConfig({ testTimeout: 120_000 });
const SAID_MS_MAX = 40_000;

const dataDir = makeDataDir();
let hub: Hub;
let receiver: Receiver;
let env: Record<string, string>;

beforeAll(async () => {
  hub = await startHubHere(dataDir);
  receiver = await Receiver.start();
  env = { OFFHOOK_URL: hub.address, OFFHOOK_DATA_DIR: dataDir, XDG_CONFIG_HOME: join(dataDir, 'config') };
});

afterAll(async () => {
  await hub.stop();
  await receiver.switchOff();
});

function run(...args: readonly string[]): Promise<CommandResult> {
  return runOffhook(args, env);
}

function parseLines(text: string): readonly Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('trigger and listen', () => {
  it('forward what happens to a local server, signed with the secret that --print-secret prints', async () => {
    const secret = (await run('listen', '--print-secret')).stdout.trim();
    expect(secret).toMatch(/^whsec_/);
    const { child, readStdout, readStderr } = spawnOffhook(['listen', receiver.url], env);
    await waitFor(() => readStderr().includes('Ready'), 'the listener is ready', SAID_MS_MAX);

    const triggered = await run('trigger', 'lifecycle', '--override', 'call.id=listened', '--json');
    expect(parseLines(triggered.stdout)).toEqual([
      { call_id: 'listened', status: 'in-progress', answered: 200, outcome: 'advanced' },
      { call_id: 'listened', status: 'ended', answered: 200, outcome: 'advanced' },
    ]);
    const arrivals = await receiver.waitForAccepted(2);
    expect(arrivals.map((arrival) => `${arrival.callId} ${arrival.status}`)).toEqual([
      'listened in-progress',
      'listened ended',
    ]);
    for (const { body, headers } of arrivals) {
      const verdict = verifyStandard({
        secrets: [secret],
        body,
        nowMs: Date.now(),
        id: String(headers['webhook-id']),
        timestamp: String(headers['webhook-timestamp']),
        signature: String(headers['webhook-signature']),
      });
      expect(verdict).toEqual({ ok: true });
    }
    await waitFor(() => readStdout().split('\n').length > 4, 'two lines an event');
    expect(readStdout()).toMatch(/--> in-progress \[evt_\w+\] call listened\n.*<-- \[200\] POST http/);
    expect(await end(child, 'SIGINT')).toBe(130);
  });

  it('show what was missed with --since', async () => {
    const { child, readStdout } = spawnOffhook(['listen', '--since', '1h', '--json'], env);
    // The line after these may have come in half.
    const first = await waitFor(
      () => readStdout().split('\n').length > 2 && readStdout().split('\n')[0],
      'events of before',
      SAID_MS_MAX,
    );
    expect(JSON.parse(first)).toMatchObject({ call_id: 'listened', message: { type: 'status-update' } });
    await end(child, 'SIGINT');
  });
});

describe('listen', () => {
  it('connects again after the hub was away, says so, and misses nothing', async () => {
    const ownDir = makeDataDir();
    const port = await findFreePort();
    let own = await startHubHere(ownDir, { port });
    const ownEnv = { ...env, OFFHOOK_URL: own.address, OFFHOOK_DATA_DIR: ownDir };
    const { child, readStdout, readStderr } = spawnOffhook(['listen', '--json'], ownEnv);
    await waitFor(() => readStderr().includes('Ready'), 'the listener is ready', SAID_MS_MAX);
    await runOffhook(['trigger', 'in-progress', '--override', 'call.id=before'], ownEnv);
    await waitFor(() => readStdout().includes('"before"'), 'the first event', SAID_MS_MAX);
    await own.stop();
    await waitFor(() => readStderr().includes('connecting again'), 'the listener notices', SAID_MS_MAX);
    own = await startHubHere(ownDir, { port });
    await runOffhook(['trigger', 'in-progress', '--override', 'call.id=after'], ownEnv);
    await waitFor(() => readStdout().includes('"after"'), 'the second event', SAID_MS_MAX);
    await waitFor(() => readStderr().includes('Connected again'), 'the listener says so');
    expect(parseLines(readStdout()).map((event) => event['call_id'])).toEqual(['before', 'after']);
    await end(child, 'SIGINT');
    await own.stop();
  });
});

describe('deliveries', () => {
  it('that died are counted, sent again in bulk with progress, and arrive', async () => {
    const target = await Receiver.start();
    target.answer = () => 500;
    await addWebhook(hub, target.url, { retry_schedule_s: [0.05], name: 'flaky' });
    await run('trigger', 'in-progress', '--override', 'call.id=died');
    const dead = await waitFor(
      async () => {
        const listed = await run('deliveries', 'list', '--filter', 'state:dead', '--json');
        return parseLines(listed.stdout)[0];
      },
      'a dead delivery',
      SAID_MS_MAX,
    );
    expect(dead).toMatchObject({ call_id: 'died', state: 'dead', attempts: 2 });

    expect((await run('deliveries', 'list', '--filter', 'state:dead')).stdout).toContain('[500] gave up: ');
    const dryRun = await run('deliveries', 'retry', '--filter', 'state:dead', '--dry-run');
    expect(dryRun.stdout).toContain('1 deliveries would be sent again');
    const unasked = await run('deliveries', 'retry', '--filter', 'state:dead');
    expect(unasked).toMatchObject({ code: 2 });
    expect(unasked.stderr).toContain('--yes');

    target.answer = () => 200;
    const replayed = await run('deliveries', 'retry', '--filter', 'state:dead', '--yes', '--json');
    expect(replayed).toMatchObject({ code: 0 });
    expect(parseLines(replayed.stdout)[0]).toMatchObject({ state: 'finished', created: 1 });
    const [arrival] = await target.waitForAccepted(1);
    expect(arrival?.callId).toBe('died');

    const one = await run('deliveries', 'retry', String(dead['id']), '--json');
    expect(parseLines(one.stdout)[0]).toMatchObject({ outcome: 'created' });
    await target.waitForAccepted(2);
    expect(new Set(target.accepted.map((each) => each.eventId)).size).toBe(1);
    await target.switchOff();
  });
});

describe('export', () => {
  it('writes what matches to stdout or to a file that is there only once it is whole', async () => {
    await run('trigger', 'lifecycle', '--override', 'call.id=exported');
    const csv = await run('export', 'calls', '--filter', 'call:exported');
    const [head, line, ...rest] = csv.stdout.split('\r\n');
    expect(head).toMatch(/^id,state,/);
    expect(line).toMatch(/^exported,ended,/);
    expect(rest).toEqual(['']);
    const file = join(dataDir, 'events.ndjson');
    const written = await run('export', 'events', '--filter', 'call:exported', '--output', file);
    expect([written.code, written.stdout]).toEqual([0, '']);
    expect(parseLines(readFileSync(file, 'utf8')).map((event) => event['sequence'])).toEqual([2, 1]);
    const json = await run('export', 'deliveries', '--json', '--filter', 'call:exported');
    for (const delivery of parseLines(json.stdout)) expect(delivery).toHaveProperty('destination_id');
    const wrong = await run('export', 'calls', '--filter', 'code:404');
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('says nothing about calls')]);
    const nowhere = await run('export', 'calls', '--output', join(dataDir, 'no', 'such', 'folder.csv'));
    expect([nowhere.code, nowhere.stderr]).toEqual([1, expect.stringContaining('cannot be written')]);
  });
});

describe('destinations', () => {
  it('are created with their secret shown once, tested, paused, resumed and deleted', async () => {
    const target = await Receiver.start();
    const created = await run(
      'destinations',
      'create',
      target.url,
      '--statuses',
      'ended-with-error',
      '--json',
    );
    const { id, secret, filter } = parseLines(created.stdout)[0] as Record<string, string>;
    expect(secret).toMatch(/^whsec_/);
    expect(filter).toEqual({ statuses: ['ended-with-error'] });
    const tested = await run('destinations', 'test', id ?? '', '--status', 'ended-with-error', '--json');
    expect(parseLines(tested.stdout)[0]).toMatchObject({ ok: true, status: 200 });
    expect(target.arrivals[0]?.status).toBe('ended-with-error');
    expect((await run('destinations', 'pause', id ?? '')).code).toBe(0);
    expect((await run('destinations', 'list')).stdout).toMatch(new RegExp(`${id}.*paused`));
    expect((await run('destinations', 'resume', id ?? '')).code).toBe(0);
    expect((await run('destinations', 'rotate-secret', id ?? '')).stdout).not.toContain(secret);
    expect((await run('destinations', 'delete', id ?? '', '--yes')).code).toBe(0);
    expect((await run('destinations', 'get', id ?? '')).code).toBe(3);
    await target.switchOff();
  });
});

describe('a changed destination', () => {
  it('keeps of its filter and its schedule what is not given, and may be told of the hub alone', async () => {
    const made = await run(
      'destinations',
      'create',
      receiver.url,
      '--statuses',
      'ended',
      '--retry-schedule',
      '5s,1m',
      '--json',
    );
    const id = String(parseLines(made.stdout)[0]?.['id']);
    const update = async (...args: readonly string[]) => {
      const { code, stdout, stderr } = await run('destinations', 'update', id, ...args, '--json');
      expect([args, code, stderr]).toEqual([args, 0, '']);
      return parseLines(stdout)[0];
    };
    expect(await update('--operational-events', 'delivery.dead')).toMatchObject({
      filter: { statuses: ['ended'], operational_events: ['delivery.dead'] },
      retry_schedule_s: [5, 60],
    });
    const alone = await update('--calls', 'no', '--retry-schedule', 'default');
    expect(alone).toMatchObject({ retry_schedule_s: null });
    expect(alone?.['filter']).toEqual({ calls: false, operational_events: ['delivery.dead'] });
    expect((await update('--calls', 'yes'))?.['filter']).toEqual({ operational_events: ['delivery.dead'] });
    for (const [args, words] of [
      [['--calls', 'no', '--statuses', 'ended'], '"calls": false'],
      [['--retry-schedule', 'soon'], '--retry-schedule must be'],
    ] as const) {
      const refused = await run('destinations', 'update', id, ...args);
      expect([args, refused.code, refused.stderr]).toEqual([args, 2, expect.stringContaining(words)]);
    }
    await run('destinations', 'delete', id, '--yes');
  });
});

describe('destinations of every kind', () => {
  it('are listed with their settings', async () => {
    const kinds = parseLines((await run('kinds', '--json')).stdout);
    expect(kinds.map((kind) => kind['kind'])).toEqual([
      'webhook',
      'slack',
      'hubspot',
      'salesforce',
      'pipedrive',
      'redis',
    ]);
    const redis = await run('kinds', 'redis');
    expect(redis.stdout).toMatch(/set_name +text +active_calls +Name of the set/);
    expect(redis.stdout).toMatch(/url +text, holds a credential +needed +URL/);
    expect(redis.stdout).toMatch(/Setting it up:\n1\. Make a Redis user/);
    expect(await run('kinds', 'rediss')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Did you mean "redis"?'),
    });
  });

  it('take credentials from the environment, a file and stdin, and show none of them', async () => {
    const secretFile = join(dataDir, 'token.txt');
    writeFileSync(secretFile, 'pat-from-a-file\n');
    const withToken = { ...env, HUBSPOT_TOKEN: 'pat-from-the-environment' };
    const made = await runOffhook(
      [
        'destinations',
        'create',
        'hubspot',
        '--set-env',
        'token=HUBSPOT_TOKEN',
        '--set',
        'api_url=http://127.0.0.1:9',
        '--set',
        'requests_per_10s=50',
        '--statuses',
        'never-said',
        '--operational-events',
        'call.stale',
        '--json',
      ],
      withToken,
    );
    const destination = parseLines(made.stdout)[0] as Record<string, string>;
    const id = String(destination['id']);
    expect(destination).toMatchObject({
      kind: 'hubspot',
      signs: false,
      settings: { token: '••••••', requests_per_10s: 50, write_when: 'ended' },
      filter: { statuses: ['never-said'], operational_events: ['call.stale'] },
    });
    expect(destination).not.toHaveProperty('secret');
    expect((await run('destinations', 'list')).stdout).toMatch(new RegExp(`${id} +hubspot`));

    const update = async (args: readonly string[], stdin = '') => {
      const result = await runOffhook(['destinations', 'update', id, ...args, '--json'], env, stdin);
      return { ...result, settings: parseLines(result.stdout)[0]?.['settings'] as Record<string, unknown> };
    };
    expect((await update(['--set', 'write_when=started', '--set', 'owner_id=42'])).settings).toMatchObject({
      token: '••••••',
      write_when: 'started',
      owner_id: '42',
      requests_per_10s: 50,
    });
    expect((await update(['--unset', 'owner_id'])).settings).not.toHaveProperty('owner_id');
    expect((await update(['--set-file', `token=${secretFile}`])).code).toBe(0);
    const piped = await update(['--set-stdin', 'token'], 'pat-from-stdin\n');
    expect(piped.stdout).not.toContain('pat-from');
    const typed = await update(['--set', 'token=pat-typed']);
    expect([typed.code, typed.stderr]).toEqual([0, expect.stringContaining('--set-env token=VARIABLE')]);

    const tested = await run('destinations', 'test', id);
    expect([tested.code, tested.stdout]).toEqual([1, expect.stringContaining('HubSpot cannot be reached')]);
    expect(await run('destinations', 'rotate-secret', id)).toMatchObject({ code: 1 });
    expect((await run('destinations', 'delete', id, '--yes')).code).toBe(0);
  });

  it('say what is wrong with a setting before anything is asked of the hub, or as the hub says it', async () => {
    for (const [args, words] of [
      [['create', 'hubspt', '--set', 'token=x'], 'Did you mean "hubspot"?'],
      [['create', 'hubspot', '--set', 'tokn=x'], 'Did you mean "token"?'],
      [['create', 'hubspot', '--set', 'token'], '--set name=value'],
      [['create', 'hubspot', '--set-env', 'token=NOT_SET_ANYWHERE'], 'NOT_SET_ANYWHERE is not set'],
      [['create', 'hubspot', '--set-file', 'token=/nowhere/token'], 'cannot be read'],
      [['create', 'hubspot', '--set-stdin', 'token'], 'Nothing came on stdin'],
      [['create', 'redis', '--set', 'cluster=maybe'], 'must be true or false'],
      [['create', 'redis', '--set', 'reconcile_s=often'], 'must be a number'],
      [['create', 'hubspot'], 'offhook kinds hubspot'],
      [['create', 'redis', '--kind', 'slack', '--set', 'url=x'], 'Name the kind once'],
      [['create', 'redis', '--set', 'url=redis://8.8.8.8', '--set', 'set_name=a b'], '/settings/set_name'],
    ] as const) {
      const result = await run('destinations', ...args);
      expect([args, result.code, result.stderr]).toEqual([args, 2, expect.stringContaining(words)]);
    }
  });
});

describe('what the hub says about itself', () => {
  it('is listed by type, and how good reports are by source', async () => {
    const target = await Receiver.start();
    target.answer = () => 500;
    const { id } = await addWebhook(hub, target.url, {
      retry_schedule_s: [0.05],
      filter: { statuses: ['ended'] },
    });
    await run('trigger', 'lifecycle', '--override', 'call.id=given-up');
    const told = await waitFor(
      async () => {
        const listed = parseLines((await run('ops', '--types', 'delivery.dead', '--json')).stdout);
        return listed.find((event) => (event['destination'] as { id: string }).id === id);
      },
      'the operational event',
      SAID_MS_MAX,
    );
    expect(told).toMatchObject({ type: 'delivery.dead', call_id: 'given-up', delivery: { attempts: 2 } });
    expect((await run('ops')).stdout).toMatch(/delivery\.dead +given-up +A delivery to/);
    expect(await run('ops', '--types', 'delivery.died')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Did you mean "delivery.dead"?'),
    });
    await run('destinations', 'delete', id, '--yes');
    await target.switchOff();

    const quality = parseLines((await run('quality', '--json')).stdout)[0];
    expect(quality).toMatchObject({ sources: expect.any(Array), unpaired_starts: { stale: 0 } });
    expect((await run('quality', '--since', '7d')).stdout).toMatch(/SOURCE +REPORTS[^]+in whole hours/);
  });
});

describe('keys', () => {
  it('are made, do what their scope says, and stop working when revoked', async () => {
    const made = await run('keys', 'create', 'reader', '--scope', 'read', '--expires', '1h', '--json');
    const { id, key } = parseLines(made.stdout)[0] as Record<string, string>;
    const asReader = { ...env, OFFHOOK_API_KEY: key ?? '' };
    expect((await runOffhook(['calls', 'list'], asReader)).code).toBe(0);
    expect((await runOffhook(['keys', 'list'], asReader)).code).toBe(4);
    expect((await run('keys', 'revoke', id ?? '', '--yes')).code).toBe(0);
    expect((await runOffhook(['calls', 'list'], asReader)).code).toBe(4);
  });
});

describe('accounts', () => {
  it('say what becomes of their stale calls, which is asked before it ends any', async () => {
    const asked = await run('accounts', 'update', 'default', '--stale-calls', 'end');
    expect(asked).toMatchObject({ code: 2, stderr: expect.stringContaining('Say --yes.') });
    const ended = await run('accounts', 'update', 'default', '--stale-calls', 'end', '--yes', '--json');
    expect(parseLines(ended.stdout)[0]).toMatchObject({ id: 'default', stale_calls: 'end' });
    expect((await run('accounts', 'list')).stdout).toMatch(/STALE CALLS[^]+default +Default +end /);
    const kept = await run('accounts', 'update', 'default', '--stale-calls', 'keep', '--json');
    expect(parseLines(kept.stdout)[0]).toMatchObject({ stale_calls: 'keep' });
    expect((await run('accounts', 'update', 'default')).code).toBe(2);
    expect((await run('accounts', 'update', 'acc_none', '--name', 'x')).code).toBe(3);
  });
});

describe('the command line', () => {
  it('keeps data on stdout and messages on stderr, and exits with what docs/cli.md says', async () => {
    const missing = await run('calls', 'get', 'nobody');
    expect(missing).toMatchObject({ code: 3, stdout: '' });
    expect(await run('calls', 'lst')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Did you mean list?'),
    });
    const unreachable = await runOffhook(['calls', 'list'], { ...env, OFFHOOK_URL: 'http://127.0.0.1:9' });
    expect(unreachable).toMatchObject({ code: 5, stderr: expect.stringContaining('No hub answers') });
    const filtered = await run('calls', 'list', '--filter', 'state:asleep');
    expect(filtered).toMatchObject({ code: 2, stderr: expect.stringContaining('Column 7') });
  });

  it('leads every help with examples', async () => {
    const { program } = (await import('../../hub/src/cli/program.ts')).buildProgram({
      env: {},
      cwd: dataDir,
      stdin: process.stdin,
      stdout: process.stdout,
      stderr: process.stderr,
      signal: new AbortController().signal,
    });
    const leaves = program.commands.flatMap((command) =>
      command.commands.length === 0
        ? [[command.name()]]
        : command.commands.map((one) => [command.name(), one.name()]),
    );
    const page = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');
    for (const names of leaves) expect(page, 'docs/cli.md').toContain(`offhook ${names.join(' ')}`);
    const { stdout } = await run('deliveries', 'retry', '--help');
    expect(stdout).toMatch(/^Examples:\n {2}offhook deliveries retry/);
  });

  it('shows the settings in force without their secrets', async () => {
    const { stdout } = await runOffhook(['config', 'show'], {
      ...env,
      OFFHOOK_VOICEDOCK_SECRET: 'hidden-secret',
    });
    expect(stdout).toMatch(/voicedockSecrets +•+ +OFFHOOK_VOICEDOCK_SECRET/);
    expect(stdout).not.toContain('hidden-secret');
  });

  it('finds a healthy hub with doctor', async () => {
    const { stdout } = await run('doctor', '--json');
    const findings = parseLines(stdout);
    expect(findings.filter((finding) => finding['verdict'] === 'fault')).toEqual([]);
    expect(findings.map((finding) => finding['check'])).toContain('Hub');
  });

  it('sends signed reports where the hub wants signatures', async () => {
    const signedDir = makeDataDir();
    const signedHub = await startHubHere(signedDir, { voicedockSecrets: ['a-shared-secret'] });
    const signedEnv = { OFFHOOK_URL: signedHub.address, OFFHOOK_DATA_DIR: signedDir };
    expect(await runOffhook(['trigger', 'ended'], signedEnv)).toMatchObject({ code: 4 });
    expect(
      await runOffhook(['trigger', 'ended'], { ...signedEnv, OFFHOOK_VOICEDOCK_SECRET: 'a-shared-secret' }),
    ).toMatchObject({ code: 0 });
    expect((await callApi<{ data: unknown[] }>(signedHub, 'GET', '/v1/calls')).body.data).toHaveLength(1);
    await signedHub.stop();
  });
});

describe('signature verify', () => {
  const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
  const body = '{"message":{"type":"status-update"}}';
  /** Signed now: what was signed when the file was read may be too old once its stories are over. */
  const signHeaders = (): readonly string[] => {
    const seconds = Math.floor(Date.now() / 1000);
    return [
      `webhook-id: evt_1`,
      `webhook-timestamp: ${seconds}`,
      `webhook-signature: ${signStandard([secret], 'evt_1', seconds, Buffer.from(body))}`,
      `X-Webhook-Timestamp: ${seconds}`,
      `X-Webhook-Signature: ${signPublished(secret, seconds, Buffer.from(body))}`,
    ].flatMap((header) => ['-H', header]);
  };

  it('finds both signatures valid', async () => {
    const { code, stdout } = await runOffhook(
      ['signature', 'verify', '--secret', secret, ...signHeaders()],
      {},
      body,
    );
    expect(code).toBe(0);
    expect(stdout.match(/valid/g)).toHaveLength(2);
  });

  it.each([
    ['a line break that an editor added', `${body}\n`, 'ends with a line break'],
    [
      'a body that was parsed and written again',
      JSON.stringify(JSON.parse(body), null, 2),
      'not compact JSON',
    ],
  ])('explains %s', async (_, changed, explanation) => {
    const { code, stdout } = await runOffhook(
      ['signature', 'verify', '--secret', secret, ...signHeaders()],
      {},
      changed,
    );
    expect(code).toBe(1);
    expect(stdout).toContain(explanation);
  });
});

describe('the launcher', () => {
  it('holds no syntax or import that an old Node cannot read before the version is checked', () => {
    const source = readFileSync(LAUNCHER, 'utf8');
    expect(source).not.toMatch(/\?\?|\?\.|\bawait\b|#\w+\(|\d_\d/);
    const imported = [...source.matchAll(/from '([^']+)'/g)].map((match) => match[1]);
    expect(imported.every((name) => name?.startsWith('node:'))).toBe(true);
  });
});
