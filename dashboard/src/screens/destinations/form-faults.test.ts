import { describe, expect, it } from 'vitest';

import { toFormFaults } from './form-faults.ts';

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
