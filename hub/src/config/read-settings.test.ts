import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { EXPORT_FORMATS } from '../api/export-format.ts';
import { readSettings } from './read-settings.ts';
import type { SettingsInput } from './read-settings.ts';

const directory = mkdtempSync(join(tmpdir(), 'offhook-settings-'));
afterAll(() => rmSync(directory, { recursive: true }));

function read(input: Partial<SettingsInput> = {}) {
  return readSettings({ env: {}, flags: {}, cwd: directory, ...input });
}

function readFaults(input: Partial<SettingsInput>): readonly string[] {
  const reading = read(input);
  return reading.ok ? [] : reading.faults;
}

function writeFile(name: string, content: string): string {
  writeFileSync(join(directory, name), content);
  return name;
}

describe('readSettings', () => {
  it('takes every format that exports come in, and names them to whoever gives another', () => {
    for (const format of EXPORT_FORMATS) {
      expect(read({ env: { OFFHOOK_EXPORT_FORMAT: format } })).toMatchObject({ ok: true });
    }
    const [fault] = readFaults({ env: { OFFHOOK_EXPORT_FORMAT: 'xlsx' } });
    for (const format of EXPORT_FORMATS) expect(fault).toContain(format);
  });

  it('answers the defaults where nothing is given, with the data directory made absolute', () => {
    expect(read()).toMatchObject({
      ok: true,
      settings: {
        host: '127.0.0.1',
        port: 8080,
        dataDir: join(directory, 'data'),
        retentionDays: 30,
        apiKey: null,
      },
      origins: { port: 'default' },
    });
  });

  it('takes the flag before the environment, the environment before the file, the file before the default', () => {
    const config = writeFile('order.json', '{"port": 1, "host": "127.0.0.2", "retentionDays": 7}');
    const env = { PORT: '2', HOST: '127.0.0.3' };
    expect(read({ env, flags: { config, port: '3' } })).toMatchObject({
      settings: { port: 3, host: '127.0.0.3', retentionDays: 7, logLevel: 'info' },
      origins: {
        port: '--port',
        host: 'HOST',
        retentionDays: '"retentionDays" in order.json',
        logLevel: 'default',
      },
    });
  });

  it('reports all faults at once, and never a secret', () => {
    const config = writeFile('faults.json', '{"prot": 1, "retentionDays": {}}');
    const faults = readFaults({
      env: {
        PORT: '80a',
        OFFHOOK_RETENTION_DAY: '3',
        OFFHOOK_API_KEY: 'tooshort',
        OFFHOOK_STALE_AFTER: '30',
      },
      flags: { config },
    });
    expect(faults).toEqual([
      'OFFHOOK_RETENTION_DAY is no setting. Did you mean OFFHOOK_RETENTION_DAYS?',
      '"prot" in faults.json is no setting. Did you mean port?',
      '"retentionDays" in faults.json must be a text, a number, true, false or a list of texts.',
      'PORT must be a whole number from 0 to 65535, not "80a".',
      'OFFHOOK_API_KEY must be 24 to 256 characters, without spaces.',
      'OFFHOOK_STALE_AFTER must be a duration from 1m to 30d, such as 15s, 30m or 4h, not "30".',
    ]);
  });

  it('reads a secret from the file its _FILE variable names, without the line break at its end', () => {
    const file = writeFile('key', 'ohk_0123456789abcdefghijklmn\n');
    expect(read({ env: { OFFHOOK_API_KEY_FILE: file } })).toMatchObject({
      settings: { apiKey: 'ohk_0123456789abcdefghijklmn' },
      origins: { apiKey: 'OFFHOOK_API_KEY_FILE' },
    });
    expect(readFaults({ env: { OFFHOOK_API_KEY_FILE: 'nowhere' } })[0]).toContain('cannot be read');
    expect(readFaults({ env: { OFFHOOK_API_KEY_FILE: file, OFFHOOK_API_KEY: 'x'.repeat(24) } })).toEqual([
      'OFFHOOK_API_KEY and OFFHOOK_API_KEY_FILE are both set: keep one of them.',
    ]);
    expect(readFaults({ env: { OFFHOOK_RETENTION_DAYS_FILE: file } })[0]).toContain('is no setting');
  });

  it('takes an empty variable and null in the file as not given', () => {
    const config = writeFile('empty.json', '{"publicUrl": null, "egressAllow": []}');
    expect(read({ env: { PORT: '', OFFHOOK_API_KEY: '' }, flags: { config } })).toMatchObject({
      settings: { port: 8080, apiKey: null, publicUrl: null, egressAllow: [] },
    });
  });

  it('misses no named file, but does without the default one', () => {
    expect(readFaults({ flags: { config: 'gone.json' } })[0]).toContain(
      '--config names a file that cannot be read',
    );
    expect(readFaults({ env: { OFFHOOK_CONFIG: writeFile('bad.json', '{') } })[0]).toContain('is not JSON');
    expect(readFaults({ env: { OFFHOOK_CONFIG: writeFile('list.json', '[]') } })[0]).toContain(
      'one JSON object',
    );
  });

  it.each([
    [{ OFFHOOK_EGRESS_ALLOW: '10.0.0.0/8, fd00::/8' }, true],
    [{ OFFHOOK_EGRESS_ALLOW: '10.0.0.1,fd00::1' }, true],
    [{ OFFHOOK_EGRESS_ALLOW: 'intranet' }, false],
    [{ OFFHOOK_EGRESS_ALLOW: '10.0.0.0/8/9' }, false],
    [{ OFFHOOK_EGRESS_ALLOW_HTTP: 'yes' }, false],
    [{ OFFHOOK_DNS_SERVERS: '10.0.0.2:5353,[fd00::2]:53,fd00::2' }, true],
    [{ OFFHOOK_DNS_SERVERS: 'dns.example' }, false],
    [{ OFFHOOK_EGRESS_ALLOW: '10.0.0.0/33' }, false],
    [{ OFFHOOK_MASTER_KEY: Buffer.alloc(32).toString('base64') }, true],
    [{ OFFHOOK_MASTER_KEY: Buffer.alloc(31).toString('base64') }, false],
    [{ OFFHOOK_VOICEDOCK_SECRET: 'old,new' }, true],
    [{ OFFHOOK_VOICEDOCK_SECRET: ',' }, false],
    [{ HOST: '::1' }, true],
    [{ HOST: 'http://localhost' }, false],
    [{ OFFHOOK_PUBLIC_URL: 'https://hub.example/' }, true],
    [{ OFFHOOK_PUBLIC_URL: 'hub.example' }, false],
    [{ OFFHOOK_SHUTDOWN_GRACE: '9s' }, false],
    [{ LOG_LEVEL: 'verbose' }, false],
    [{ DATABASE_URL: 'postgres://u:p@h/db' }, true],
  ])('judges %o', (env, isGood) => {
    expect(read({ env }).ok).toBe(isGood);
  });
});
