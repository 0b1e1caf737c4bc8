import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  CALL_START_MS,
  createFastClock,
  createJumpingClock,
  createTestHubspotKind,
  CUSTOMER_NUMBER,
  startHubspotSession,
  type HubspotSession,
  type HubspotSessionOptions,
} from '../../../../test/support/hubspot-session.ts';
import type { StandInFault, StandInRequest } from '../../../../test/support/hubspot-stand-in.ts';
import { CREATION_DOUBT_MS } from '../crm/contact-book.ts';
import { MASK } from '../masked-settings.ts';

const sessions: HubspotSession[] = [];
afterEach(async () => {
  await Promise.all(sessions.splice(0).map((session) => session.close()));
});

describe('a call in HubSpot', () => {
  it('is one record, written when the call has ended, on the contact with its number', async () => {
    const { standIn, deliver } = await start();
    const contact = standIn.addContact({ phone: CUSTOMER_NUMBER });
    expect(await deliver('call-1', 'in-progress')).toMatchObject({
      kind: 'done',
      detail: 'Nothing to write until the call has ended',
    });
    expect(standIn.requests).toHaveLength(0);
    const result = await deliver('call-1', 'ended');
    const [record] = standIn.records();
    expect(result).toMatchObject({
      kind: 'done',
      detail: `Call ${record?.id} created in HubSpot for contact ${contact.id}`,
    });
    expect(standIn.records()).toHaveLength(1);
    expect(record?.contacts).toEqual(new Set([contact.id]));
    expect(record?.properties).toEqual({
      offhook_call_id: 'call-1',
      hs_timestamp: new Date(CALL_START_MS).toISOString(),
      hs_call_title: 'Inbound call to HMS Sovereign Demo',
      hs_call_body:
        '<p><strong>Call id:</strong> call-1</p><p><a href="https://offhook.example/calls/call-1">Open this call in Offhook</a></p>',
      hs_call_direction: 'INBOUND',
      hs_call_status: 'COMPLETED',
      hs_call_duration: '300000',
      hs_call_from_number: CUSTOMER_NUMBER,
      hs_call_to_number: '+31850835037',
      hs_call_disposition: 'f240bbac-87c9-4f6e-bf70-924b57d47db7',
    });
  });

  it('is created when the call begins and updated when it has ended, where that was asked for', async () => {
    const { standIn, deliver } = await start({ settings: { write_when: 'started' } });
    await deliver('call-1', 'in-progress');
    expect(standIn.records()[0]?.properties).toMatchObject({ hs_call_status: 'IN_PROGRESS' });
    const result = await deliver('call-1', 'ended-with-error');
    expect(standIn.records()).toHaveLength(1);
    const [record] = standIn.records();
    expect(record?.properties).toMatchObject({
      hs_call_status: 'FAILED',
      hs_call_duration: '300000',
      hs_call_title: 'Inbound call to HMS Sovereign Demo, ended with error',
    });
    expect(record?.properties['hs_call_body']).toContain('<strong>Error:</strong> STT connection failed');
    expect(result).toMatchObject({ detail: `Call ${record?.id} updated in HubSpot without a contact` });
  });

  it('has no duration, no outcome and says why where nobody reported its start', async () => {
    const { standIn, deliver } = await start();
    await deliver('call-1', 'ended');
    const properties = standIn.records()[0]?.properties ?? {};
    expect(properties).not.toHaveProperty('hs_call_duration');
    expect(properties).not.toHaveProperty('hs_call_disposition');
    expect(properties['hs_call_body']).toContain('Nobody reported when this call began');
  });

  it('is not written again by a retry, a replay or a new process, and costs them no request', async () => {
    const { standIn, deliver, redeliver, reopen } = await start();
    standIn.addContact({ phone: CUSTOMER_NUMBER });
    await deliver('call-1', 'in-progress');
    await deliver('call-1', 'ended');
    const requests = standIn.requests.length;
    await reopen();
    for (const status of ['in-progress', 'ended', 'ended'] as const) {
      expect(await redeliver('call-1', status)).toMatchObject({
        detail: `Call ${standIn.records()[0]?.id} in HubSpot is as it should be already`,
      });
    }
    expect(standIn.records()).toHaveLength(1);
    expect(standIn.requests).toHaveLength(requests);
  });

  it('is found again by its key where the hub has lost its memory', async () => {
    const { standIn, ground, deliver, redeliver } = await start();
    await deliver('call-1', 'ended');
    ground.remembered.clear();
    expect(await redeliver('call-1', 'ended')).toMatchObject({
      detail: `Call ${standIn.records()[0]?.id} updated in HubSpot without a contact`,
    });
    expect(standIn.records()).toHaveLength(1);
  });

  it('is found again where HubSpot says 409 instead of 400', async () => {
    const { standIn, ground, deliver, redeliver } = await start({ standIn: { conflictStatus: 409 } });
    await deliver('call-1', 'ended');
    ground.remembered.clear();
    expect(await redeliver('call-1', 'ended')).toMatchObject({ kind: 'done' });
    expect(standIn.records()).toHaveLength(1);
  });

  it('is left as it is by a replay from after the journal forgot the call', async () => {
    const { standIn, ground, deliver, redeliver } = await start();
    await deliver('call-1', 'in-progress');
    await deliver('call-1', 'ended');
    const before = { ...standIn.records()[0]?.properties };
    ground.forgetCall('call-1');
    expect(await redeliver('call-1', 'ended')).toMatchObject({
      detail: `Call ${standIn.records()[0]?.id} was in HubSpot already`,
    });
    expect(await redeliver('call-1', 'in-progress')).toMatchObject({ kind: 'done' });
    expect(standIn.records()).toHaveLength(1);
    expect(standIn.records()[0]?.properties).toEqual(before);
  });

  it('is not created again after somebody deleted it', async () => {
    const { standIn, deliver, redeliver } = await start({ settings: { write_when: 'started' } });
    await deliver('call-1', 'in-progress');
    const id = standIn.records()[0]?.id ?? '';
    standIn.archiveCall(id);
    const detail = `Not written: somebody deleted call ${id} in HubSpot`;
    expect(await deliver('call-1', 'ended')).toMatchObject({ kind: 'done', detail });
    const requests = standIn.requests.length;
    expect(await redeliver('call-1', 'ended')).toMatchObject({ kind: 'done', detail });
    expect(standIn.requests).toHaveLength(requests);
    expect(standIn.records()).toHaveLength(0);
  });

  it('is not created again after it was deleted and our memory lost, since the bin still holds its key', async () => {
    const { standIn, ground, deliver, redeliver } = await start();
    await deliver('call-1', 'ended');
    standIn.archiveCall(standIn.records()[0]?.id ?? '');
    ground.remembered.clear();
    const result = await redeliver('call-1', 'ended');
    expect(result).toMatchObject({ kind: 'done' });
    expect(result.kind === 'done' && result.detail).toContain('somebody deleted call');
    expect(standIn.records()).toHaveLength(0);
  });

  it('is written anew with the token of another account, and nothing there is touched by remembered ids', async () => {
    const session = await start();
    await session.deliver('call-1', 'ended');
    const other = await start({ standIn: { portalId: 999, token: 'pat-na1-other' } });
    const stranger = other.standIn.addContact({ phone: '+14155550100' });
    await session.reopen({ api_url: other.standIn.url, token: 'pat-na1-other' });
    expect(await session.redeliver('call-1', 'ended')).toMatchObject({ kind: 'done' });
    expect(session.standIn.records()).toHaveLength(1);
    expect(other.standIn.records()).toHaveLength(1);
    expect(other.standIn.contacts()).toEqual([stranger]);
  });

  it('keeps calls apart whose ids differ by case only', async () => {
    const { standIn, deliver } = await start();
    await deliver('CAab', 'ended');
    await deliver('caab', 'ended');
    await deliver('a/../../contacts?x=1#', 'ended');
    expect(standIn.records()).toHaveLength(3);
    expect([...standIn.countByCall().values()]).toEqual([1, 1, 1]);
  });

  it('shows what others wrote as text', async () => {
    const { standIn, deliver } = await start();
    await deliver('call-1', 'ended', {
      summary: '<script>alert(1)</script>',
      endReason: '"><img onerror=x>',
    });
    const body = standIn.records()[0]?.properties['hs_call_body'] ?? '';
    expect(body).toContain('&lt;script&gt;');
    expect(body).not.toMatch(/<(?:script|img)/);
  });

  it('fits into HubSpot however long its texts are', async () => {
    const { standIn, deliver } = await start();
    const long = '"'.repeat(200_000);
    await deliver('x'.repeat(256), 'ended-with-error', { summary: long, error: long, endReason: long });
    expect(standIn.records()[0]?.properties['hs_call_body']?.length).toBeLessThan(65_536);
  });

  it('is nothing to operational events', async () => {
    const { standIn, kind, ground, settings } = await start();
    const sender = kind.open(kind.settings.parse(settings), ground);
    const request = { eventType: 'call.stale', body: Buffer.from('{}'), deadlineMs: 1_000 };
    const result = await sender.attempt(request as unknown as Parameters<typeof sender.attempt>[0]);
    expect(result).toMatchObject({ kind: 'done' });
    expect(standIn.requests).toHaveLength(0);
    await sender.close();
  });
});

