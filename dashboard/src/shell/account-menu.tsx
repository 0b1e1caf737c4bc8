/** Who is signed in, and out. */
import type { SessionView } from '../data/types.ts';

import './menus.css';
import { Badge } from '../components/badge.tsx';
import { Button, LinkButton } from '../components/button.tsx';
import { Popover } from '../components/popover.tsx';
import { Switch } from '../components/field.tsx';
import { Time } from '../components/time.tsx';
import { showToast } from '../components/toast.tsx';
import { toApiFault } from '../data/api.ts';
import { session, signOut } from '../data/session.ts';
import { openHelp } from './help.tsx';
import { askReveal } from './reveal.tsx';

const ROLE_WORDS: Readonly<Record<SessionView['role'], { readonly word: string; readonly may: string }>> = {
  viewer: { word: 'Viewer', may: 'May look, and changes nothing' },
  operator: { word: 'Operator', may: 'May retry, replay and edit destinations' },
  admin: { word: 'Admin', may: 'May do everything, keys and accounts too' },
};

export function AccountMenu() {
  const now = session.value;
  if (now === null || now === undefined) return null;
  return (
    <Popover label={`Signed in as ${now.key.name}`} icon="user" kind="quiet" isIconOnly align="end">
      {(close) => <Account now={now} close={close} />}
    </Popover>
  );
}

function Account({ now, close }: { readonly now: SessionView; readonly close: () => void }) {
  const role = ROLE_WORDS[now.role];
  return (
    <div class="shell-menu">
      <div class="account">
        <p class="account-name">
          {now.key.name} <Badge>{role.word}</Badge>
        </p>
        <p class="account-line">{role.may}</p>
        <p class="account-line">
          Account {now.account.name}
          {now.expires_at !== null && (
            <>
              {' · session ends '}
              <Time at={now.expires_at} />
            </>
          )}
        </p>
      </div>
      {now.can_reveal && (
        <Switch
          isOn={now.revealed}
          onChange={() => {
            close();
            askReveal();
          }}
          label="Show phone numbers in full"
          hint="For this login only; written to the audit log"
        />
      )}
      <div class="account-actions">
        <LinkButton icon="settings" kind="quiet" href="/settings" onClick={close}>
          Settings
        </LinkButton>
        <Button
          icon="help"
          kind="quiet"
          onClick={() => {
            close();
            openHelp();
          }}
        >
          Shortcuts and help
        </Button>
        <Button icon="sign-out" kind="quiet" onClick={() => void leave()}>
          Sign out
        </Button>
      </div>
    </div>
  );
}

export async function leave(): Promise<void> {
  try {
    await signOut();
  } catch (error) {
    const { problem } = toApiFault(error);
    showToast('You are still signed in', { kind: 'alert', detail: `${problem.title}. ${problem.detail}` });
  }
}
