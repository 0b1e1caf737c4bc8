import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { readSettings } from './read-settings.ts';
import { toExampleFile, toSettingsPage, toShownValue } from './settings-page.ts';
import { makeSettings, SETTING_NAMES, SETTINGS } from './settings.ts';

function readRoot(path: string): string {
  return readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
}

describe('the settings table', () => {
  it('is what docs/settings.md says (node hub/bin/offhook.js config reference > docs/settings.md)', () => {
    expect(readRoot('docs/settings.md')).toBe(toSettingsPage());
  });

  it('is what the example file holds (node hub/bin/offhook.js config example > offhook.config.example.json)', () => {
    expect(readRoot('offhook.config.example.json')).toBe(toExampleFile());
  });

  it('reads its own example file as its defaults', () => {
    const cwd = new URL('../../..', import.meta.url).pathname;
    const reading = readSettings({ env: {}, flags: { config: 'offhook.config.example.json' }, cwd });
    expect(reading).toMatchObject({ ok: true, settings: { ...makeSettings(), dataDir: `${cwd}data` } });
  });

  it('gives every setting its own variable and flag', () => {
    const sources = SETTING_NAMES.flatMap((name) => [SETTINGS[name].env, SETTINGS[name].flag ?? name]);
    expect(new Set(sources).size).toBe(sources.length);
  });

  it('shows no secret', () => {
    const settings = makeSettings({ apiKey: 'k'.repeat(24), voicedockSecrets: ['hidden'] });
    expect(SETTING_NAMES.map((name) => toShownValue(name, settings)).join()).not.toMatch(/kkk|hidden/);
  });
});
