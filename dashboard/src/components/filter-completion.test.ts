import { describe, expect, it } from 'vitest';

import { QUALIFIERS, parseFilter } from '../../../hub/src/api/filter.ts';
import { completeFilter } from './filter-completion.ts';

const options = {
  qualifiers: QUALIFIERS,
  suggestions: {
    state: ['live', 'ended', 'failed'],
    destination: [
      { value: 'dst_1', title: 'CRM' },
      { value: 'dst_2', title: 'Slack #calls' },
    ],
  },
};

function complete(word: string) {
  return completeFilter(word, options).map((one) => one.text);
}

describe('completion of a filter', () => {
  it('offers the words of the language while nothing is typed', () => {
    expect(complete('')).toEqual(QUALIFIERS.map((name) => `${name}:`));
  });

  it('offers qualifiers before values and guesses', () => {
    expect(complete('st').slice(0, 2).toSorted()).toEqual(['state:', 'status:']);
    expect(complete('st')).toContain('error:st');
  });

  it('offers values behind the colon, found by their title too', () => {
    expect(complete('state:')).toEqual(['state:live', 'state:ended', 'state:failed']);
    expect(complete('state:f')).toEqual(['state:failed']);
    expect(complete('destination:slack')).toEqual(['destination:dst_2']);
  });

  it('offers one more value behind a comma, and none twice', () => {
    expect(complete('state:live,')).toEqual(['state:live,ended', 'state:live,failed']);
    expect(complete('-state:live,f')).toEqual(['-state:live,failed']);
  });

  it('takes a bare word for text of an error', () => {
    expect(complete('timeout')[0]).toBe('error:timeout');
    expect(complete('STT connection')[0]).toBe('error:"STT connection"');
  });

  it('takes digits for a phone number', () => {
    expect(complete('+3185')).toEqual(['number:+3185*', 'number:+3185', 'call:+3185', 'error:+3185']);
    expect(complete('06 1234')[0]).toBe('number:061234*');
  });

  it('takes what looks like an id for one', () => {
    expect(complete('8f14e45f-ceea-467f')[0]).toBe('call:8f14e45f-ceea-467f');
    expect(complete('dst_9')[0]).toBe('destination:dst_9');
  });

  it('finds values of any qualifier by a bare word', () => {
    expect(complete('fail')[0]).toBe('state:failed');
    expect(complete('CRM')[0]).toBe('destination:dst_1');
  });

  it('guesses only what this list can be filtered by', () => {
    const texts = completeFilter('timeout', { qualifiers: ['destination', 'call'], suggestions: {} });
    expect(texts.map((one) => one.text)).toEqual(['call:timeout']);
  });

  it('offers after a minus only what can be ruled out', () => {
    expect(complete('-')).toEqual(['status:', 'state:'].map((name) => `-${name}`));
  });

  it.each([
    'fail',
    'timeout',
    'a "b',
    '+31 85',
    'state:',
    'code:',
    'attempts:',
    'duration:',
    'status:',
    'x,y',
    'CRM',
  ])('makes of %j only whole terms that the hub understands', (word) => {
    const whole = completeFilter(word, options).filter((one) => one.isWhole);
    expect(whole).not.toEqual([]);
    for (const { text } of whole) expect([text, parseFilter(text).kind]).toEqual([text, 'filter']);
  });
});
