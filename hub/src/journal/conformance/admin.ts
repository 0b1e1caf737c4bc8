import { describe, expect, it } from 'vitest';

import type { PhoneNumber } from '../accounts.ts';
import { FIRST_PAGE, KEY_ACTOR, type OpenHarness } from './harness.ts';

export function describeAdmin(open: OpenHarness): void {
  describe('keys', () => {
    it('are found by their hash, listed, and stay findable once revoked', async () => {
      const { journal, clock } = await open();
      const hash = Buffer.alloc(32, 7);
      const key = await journal.createKey(
        {
          accountId: 'default',
          name: 'CI',
          scopes: ['read', 'ingest'],
          hint: 'ohk_ab',
          expiresAtMs: 99,
          hash,
        },
        KEY_ACTOR,
      );
      expect(key).toEqual({
        id: expect.stringMatching(/^key_/),
        accountId: 'default',
        name: 'CI',
        scopes: ['read', 'ingest'],
        hint: 'ohk_ab',
        createdAtMs: clock.nowMs(),
        expiresAtMs: 99,
        revokedAtMs: null,
        lastUsedAtMs: null,
      });
      expect(await journal.findKey(hash)).toEqual(key);
      expect(await journal.findKey(Buffer.alloc(32, 8))).toBeUndefined();
      expect(await journal.listKeys('default')).toEqual([key]);
      clock.advance(10);
      const revoked = await journal.revokeKey('default', key.id, KEY_ACTOR);
      expect(revoked).toEqual({ ...key, revokedAtMs: clock.nowMs() });
      clock.advance(10);
      expect(await journal.revokeKey('default', key.id, KEY_ACTOR)).toEqual(revoked);
      expect(await journal.findKey(hash)).toEqual(revoked);
      expect(await journal.revokeKey('default', 'key_none', KEY_ACTOR)).toBeUndefined();
    });

    it('remember their last use, written at most once a minute', async () => {
      const { journal, clock } = await open();
      const hash = Buffer.alloc(32, 7);
      const unused = { accountId: 'default', name: 'x', scopes: [], hint: '', expiresAtMs: null } as const;
      const { id } = await journal.createKey({ ...unused, hash }, KEY_ACTOR);
      const firstMs = clock.nowMs();
      await journal.touchKey(id, firstMs);
      await journal.touchKey(id, firstMs + 59_000);
      expect((await journal.findKey(hash))?.lastUsedAtMs).toBe(firstMs);
      await journal.touchKey(id, firstMs + 60_000);
      expect((await journal.findKey(hash))?.lastUsedAtMs).toBe(firstMs + 60_000);
    });
  });

  describe('sources', () => {
    it('api and voicedock are there from the start, the latter without secrets, and stay', async () => {
      const { journal } = await open();
      const sources = await journal.listSources('default');
      expect(sources.map(({ id, kind, secrets }) => [id, kind, secrets])).toEqual([
        ['api', 'api', []],
        ['voicedock', 'voicedock', []],
      ]);
      expect(await journal.deleteSource('default', 'api', KEY_ACTOR)).toBe(false);
      expect(await journal.deleteSource('default', 'voicedock', KEY_ACTOR)).toBe(false);
      expect(await journal.findSource('voicedock')).toEqual(sources[1]);
    });

    it('are made, changed and deleted, with their secrets', async () => {
      const { journal, clock } = await open();
      const created = await journal.createSource(
        { accountId: 'default', kind: 'voicedock', name: 'Prod', secrets: ['s2', 's1'] },
        KEY_ACTOR,
      );
      expect(created).toMatchObject({ id: expect.stringMatching(/^src_/), secrets: ['s2', 's1'] });
      clock.advance(5);
      const changed = await journal.updateSource('default', created.id, { secrets: ['s3'] }, KEY_ACTOR);
      expect(changed).toEqual({ ...created, secrets: ['s3'], updatedAtMs: clock.nowMs() });
      expect(await journal.findSource(created.id)).toEqual(changed);
      expect(await journal.deleteSource('default', created.id, KEY_ACTOR)).toBe(true);
      expect(await journal.findSource(created.id)).toBeUndefined();
      expect(await journal.deleteSource('default', created.id, KEY_ACTOR)).toBe(false);
      expect(await journal.updateSource('default', created.id, { name: 'x' }, KEY_ACTOR)).toBeUndefined();
    });
  });

  describe('phone numbers', () => {
    it('are made, renamed, listed in order and deleted', async () => {
      const { journal, clock } = await open();
      const numbers: PhoneNumber[] = [];
      for (const number of ['+32', '+31', '+33']) {
        numbers.push(await journal.putPhoneNumber('default', number, `Line ${number}`, KEY_ACTOR));
      }
      clock.advance(10);
      const renamed = await journal.putPhoneNumber('default', '+31', 'Front desk', KEY_ACTOR);
      expect(renamed).toEqual({ ...numbers[1], name: 'Front desk' });
      const first = await journal.listPhoneNumbers('default', { limit: 2, cursor: null });
      expect(first.items).toEqual([renamed, numbers[0]]);
      const second = await journal.listPhoneNumbers('default', { limit: 2, cursor: first.nextCursor });
      expect(second).toEqual({ items: [numbers[2]], nextCursor: null });
      expect(await journal.deletePhoneNumber('default', '+32', KEY_ACTOR)).toBe(true);
      expect(await journal.deletePhoneNumber('default', '+32', KEY_ACTOR)).toBe(false);
    });
  });

  describe('the audit log', () => {
    it('holds who did what to what, newest first, page by page', async () => {
      const { journal, clock } = await open();
      await journal.putPhoneNumber('default', '+31', 'A', KEY_ACTOR);
      await journal.deletePhoneNumber('default', '+31', { kind: 'hub', id: 'hub' });
      const { items } = await journal.listAudit('default', FIRST_PAGE);
      expect(items).toEqual([
        {
          id: expect.stringMatching(/^aud_/),
          accountId: 'default',
          atMs: clock.nowMs(),
          actor: { kind: 'hub', id: 'hub' },
          action: 'phone_number.deleted',
          subject: '+31',
          detail: null,
        },
        expect.objectContaining({ action: 'phone_number.saved', actor: KEY_ACTOR, detail: { name: 'A' } }),
      ]);
      const first = await journal.listAudit('default', { limit: 1, cursor: null });
      const second = await journal.listAudit('default', { limit: 1, cursor: first.nextCursor });
      expect([...first.items, ...second.items]).toEqual(items);
    });
  });
}