describe('whom a call is with', () => {
  it('is the contact with the number, however HubSpot holds it, and with that country code', async () => {
    const { standIn, deliver } = await start();
    standIn.addContact({ phone: '+34 612 345 678' });
    const ours = standIn.addContact({ mobilephone: '+31 6 1234 5678' });
    await deliver('call-1', 'ended');
    expect(standIn.records()[0]?.contacts).toEqual(new Set([ours.id]));
  });

  it('is the contact changed last where several have the number, and of those the first created', async () => {
    const { standIn, deliver } = await start();
    standIn.addContact({ phone: CUSTOMER_NUMBER, lastmodifieddate: '2026-01-01T00:00:00Z' });
    const latest = standIn.addContact({ phone: CUSTOMER_NUMBER, lastmodifieddate: '2026-03-01T00:00:00Z' });
    standIn.addContact({ phone: CUSTOMER_NUMBER, lastmodifieddate: '2026-03-01T00:00:00Z' });
    await deliver('call-1', 'ended');
    expect(standIn.records()[0]?.contacts).toEqual(new Set([latest.id]));
  });

  it('is whom the metadata names, even for a number that somebody else has', async () => {
    const { standIn, deliver } = await start();
    standIn.addContact({ phone: CUSTOMER_NUMBER });
    const named = standIn.addContact({ phone: '+14155550100' });
    await deliver('call-1', 'ended', { metadata: { crm_id: named.id } });
    expect(standIn.records()[0]?.contacts).toEqual(new Set([named.id]));
    expect(standIn.requests.some(isSearch)).toBe(false);
  });

  it('is remembered from the start of the call, where only its start named somebody', async () => {
    const { standIn, deliver } = await start();
    const named = standIn.addContact({});
    await deliver('call-1', 'in-progress', { metadata: { crm_id: Number(named.id) } });
    await deliver('call-1', 'ended');
    expect(standIn.records()[0]?.contacts).toEqual(new Set([named.id]));
  });

  it('falls back to the number where the metadata names nobody, and says so', async () => {
    const { standIn, deliver } = await start();
    const contact = standIn.addContact({ phone: CUSTOMER_NUMBER });
    const odd = ['999', '../../contacts', '1 OR 1=1', '"};', 'x'.repeat(90)];
    for (const [index, crm_id] of odd.entries()) {
      const result = await deliver(`call-${index}`, 'ended', { metadata: { crm_id } });
      expect(result.kind === 'done' && result.detail).toContain(
        `for contact ${contact.id}; its crm_id names no contact there`,
      );
    }
    expect(standIn.requests.filter(({ path }) => path.includes('OR') || path.includes('..'))).toEqual([]);
  });

  it('is nobody, and no call, where unknown numbers are to be skipped', async () => {
    const { standIn, deliver } = await start({ settings: { unknown_contacts: 'skip' } });
    expect(await deliver('call-1', 'ended')).toMatchObject({
      detail: 'Not written: no contact in HubSpot has this number',
    });
    expect(await deliver('call-2', 'ended', { customer: { number: 'anonymous' } })).toMatchObject({
      detail: 'Not written: a call without a number',
    });
    expect(standIn.records()).toHaveLength(0);
  });

  it('is a new contact where that was asked for, and one only, for calls at the same time and later', async () => {
    const { standIn, deliver, reopen } = await start({ settings: { unknown_contacts: 'create_contact' } });
    const ids = Array.from({ length: 8 }, (_, index) => `call-${index}`);
    const results = await Promise.all(ids.map((id) => deliver(id, 'ended')));
    const [contact] = standIn.contacts();
    expect(standIn.contacts()).toHaveLength(1);
    expect(contact?.properties['phone']).toBe(CUSTOMER_NUMBER);
    expect(results[0]).toMatchObject({ detail: expect.stringContaining(`the new contact ${contact?.id}`) });
    standIn.change({ indexLagMs: 3_600_000 });
    await reopen();
    await deliver('call-9', 'ended');
    expect(standIn.contacts()).toHaveLength(1);
    expect(standIn.records().every(({ contacts }) => contacts.has(contact?.id ?? ''))).toBe(true);
  });

  it('is not created twice where the answer was lost and the search lags behind', async () => {
    const clock = createJumpingClock();
    const { standIn, deliver, redeliver, ground } = await start({
      settings: { unknown_contacts: 'create_contact' },
      standIn: { indexLagMs: 30_000, nowMs: clock.monotonicMs },
      ground: { clock },
    });
    failOnce(standIn, (request) => request.path.endsWith('/contacts') && request.method === 'POST');
    expect(await deliver('call-1', 'ended')).toMatchObject({ kind: 'failed', cause: 'reset' });
    expect(await redeliver('call-1', 'ended')).toMatchObject({ kind: 'later' });
    await new Promise<void>((resolve) => void ground.setTimer(resolve, CREATION_DOUBT_MS));
    expect(await redeliver('call-1', 'ended')).toMatchObject({ kind: 'done' });
    expect(standIn.contacts()).toHaveLength(1);
    expect(standIn.records()[0]?.contacts).toEqual(new Set([standIn.contacts()[0]?.id]));
  });

  it('is forgotten where the contact was deleted since', async () => {
    const { standIn, deliver } = await start();
    const contact = standIn.addContact({ phone: CUSTOMER_NUMBER });
    await deliver('call-1', 'ended');
    standIn.archiveContact(contact.id);
    const next = standIn.addContact({ mobilephone: CUSTOMER_NUMBER });
    await deliver('call-2', 'ended');
    expect(standIn.records()[1]?.contacts).toEqual(new Set([next.id]));
    standIn.archiveContact(next.id);
    expect(await deliver('call-3', 'ended')).toMatchObject({
      detail: expect.stringContaining('without a contact'),
    });
    expect(standIn.records()).toHaveLength(3);
  });

  it('is linked when the call ends, where it was found out meanwhile', async () => {
    const { standIn, deliver } = await start({ settings: { write_when: 'started' } });
    await deliver('call-1', 'in-progress', { customer: { number: null } });
    expect(standIn.records()[0]?.contacts.size).toBe(0);
    const contact = standIn.addContact({ phone: CUSTOMER_NUMBER });
    await deliver('call-1', 'ended', { customer: { number: CUSTOMER_NUMBER } });
    expect(standIn.records()[0]?.contacts).toEqual(new Set([contact.id]));
  });

  it('is another contact where a later message names another, and no longer the first', async () => {
    const { standIn, deliver } = await start({ settings: { write_when: 'started' } });
    const first = standIn.addContact({ phone: CUSTOMER_NUMBER });
    const named = standIn.addContact({});
    await deliver('call-1', 'in-progress');
    expect(standIn.records()[0]?.contacts).toEqual(new Set([first.id]));
    await deliver('call-1', 'ended', { metadata: { crm_id: named.id } });
    expect(standIn.records()[0]?.contacts).toEqual(new Set([named.id]));
  });

  it('is another contact by a retry, where the process died in the middle of that', async () => {
    const { standIn, deliver, redeliver } = await start({ settings: { write_when: 'started' } });
    standIn.addContact({ phone: CUSTOMER_NUMBER });
    const colleague = standIn.addContact({});
    const named = standIn.addContact({});
    await deliver('call-1', 'in-progress');
    // Whom somebody linked by hand stays.
    standIn.records()[0]?.contacts.add(colleague.id);
    for (const method of ['DELETE', 'PUT']) {
      failOnce(standIn, (request) => request.method === method, {
        kind: 'answer',
        when: 'after',
        status: 502,
      });
      const result = await deliver('call-1', 'ended', { metadata: { crm_id: named.id } });
      expect(result.kind).not.toBe('done');
    }
    expect((await redeliver('call-1', 'ended', { metadata: { crm_id: named.id } })).kind).toBe('done');
    expect(standIn.records()[0]?.contacts).toEqual(new Set([colleague.id, named.id]));
  });

  it('is linked by a replay, where the contact was added since', async () => {
    const { standIn, deliver, redeliver, reopen } = await start();
    await deliver('call-1', 'ended');
    const contact = standIn.addContact({ phone: CUSTOMER_NUMBER });
    await reopen();
    await redeliver('call-1', 'ended');
    expect(standIn.records()[0]?.contacts).toEqual(new Set([contact.id]));
  });

  it('is asked once for calls of one customer', async () => {
    const { standIn, deliver } = await start();
    standIn.addContact({ phone: CUSTOMER_NUMBER });
    await Promise.all(['a', 'b', 'c'].map((id) => deliver(id, 'ended')));
    await deliver('d', 'ended');
    expect(standIn.requests.filter(isSearch)).toHaveLength(1);
  });
});

