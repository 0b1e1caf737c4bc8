/** How things look, for this browser. */
import type { Density, Theme, TimeZone } from '../data/preferences.ts';

import { Choices, Switch } from '../components/field.tsx';
import { Popover } from '../components/popover.tsx';
import { density, DENSITIES, singleKeys, theme, THEMES, timeZone, TIME_ZONES } from '../data/preferences.ts';
import './menus.css';

export const THEME_WORDS: Readonly<Record<Theme, string>> = {
  system: 'System',
  light: 'Light',
  dark: 'Dark',
};
export const TIME_ZONE_WORDS: Readonly<Record<TimeZone, string>> = { local: 'Local time', utc: 'UTC' };
export const DENSITY_WORDS: Readonly<Record<Density, string>> = {
  comfortable: 'Comfortable',
  compact: 'Compact',
};

export function DisplayMenu() {
  return (
    <Popover label="Display" icon="sun" kind="quiet" isIconOnly align="end">
      {() => <DisplayChoices />}
    </Popover>
  );
}

function DisplayChoices() {
  return (
    <div class="shell-menu">
      <Choices
        legend="Theme"
        isSegmented
        value={theme.value}
        onValue={(value) => {
          theme.value = value;
        }}
        options={THEMES.map((value) => ({ value, label: THEME_WORDS[value] }))}
      />
      <Choices
        legend="Times"
        isSegmented
        value={timeZone.value}
        onValue={(value) => {
          timeZone.value = value;
        }}
        options={TIME_ZONES.map((value) => ({ value, label: TIME_ZONE_WORDS[value] }))}
      />
      <Choices
        legend="Density"
        isSegmented
        value={density.value}
        onValue={(value) => {
          density.value = value;
        }}
        options={DENSITIES.map((value) => ({ value, label: DENSITY_WORDS[value] }))}
      />
      <Switch
        isOn={singleKeys.value}
        onChange={(isOn) => {
          singleKeys.value = isOn;
        }}
        label="Single-key shortcuts"
      />
    </div>
  );
}
