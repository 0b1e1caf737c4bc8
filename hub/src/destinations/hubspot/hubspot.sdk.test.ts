/**
 * The official SDK does against the same stand-in what our port does, and the requests are compared. The SDK (14.0.1)
 * still writes v3 and v4 in its paths where we write a date; HubSpot serves the same there, and only that is mapped.
 */
import { Client } from '@hubspot/api-client';
import { FilterOperatorEnum } from '@hubspot/api-client/lib/codegen/crm/contacts/index.js';
import type { PublicObjectSearchRequest } from '@hubspot/api-client/lib/codegen/crm/contacts/index.js';
import { AssociationSpecAssociationCategoryEnum } from '@hubspot/api-client/lib/codegen/crm/objects/calls/index.js';
import type { PropertyCreate } from '@hubspot/api-client/lib/codegen/crm/properties/index.js';
import { afterEach, expect, it } from 'vitest';
import { CUSTOMER_NUMBER, startHubspotSession } from '../../../../test/support/hubspot-session.ts';
import type { HubspotSession } from '../../../../test/support/hubspot-session.ts';
import {
  STAND_IN_TOKEN,
  startHubspotStandIn,
  type HubspotStandIn,
  type StandInRequest,
} from '../../../../test/support/hubspot-stand-in.ts';

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(cleanUps.splice(0).map((cleanUp) => cleanUp()));
});

it('is asked for the property, and to create it, as the SDK asks', async () => {
  const { session, theirs, client } = await startBoth();
  await session.deliver('call-1', 'ended');
  await client.crm.properties.coreApi.getByName('calls', 'offhook_call_id').catch(() => null);
  await client.crm.properties.coreApi.getByName('calls', 'hs_call_title');
  const ours = find(session.standIn, 'POST', '/crm/properties/2026-03/calls');
  // The SDK sends the fields that the API has, so one that it does not know would be missing on its side.
  await client.crm.properties.coreApi.create('calls', ours.json as PropertyCreate);
  expect(shape(theirs.requests)).toEqual(
    shape(session.standIn.requests.filter(({ path }) => path.includes('/properties/'))),
  );
});

it('is sent a call as the SDK sends it, by creation and by update', async () => {
  const { session, theirs, client } = await startBoth({ write_when: 'started', owner_id: '75771234' });
  const contact = session.standIn.addContact({ phone: CUSTOMER_NUMBER });
  theirs.addContact({ phone: CUSTOMER_NUMBER });
  await session.deliver('call-1', 'in-progress');
  await session.deliver('call-1', 'ended-with-error', { summary: 'They asked <b>twice</b>.\nThen left.' });

  const created = find(session.standIn, 'POST', '/crm/objects/2026-03/calls');
  const updated = find(session.standIn, 'PATCH', '/crm/objects/2026-03/calls/');
  const { id } = await client.crm.objects.calls.basicApi.create({
    properties: propertiesOf(created),
    associations: [
      {
        to: { id: contact.id },
        types: [
          {
            associationCategory: AssociationSpecAssociationCategoryEnum.HubspotDefined,
            associationTypeId: 194,
          },
        ],
      },
    ],
  });
  await client.crm.objects.calls.basicApi.update(id, { properties: propertiesOf(updated) });
  expect(shape(theirs.requests)).toEqual(shape([created, updated]));
  expect(theirs.records()[0]?.properties).toEqual(session.standIn.records()[0]?.properties);
});

it('is asked for a call by its key, and to link a contact, as the SDK asks', async () => {
  const { session, theirs, client } = await startBoth();
  const contact = session.standIn.addContact({ phone: CUSTOMER_NUMBER });
  theirs.addContact({ phone: CUSTOMER_NUMBER });
  await session.deliver('call-1', 'ended', { customer: { number: null } });
  session.ground.remembered.set('call:call-1', {
    value: '{"state":"creating"}',
    callId: 'call-1',
    isSecret: false,
  });
  await session.deliver('call-1', 'ended', { customer: { number: CUSTOMER_NUMBER } });
  const looked = find(session.standIn, 'GET', '/crm/objects/2026-03/calls/call-1');
  const linked = find(session.standIn, 'PUT', '/crm/objects/2026-03/calls/');

  const made = await client.crm.objects.calls.basicApi.create({
    properties: { offhook_call_id: 'call-1', hs_timestamp: '2026-11-22T12:00:00.000Z' },
    associations: [],
  });
  const before = theirs.requests.length;
  const read = client.crm.objects.calls.basicApi;
  await read.getById('call-1', undefined, undefined, undefined, false, 'offhook_call_id');
  await client.crm.associations.v4.basicApi.createDefault('calls', made.id, 'contacts', contact.id);
  const [theirLook, theirLink] = shape(theirs.requests.slice(before));
  // What the SDK says beside it is the default.
  expect({ ...theirLook, path: theirLook?.path.replace('archived=false&', '') }).toEqual(shape([looked])[0]);
  expect(theirLink).toEqual(shape([linked])[0]);
  expect(session.standIn.records()[0]?.contacts).toEqual(new Set([contact.id]));
});

