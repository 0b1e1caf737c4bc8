import type { DestinationKindView, TestView } from '../../data/types.ts';
import type { DestinationDraft } from './destination-draft.ts';
import type { FormFaults } from './form-faults.ts';
import type { SettingsField } from './settings-schema.ts';

import { useEffect, useState } from 'preact/hooks';
import { Button } from '../../components/button.tsx';
import { announce } from '../../components/status-line.tsx';
import { request } from '../../data/api.ts';
import { toSettings } from './settings-schema.ts';
import { TestAnswer } from './test-answer.tsx';

/**
 * Asks whether the settings work before they are saved. Stands among the actions of a dialog, with what came back above
 * them, where it is seen however far the form is scrolled.
 */
export function CheckConnection({
  kind,
  fields,
  draft,
  destinationId,
  isPlausible,
  onRefused,
}: {
  readonly kind: DestinationKindView;
  readonly fields: readonly SettingsField[];
  readonly draft: DestinationDraft;
  /** What is masked is taken from it; null for a new one. */
  readonly destinationId: string | null;
  /** Tells what is wrong by itself where something is. */
  readonly isPlausible: () => boolean;
  readonly onRefused: (error: unknown) => void;
}) {
  const [isBusy, setBusy] = useState(false);
  const [answer, setAnswer] = useState<TestView | null>(null);

  // An answer is about what was asked: the next letter makes it old.
  useEffect(() => setAnswer(null), [draft.settings]);

  const check = async (): Promise<void> => {
    if (!isPlausible()) return;
    setBusy(true);
    setAnswer(null);
    try {
      const got = await request<TestView>('POST', `/v1/destination-kinds/${kind.kind}/try`, {
        body: {
          settings: toSettings(fields, draft.settings),
          ...(destinationId !== null && { destination_id: destinationId }),
        },
      });
      setAnswer(got);
      announce(got.ok ? 'The connection works' : 'The connection does not work', { isUrgent: true });
    } catch (error) {
      onRefused(error);
    } finally {
      setBusy(false);
    }
  };

  // A receiver that checks signatures cannot know a secret that is made only when this is saved.
  const isSecretMissing =
    kind.signs && destinationId === null && (answer?.status === 401 || answer?.status === 403);
  return (
    <>
      {answer !== null && (
        <div class="check-answer">
          <TestAnswer
            answer={isSecretMissing ? { ...answer, explanation: null, response_body: null } : answer}
            accepted="It answers"
            refused={
              isSecretMissing
                ? 'It answers, and refuses what is signed with no secret of its own: right for a receiver that checks. Its secret comes with the destination.'
                : 'It answers, but does not accept: a delivery would be tried again'
            }
            tone={isSecretMissing ? 'warn' : undefined}
          />
        </div>
      )}
      <Button icon="link" isBusy={isBusy} onClick={() => void check()}>
        Check connection
      </Button>
      <span class="dialog-gap" />
    </>
  );
}

export function toSettingFaults(faults: Readonly<Record<string, string>>): FormFaults {
  return Object.fromEntries(Object.entries(faults).map(([name, detail]) => [`settings.${name}`, detail]));
}