describe('web calls without a number', () => {
  const web = { type: 'web_call', customer: { number: null } } as const;

  it('are skipped, attached by their metadata, or logged for nobody', async () => {
    const session = await start();
    const named = session.standIn.addContact({});
    const metadata = { crm_id: named.id };
    expect(await session.deliver('w-1', 'ended', { ...web, metadata })).toMatchObject({
      detail: 'Not written: a web call without a number',
    });
    await session.reopen({ web_calls: 'attach_by_metadata' });
    await session.deliver('w-2', 'ended', { ...web, metadata });
    expect(await session.deliver('w-3', 'ended', web)).toMatchObject({
      detail: 'Not written: a web call whose metadata has no crm_id',
    });
    expect(await session.deliver('w-4', 'ended', { ...web, metadata: { crm_id: '1' } })).toMatchObject({
      detail: 'Not written: its crm_id names no contact in HubSpot',
    });
    await session.reopen({ web_calls: 'log_without_contact' });
    await session.deliver('w-5', 'ended', web);
    expect([...session.standIn.countByCall().keys()]).toEqual(['w-2', 'w-5']);
    expect(session.standIn.records()[0]?.contacts).toEqual(new Set([named.id]));
    expect(session.standIn.records()[0]?.properties).not.toHaveProperty('hs_call_from_number');
  });
});

