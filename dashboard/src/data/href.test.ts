import { describe, expect, it } from 'vitest';

import { toHref, toPlace } from './href.ts';

const place = toPlace(new URL('http://hub.test/calls/?q=status:live&since=24h#top'));

describe('addresses inside the dashboard', () => {
  it('a trailing slash is the same page', () => {
    expect(place.path).toBe('/calls');
  });

  it('changes what is named, keeps what is not, and takes out what is null or empty', () => {
    expect(toHref(place, { since: null, tab: 'errors' })).toBe('/calls?q=status:live&tab=errors#top');
    expect(toHref(place, { q: '', since: null })).toBe('/calls#top');
  });

  it('leaves what people read readable, and encodes what would change the meaning', () => {
    const href = toHref(place, { q: 'error:"a&b" number:+31', since: null });
    expect(href).toContain('q=error:');
    expect(toPlace(new URL(href, 'http://hub.test')).query.get('q')).toBe('error:"a&b" number:+31');
  });
});
