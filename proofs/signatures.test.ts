import { describe, expect, it } from 'vitest';

import { proveSignatures } from './signatures.ts';

describe('the proof of signatures', () => {
  it('holds at a twentieth of its size', async () => {
    const { passed, figures } = await proveSignatures({ size: 'small', seed: 20_251_213 });
    expect({ passed, ...figures }).toMatchObject({
      passed: true,
      events: 500,
      'bits flipped': 5_000,
      'flipped and accepted': 0,
    });
  });
});
