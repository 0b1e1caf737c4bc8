import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestHub } from '../../../test/support/in-memory-hub.ts';

import { openTestHub } from '../../../test/support/in-memory-hub.ts';
import { systemView } from './system.ts';

let hub: TestHub;
beforeAll(async () => {
  hub = await openTestHub();
});
afterAll(() => hub.close());

describe('the system', () => {
  it('says what runs here, and what was refused at the doors', async () => {
    await hub.call('PUT', '/v1/calls/a/status', { status: 'in-progress' });
    await hub.call('PUT', '/v1/calls/a/status', { status: 7 });
    await hub.call('PUT', '/v1/calls/a/status', '{');
    await hub.call('PUT', '/v1/calls/a/status', { status: 'ended' }, { authorization: 'Bearer no' });
    await hub.call('POST', '/v1/reports', { reports: [{ call_id: 'b', status: 'ended' }, { call_id: 'c' }] });
    await hub.call('POST', '/webhooks/src_none', {});
    // Kept on its timeline, so not refused.
    await hub.call('PUT', '/v1/calls/b/status', { status: 'ended-with-error' });
    // No door for reports.
    await hub.call('GET', '/v1/calls?limit=0');
    const view = (await hub.call('GET', '/v1/system')).json();
    expect(systemView.strict().safeParse(view).error?.issues ?? []).toEqual([]);
    expect(view).toMatchObject({
      version: '0.0.0-test',
      node: process.versions.node,
      retention_days: 30,
      stale_after_ms: 4 * 3_600_000,
      local: true,
      streams: 0,
      journal: { calls: 2, events: 2, pending_deliveries: 0 },
      refused: { invalid_body: 2, malformed_json: 1, key_refused: 1, not_found: 1 },
    });
    expect(Object.keys(view.refused)).toHaveLength(4);
    expect(Date.now() - Date.parse(view.started_at)).toBeLessThan(60_000);
    expect((await hub.call('GET', '/metrics')).body).toContain(
      'offhook_reports_refused_total{problem="malformed_json"} 1',
    );
  });

  it('tells an account nothing of the others', async () => {
    const account = (await hub.call('POST', '/v1/accounts', { name: 'stranger' })).json();
    const headers = { authorization: `Bearer ${await hub.makeKey(['admin'], account.id)}` };
    const view = (await hub.call('GET', '/v1/system', undefined, headers)).json();
    expect(systemView.strict().safeParse(view).error?.issues ?? []).toEqual([]);
    expect(view).toMatchObject({ journal: null, refused: null, streams: null, version: '0.0.0-test' });
  });
});
