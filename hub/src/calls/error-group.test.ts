import { describe, expect, it } from 'vitest';

import { FINGERPRINT_LENGTH_MAX } from '@offhook/contract/error-fingerprint';
import { ERROR_CLASSES, toErrorTraits } from './error-group.ts';

function toFingerprint(text: string): string {
  return toErrorTraits(text).fingerprint;
}

const HARD_TEXTS = ['a-', '0x', '1,', 'f', '-', '_1', 'a1-', ' ', '1 ', 'a'.repeat(15), 'f-', '12345678-'];
const TEXTS_MEASURED = 1_000;
/** Below this for so many texts there is nothing to compare: it is 100 µs each. */
const LEAST_MS = 100;

/** This thread's own share of the processor, the best of five: what else runs on the machine is none of it. */
function measureMs(text: string): number {
  const times = Array.from({ length: 5 }, () => {
    const began = process.threadCpuUsage();
    for (let index = 0; index < TEXTS_MEASURED; index += 1) toErrorTraits(text);
    const { user, system } = process.threadCpuUsage(began);
    return (user + system) / 1000;
  });
  return Math.min(...times);
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

  it('leaves out an id with hyphens, and keeps a word with hyphens', () => {
    expect(toFingerprint('Job job-7f-queue-worker-a stopped')).toBe('Job # stopped');
    expect(toFingerprint('a-very-long-hyphenated-word stopped')).toBe('a-very-long-hyphenated-word stopped');
  });

  it.each(HARD_TEXTS)('of %j over and over takes time that grows with its length alone', (part) => {
    // Where time grows with the square, four times the text takes sixteen times as long.
    const short = measureMs(part.repeat(500).slice(0, 125));
    const long = measureMs(part.repeat(500).slice(0, 500));
    expect(long).toBeLessThan(Math.max(10 * short, LEAST_MS));
  });

  it('looks at the beginning of a text alone', () => {
    for (const part of HARD_TEXTS) {
      const begin = part.repeat(500).slice(0, 500);
      expect(toErrorTraits(part.repeat(100_000))).toEqual(toErrorTraits(begin));
    }
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
