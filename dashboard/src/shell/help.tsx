/** Which keys there are, and whether single ones count. */
import './help.css';
import { signal } from '@preact/signals';

import { Dialog } from '../components/dialog.tsx';
import { Switch } from '../components/field.tsx';
import { singleKeys } from '../data/preferences.ts';
import { SECTIONS, SECTION_TITLES } from '../data/routes.ts';
import { session } from '../data/session.ts';
import { SECTION_KEYS } from './nav.tsx';

const isOpen = signal(false);

export function openHelp(): void {
  isOpen.value = true;
}

type Row = readonly [keys: readonly string[], what: string];

const isMac = typeof navigator !== 'undefined' && /Mac|iPhone|iPad/.test(navigator.userAgent);
/** As it is printed on the person's own keyboard. */
export const PALETTE_KEYS = isMac ? '⌘K' : 'Ctrl K';

const GROUPS: readonly (readonly [title: string, rows: readonly Row[]])[] = [
  [
    'Go to',
    [
      ...SECTIONS.map((section): Row => [SECTION_KEYS[section].split(' '), SECTION_TITLES[section]]),
      [[PALETTE_KEYS], 'Anything'],
    ],
  ],
  [
    'Lists',
    [
      [['/'], 'Search'],
      [['j'], 'Next row'],
      [['k'], 'Row before'],
      [['Enter'], 'Open'],
      [['Esc'], 'Close'],
      [['x'], 'Select'],
      [['c'], 'Copy the id'],
      [['R'], 'Retry'],
    ],
  ],
  [
    'Everywhere',
    [
      [['r'], 'Pause, resume'],
      [['t'], 'Change the theme'],
      [['?'], 'This help'],
    ],
  ],
];

export function Help() {
  const now = session.value;
  return (
    <Dialog
      isOpen={isOpen.value}
      onClose={() => {
        isOpen.value = false;
      }}
      title="Keyboard shortcuts"
      size="wide"
    >
      <div class="help" data-off={singleKeys.value ? undefined : ''}>
        {GROUPS.map(([title, rows]) => (
          <section key={title} class="help-group" aria-label={title}>
            <h3 class="help-title">{title}</h3>
            <dl class="help-rows">
              {rows.map(([keys, what]) => (
                <div key={what} class="help-row">
                  <dt class="keys">
                    {keys.map((key) => (
                      <kbd key={key}>{key}</kbd>
                    ))}
                  </dt>
                  <dd>{what}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <div class="help-foot">
        <Switch
          isOn={singleKeys.value}
          onChange={(isOn) => {
            singleKeys.value = isOn;
          }}
          label="Single-key shortcuts"
          hint={`Switch them off if speech input or a trembling hand sets them off. ${PALETTE_KEYS} and Esc always work.`}
        />
        <p class="help-about">
          Offhook {now?.version} · <a href="/openapi.json">OpenAPI description</a>
        </p>
      </div>
    </Dialog>
  );
}
