import { describe, expect, it } from 'vitest';

import { SECTIONS, toCallHref, toRoute } from './routes.ts';

describe('which path is which screen', () => {
  it('every section has a screen, and the root is the first of them', () => {
    for (const section of SECTIONS)
      expect(toRoute(`/${section}`)).toMatchObject({ screen: section, id: null });
    expect(toRoute('/')).toMatchObject({ screen: 'live' });
  });

  it('a call is found whatever stands in its id', () => {
    for (const id of ['a b', 'sip:x@y/z?1', 'ünïcode', '%']) {
      expect(toRoute(toCallHref(id))).toMatchObject({ screen: 'call', section: 'calls', id });
    }
  });

  it('what is shown over a list or as a tab has its address there', () => {
    expect(toRoute('/deliveries/dlv_1')).toMatchObject({ redirect: '/deliveries?delivery=dlv_1' });
    expect(toRoute('/settings/audit')).toMatchObject({ redirect: '/settings?tab=audit' });
    expect(toRoute('/deliveries')).toMatchObject({ redirect: null });
  });

  it('a path that is no page, or no text, is no route', () => {
    for (const path of ['/nothing', '/calls/a/b', '/live/x', '/calls/%E0%A4%A', '/sections']) {
      expect(toRoute(path)).toBeUndefined();
    }
  });
});
