/** ⌘K: go anywhere, find a call, switch what can be switched. */
import './palette.css';
import { signal } from '@preact/signals';
import { useId, useMemo, useRef, useState } from 'preact/hooks';
import type { IconName } from '../components/icon.tsx';
import type { DestinationView } from '../data/types.ts';
import type { Jump } from './palette-match.ts';

import { Icon } from '../components/icon.tsx';
import { useModal } from '../components/modal.ts';
import { toDestinationName } from '../data/destination-name.ts';
import { go } from '../data/location.ts';
import { density, DENSITIES, singleKeys, theme, THEMES, timeZone, TIME_ZONES } from '../data/preferences.ts';
import { SECTION_TITLES, SECTIONS, toCallHref, toDeliveryHref, toDestinationHref } from '../data/routes.ts';
import { session } from '../data/session.ts';
import { useDestinations } from '../data/use-destinations.ts';
import { toKindIcon } from '../components/kind-icon.tsx';
import { paused } from '../data/stream.ts';
import { DENSITY_WORDS, THEME_WORDS, TIME_ZONE_WORDS } from './display-menu.tsx';
import { openHelp } from './help.tsx';
import { SECTION_ICONS, SECTION_KEYS } from './nav.tsx';
import { scoreMatch, toJumps } from './palette-match.ts';
import { askReveal } from './reveal.tsx';
import { leave } from './account-menu.tsx';

interface Command {
  readonly title: string;
  readonly icon: IconName;
  readonly keys?: string | undefined;
  readonly run: () => void;
}

const isOpen = signal(false);

export function openPalette(): void {
  isOpen.value = true;
}

export function Palette() {
  return isOpen.value ? <OpenPalette /> : null;
}

function OpenPalette() {
  const id = useId();
  const [typed, setTyped] = useState('');
  const [at, setAt] = useState(0);
  const listRef = useRef<HTMLUListElement>(null);
  const modal = useModal(close);
  const { data: destinations } = useDestinations();
  const all = useMemo(() => makeCommands(destinations?.data ?? []), [destinations]);
  const shown = useMemo(() => choose(all, typed), [all, typed]);
  const active = Math.min(at, shown.length - 1);

  function move(to: number): void {
    const next = (to + shown.length) % Math.max(1, shown.length);
    setAt(next);
    listRef.current?.children[next]?.scrollIntoView({ block: 'nearest' });
  }

  function run(command: Command | undefined): void {
    if (command === undefined) return;
    // First the dialog: what the command opens takes the focus after it was given back.
    close();
    queueMicrotask(() => setTimeout(command.run));
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (event.isComposing) return;
    if (event.key === 'ArrowDown') move(active + 1);
    else if (event.key === 'ArrowUp') move(active - 1);
    else if (event.key === 'Home' && typed === '') move(0);
    else if (event.key === 'End' && typed === '') move(shown.length - 1);
    else if (event.key === 'Enter') run(shown[active]);
    else if (event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey)) close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  return (
    <dialog class="dialog palette" aria-label="Command palette" {...modal}>
      <div class="palette-field">
        <Icon name="search" size={20} />
        <input
          class="palette-input"
          type="text"
          role="combobox"
          aria-label="Go to a screen, find a call, or choose a command"
          aria-expanded="true"
          aria-autocomplete="list"
          aria-controls={`${id}-list`}
          aria-activedescendant={shown.length === 0 ? undefined : `${id}-${active}`}
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          autofocus
          placeholder="Go to…, call id, phone number, command"
          value={typed}
          onInput={(event) => {
            setTyped(event.currentTarget.value);
            setAt(0);
          }}
          onKeyDown={onKeyDown}
        />
        <kbd class="palette-escape">Esc</kbd>
      </div>
      <ul class="palette-list" role="listbox" id={`${id}-list`} aria-label="Commands" ref={listRef}>
        {shown.map((command, index) => (
          <li
            key={`${index} ${command.title}`}
            id={`${id}-${index}`}
            class="palette-item"
            role="option"
            aria-selected={index === active}
            onPointerMove={() => setAt(index)}
            onClick={() => run(command)}
          >
            <Icon name={command.icon} />
            <span class="palette-title">{command.title}</span>
            {command.keys !== undefined && singleKeys.value && <Keys keys={command.keys} />}
          </li>
        ))}
      </ul>
      {shown.length === 0 && (
        <p class="palette-none">Nothing by that name. A call is found by its whole id.</p>
      )}
      <div class="visually-hidden" role="status">
        {typed === '' ? '' : shown.length === 1 ? '1 command' : `${shown.length} commands`}
      </div>
    </dialog>
  );
}

