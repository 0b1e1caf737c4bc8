/** The screens: in the top bar, or along the bottom where there is little room. */
import './nav.css';
import type { Section } from '../data/routes.ts';
import type { IconName } from '../components/icon.tsx';

import { Icon } from '../components/icon.tsx';
import { location } from '../data/location.ts';
import { SECTIONS, SECTION_TITLES, toRoute } from '../data/routes.ts';

export const SECTION_ICONS: Readonly<Record<Section, IconName>> = {
  live: 'live',
  calls: 'calls',
  deliveries: 'deliveries',
  analytics: 'analytics',
  destinations: 'destinations',
  settings: 'settings',
};

/** As the reference has them, where `s` stands for destinations and settings as one screen: settings got `e`. */
export const SECTION_KEYS: Readonly<Record<Section, string>> = {
  live: 'g l',
  calls: 'g c',
  deliveries: 'g d',
  analytics: 'g a',
  destinations: 'g s',
  settings: 'g e',
};

export function Nav() {
  const current = toRoute(location.value.path)?.section;
  return (
    <nav class="nav" aria-label="Screens">
      <ul class="nav-list">
        {SECTIONS.map((section) => (
          <li key={section} class="nav-item">
            <a class="nav-link" href={`/${section}`} aria-current={section === current ? 'page' : undefined}>
              <Icon name={SECTION_ICONS[section]} />
              <span class="nav-text">{SECTION_TITLES[section]}</span>
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
