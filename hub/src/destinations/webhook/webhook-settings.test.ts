import net from 'node:net';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createSecret } from '@offhook/contract/signature';
import { createEgressGuard } from '../egress/address-rules.ts';
import type { Resolver } from '../egress/resolver.ts';
import { createKindOptions } from '../kind-options.ts';
import { MASK } from '../masked-settings.ts';
import { createTestGround } from '../test-ground.ts';
import { createWebhookKind } from './webhook.ts';
import {
  createWebhookSettingsSchema,
  keepMaskedWebhookSettings,
  toPublicWebhookSettings,
} from './webhook-settings.ts';

const closed = createWebhookSettingsSchema(createEgressGuard({ allow: [], allowLoopback: false }));
const local = createWebhookSettingsSchema(createEgressGuard({ allow: [], allowLoopback: true }));

describe('the settings of a webhook destination', () => {
  it('take an https URL, with path, query and headers', () => {
    const settings = {
      url: 'https://example.com/hooks?tenant=7',
      headers: { Authorization: 'Bearer abc', 'X-Tenant': '7' },
    };
    expect(closed.parse(settings)).toEqual(settings);
  });

  it('say what is wrong with a URL and how to put it right', () => {
    const problem = (url: string, schema = closed): string =>
      schema.safeParse({ url }).error?.issues[0]?.message ?? '';
    expect(problem('example.com/hooks')).toMatch(/write it in full/);
    expect(problem('localhost:3000/hook', local)).toBe(
      'url has no scheme; write it in full, such as http://localhost:3000/hook',
    );
    expect(problem('ftp://example.com/')).toMatch(/only https/);
    expect(problem('http://example.com/')).toMatch(/use https/);
    expect(problem('https://user:pw@example.com/')).toMatch(/Authorization header/);
    expect(problem('https://example.com/#top')).toMatch(/fragment/);
    expect(problem(`https://example.com/${'a'.repeat(2_048)}`)).toMatch(/longer than 2048/);
    expect(problem('https://10.0.0.1/')).toMatch(/private address.*OFFHOOK_EGRESS_ALLOW/);
    expect(problem('https://[::1]/')).toMatch(/loopback/);
    expect(problem('https://localhost:3000/')).toMatch(/loopback/);
    expect(problem('https://1.1.1.1:22/')).toMatch(/port 22/);
    expect(problem('http://localhost:3000/', local)).toBe('');
    expect(problem('http://1.1.1.1/', local)).toMatch(/use https/);
  });

  it('do not repeat a password in their complaint', () => {
    const { error } = closed.safeParse({ url: 'https://user:hunter2@example.com/' });
    expect(JSON.stringify(error)).not.toContain('hunter2');
  });

  it('refuse headers that are ours, that proxies obey, or that open a metadata service', () => {
    const refused =
      `host Content-Length content-type Transfer-Encoding connection te trailer upgrade expect cookie
      webhook-id webhook-signature X-Webhook-Signature Offhook-Attempt X-Offhook-Anything X-Forwarded-For X-Real-IP
      X-HTTP-Method-Override X-Original-URL X-Accel-Redirect X-aws-ec2-metadata-token Metadata Metadata-Flavor
      X-Google-Metadata-Request proxy-authorization traceparent user-agent x- X_Under`.split(/\s+/);
    const accepted: string[] = [];
    for (const name of refused) {
      const headers: unknown = JSON.parse(`{${JSON.stringify(name)}:"a"}`);
      if (closed.safeParse({ url: 'https://example.com/', headers }).success) accepted.push(name);
    }
    expect(accepted).toEqual([]);
  });

  it('refuse header values that are not visible ASCII, and too much of them', () => {
    const fits = (headers: Record<string, string>): boolean =>
      closed.safeParse({ url: 'https://example.com/', headers }).success;
    for (const value of ['', ' a', 'a ', 'a\r\nX-Evil: 1', 'a\0', 'é', 'a\u007f'])
      expect([value, fits({ 'X-A': value })]).toEqual([value, false]);
    expect(fits({ 'X-A': 'a b' })).toBe(true);
    expect(fits({ 'X-A': '1', 'x-a': '2' })).toBe(false);
    expect(fits({ 'X-A': 'a'.repeat(4_096) })).toBe(false);
    expect(fits(Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`X-${i}`, 'a'])))).toBe(false);
  });

  it('refuse fields they do not know, since a typo would otherwise pass silently', () => {
    expect(closed.safeParse({ url: 'https://example.com/', header: {} }).success).toBe(false);
  });

  it('are shown without what could be a key', () => {
    const shown = toPublicWebhookSettings({
      url: 'https://example.com/a?token=s3cret&x=s3cret',
      headers: { Authorization: 'Bearer s3cret' },
    });
    expect(JSON.stringify(shown)).not.toContain('s3cret');
    expect(shown).toEqual({
      url: `https://example.com/a?token=${MASK}&x=${MASK}`,
      headers: { Authorization: MASK },
    });
    expect(toPublicWebhookSettings({ url: 'https://example.com/a' })).toEqual({
      url: 'https://example.com/a',
    });
  });

  it("give the dashboard's form a JSON Schema", () => {
    expect(z.toJSONSchema(closed)).toMatchObject({
      required: ['url'],
      properties: { url: { type: 'string', maxLength: 2_048 } },
    });
  });
});

