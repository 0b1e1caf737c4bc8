import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { keepMaskedSettings, MASK, maskSettings, refuseMasks } from './masked-settings.ts';

const fields = { secrets: ['token', 'webhook_url'], hosts: ['api_url', 'host', 'webhook_url'] };
const stored = { api_url: 'https://api.example.com/v1', token: 's3cret', channel: '#alerts' };

describe('settings with secrets', () => {
  it('are shown without them, and without a mask where there is none', () => {
    expect(maskSettings({ ...stored, webhook_url: undefined, other: '' }, fields.secrets)).toEqual({
      ...stored,
      token: MASK,
      webhook_url: undefined,
      other: '',
    });
    expect(maskSettings({ token: '' }, fields.secrets)).toEqual({ token: '' });
  });

  it('stay what they were when they come back as they were shown', () => {
    expect(keepMaskedSettings(stored, maskSettings(stored, fields.secrets), fields)).toEqual(stored);
    const hook = { webhook_url: 'https://hooks.example.com/s3cret' };
    expect(keepMaskedSettings(hook, { webhook_url: MASK }, fields)).toEqual(hook);
  });

  it('take what is new', () => {
    const given = { ...stored, token: 'new', channel: '#other', api_url: 'https://api.example.com/v2' };
    expect(keepMaskedSettings(stored, given, fields)).toEqual(given);
  });

  it('keep secrets where a host is left to its default, which nobody chose', () => {
    expect(keepMaskedSettings(stored, { token: MASK }, fields)).toEqual({ token: 's3cret' });
  });

  it('do not follow to another host, scheme or port', () => {
    for (const api_url of [
      'https://evil.example/v1',
      'http://api.example.com/v1',
      'https://api.example.com:8443/v1',
      'https://api.example.com@evil.example/v1',
      '',
      7,
      null,
      ['https://api.example.com/v1'],
    ]) {
      const given = { api_url, token: MASK };
      expect(keepMaskedSettings(stored, given, fields)).toEqual(given);
    }
    const redis = { host: 'redis.example.com', token: 's3cret' };
    const moved = { host: 'evil.example', token: MASK };
    expect(keepMaskedSettings(redis, moved, fields)).toEqual(moved);
    const other = { host: 'redis.example.com:6380', token: MASK };
    expect(keepMaskedSettings({ ...redis, host: 'redis.example.com:6379' }, other, fields)).toEqual(other);
    expect(keepMaskedSettings(redis, { host: 'Redis.Example.com', token: MASK }, fields)).toMatchObject({
      token: 's3cret',
    });
  });

  it('are left to the schema where they are no settings', () => {
    for (const given of [null, 7, 'text', [], [MASK]])
      expect(keepMaskedSettings(stored, given, fields)).toEqual(given);
    const proto: unknown = JSON.parse(`{"__proto__": {"token": "x"}, "token": "${MASK}"}`);
    expect(keepMaskedSettings(stored, proto, fields)).toMatchObject({ token: 's3cret' });
  });

  it('are refused where a mask was not put back, at the field it stands in', () => {
    const schema = z
      .strictObject({ token: z.string(), channel: z.string() })
      .superRefine((settings, context) => refuseMasks(settings, fields.secrets, context));
    const { error } = schema.safeParse({ token: MASK, channel: MASK });
    expect(error?.issues).toMatchObject([
      { path: ['token'], message: expect.stringMatching(/^token is ••••••; write its value/) },
    ]);
    expect(schema.safeParse({ token: 'x', channel: MASK }).success).toBe(true);
  });
});
