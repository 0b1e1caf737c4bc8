import { describe, expect, it } from 'vitest';

import { startSentence } from './sentence-start.ts';

describe('the start of a sentence', () => {
  it.each([
    ['connection refused by redis.example', 'Connection refused by redis.example'],
    ['no', 'No'],
    ['read-only, says Redis', 'Read-only, says Redis'],
    ['it’s gone', 'It’s gone'],
    ['étrange', 'Étrange'],
  ])('is a capital: %s', (text, sentence) => {
    expect(startSentence(text)).toBe(sentence);
  });

  it.each([
    'active_calls is kept by another',
    'webhook_url is not a URL',
    'redis.example.com does not answer',
    'api_url, or the token',
    'calls:active is of type string',
    '#alerts is archived',
    '401: refused',
    'e164 is wanted',
    'iPhone',
    '',
  ])('stays what it is where it is no plain word: %s', (text) => {
    expect(startSentence(text)).toBe(text);
  });
});
