import { describe, expect, it } from 'vitest';
import { z } from 'zod';

import type { FieldMeta } from '../../../../hub/src/destinations/destination.ts';
import { findFaults, isShown, MASK, toFields, toSettings, toSettingsDraft } from './settings-schema.ts';

const meta = (facts: FieldMeta) => ({ ...facts });

const settings = z.strictObject({
  mode: z
    .enum(['webhook', 'bot'])
    .default('webhook')
    .meta(meta({ title: 'Post by', choices: { webhook: 'Incoming webhook', bot: 'Bot token' } })),
  url: z
    .string()
    .optional()
    .meta(meta({ title: 'Webhook URL', secret: true, when: { field: 'mode', is: ['webhook'] } })),
  token: z
    .string()
    .optional()
    .meta(meta({ title: 'Bot token', secret: true, when: { field: 'mode', is: ['bot'] } })),
  name: z.string().meta(meta({ title: 'Name', placeholder: 'alerts' })),
  every: z
    .int()
    .min(5)
    .max(3_600)
    .default(60)
    .meta(meta({ title: 'Every', unit: 's', advanced: true })),
  count: z
    .int()
    .optional()
    .meta(meta({ title: 'Count' })),
  isLoud: z
    .boolean()
    .default(true)
    .meta(meta({ title: 'Loud' })),
  fields: z
    .array(z.string())
    .optional()
    .meta(meta({ title: 'Fields' })),
  headers: z
    .record(z.string(), z.string())
    .optional()
    .meta(meta({ title: 'Headers' })),
  note: z
    .string()
    .nullable()
    .optional()
    .meta(meta({ title: 'Note', multiline: true })),
});
const fields = toFields(z.toJSONSchema(settings, { io: 'input' }));
const field = (name: string) => fields.find((one) => one.name === name);

describe('the form of a kind, from its schema', () => {
  it('knows each field: its words, its kind, whether it is needed, its bounds', () => {
    expect(fields.map(({ name, kind }) => `${name}: ${kind}`)).toEqual([
      'mode: choice',
      'url: text',
      'token: text',
      'name: text',
      'every: number',
      'count: number',
      'isLoud: flag',
      'fields: list',
      'headers: record',
      'note: text',
    ]);
    expect(field('mode')?.options).toEqual([
      { value: 'webhook', label: 'Incoming webhook' },
      { value: 'bot', label: 'Bot token' },
    ]);
    expect(field('url')).toMatchObject({ secret: true, isRequired: false, isOptional: false });
    expect(field('name')).toMatchObject({ isRequired: true, placeholder: 'alerts' });
    expect(field('every')).toMatchObject({ min: 5, max: 3_600, unit: 's', advanced: true, isWhole: true });
    expect(field('count')).toMatchObject({ min: undefined, max: undefined, isOptional: true });
    expect(field('note')).toMatchObject({ isOptional: true, multiline: true });
  });

  it('begins with the defaults, and sends what was given and is shown', () => {
    const draft = toSettingsDraft(fields);
    expect(draft).toMatchObject({ mode: 'webhook', url: '', every: 60, isLoud: true, headers: [] });
    expect(
      toSettings(fields, { ...draft, url: ' https://example.com ', token: 'unseen', name: 'a' }),
    ).toEqual({
      mode: 'webhook',
      url: 'https://example.com',
      name: 'a',
      every: 60,
      isLoud: true,
    });
  });

  it('shows a field only where what it belongs to is chosen', () => {
    const draft = toSettingsDraft(fields);
    const token = fields.find(({ name }) => name === 'token');
    if (token === undefined) throw new Error('no token');
    expect(isShown(token, draft)).toBe(false);
    expect(isShown(token, { ...draft, mode: 'bot' })).toBe(true);
  });

  it('gives back untouched what it was given, masks among it', () => {
    const stored = {
      mode: 'bot',
      token: MASK,
      name: 'alerts',
      every: 30,
      isLoud: false,
      fields: ['a', 'b'],
      headers: { Authorization: MASK },
      note: 'one\ntwo',
    };
    const draft = toSettingsDraft(fields, stored);
    expect(draft).toMatchObject({ fields: 'a\nb', headers: [{ name: 'Authorization', value: MASK }] });
    expect(toSettings(fields, draft)).toEqual(stored);
    expect(settings.safeParse(toSettings(fields, draft)).success).toBe(true);
  });

  it('leaves out headers without a name and empty lines', () => {
    const draft = {
      ...toSettingsDraft(fields),
      name: 'a',
      fields: ' a \n\n b ',
      headers: [
        { name: ' X-Team ', value: 'north' },
        { name: '', value: 'lost' },
      ],
    };
    expect(toSettings(fields, draft)).toMatchObject({ fields: ['a', 'b'], headers: { 'X-Team': 'north' } });
  });

  it('says what is missing and what is out of bounds, of fields that are shown', () => {
    const draft = toSettingsDraft(fields);
    expect(findFaults(fields, { ...draft, every: 2 })).toEqual({
      name: 'Name is needed.',
      every: 'Write a whole number from 5 to 3600.',
    });
    expect(findFaults(fields, { ...draft, name: 'a', count: 1.5 })).toEqual({
      count: 'Write a whole number.',
    });
  });
});
