import { describe, expect, it } from 'vitest';

import type { ApiKey, Session } from '../accounts.ts';
import type { Journal } from '../journal.ts';
import { FIRST_PAGE, KEY_ACTOR, type OpenHarness } from './harness.ts';

const HASH = Buffer.alloc(32, 7);
const LIFE_MS = 12 * 3_600_000;

export function describeSessions(open: OpenHarness): void {
  describe('sessions', () => {
    it('are found by the hash of their token, with the key they were opened with', async () => {
      const { journal, clock } = await open();
      const key = await createKey(journal);
      const session = await createSession(journal, key, clock.nowMs() + LIFE_MS);
      expect(session).toEqual({
        id: expect.stringMatching(/^ses_/),
        accountId: 'default',
        keyId: key.id,
        createdAtMs: clock.nowMs(),
        expiresAtMs: clock.nowMs() + LIFE_MS,
        revealedAtMs: null,
      });
      expect(await journal.findSession(HASH)).toEqual({ session, key });
      expect(await journal.findSession(Buffer.alloc(32, 8))).toBeUndefined();
      expect(await listActions(journal)).toContain(`session.created ${session.id}`);
    });

    it('show their key as it is now, revoked or not: the door decides', async () => {
      const { journal, clock } = await open();
      const key = await createKey(journal);
      await createSession(journal, key, clock.nowMs() + LIFE_MS);
      await journal.revokeKey('default', key.id, KEY_ACTOR);
      expect((await journal.findSession(HASH))?.key.revokedAtMs).toBe(clock.nowMs());
    });

    it('reveal numbers and mask them again, each noted once', async () => {
      const { journal, clock } = await open();
      const { id } = await createSession(journal, await createKey(journal), clock.nowMs() + LIFE_MS);
      expect((await journal.setSessionRevealed(id, true, KEY_ACTOR))?.revealedAtMs).toBe(clock.nowMs());
      const revealedAtMs = clock.nowMs();
      clock.advance(1_000);
      expect((await journal.setSessionRevealed(id, true, KEY_ACTOR))?.revealedAtMs).toBe(revealedAtMs);
      expect((await journal.findSession(HASH))?.session.revealedAtMs).toBe(revealedAtMs);
      expect((await journal.setSessionRevealed(id, false, KEY_ACTOR))?.revealedAtMs).toBeNull();
      expect(await journal.setSessionRevealed('ses_none', true, KEY_ACTOR)).toBeUndefined();
      expect((await listActions(journal)).filter((action) => action.startsWith('numbers.'))).toEqual([
        `numbers.masked ${id}`,
        `numbers.revealed ${id}`,
      ]);
    });

    it('end for good', async () => {
      const { journal, clock } = await open();
      const { id } = await createSession(journal, await createKey(journal), clock.nowMs() + LIFE_MS);
      expect(await journal.endSession(id, KEY_ACTOR)).toBe(true);
      expect(await journal.endSession(id, KEY_ACTOR)).toBe(false);
      expect(await journal.findSession(HASH)).toBeUndefined();
      expect((await listActions(journal)).filter((action) => action === `session.ended ${id}`)).toHaveLength(
        1,
      );
    });

    it('are pruned once they have expired', async () => {
      const { journal, clock } = await open();
      const key = await createKey(journal);
      await createSession(journal, key, clock.nowMs() + LIFE_MS);
      clock.advance(LIFE_MS - 1);
      await journal.prune(0, 100);
      expect(await journal.findSession(HASH)).toBeDefined();
      clock.advance(1);
      await journal.prune(0, 100);
      expect(await journal.findSession(HASH)).toBeUndefined();
    });
  });

  describe('the audit log', () => {
    it('takes what changed nothing but must be known', async () => {
      const { journal } = await open();
      const entry = { accountId: 'default', action: 'data.exported', subject: 'calls' } as const;
      await journal.appendAudit({ ...entry, detail: { rows: 3 } }, KEY_ACTOR);
      expect((await journal.listAudit('default', FIRST_PAGE)).items[0]).toMatchObject({
        ...entry,
        actor: KEY_ACTOR,
        detail: { rows: 3 },
      });
      await expect(
        journal.appendAudit({ ...entry, accountId: 'acc_none', detail: null }, KEY_ACTOR),
      ).rejects.toThrow('acc_none');
    });
  });
}

function createKey(journal: Journal): Promise<ApiKey> {
  const hash = Buffer.alloc(32, 1);
  return journal.createKey(
    { accountId: 'default', name: 'x', scopes: ['write'], hint: 'ohk_x', expiresAtMs: null, hash },
    KEY_ACTOR,
  );
}

function createSession(journal: Journal, key: ApiKey, expiresAtMs: number): Promise<Session> {
  return journal.createSession({ accountId: 'default', keyId: key.id, expiresAtMs, hash: HASH }, KEY_ACTOR);
}

/** Newest first. */
async function listActions(journal: Journal): Promise<readonly string[]> {
  const { items } = await journal.listAudit('default', FIRST_PAGE);
  return items.map(({ action, subject }) => `${action} ${subject}`);
}
