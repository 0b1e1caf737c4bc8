import { describe, expect, it } from 'vitest';

import { maskText } from './masked-text.ts';

describe('a masked text', () => {
  it.each([
    ['0612 345 678', '06•• ••• •78'],
    ['(020) 123 4567', '(02•) ••• ••67'],
    ['+31 (0)20 123 4567', '+31 (•)•• ••• ••67'],
    ['31 6 12 34 56 78', '31 • •• •• •• 78'],
    ['+31\u00a06\u00a01234\u00a05678', '+31\u00a0•\u00a0••••\u00a0••78'],
    ['+31\u202f6\u20091234\u20095678', '+31\u202f•\u2009••••\u2009••78'],
    ['\u202a+31612345678\u202c', '\u202a+31•••••••78\u202c'],
    ['+31 6\u200b12\u200b34\u200b56\u200b78', '+31 •\u200b••\u200b••\u200b••\u200b78'],
    ['٠٦١٢٣٤٥٦٧٨', '٠٦••••••٧٨'],
    ['０６１２３４５６７８', '０６••••••７８'],
    ['06-12345678', '06-••••••78'],
    ['06‑1234‑5678', '06‑••••‑••78'],
    ['020/1234567', '02•/•••••67'],
    ['06.12.34.56.78', '06.••.••.••.78'],
    ['12.34.56.78', '12.••.••.78'],
    ['1234567', '12•••67'],
    ['call 0612345678 or 0201234567', 'call 06••••••78 or 02••••••67'],
    ['call31612345678x', 'call31•••••••78x'],
  ])('hides %j', (text, masked) => {
    expect(maskText(`from ${text} now`)).toBe(`from ${masked} now`);
  });

  it.each([
    '2026-11-22T12:00:00Z',
    '2026-11-22T12:00:00.123456Z',
    '2026-11-22T12:00:00.000+01:00',
    '2026-11-22T12:00:00.123+0100',
    '2026-11-22 12:00:00',
    '2026-11-22',
    '22-11-2026',
    '22/11/2026',
    '2026/11/22',
    '22.11.2026 12:00',
    '12:00:00.123456',
    '5c4d030f-43e3-4e65-899e-8148521e660f',
    '12345678-1234-4234-8234-123456789012',
    '507f1f77bcf86cd799439011',
    'connect ECONNREFUSED 192.168.100.200:5432',
    'connect ECONNREFUSED 10.0.0.12:443',
    'HTTP 503 after 12 tries, 1500 ms, 20 % of 600',
    '123456',
    '[404, 500, 503, 504]',
    '{"sequence":12,"duration_s":61.25}',
    '',
  ])('leaves %j readable', (text) => {
    expect(maskText(text)).toBe(text);
    expect(maskText(`at ${text}, said`)).toBe(`at ${text}, said`);
  });

  it('leaves ten dates in a row, and hides a number beside one', () => {
    const dates = Array.from({ length: 10 }, () => '2026-11-22').join(' ');
    expect(maskText(dates)).toBe(dates);
    expect(maskText('2026-11-22 0612345678')).toBe('2026-11-22 06••••••78');
    expect(maskText('0612345678 2026-11-22')).not.toContain('345678');
  });

  it('takes time in proportion to its length, whatever it holds', () => {
    const measure = (text: string): number => {
      let bestMs = Number.POSITIVE_INFINITY;
      for (let round = 0; round < 3; round += 1) {
        const startMs = performance.now();
        maskText(text);
        bestMs = Math.min(bestMs, performance.now() - startMs);
      }
      return bestMs;
    };
    for (const part of [
      '1 ',
      '1   ',
      'a1',
      '1-',
      '+',
      '+1',
      '12:00:',
      '2026-11-',
      'abcdef01',
      '1.',
      '(',
      'f'.repeat(25),
    ]) {
      const shortMs = measure(part.repeat(2_000));
      const longMs = measure(part.repeat(64_000));
      // 32 times the length: a square would take 1,024 times as long. Half of it is left to a busy machine.
      expect([part, longMs < shortMs * 400 + 50]).toEqual([part, true]);
    }
  });
});
