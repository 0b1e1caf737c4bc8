/** Theme and density of the whole page, as attributes of its root; styles/ read them there. */
import { effect } from '@preact/signals';
import type { Theme } from '../data/preferences.ts';

import { location } from '../data/location.ts';
import { density, theme, THEMES } from '../data/preferences.ts';

/** A wall screen names its theme in its address, and leaves what the browser's owner has set alone. */
export function readTheme(): Theme {
  const named = location.value.query.get('theme');
  return THEMES.find((one) => one === named) ?? theme.value;
}

export function startAppearance(): void {
  const { dataset } = document.documentElement;
  effect(() => {
    const chosen = readTheme();
    if (chosen === 'system') delete dataset['theme'];
    else dataset['theme'] = chosen;
  });
  effect(() => {
    dataset['density'] = density.value;
  });
}

export function toggleTheme(): Theme {
  const next = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? 'system';
  theme.value = next;
  return next;
}
