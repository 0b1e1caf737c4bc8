import { describe, expect, it } from 'vitest';

import { toSettingFacts } from './setting-facts.ts';
import { toFields } from './settings-schema.ts';

describe('settings for reading', () => {
  it('say what is set, in the words of the form, and nothing of what is not in use', () => {
    const fields = toFields({
      properties: {
        mode: { title: 'Post by', enum: ['webhook', 'bot'], choices: { bot: 'Bot token' } },
        url: { title: 'Webhook URL', type: 'string', when: { field: 'mode', is: ['webhook'] } },
        token: { title: 'Token', type: 'string', secret: true },
        every: { title: 'Every', type: 'integer', unit: 's' },
        isLoud: { title: 'Loud', type: 'boolean' },
        fields: { title: 'Fields', type: 'array' },
        headers: { title: 'Headers', type: 'object' },
        note: { title: 'Note', type: 'string' },
        prefix: { title: 'Prefix', type: 'string', default: '' },
        kept: { title: 'Entries kept', type: 'integer', default: 10_000, advanced: true },
        shown: { title: 'Shown', type: 'integer', default: 10_000, advanced: true },
      },
    });
    expect(
      toSettingFacts(fields, {
        mode: 'bot',
        url: 'https://of.before',
        token: '••••••',
        every: 60,
        isLoud: false,
        fields: ['a', 'b'],
        headers: { 'X-Team': '••••••' },
        prefix: '',
        kept: 10_000,
        shown: 20_000,
      }),
    ).toEqual([
      ['Post by', 'Bot token'],
      ['Token', '••••••'],
      ['Every', '60 s'],
      ['Loud', 'no'],
      ['Fields', 'a, b'],
      ['Headers', 'X-Team'],
      ['Shown', '20,000'],
    ]);
  });
});