describe('the property that keeps calls apart', () => {
  it('is created once, unique, before the first call', async () => {
    const { standIn, deliver, reopen } = await start();
    await Promise.all(['a', 'b', 'c'].map((id) => deliver(id, 'ended')));
    await reopen();
    await deliver('d', 'ended');
    const created = standIn.requests.filter(
      ({ method, path }) => method === 'POST' && path.endsWith('/crm/properties/2026-03/calls'),
    );
    expect(created).toHaveLength(1);
    expect(created[0]?.json).toMatchObject({
      name: 'offhook_call_id',
      hasUniqueValue: true,
      groupName: 'call',
    });
  });

  it('is created again after somebody deleted it', async () => {
    const { standIn, deliver, redeliver } = await start();
    await deliver('a', 'ended');
    standIn.deleteProperty('offhook_call_id');
    expect(await deliver('b', 'ended')).toMatchObject({ kind: 'answered', status: 400 });
    expect(await redeliver('b', 'ended')).toMatchObject({ kind: 'done' });
    expect(standIn.hasProperty('offhook_call_id')).toBe(true);
    expect(standIn.records()).toHaveLength(2);
  });

  it('is asked for by name and scope where the token may not create it', async () => {
    const { standIn, deliver, redeliver } = await start({
      standIn: { scopes: ['oauth', 'crm.objects.contacts.read', 'crm.objects.contacts.write'] },
    });
    const result = await deliver('a', 'ended');
    expect(result).toMatchObject({ kind: 'failed', cause: 'settings' });
    expect(result.kind === 'failed' && result.detail).toContain('crm.schemas.contacts.write');
    expect(standIn.records()).toHaveLength(0);
    standIn.change({
      scopes: [
        'oauth',
        'crm.objects.contacts.read',
        'crm.objects.contacts.write',
        'crm.schemas.contacts.write',
      ],
    });
    expect(await redeliver('a', 'ended')).toMatchObject({ kind: 'done' });
  });

  it('needs no scope to be created where it is there already', async () => {
    const { deliver } = await start({
      standIn: {
        hasKeyProperty: true,
        scopes: ['oauth', 'crm.objects.contacts.read', 'crm.objects.contacts.write'],
      },
    });
    expect(await deliver('a', 'ended')).toMatchObject({ kind: 'done' });
  });
});

