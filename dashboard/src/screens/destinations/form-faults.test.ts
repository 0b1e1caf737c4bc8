import { describe, expect, it } from 'vitest';

import { toFormFaults, toFormWords } from './form-faults.ts';

const problem = (...pointers: readonly string[]) => ({
  type: 'about:blank',
  title: 'Invalid',
  detail: 'It cannot be read.',
  code: 'invalid_body',
  request_id: null,
  errors: pointers.map((pointer) => ({ pointer, detail: `wrong ${pointer}` })),
});

describe('what the hub refused', () => {
  it('stands at the field where it was typed', () => {
    expect(
      toFormFaults(
        problem('/settings/token', '/settings/headers/X-Team', '/filter/phone_numbers/0', '/timeout_ms'),
        ['token', 'headers'],
      ),
    ).toEqual({
      'settings.token': 'wrong /settings/token',
      'settings.headers': 'wrong /settings/headers/X-Team',
      phoneNumbers: 'wrong /filter/phone_numbers/0',
      timeoutS: 'wrong /timeout_ms',
    });
  });

  it('stands at the first field where it is about the settings as a whole', () => {
    expect(toFormFaults(problem('/settings'), ['url'])).toEqual({ 'settings.url': 'wrong /settings' });
  });

  it('is shown as a whole where its field is not shown, so that nothing is refused in silence', () => {
    expect(toFormFaults(problem('/settings/token'), ['url'])).toBeNull();
    expect(toFormFaults(problem('/secret'), ['url'])).toBeNull();
    expect(toFormFaults(problem(), ['url'])).toBeNull();
  });
});

describe('the words of a refusal', () => {
  const fields = [
    { name: 'webhook_url', title: 'Incoming webhook URL' },
    { name: 'bot_token', title: 'Bot token' },
    { name: 'url', title: 'URL' },
    { name: 'channel', title: 'Channel' },
  ];
  const say = (detail: string) => toFormWords(detail, fields, (id) => (id === 'dst_2F6R' ? 'Board' : id));

  it('are those of the form, not of the API', () => {
    expect(say('webhook_url is not a URL')).toBe('Incoming webhook URL is not a URL');
    expect(say('give webhook_url or bot_token, not both')).toBe(
      'Give Incoming webhook URL or Bot token, not both',
    );
    expect(say('url names no host')).toBe('URL names no host');
    expect(say('Invite the app to the channel first.')).toBe('Invite the app to the channel first.');
  });

  it('call a destination by its name, and write no key with a capital', () => {
    expect(say('active_calls is kept by the destination dst_2F6R')).toBe(
      'active_calls is kept by the destination Board',
    );
  });
});
