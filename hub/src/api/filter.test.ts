import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { parseFilter, QUALIFIERS } from './filter.ts';

function read(text: string) {
  const parsed = parseFilter(text);
  return parsed.kind === 'filter' ? parsed.filter : `${parsed.column}: ${parsed.detail}`;
}

describe('the filter language', () => {
  it('reads every word', () => {
    expect(
      read(
        'status:ended-with-error number:+3185* destination:dst_1 duration:>5m error:"STT failed" call:a:b type:web_call source:api,src_2 state:dead,live',
      ),
    ).toEqual({
      statuses: ['ended-with-error'],
      number: { value: '+3185', prefix: true },
      destinationIds: ['dst_1'],
      durationMs: { min: 300_001 },
      error: 'STT failed',
      callId: 'a:b',
      callTypes: ['web_call'],
      sourceIds: ['api', 'src_2'],
      deliveryStates: ['dead'],
      callStates: ['live'],
    });
    expect(read('')).toEqual({});
    expect(read('   ')).toEqual({});
  });

  it('reads commas as or, and a minus as not', () => {
    expect(read('status:ended,ended-with-error -status:foo -state:dead -state:live,none')).toEqual({
      statuses: ['ended', 'ended-with-error'],
      excludedStatuses: ['foo'],
      excludedDeliveryStates: ['dead'],
      excludedCallStates: ['live', 'none'],
    });
  });

  it('keeps spaces, commas, colons and escaped quotes inside quotes', () => {
    expect(read(String.raw`error:"a, b: \"c\" \\"`)).toEqual({ error: String.raw`a, b: "c" \ `.trim() });
    expect(read('number:"+31 (0)85-083 50 37"')).toEqual({
      number: { value: '+310850835037', prefix: false },
    });
  });

  it('reads durations with each comparison', () => {
    expect(read('duration:>5m')).toEqual({ durationMs: { min: 300_001 } });
    expect(read('duration:>=5m')).toEqual({ durationMs: { min: 300_000 } });
    expect(read('duration:<30s')).toEqual({ durationMs: { max: 29_999 } });
    expect(read('duration:<=1h30m')).toEqual({ durationMs: { max: 5_400_000 } });
    expect(read('duration:1m..5m')).toEqual({ durationMs: { min: 60_000, max: 300_000 } });
    expect(read('duration:>1m duration:<5m')).toEqual({ durationMs: { min: 60_001, max: 299_999 } });
  });

  it('reads codes as one, as a hundred and as a range, and attempts with each comparison', () => {
    expect(read('code:401,5xx,420..429')).toEqual({
      codes: [
        { min: 401, max: 401 },
        { min: 500, max: 599 },
        { min: 420, max: 429 },
      ],
    });
    expect(read('code:4XX')).toEqual({ codes: [{ min: 400, max: 499 }] });
    expect(read('attempts:>0')).toEqual({ attempts: { min: 1 } });
    expect(read('attempts:>=3')).toEqual({ attempts: { min: 3 } });
    expect(read('attempts:<5')).toEqual({ attempts: { max: 4 } });
    expect(read('attempts:<=5')).toEqual({ attempts: { max: 5 } });
    expect(read('attempts:2')).toEqual({ attempts: { min: 2, max: 2 } });
    expect(read('attempts:1..4')).toEqual({ attempts: { min: 1, max: 4 } });
    expect(read('attempts:>1 attempts:<5')).toEqual({ attempts: { min: 2, max: 4 } });
  });

  it('points at the column of what it cannot read, and says what was probably meant', () => {
    expect(read('status:ended stats:foo')).toBe('14: "stats" is not known here. Did you mean "status"?');
    expect(read('state:daed')).toBe('7: "daed" is no state. Did you mean "dead"?');
    expect(read('state:live,xyzzy')).toMatch(/^12: "xyzzy" is no state\. It is one of none, live,/);
    expect(read('error:"never')).toBe('7: This quote is never closed.');
    expect(read('+31612345678')).toMatch(/^1: Write what "\+31612345678" is: number:/);
    expect(read('status:')).toBe('8: A value is missing here.');
    expect(read('status:a,')).toBe('10: A value is missing here.');
    expect(read('status:a status:b')).toMatch(/^10: "status" stands twice/);
    expect(read('-number:+31')).toMatch(/^1: "-" cannot stand before number/);
    expect(read('error:"a"b')).toBe('10: Put a space between two words.');
    expect(read('duration:5m')).toMatch(/^10: A duration is compared/);
    expect(read('destination:abc')).toMatch(/^13: An id here begins with "dst_"/);
    expect(read('number:abc')).toMatch(/^8: A number is digits/);
    expect(read('code:401,abc')).toMatch(/^10: A code is an HTTP status/);
    for (const code of ['40', '4x', '4000', '599..500', '>400', '0xx']) {
      expect(read(`code:${code}`)).toMatch(/^6: A code is an HTTP status/);
    }
    expect(read('-code:401')).toMatch(/^1: "-" cannot stand before code/);
    expect(read('code:401 code:402')).toMatch(/^10: "code" stands twice/);
    for (const count of ['many', '<0', '4..1', '>', '-1', '1.5']) {
      expect(read(`attempts:${count}`)).toMatch(/^10: Attempts are counted/);
    }
    expect(read('attempts:1,2')).toBe('12: attempts: takes one value.');
    expect(read('call:a,b')).toBe('8: call: takes one value.');
    expect(read(`error:${'x'.repeat(2000)}`)).toMatch(/at most 1024 characters/);
  });

  it('never throws, whatever is typed, and its column lies inside the text', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ maxLength: 200 }),
          fc
            .array(
              fc.oneof(
                fc.constantFrom(
                  ...QUALIFIERS,
                  ':',
                  ',',
                  '-',
                  '"',
                  '\\',
                  ' ',
                  '*',
                  '>',
                  '<',
                  '..',
                  '5m',
                  '+31',
                ),
                fc.string({ maxLength: 5 }),
              ),
            )
            .map((parts) => parts.join('')),
        ),
        (text) => {
          const parsed = parseFilter(text);
          if (parsed.kind === 'filter') return;
          expect(parsed.column).toBeGreaterThanOrEqual(1);
          expect(parsed.column).toBeLessThanOrEqual(text.length + 1);
        },
      ),
      { numRuns: 3_000 },
    );
  });
});