describe('what a token may not', () => {
  it('is said by the name of the scope', async () => {
    const { deliver, standIn } = await start({ standIn: { hasKeyProperty: true } });
    standIn.change({ scopes: ['oauth', 'crm.objects.contacts.read'] });
    expect(await deliver('a', 'ended')).toMatchObject({
      kind: 'failed',
      cause: 'settings',
      detail: expect.stringContaining('lacks the scope crm.objects.contacts.write') as string,
    });
  });

  it('is everything, once it was rotated', async () => {
    const { deliver, standIn } = await start();
    standIn.change({ token: 'pat-na1-new' });
    const result = await deliver('a', 'ended');
    expect(result).toMatchObject({ kind: 'failed', cause: 'settings' });
    expect(JSON.stringify(result)).not.toContain('pat-eu1');
  });
});

describe('a test of the destination', () => {
  it('says whose account it is and that the token will do, and writes no call', async () => {
    const { standIn, test } = await start();
    expect(await test()).toMatchObject({
      kind: 'done',
      detail: 'HubSpot account 4711001 (app-eu1.hubspot.com) takes calls; the token has the scopes it needs',
    });
    expect(standIn.records()).toHaveLength(0);
    expect(standIn.hasProperty('offhook_call_id')).toBe(true);
  });

  it('names the scopes that are missing', async () => {
    const { test } = await start({ standIn: { scopes: ['oauth', 'crm.objects.contacts.read'] } });
    expect(await test()).toMatchObject({
      kind: 'failed',
      cause: 'settings',
      detail: expect.stringContaining('crm.objects.contacts.write') as string,
    });
  });

  it('does with what can be known of tokens whose scopes HubSpot does not tell', async () => {
    const { test } = await start({ standIn: { tellsScopes: false } });
    expect(await test()).toMatchObject({
      kind: 'done',
      detail: expect.stringContaining('does not say') as string,
    });
  });
});

