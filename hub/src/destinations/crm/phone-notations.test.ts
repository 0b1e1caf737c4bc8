import { describe, expect, it } from 'vitest';
import { matchPhone, toPhoneNotations } from './phone-notations.ts';

const DUTCH = '+31850835037';

async function match(written: string, e164: string, ownNumber: string | null) {
  return matchPhone(written, await toPhoneNotations(e164, ownNumber));
}

describe('a number as somebody wrote it', () => {
  it('is the one that was looked for, however its country is written', async () => {
    for (const written of [
      '+31612345678',
      '+31 (0)6 12345678',
      '0031 6 12345678',
      '31612345678',
      ' +31-6-12345678 ',
    ])
      for (const own of [DUTCH, '+33140000000', null])
        expect([written, own, await match(written, '+31612345678', own)]).toEqual([
          written,
          own,
          'international',
        ]);
  });

  it('is a number at home where its country is left out', async () => {
    for (const written of ['06 12345678', '06-12345678', '(06) 123 456 78', '612345678'])
      expect([written, await match(written, '+31612345678', DUTCH)]).toEqual([written, 'national']);
    expect(await match('(415) 555-0100', '+14155550100', '+12025550123')).toBe('national');
    expect(await match('02 1234 5678', '+390212345678', '+390698765432')).toBe('national');
  });

  it('is nobody else who has the same digits in another country', async () => {
    expect(await match('06 12345678', '+33612345678', DUTCH)).toBeNull();
    expect(await match('06 12345678', '+31612345678', '+33140000000')).toBeNull();
    expect(await match('+31612345678', '+33612345678', DUTCH)).toBeNull();
    expect(await match('0031612345678', '+33612345678', DUTCH)).toBeNull();
  });

  it('says nothing without its country where ours is not known', async () => {
    expect(await match('06 12345678', '+31612345678', null)).toBeNull();
    expect(await match('06 12345678', '+31612345678', 'extension 12')).toBeNull();
  });

  it('is no number where it is nonsense', async () => {
    for (const written of ['', 'call me', '+', '00', '0', '+31612345678 or +31687654321', '1'.repeat(5_000)])
      expect([written, await match(written, '+31612345678', DUTCH)]).toEqual([written, null]);
  });

  it('is searched without its country only at home', async () => {
    expect((await toPhoneNotations('+31612345678', DUTCH)).searched).toEqual([
      '31612345678',
      '0031612345678',
      '0612345678',
      '612345678',
    ]);
    expect((await toPhoneNotations('+33612345678', DUTCH)).searched).toEqual([
      '33612345678',
      '0033612345678',
    ]);
  });
});