export function Keys({ keys }: { readonly keys: string }) {
  return (
    <span class="keys">
      {keys.split(' ').map((key) => (
        <kbd key={key}>{key}</kbd>
      ))}
    </span>
  );
}

function close(): void {
  isOpen.value = false;
}

function choose(all: readonly Command[], typed: string): readonly Command[] {
  const scored = all
    .map((command) => ({ command, score: scoreMatch(command.title, typed) }))
    .filter((one): one is { command: Command; score: number } => one.score !== null);
  // Equal ones stay in the order they were written in.
  const matching = scored.toSorted((a, b) => b.score - a.score).map((one) => one.command);
  const jumps = toJumps(typed).map(toJumpCommand);
  return scored.some((one) => one.score >= 80) ? [...matching, ...jumps] : [...jumps, ...matching];
}

function toJumpCommand(jump: Jump): Command {
  switch (jump.kind) {
    case 'call':
      return { title: `Open call ${jump.id}`, icon: 'calls', run: () => go(toCallHref(jump.id)) };
    case 'delivery':
      return {
        title: `Open delivery ${jump.id}`,
        icon: 'deliveries',
        run: () => go(toDeliveryHref(jump.id)),
      };
    case 'destination':
      return {
        title: `Open destination ${jump.id}`,
        icon: 'destinations',
        run: () => go(toDestinationHref(jump.id)),
      };
    case 'number':
      return {
        title: `Calls with the number ${jump.number}`,
        icon: 'search',
        // Beginnings would give masked numbers away digit by digit, so the hub answers them once they are revealed.
        run: () =>
          go(
            `/calls?q=${encodeURIComponent(`number:${jump.number}${session.value?.revealed === true ? '*' : ''}`)}`,
          ),
      };
  }
}

function makeCommands(destinations: readonly DestinationView[]): readonly Command[] {
  const now = session.value;
  return [
    ...SECTIONS.map((section): Command => ({
      title: `Go to ${SECTION_TITLES[section]}`,
      icon: SECTION_ICONS[section],
      keys: SECTION_KEYS[section],
      run: () => go(`/${section}`),
    })),
    {
      title: 'Calls that ended with an error, last 24 hours',
      icon: 'state-failed',
      run: () => go('/calls?q=status:ended-with-error&since=24h'),
    },
    {
      title: 'Deliveries that were given up',
      icon: 'deliveries',
      run: () => go('/deliveries?q=state:dead'),
    },
    {
      title: paused.value ? 'Resume live updates' : 'Pause live updates',
      icon: paused.value ? 'play' : 'pause',
      keys: 'r',
      run() {
        paused.value = !paused.value;
      },
    },
    ...THEMES.filter((one) => one !== theme.value).map((one): Command => ({
      title: `Theme: ${THEME_WORDS[one].toLowerCase()}`,
      icon: one === 'dark' ? 'moon' : one === 'light' ? 'sun' : 'auto',
      keys: 't',
      run() {
        theme.value = one;
      },
    })),
    ...TIME_ZONES.filter((one) => one !== timeZone.value).map((one): Command => ({
      title: `Times in ${TIME_ZONE_WORDS[one]}`,
      icon: 'clock',
      run() {
        timeZone.value = one;
      },
    })),
    ...DENSITIES.filter((one) => one !== density.value).map((one): Command => ({
      title: `Density: ${DENSITY_WORDS[one].toLowerCase()}`,
      icon: 'wrap',
      run() {
        density.value = one;
      },
    })),
    ...(now?.can_reveal === true
      ? [
          {
            title: now.revealed ? 'Hide phone numbers' : 'Reveal phone numbers…',
            icon: now.revealed ? 'eye-off' : 'eye',
            run: askReveal,
          } as const,
        ]
      : []),
    {
      title: singleKeys.value ? 'Turn single-key shortcuts off' : 'Turn single-key shortcuts on',
      icon: 'key',
      run() {
        singleKeys.value = !singleKeys.value;
      },
    },
    ...destinations.map((one): Command => ({
      title: `Destination ${toDestinationName(one.id, destinations)}`,
      icon: toKindIcon(one.kind),
      run: () => go(toDestinationHref(one.id)),
    })),
    { title: 'Keyboard shortcuts and help', icon: 'help', keys: '?', run: openHelp },
    { title: 'Sign out', icon: 'sign-out', run: () => void leave() },
  ];
}
