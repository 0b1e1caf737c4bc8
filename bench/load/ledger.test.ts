import { describe, expect, it } from 'vitest';

import { createLedger, toSlot } from './ledger.ts';

describe('ledger', () => {
  it('counts every event once, second arrivals as duplicates, and ends before starts as inversions', () => {
    const ledger = createLedger();
    const call = ledger.startCall();
    ledger.send(toSlot(call, false), 1);
    ledger.send(toSlot(call, true), 2);
    ledger.arrive(toSlot(call, true), 5);
    ledger.arrive(toSlot(call, false), 9);
    ledger.arrive(toSlot(call, false), 11);
    expect(ledger.counts).toEqual({ sent: 2, arrived: 2, duplicates: 1, inversions: 1 });
    expect([...ledger.listLatencies(0)]).toEqual([3, 8]);
    expect([...ledger.listLatencies(2)]).toEqual([3]);
  });

  it('says which events are lost', async () => {
    const ledger = createLedger();
    ledger.send(toSlot(ledger.startCall(), false), 1);
    ledger.send(toSlot(ledger.startCall(), false), 1);
    ledger.arrive(toSlot(0, false), 2);
    await expect(ledger.waitUntilAllArrived(1)).rejects.toThrow('1 of 2 events had not arrived');
  });

  it('waits until the last of them has arrived, and not for a refused one', async () => {
    const ledger = createLedger();
    for (let call = 0; call < 3; call++) ledger.send(toSlot(ledger.startCall(), false), 1);
    ledger.refuse(toSlot(1, false));
    const all = ledger.waitUntilAllArrived(10_000);
    ledger.arrive(toSlot(0, false), 3);
    ledger.arrive(toSlot(2, false), 4);
    await expect(all).resolves.toBe(4);
  });

  it('grows with the calls', () => {
    const ledger = createLedger();
    const slot = toSlot(200_000, true);
    ledger.send(slot, 1);
    ledger.arrive(slot, 2);
    expect(ledger.counts.arrived).toBe(1);
  });
});
