/** What stands around every screen: where one can go, whether the view is alive, who looks, how it is shown. */
import './shell.css';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { ComponentChildren } from 'preact';

import { Badge } from '../components/badge.tsx';
import { IconButton } from '../components/button.tsx';
import { Icon } from '../components/icon.tsx';
import { announce, StatusLine } from '../components/status-line.tsx';
import { Toasts } from '../components/toast.tsx';
import { go, navigations } from '../data/location.ts';
import { SECTIONS } from '../data/routes.ts';
import { session } from '../data/session.ts';
import { paused } from '../data/stream.ts';
import { AccountMenu } from './account-menu.tsx';
import { toggleTheme } from './appearance.ts';
import { ConnectionPill } from './connection-pill.tsx';
import { DisplayMenu, THEME_WORDS } from './display-menu.tsx';
import { Help, openHelp, PALETTE_KEYS } from './help.tsx';
import { useKeys } from './keys.ts';
import { isKiosk, KioskFrame } from './kiosk.tsx';
import { Mark } from './mark.tsx';
import { Nav, SECTION_KEYS } from './nav.tsx';
import { openPalette, Palette } from './palette.tsx';
import { askReveal, RevealDialog } from './reveal.tsx';

export function Shell({ children }: { readonly children: ComponentChildren }) {
  if (isKiosk.value) return <KioskFrame>{children}</KioskFrame>;
  return <FullShell>{children}</FullShell>;
}

function FullShell({ children }: { readonly children: ComponentChildren }) {
  const mainRef = useRef<HTMLElement>(null);
  useFocusOnNavigation(mainRef);
  useShellKeys();
  return (
    <div class="shell">
      <a
        class="skip-link"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          mainRef.current?.focus();
        }}
      >
        Skip to content
      </a>
      <header class="bar">
        <a class="bar-mark" href="/live" aria-label="Offhook, live">
          <Mark />
          <span class="bar-name">Offhook</span>
        </a>
        <Nav />
        <div class="bar-tools">
          <button type="button" class="bar-search" onClick={openPalette}>
            <Icon name="search" />
            <span class="bar-search-text">Go to or find</span>
            <kbd aria-hidden="true">{PALETTE_KEYS}</kbd>
          </button>
          {session.value?.local === true && (
            <span class="bar-environment" data-tip="This hub serves this machine only">
              <Badge>This machine</Badge>
            </span>
          )}
          <span class="bar-connection">
            <ConnectionPill />
            <IconButton
              icon={paused.value ? 'play' : 'pause'}
              label={paused.value ? 'Resume live updates (r)' : 'Pause live updates (r)'}
              onClick={togglePause}
            />
          </span>
          <RevealButton />
          <DisplayMenu />
          <AccountMenu />
        </div>
      </header>
      <main id="main" class="main" ref={mainRef} tabIndex={-1}>
        {children}
      </main>
      <Palette />
      <Help />
      <RevealDialog />
      <StatusLine />
      <Toasts />
    </div>
  );
}

/** Once they are shown it must be plain to see, and one press away to undo. */
function RevealButton() {
  const now = session.value;
  if (now === null || now === undefined || !now.can_reveal) return null;
  return (
    <span class="bar-reveal" data-revealed={now.revealed ? '' : undefined}>
      <IconButton
        icon={now.revealed ? 'eye' : 'eye-off'}
        label={
          now.revealed
            ? 'Phone numbers are shown in full: hide them'
            : 'Phone numbers are masked: reveal them (written to the audit log)'
        }
        isPressed={now.revealed}
        onClick={askReveal}
      />
    </span>
  );
}

function togglePause(): void {
  paused.value = !paused.value;
}

function useShellKeys(): void {
  useKeys(
    {
      ...Object.fromEntries(SECTIONS.map((section) => [SECTION_KEYS[section], () => go(`/${section}`)])),
      '?': openHelp,
      r: togglePause,
      t() {
        announce(`Theme: ${THEME_WORDS[toggleTheme()]}`, { isUrgent: true });
      },
      'mod+k': openPalette,
    },
    { isGlobal: true },
  );
}

/** Not at the first page: there the browser itself begins at the top. */
function useFocusOnNavigation(mainRef: { readonly current: HTMLElement | null }): void {
  const moves = navigations.value;
  const moved = useRef(moves);
  const painted = useRef(moves);
  // At once, so that it is taken from nothing that somebody reached since.
  useLayoutEffect(() => {
    if (moved.current === moves) return;
    moved.current = moves;
    mainRef.current?.focus({ preventScroll: true });
  }, [moves]);
  // A drawer that this navigation left held the focus until it was gone, and gave it back to what went with it.
  useEffect(() => {
    if (painted.current === moves) return;
    painted.current = moves;
    if (document.activeElement === document.body) mainRef.current?.focus({ preventScroll: true });
  }, [moves]);
}