describe('the settings', () => {
  const kind = createTestHubspotKind();

  it('need a token only, and hide it', () => {
    const settings = kind.settings.parse({ token: 'pat-na1-secret' });
    expect(kind.toPublicSettings(settings)).toEqual({
      token: MASK,
      write_when: 'ended',
      web_calls: 'skip',
      unknown_contacts: 'log_without_contact',
      metadata_key: 'crm_id',
      requests_per_10s: 90,
      api_url: 'https://api.hubapi.com',
    });
    expect(kind.describeTarget(settings)).not.toContain('secret');
  });

  it('keep a masked token for the same address only', () => {
    const stored = kind.settings.parse({ token: 'pat-na1-secret' });
    const shown = kind.toPublicSettings(stored);
    expect(kind.keepMasked(stored, shown)).toEqual(stored);
    const moved = kind.keepMasked(stored, { ...shown, api_url: 'https://evil.example' });
    expect(kind.settings.safeParse(moved).success).toBe(false);
  });

  it('refuse what no HubSpot has', () => {
    const broken: Record<string, unknown>[] = [
      {},
      { token: '' },
      { token: 'a b' },
      { token: 'a\r\nX: y' },
      { token: 'pat', owner_id: '../1' },
      { token: 'pat', requests_per_10s: 0 },
      { token: 'pat', write_when: 'never' },
      { token: 'pat', api_url: 'ftp://api.hubapi.com' },
      { token: 'pat', colour: 'red' },
    ];
    for (const given of broken) expect(kind.settings.safeParse(given).success).toBe(false);
  });

  it('say in the form that a test may create the property', () => {
    const { properties = {} } = z.toJSONSchema(kind.settings, { io: 'input' });
    expect(JSON.stringify(properties['token'])).toContain('A test creates the call property offhook_call_id');
  });

  it('assign calls to an owner', async () => {
    const { standIn, deliver } = await start({ settings: { owner_id: '75771234' } });
    await deliver('a', 'ended');
    expect(standIn.records()[0]?.properties['hubspot_owner_id']).toBe('75771234');
  });
});

