import { describe, expect, it } from 'vitest';

import { toTestView } from './test-view.ts';

const timing = { firstByteMs: null, totalMs: 1.26 };

describe('a try of a destination', () => {
  it('that asks to wait is not told as a success, nor as something to mend', () => {
    const view = toTestView({ kind: 'later', detail: 'Waits for the start', timing }, 'salesforce');
    expect(view).toMatchObject({ ok: false, status: null, cause: null, detail: 'Waits for the start' });
    expect(view.explanation?.hint).toMatch(/^Nothing is wrong/);
  });

  it('that was done needs no explanation', () => {
    const view = toTestView({ kind: 'done', detail: 'It is Acme Ltd.', timing }, 'salesforce');
    expect(view).toMatchObject({ ok: true, explanation: null, duration_ms: 1.3 });
  });
});
