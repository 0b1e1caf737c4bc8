/** One call: what is true of it, what can be done, and its whole story. */
import './call-screen.css';
import type { ScreenProps } from '../../data/routes.ts';

import { CallStateBadge } from '../../components/badge.tsx';
import { Button, LinkButton } from '../../components/button.tsx';
import { copyText, CopyButton } from '../../components/copy-button.tsx';
import { Empty } from '../../components/empty.tsx';
import { PageHead } from '../../components/page.tsx';
import { showToast } from '../../components/toast.tsx';
import { go } from '../../data/location.ts';
import { toCallHref } from '../../data/routes.ts';
import { useTitle } from '../../data/title.ts';
import { useKeys } from '../../shell/keys.ts';
import { CallActions } from './call-actions.tsx';
import { CallDuration } from './call-columns.tsx';
import { CallFacts } from './call-facts.tsx';
import { CallId, toShownId } from './call-id.tsx';
import { CallStory } from './call-story.tsx';
import type { Neighbours } from './neighbours.ts';
import { recallList, toNeighbours } from './neighbours.ts';
import { useTimeline } from './use-timeline.ts';

export function CallScreen({ id: given }: ScreenProps) {
  const id = given ?? '';
  const shown = useTimeline(id);
  const { timeline, fault } = shown;
  const call = timeline?.call;
  const around = toNeighbours(recallList(), id);
  useTitle(`Call ${toShownId(id)}`, 'Calls');
  useKeys({
    j: () => step(around.next),
    k: () => step(around.previous),
    c() {
      copyText(id).then(
        () => showToast('Call id copied'),
        () => showToast('It could not be copied: the browser refused.', { kind: 'alert' }),
      );
    },
  });
  return (
    <article class="call stack">
      <PageHead
        back={{ href: around.listHref, label: around.listHref.startsWith('/live') ? 'Live' : 'Calls' }}
        title={<CallId id={id} />}
        meta={
          <>
            <CopyButton text={id} label="Copy call id" />
            {call !== undefined && (
              <>
                <CallStateBadge state={call.state} isStale={call.stale} />
                <span class="call-head-duration">
                  <span class="visually-hidden">Duration </span>
                  <CallDuration call={call} />
                </span>
              </>
            )}
          </>
        }
        actions={
          <>
            {timeline !== undefined && <CallActions timeline={timeline} onDone={shown.reload} />}
            <Steps around={around} />
          </>
        }
      />
      {fault?.status === 404 && call === undefined ? (
        <NoCall listHref={around.listHref} />
      ) : (
        <>
          {call !== undefined && <CallFacts call={call} />}
          <CallStory id={id} shown={shown} level={2} />
        </>
      )}
    </article>
  );
}

function NoCall({ listHref }: { readonly listHref: string }) {
  return (
    <>
      <h2 class="visually-hidden">Not found</h2>
      <Empty
        title="There is no such call"
        icon="calls"
        actions={<LinkButton href={listHref}>Back to the list</LinkButton>}
      >
        No report of it has come to this account, or it is older than what is kept.
      </Empty>
    </>
  );
}

/** Through the list that it was opened from. */
function Steps({ around }: { readonly around: Neighbours }) {
  if (around.place === null) return null;
  return (
    <nav class="call-steps" aria-label="Through the list">
      <Step id={around.previous} icon="chevron-up" label="Previous call (k)" />
      <Step id={around.next} icon="chevron-down" label="Next call (j)" />
    </nav>
  );
}

function Step({
  id,
  icon,
  label,
}: {
  readonly id: string | null;
  readonly icon: 'chevron-up' | 'chevron-down';
  readonly label: string;
}) {
  if (id === null) return <Button kind="quiet" icon={icon} disabled aria-label={label} class="call-step" />;
  return (
    <LinkButton
      kind="quiet"
      icon={icon}
      href={toCallHref(id)}
      aria-label={label}
      data-tip={label}
      class="call-step"
    />
  );
}

function step(id: string | null): void {
  if (id !== null) go(toCallHref(id));
}