describe('the limits of HubSpot', () => {
  it('are kept, by all destinations with one token together', async () => {
    const clock = createFastClock(10);
    const session = await start({ standIn: { nowMs: clock.monotonicMs }, ground: { clock } });
    const { standIn, kind, ground, settings } = session;
    const other = kind.open(kind.settings.parse(settings), ground);
    const ids = Array.from({ length: 160 }, (_, index) => `call-${index}`);
    const results = await Promise.all(
      ids.map((id, index) => {
        const number = `+3161${String(index % 40).padStart(7, '0')}`;
        return session.deliver(id, 'ended', {
          customer: { number },
          deadlineMs: 600_000,
          ...(index % 2 === 0 && { sender: other }),
        });
      }),
    );
    await other.close();
    expect(results.every(({ kind: result }) => result === 'done')).toBe(true);
    expect(standIn.records()).toHaveLength(160);
    expect(standIn.observed().refused).toBe(0);
    expect(standIn.observed().per10s).toBeLessThanOrEqual(100);
    expect(standIn.observed().per10s).toBeGreaterThan(80);
  });

  it('of searches are kept by all destinations of one account, whatever their tokens', async () => {
    const clock = createFastClock(10);
    const otherToken = 'pat-eu1-99999999-1111-2222-3333-444444444444';
    const session = await start({ standIn: { nowMs: clock.monotonicMs, otherToken }, ground: { clock } });
    const { standIn, kind, ground, settings } = session;
    const other = kind.open(kind.settings.parse({ ...settings, token: otherToken }), ground);
    await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        session.deliver(`call-${index}`, 'ended', {
          customer: { number: `+3161${String(index).padStart(7, '0')}` },
          deadlineMs: 600_000,
          ...(index % 2 === 0 && { sender: other }),
        }),
      ),
    );
    await other.close();
    expect(standIn.records()).toHaveLength(60);
    expect(standIn.observed().refused).toBe(0);
    expect(standIn.observed().searchesPerSecond).toBeLessThanOrEqual(5);
  });

  it('hold for searches that are repeated since their connection was cut, too', async () => {
    const clock = createFastClock(10);
    const { standIn, deliver } = await start({ standIn: { nowMs: clock.monotonicMs }, ground: { clock } });
    let searches = 0;
    standIn.faults.decide = (request) => {
      if (!isSearch(request)) return null;
      searches += 1;
      return searches % 4 === 0 ? { kind: 'cut', when: 'after' } : null;
    };
    const results = await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        deliver(`call-${index}`, 'ended', {
          customer: { number: `+3161${String(index).padStart(7, '0')}` },
          deadlineMs: 600_000,
        }),
      ),
    );
    expect(searches).toBeGreaterThan(35);
    expect(results.filter(({ kind: result }) => result === 'done').length).toBeGreaterThan(25);
    expect(standIn.observed().refused).toBe(0);
  });

  it('are let go of where a destination is cut off, so that a wider one holds afterwards', async () => {
    const { kind, ground, settings, standIn } = await start({ standIn: { requestsPer10s: 1_000 } });
    const narrow = kind.open(kind.settings.parse({ ...settings, requests_per_10s: 1 }), ground);
    narrow.abandon();
    const wide = kind.open(kind.settings.parse({ ...settings, requests_per_10s: 250 }), ground);
    const budgetMs = 5_000;
    const result = await kind.test?.(
      kind.settings.parse({ ...settings, requests_per_10s: 250 }),
      ground,
      budgetMs,
    );
    await wide.close();
    expect(result).toMatchObject({ kind: 'done' });
    expect(standIn.requests.length).toBeGreaterThan(3);
  });

  it('of time that one attempt has are not those of the others that wait with it', async () => {
    const { standIn, deliver, ground } = await start();
    // The first asks whose account it is, and has hardly any time left for it.
    let isFirst = true;
    standIn.faults.decide = ({ path }) => {
      if (!isFirst || !path.startsWith('/account-info/')) return null;
      isFirst = false;
      return { kind: 'hang', when: 'before' };
    };
    const first = deliver('call-1', 'ended', { deadlineMs: 700 });
    const second = deliver('call-2', 'ended', { deadlineMs: 10_000 });
    expect(await first).toMatchObject({ kind: 'failed', cause: 'timeout' });
    expect(await second).toMatchObject({ kind: 'done' });
    expect(ground.troubles).toEqual([]);
  });

  it('wait inside the attempt where HubSpot says 429, and cost no try', async () => {
    const clock = createJumpingClock();
    const { standIn, deliver } = await start({
      standIn: { nowMs: clock.monotonicMs, requestsPer10s: 3 },
      ground: { clock },
    });
    expect(await deliver('call-1', 'ended', { deadlineMs: 60_000 })).toMatchObject({ kind: 'done' });
    expect(standIn.observed().refused).toBeGreaterThan(0);
    expect(standIn.records()).toHaveLength(1);
  });

  it('end the attempt with the time to wait where that is longer than the attempt has', async () => {
    const clock = createJumpingClock();
    const { standIn, deliver, redeliver } = await start({ ground: { clock } });
    standIn.faults.decide = () => ({
      kind: 'answer',
      when: 'before',
      status: 429,
      headers: { 'retry-after': '120' },
    });
    expect(await deliver('call-1', 'ended')).toMatchObject({
      kind: 'answered',
      status: 429,
      retryAfter: '120',
    });
    const requests = standIn.requests.length;
    standIn.faults.decide = () => null;
    expect(await redeliver('call-1', 'ended')).toMatchObject({
      kind: 'answered',
      status: 429,
      retryAfter: '120',
    });
    expect(standIn.requests).toHaveLength(requests);
  });

  it('of a day hold for an hour', async () => {
    const clock = createJumpingClock();
    const { deliver } = await start({
      standIn: { requestsPerDay: 2, nowMs: clock.monotonicMs },
      ground: { clock },
    });
    expect(await deliver('call-1', 'ended')).toMatchObject({ status: 429, retryAfter: '3600' });
  });
});

function isSearch({ path }: StandInRequest): boolean {
  return path.endsWith('/search');
}

function failOnce(
  standIn: HubspotSession['standIn'],
  matches: (request: StandInRequest) => boolean,
  fault: StandInFault = { kind: 'cut', when: 'after' },
): void {
  let isSpent = false;
  standIn.faults.decide = (request) => {
    if (isSpent || !matches(request)) return null;
    isSpent = true;
    return fault;
  };
}

async function start(options: HubspotSessionOptions = {}): Promise<HubspotSession> {
  const session = await startHubspotSession(options);
  sessions.push(session);
  return session;
}
