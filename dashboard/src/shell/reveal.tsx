/** Numbers stand masked until somebody who may asks for them; that is written down. */
import { signal } from '@preact/signals';

import { ConfirmDialog } from '../components/dialog.tsx';
import { showToast } from '../components/toast.tsx';
import { toApiFault } from '../data/api.ts';
import { session, setRevealed } from '../data/session.ts';

const isAsking = signal(false);

/** Asks before numbers are shown; hides them at once. */
export function askReveal(): void {
  if (session.value?.revealed === true) void hide();
  else isAsking.value = true;
}

export function RevealDialog() {
  return (
    <ConfirmDialog
      isOpen={isAsking.value}
      onClose={() => {
        isAsking.value = false;
      }}
      onConfirm={() => setRevealed(true)}
      title="Reveal phone numbers?"
      confirmLabel="Reveal numbers"
    >
      <p>
        They are shown in full for this login only, until you hide them or sign out. That you revealed them is
        written to the audit log.
      </p>
    </ConfirmDialog>
  );
}

async function hide(): Promise<void> {
  try {
    await setRevealed(false);
  } catch (error) {
    const { problem } = toApiFault(error);
    showToast('The numbers are still shown', {
      kind: 'alert',
      detail: `${problem.title}. ${problem.detail}`,
    });
  }
}
