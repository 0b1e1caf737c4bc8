import { describe, expect, it } from 'vitest';
import { DELIVERY_LIMITS } from './limits.ts';
import { Room } from './room.ts';

const limits = {
  ...DELIVERY_LIMITS,
  heldBytesMax: 8_000,
  inFlightMax: 80,
  unrecordedMax: 40,
  laneReserve: 2,
};

function many(count: number): { body: { length: number } }[] {
  return Array.from({ length: count }, () => ({ body: { length: 100 } }));
}

function openRoom(held = 0): Room {
  const room = new Room(limits);
  for (const { body } of many(held)) room.hold(body.length);
  return room;
}

describe('the room that lanes share', () => {
  it('gives back a body’s memory with its record, not when its request starts', () => {
    const room = openRoom(80);
    expect(room.isFull).toBe(true);
    room.start(20);
    room.end(20);
    expect(room.isFull).toBe(true);
    room.recorded(many(20));
    expect(room.isFull).toBe(false);
    expect(room.isIdle).toBe(true);
  });

  it('gives each lane its share of what is free, by the size of what is there', () => {
    const room = openRoom(40);
    expect(room.countShare(4)).toBe(10);
    expect(openRoom(80).countShare(1)).toBe(limits.laneReserve);
    expect(openRoom(200).countShare(1)).toBe(limits.laneReserve);
  });

  it('starts nothing beyond the limit but what slow lanes can take from no other', () => {
    const room = openRoom();
    room.start(80);
    expect(room.mayStart(limits.laneReserve)).toBe(false);
    expect(room.mayStart(limits.laneReserve - 1)).toBe(true);
  });

  it('starts nothing at all while the journal takes no records', () => {
    const room = openRoom(40);
    room.start(40);
    room.end(40);
    expect(room.mayStart(0)).toBe(false);
    room.recorded(many(1));
    expect(room.mayStart(0)).toBe(true);
  });

  it('says once that there is room again, well below its limits, and only where somebody was refused', () => {
    const room = openRoom();
    expect(room.takeRelief()).toBe(false);
    room.start(80);
    expect(room.mayStart(2)).toBe(false);
    for (const { body } of many(80)) room.hold(body.length);
    room.end(9);
    room.recorded(many(9));
    expect(room.takeRelief()).toBe(false);
    room.end(1);
    room.recorded(many(1));
    expect(room.takeRelief()).toBe(true);
    expect(room.takeRelief()).toBe(false);
  });
});
