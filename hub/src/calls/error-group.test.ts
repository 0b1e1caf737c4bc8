import { describe, expect, it } from 'vitest';

import { ERROR_CLASSES, FINGERPRINT_LENGTH_MAX, toErrorTraits } from './error-group.ts';

function toFingerprint(text: string): string {
  return toErrorTraits(text).fingerprint;
}

describe('the fingerprint of an error', () => {
  it('leaves out what differs from call to call: numbers, UUIDs, ids', () => {
    expect(toFingerprint('Timeout after 30000 ms')).toBe('Timeout after # ms');
    expect(toFingerprint('Timeout after 12.5 s at 10:31:07')).toBe('Timeout after # s at #');
    expect(toFingerprint('Session 3f2504e0-4f89-41d3-9a0c-0305e82c3301 lost')).toBe('Session # lost');
    expect(toFingerprint('trace 9f86d081884c7d65 at 0x1F')).toBe('trace # at #');
    expect(toFingerprint('No such call: call_01HQZX5T2N8RAB4')).toBe('No such call: #');
  });

  it('keeps words, and their case', () => {
    expect(toFingerprint('Defaced facade: accessibility effaced')).toBe(
      'Defaced facade: accessibility effaced',
    );
    expect(toFingerprint('internationalization-of-everything failed')).toBe(
      'internationalization-of-everything failed',
    );
    expect(toFingerprint('STT failed')).not.toBe(toFingerprint('stt failed'));
  });

  it('is the same however the text is spaced', () => {
    expect(toFingerprint('  a\n\tb   3 ')).toBe('a b #');
  });

  it('is empty where there is no text', () => {
    expect(toErrorTraits('')).toEqual({ errorClass: 'other', fingerprint: '' });
  });

  it('is bounded, and never half a character', () => {
    const long = toFingerprint(`${'x'.repeat(FINGERPRINT_LENGTH_MAX - 1)}😀`);
    expect(long).toHaveLength(FINGERPRINT_LENGTH_MAX);
    expect(long.isWellFormed()).toBe(true);
    expect(toFingerprint('1 '.repeat(100_000)).length).toBeLessThanOrEqual(FINGERPRINT_LENGTH_MAX);
  });

  it('takes no longer for a text that is made to be hard', () => {
    const began = performance.now();
    for (const hard of ['a-'.repeat(50_000), '0x'.repeat(50_000), '1,'.repeat(50_000), 'f'.repeat(100_000)]) {
      toErrorTraits(hard);
    }
    expect(performance.now() - began).toBeLessThan(500);
  });
});

describe('the class of an error', () => {
  const TEXTS: Readonly<Record<(typeof ERROR_CLASSES)[number], readonly string[]>> = {
    stt: ['STT provider connection lost', 'Transcriber stopped', 'Speech-to-text timed out'],
    tts: ['TTS failed', 'Voice not found', 'speech synthesis error'],
    llm: ['LLM call failed', 'OpenAI answered 429', 'The model is overloaded: timeout'],
    telephony: ['SIP 503', 'Trunk unreachable', 'Carrier rejected', 'Dialing failed'],
    integration: ['Webhook returned 500', 'assistant-request gave no assistant'],
    quota: ['Out of credit', 'Quota exceeded', 'HTTP 429', 'payment required'],
    timeout: ['Timeout', 'The call timed out', 'time-out'],
    other: ['Something broke', 'gossip', 'voicemail', '4290'],
  };

  it.each(ERROR_CLASSES.map((name) => [name] as const))('%s is told by its words', (name) => {
    for (const text of TEXTS[name]) expect([text, toErrorTraits(text).errorClass]).toEqual([text, name]);
  });
});