/** The 18 spellings of reference 6.3, each with the port of a canary that listens on every address of this machine. */
const SPELLINGS: readonly ((port: number) => string)[] = [
  (port) => `http://0177.0.0.1:${port}/`,
  (port) => `http://0x7f.1:${port}/`,
  (port) => `http://2130706433:${port}/`,
  (port) => `http://127.1:${port}/`,
  (port) => `http://①②⑦.⓪.⓪.①:${port}/`,
  (port) => `http://[::ffff:169.254.169.254]:${port}/`,
  (port) => `http://127.0.0.1.nip.io:${port}/`,
  (port) => `http://localhost.:${port}/`,
  (port) => `http://1.1.1.1 &@127.0.0.1:${port}#@8.8.8.8/`,
  (port) => `http://example.com\\@127.0.0.1:${port}/`,
  (port) => `http://127。0。0。1:${port}/`,
  (port) => `http://[0:0:0:0:0:0:0:1]:${port}/`,
  (port) => `http://0:${port}/`,
  (port) => `http://[::]:${port}/`,
  (port) => `http://user:pw@127.0.0.1:${port}/`,
  (port) => `http://169.254.169.254.:${port}/`,
  (port) => `http://0xA9FEA9FE:${port}/`,
  (port) => `http://3232235521:${port}/`,
];

describe('each of the 18 spellings of a forbidden address', () => {
  it('reaches nothing, neither through the settings door nor past it', async () => {
    let connections = 0;
    const canary = net.createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => canary.listen(0, '::', resolve));
    const address = canary.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;

    // nip.io answers with the address in the name; example.com is what one spelling's host truly is, and finds nothing here.
    const resolver: Resolver = {
      resolve: async (name) =>
        name.endsWith('nip.io') || name.startsWith('localhost')
          ? { kind: 'resolved', addresses: ['127.0.0.1'] }
          : { kind: 'failed', detail: `DNS name not found: ${name}` },
    };
    // As open as the guard goes short of the addresses themselves, so that only the address rule stands in the way.
    const egress = createEgressGuard({
      allow: [],
      allowLoopback: false,
      allowHttp: true,
      publicPorts: [port],
    });
    const kind = createWebhookKind(createKindOptions({ egress, resolver, userAgent: 'Offhook/test' }));
    for (const spell of SPELLINGS) {
      const url = spell(port);
      const sender = kind.open({ url }, createTestGround());
      const result = await sender.attempt({
        eventId: 'evt_1',
        eventType: 'status-update',
        sequence: 1,
        attemptNumber: 1,
        body: Buffer.from('{}'),
        nowMs: Date.now(),
        traceparent: '00-00-00-00',
        deadlineMs: 10_000,
        secrets: { current: createSecret(), previous: null },
      });
      await sender.close();
      expect({ url, ...result }).toMatchObject({
        url,
        kind: 'failed',
        cause: expect.stringMatching(/^(blocked|dns|settings)$/),
      });
      if (!url.includes('nip.io') && !url.includes('example.com'))
        expect([url, kind.settings.safeParse({ url }).success]).toEqual([url, false]);
    }
    expect(connections).toBe(0);
    await new Promise<void>((resolve) => void canary.close(() => resolve()));
  });
});

describe('settings that are saved with their masks', () => {
  const stored = {
    url: 'https://example.com/hooks?token=s3cret&tenant=7',
    headers: { Authorization: 'Bearer abc', 'X-Tenant': '7' },
  };
  const shown = toPublicWebhookSettings(stored);

  it('stay what they were', () => {
    expect(keepMaskedWebhookSettings(stored, shown)).toEqual(stored);
  });

  it('keep what is masked and take what is new, path and headers alike', () => {
    const given = {
      url: `https://example.com/other?token=${MASK}&tenant=8`,
      headers: { Authorization: MASK, 'X-Tenant': '8', 'X-New': 'yes' },
    };
    expect(closed.parse(keepMaskedWebhookSettings(stored, given))).toEqual({
      url: 'https://example.com/other?token=s3cret&tenant=8',
      headers: { Authorization: 'Bearer abc', 'X-Tenant': '8', 'X-New': 'yes' },
    });
  });

  it('do not carry secrets to another host, scheme or port', () => {
    for (const url of ['https://evil.example/hooks', 'https://example.com:8443/hooks']) {
      const { error } = closed.safeParse(
        keepMaskedWebhookSettings(stored, { url, headers: { Authorization: MASK } }),
      );
      expect(error?.issues[0]?.message).toMatch(/write its value/);
    }
    const { error } = closed.safeParse(
      keepMaskedWebhookSettings(stored, { url: `https://evil.example/?token=${MASK}` }),
    );
    expect(error?.issues[0]?.message).toMatch(/write the value itself/);
  });

  it('are left to the schema where they are no settings at all', () => {
    for (const given of [null, 7, 'text', [], {}, { url: 7 }, { url: 'nonsense' }])
      expect(keepMaskedWebhookSettings(stored, given)).toEqual(given);
  });
});
