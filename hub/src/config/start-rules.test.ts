import { describe, expect, it } from 'vitest';

import { makeSettings } from './settings.ts';
import { listStartFaults } from './start-rules.ts';

describe('listStartFaults', () => {
  it.each(['127.0.0.1', '127.1.2.3', '::1', 'localhost'])('lets %s start without any secret', (host) => {
    const facts = { wouldMakeApiKey: true, isVoicedockUnsigned: true };
    expect(listStartFaults(makeSettings({ host }), facts)).toEqual([]);
  });

  it.each(['0.0.0.0', '::', '10.0.0.1', 'hub.example', '128.0.0.1'])(
    'refuses %s with a built-in source that holds no secret, or with a key nobody chose',
    (host) => {
      const facts = { wouldMakeApiKey: true, isVoicedockUnsigned: true };
      const faults = listStartFaults(makeSettings({ host }), facts);
      expect(faults).toHaveLength(2);
      expect(faults[0]).toContain('OFFHOOK_VOICEDOCK_SECRET');
      expect(faults[1]).toContain('OFFHOOK_API_KEY');
    },
  );

  it('lets any address start once keys and secrets are chosen', () => {
    const facts = { wouldMakeApiKey: false, isVoicedockUnsigned: false };
    expect(listStartFaults(makeSettings({ host: '0.0.0.0' }), facts)).toEqual([]);
  });

  it('says that Postgres comes later rather than ignoring DATABASE_URL', () => {
    const facts = { wouldMakeApiKey: true, isVoicedockUnsigned: false };
    const faults = listStartFaults(makeSettings({ databaseUrl: 'postgres://h/db' }), facts);
    expect(faults[0]).toContain('later version');
  });
});
