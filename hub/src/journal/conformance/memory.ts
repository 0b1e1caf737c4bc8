import { describe, expect, it } from 'vitest';

import type { DestinationId } from '../ids.ts';
import {
  accept,
  claim,
  createDestination,
  FIRST_PAGE,
  KEY_ACTOR,
  record,
  type OpenHarness,
} from './harness.ts';

const UNKNOWN: DestinationId = 'dst_NONE';

export function describeMemory(open: OpenHarness): void {
  describe('what destinations remember', () => {
    it('is read in the order asked, changed and forgotten, each for itself', async () => {
      const { journal } = await open();
      const { id } = await createDestination(journal);
      const other = await createDestination(journal);
      await journal.writeDestinationMemory(id, [
        { key: 'call a', value: '4711' },
        { key: 'token', value: 'first', isSecret: true },
        { key: 'empty', value: '' },
      ]);
      await journal.writeDestinationMemory(other.id, [{ key: 'call a', value: 'theirs' }]);
      expect(await journal.readDestinationMemory(id, ['token', 'none', 'call a', 'empty', 'token'])).toEqual([
        'first',
        undefined,
        '4711',
        '',
        'first',
      ]);
      expect(await journal.readDestinationMemory(id, [])).toEqual([]);
      // Sealed or not may change, and within one write the last word counts.
      await journal.writeDestinationMemory(id, [
        { key: 'token', value: 'open now' },
        { key: 'call a', value: 'first' },
        { key: 'call a', value: 'sealed now', isSecret: true },
        { key: 'empty', value: null },
        { key: 'never there', value: null },
      ]);
      expect(await journal.readDestinationMemory(id, ['token', 'call a', 'empty'])).toEqual([
        'open now',
        'sealed now',
        undefined,
      ]);
      expect(await journal.readDestinationMemory(other.id, ['call a'])).toEqual(['theirs']);
    });

    it('is listed by prefix, by key, at most so many', async () => {
      const { journal } = await open();
      const { id } = await createDestination(journal);
      const other = await createDestination(journal);
      const keys = ['a', 'call_1', 'call%2', 'call_', 'callx1', 'call_10', 'call_é', 'call_\u{1F4DE}', 'z'];
      await journal.writeDestinationMemory(
        id,
        keys.map((key) => ({ key, value: `value of ${key}`, isSecret: key === 'call_10' })),
      );
      await journal.writeDestinationMemory(other.id, [{ key: 'call_0', value: 'theirs' }]);
      const list = async (prefix: string, limit = 100): Promise<readonly string[]> =>
        (await journal.listDestinationMemory(id, prefix, limit)).map(({ key }) => key);
      expect(await list('call_')).toEqual(['call_', 'call_1', 'call_10', 'call_é', 'call_\u{1F4DE}']);
      expect(await list('call_', 2)).toEqual(['call_', 'call_1']);
      expect(await list('call%')).toEqual(['call%2']);
      expect(await list('none')).toEqual([]);
      expect(await list('')).toHaveLength(keys.length);
      expect(await journal.listDestinationMemory(id, 'call_10', 10)).toEqual([
        { key: 'call_10', value: 'value of call_10' },
      ]);
    });

    it('is written whole or not at all', async () => {
      const { journal } = await open();
      const { id } = await createDestination(journal);
      const good = { key: 'good', value: 'x' };
      for (const bad of [
        { key: '', value: 'x' },
        { key: 'k'.repeat(321), value: 'x' },
        { key: 'k', value: 'x'.repeat(16_385) },
      ]) {
        await expect(journal.writeDestinationMemory(id, [good, bad])).rejects.toThrow('characters');
      }
      expect(await journal.readDestinationMemory(id, ['good'])).toEqual([undefined]);
      const largest = { key: 'k'.repeat(320), value: 'é'.repeat(16_384), isSecret: true };
      await journal.writeDestinationMemory(id, [largest]);
      expect(await journal.readDestinationMemory(id, [largest.key])).toEqual([largest.value]);
      await journal.writeDestinationMemory(id, []);
    });

    it('goes with the destination; a deleted or unknown one remembers nothing any more', async () => {
      const { journal } = await open();
      const { id } = await createDestination(journal);
      await journal.writeDestinationMemory(
        id,
        Array.from({ length: 2_500 }, (_, index) => ({ key: `key ${index}`, value: 'x' })),
      );
      await journal.writeDestinationMemory(id, [{ key: 'token', value: 'secret', isSecret: true }]);
      // Asked for together, so that the write comes after the deletion in the same commit.
      await Promise.all([
        journal.deleteDestination('default', id, KEY_ACTOR),
        journal.writeDestinationMemory(id, [{ key: 'after', value: 'x' }]),
      ]);
      await journal.writeDestinationMemory(id, [{ key: 'after', value: 'x' }]);
      await journal.writeDestinationMemory(UNKNOWN, [{ key: 'after', value: 'x' }]);
      for (const destinationId of [id, UNKNOWN]) {
        const read = await journal.readDestinationMemory(destinationId, ['token', 'key 1', 'after']);
        expect(read).toEqual([undefined, undefined, undefined]);
        expect(await journal.listDestinationMemory(destinationId, '', 10)).toEqual([]);
      }
    });

    it('about a call goes with the call, and the rest stays', async () => {
      const harness = await open();
      const { journal, clock } = harness;
      const { id } = await createDestination(journal);
      const second = await createDestination(journal);
      await accept(journal, 'a', 'ended');
      for (const destinationId of [id, second.id]) {
        await journal.writeDestinationMemory(destinationId, [
          { key: 'of a', value: '1', callId: 'a' },
          { key: 'token of a', value: '1', callId: 'a', isSecret: true },
          { key: 'of all', value: '2' },
          { key: 'released', value: '3', callId: 'a' },
          // Nothing would ever forget it again.
          { key: 'of nobody', value: '4', callId: 'unknown' },
        ]);
        await journal.writeDestinationMemory(destinationId, [{ key: 'released', value: '3' }]);
      }
      const keys = ['of a', 'token of a', 'of all', 'released', 'of nobody'];
      expect(await journal.readDestinationMemory(id, keys)).toEqual(['1', '1', '2', '3', undefined]);
      for (const destinationId of [id, second.id]) {
        for (const claimed of await claim(harness, destinationId)) await record(journal, claimed);
      }
      clock.advance(1);
      expect(await journal.prune(clock.nowMs(), 10)).toBe(1);
      for (const destinationId of [id, second.id]) {
        const read = await journal.readDestinationMemory(destinationId, keys);
        expect(read).toEqual([undefined, undefined, '2', '3', undefined]);
      }
    });

    it('that is secret is nowhere in the clear on disk', async () => {
      const harness = await open();
      const { journal } = harness;
      if (harness.readDisk === null) return;
      const { id } = await createDestination(journal);
      await journal.writeDestinationMemory(id, [
        { key: 'plain', value: 'this-is-readable-7f3a' },
        { key: 'token', value: 'this-is-secret-7f3a', isSecret: true },
      ]);
      const bytes = Buffer.from(harness.readDisk());
      expect(bytes.includes('this-is-readable-7f3a')).toBe(true);
      expect(bytes.includes('this-is-secret-7f3a')).toBe(false);
      expect(await journal.readDestinationMemory(id, ['token'])).toEqual(['this-is-secret-7f3a']);
    });
  });

  describe('calls as destinations ask for them', () => {
    it('are read in the order asked, of the account alone', async () => {
      const { journal } = await open();
      const other = await journal.createAccount('Other', KEY_ACTOR);
      await accept(journal, 'a', 'in-progress');
      await accept(journal, 'b', 'ended');
      await accept(journal, 'theirs', 'ended', {}, { accountId: other.id });
      const calls = await journal.readCalls('default', ['b', 'none', 'theirs', 'a', 'b']);
      expect(calls.map((call) => call?.callId)).toEqual(['b', undefined, undefined, 'a', 'b']);
      expect(calls[0]).toEqual(await journal.getCall('default', 'b'));
      expect(await journal.readCalls('default', [])).toEqual([]);
    });

    it('are listed while live and not stale, each once, whatever begins and ends between the pages', async () => {
      const { journal, clock } = await open();
      const other = await journal.createAccount('Other', KEY_ACTOR);
      await accept(journal, 'stale', 'in-progress');
      clock.advance(10_000);
      const sinceMs = clock.nowMs();
      await accept(journal, 'theirs', 'in-progress', {}, { accountId: other.id });
      for (let index = 0; index < 30; index += 1) {
        // Ten of one commit share a time.
        if (index % 10 === 0) clock.advance(1);
        await accept(journal, `call-${index}`, 'in-progress');
      }
      const listed: string[] = [];
      let cursor: string | null = null;
      for (let turn = 0; ; turn += 1) {
        const page = await journal.listActiveCalls('default', sinceMs, { limit: 4, cursor });
        expect(page.items.length).toBeLessThanOrEqual(4);
        listed.push(...page.items.map(({ callId }) => callId));
        cursor = page.nextCursor;
        if (cursor === null) break;
        // One that was listed ends, one that was not ends, one begins.
        await accept(journal, `call-${turn}`, 'ended');
        await accept(journal, `call-${29 - turn}`, 'ended-with-error');
        clock.advance(1);
        await accept(journal, `new-${turn}`, 'in-progress');
      }
      expect(new Set(listed).size).toBe(listed.length);
      expect(listed).not.toContain('stale');
      expect(listed).not.toContain('theirs');
      const left = (await journal.listActiveCalls('default', sinceMs, { limit: 100, cursor: null })).items;
      expect(left.length).toBeGreaterThan(10);
      for (const { callId, state } of left) {
        expect(state).toBe('live');
        expect(listed).toContain(callId);
      }
      const live = await journal.listCalls('default', { callStates: ['live'] }, FIRST_PAGE);
      expect(left.map(({ callId }) => callId).toSorted()).toEqual(
        live.items
          .map(({ callId }) => callId)
          .filter((callId) => callId !== 'stale')
          .toSorted(),
      );
      expect((await journal.listActiveCalls(other.id, sinceMs, FIRST_PAGE)).items).toHaveLength(1);
      const later = clock.nowMs() + 1;
      expect(await journal.listActiveCalls('default', later, FIRST_PAGE)).toEqual({
        items: [],
        nextCursor: null,
      });
    });
  });
}

/** For stores that outlive their process. */
export function describeMemoryRestart(open: OpenHarness): void {
  describe('what destinations remember after a crash', () => {
    it('is what was acknowledged, and of deleted ones nothing', async () => {
      const harness = await open();
      const { journal } = harness;
      const crash = harness.crash ?? expect.fail('a store that survives a crash says how to crash it');
      const { id } = await createDestination(journal);
      const gone = await createDestination(journal);
      for (const destinationId of [id, gone.id]) {
        await journal.writeDestinationMemory(destinationId, [
          { key: 'record', value: '4711' },
          { key: 'token', value: 'secret', isSecret: true },
        ]);
      }
      await journal.deleteDestination('default', gone.id, KEY_ACTOR);
      const again = await crash();
      expect(await again.readDestinationMemory(id, ['record', 'token'])).toEqual(['4711', 'secret']);
      expect(await again.readDestinationMemory(gone.id, ['record', 'token'])).toEqual([undefined, undefined]);
    });
  });
}