it('is asked to take a link away as the SDK asks', async () => {
  const { session, theirs, client } = await startBoth();
  session.standIn.addContact({ phone: CUSTOMER_NUMBER });
  const named = session.standIn.addContact({});
  await session.reopen({ write_when: 'started' });
  await session.deliver('call-1', 'in-progress');
  await session.deliver('call-1', 'ended', { metadata: { crm_id: named.id } });
  const unlinked = find(session.standIn, 'DELETE', '/crm/objects/2026-03/calls/');
  const before = theirs.requests.length;
  const ids = unlinked?.path.match(/\d{6,}/g) ?? [];
  await client.crm.associations.v4.basicApi.archive('calls', ids[0] ?? '', 'contacts', ids[1] ?? '');
  expect(shape([unlinked])).toEqual(shape(theirs.requests.slice(before)));
});

it('is asked for contacts, and to create one, as the SDK asks', async () => {
  const { session, theirs, client } = await startBoth({ unknown_contacts: 'create_contact' });
  await session.deliver('call-1', 'ended');
  const equals = (propertyName: string, value: string) => ({
    filters: [{ propertyName, operator: FilterOperatorEnum.Eq, value }],
  });
  // HubSpot documents sorts as objects; the SDK has them typed as texts and sends what it is given.
  const sorts = [{ propertyName: 'lastmodifieddate', direction: 'DESCENDING' }] as unknown as string[];
  const search: PublicObjectSearchRequest = {
    filterGroups: [
      equals('phone', CUSTOMER_NUMBER),
      equals('mobilephone', CUSTOMER_NUMBER),
      equals('hs_searchable_calculated_phone_number', '612345678'),
      equals('hs_searchable_calculated_mobile_number', '612345678'),
    ],
    sorts,
    properties: [
      'phone',
      'mobilephone',
      'hs_calculated_phone_number',
      'hs_calculated_mobile_number',
      'lastmodifieddate',
    ],
    limit: 100,
  };
  await client.crm.contacts.searchApi.doSearch(search);
  await client.crm.contacts.basicApi.create({ properties: { phone: CUSTOMER_NUMBER }, associations: [] });
  expect(shape(theirs.requests)).toEqual(
    shape(session.standIn.requests.filter(({ path }) => path.includes('/contacts'))),
  );
});

it('leaves one record where the SDK upserts the same call by the same key', async () => {
  const { session } = await startBoth();
  await session.deliver('call-1', 'ended');
  const client = connect(session.standIn);
  await client.crm.objects.calls.batchApi.upsert({
    inputs: [{ id: 'call-1', idProperty: 'offhook_call_id', properties: { hs_call_title: 'Somebody else' } }],
  });
  expect(session.standIn.countByCall()).toEqual(new Map([['call-1', 1]]));
  expect(session.standIn.records()[0]?.properties['hs_call_title']).toBe('Somebody else');
});

async function startBoth(settings: Record<string, unknown> = {}): Promise<{
  readonly session: HubspotSession;
  readonly theirs: HubspotStandIn;
  readonly client: Client;
}> {
  const session = await startHubspotSession({ settings });
  const hasKeyProperty = !expect.getState().currentTestName?.includes('the property');
  const theirs = await startHubspotStandIn({ hasKeyProperty });
  cleanUps.push(
    () => session.close(),
    () => theirs.close(),
  );
  return { session, theirs, client: connect(theirs) };
}

function connect(standIn: HubspotStandIn): Client {
  return new Client({ accessToken: STAND_IN_TOKEN, basePath: standIn.url });
}

function find(standIn: HubspotStandIn, method: string, path: string): StandInRequest {
  const found = standIn.requests.find(
    (request) => request.method === method && request.path.startsWith(path),
  );
  if (found === undefined) throw new Error(`no ${method} ${path} was sent`);
  return found;
}

function propertiesOf({ json }: StandInRequest): Record<string, string> {
  return (json as { properties: Record<string, string> }).properties;
}

/** Ids differ between the two stand-ins only where they were counted apart. */
function shape(requests: readonly StandInRequest[]) {
  return requests.map(({ method, path, json, headers }) => ({
    method,
    path: path
      .replace(/^\/crm\/v[34]\/objects\//, '/crm/objects/2026-03/')
      .replace(/^\/crm\/v3\/properties\//, '/crm/properties/2026-03/')
      .replace(/\?archived=false$/, '')
      .replace(/\/calls\/4\d{10}/, '/calls/:id'),
    json,
    authorization: headers.authorization,
    hasBody: json !== undefined,
  }));
}
