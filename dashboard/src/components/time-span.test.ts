import { describe, expect, it } from 'vitest';

import { parseInputText, toInputText, toPresetLabel, toSpanFault } from './time-span.ts';

const NOON_MS = Date.parse('2025-12-13T12:00:00Z');

describe('a span of time', () => {
  it('has words', () => {
    expect(toPresetLabel('24h')).toBe('Last 24 hours');
    expect(toPresetLabel('1h')).toBe('Last hour');
    expect(toPresetLabel('90m')).toBe('Last 90 minutes');
    expect(toPresetLabel('1w')).toBe('Last week');
    expect(toPresetLabel('2025-12-13T12:00:00Z')).toBeNull();
    expect(toPresetLabel('1h30m')).toBeNull();
  });

  it.each([true, false])('goes into a field and comes back (UTC: %s)', (isUtc) => {
    expect(parseInputText(toInputText(NOON_MS, isUtc), isUtc)).toBe(NOON_MS);
  });

  it('is read in UTC where the page is', () => {
    expect(parseInputText('2025-12-13T12:00', true)).toBe(NOON_MS);
    expect(parseInputText('', true)).toBeNull();
    expect(parseInputText('tomorrow', true)).toBeNull();
  });

  it('begins before it ends, and not in the future', () => {
    expect(toSpanFault(NOON_MS, null, NOON_MS + 1)).toBeNull();
    expect(toSpanFault(NOON_MS, NOON_MS + 1, NOON_MS + 1)).toBeNull();
    expect(toSpanFault(null, null, NOON_MS)).toMatch(/begins/);
    expect(toSpanFault(NOON_MS, NOON_MS, NOON_MS + 1)).toMatch(/ends before/);
    expect(toSpanFault(NOON_MS + 1, null, NOON_MS)).toMatch(/future/);
  });
});
