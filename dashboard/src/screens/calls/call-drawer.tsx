import type { ComponentChildren } from 'preact';

import { CallStateBadge } from '../../components/badge.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { Drawer } from '../../components/drawer.tsx';
import { hrefWith, setQuery } from '../../data/location.ts';
import { toCallHref } from '../../data/routes.ts';
import { useKeys } from '../../shell/keys.ts';
import { CallActions } from './call-actions.tsx';
import { CallDuration } from './call-columns.tsx';
import { CallFacts } from './call-facts.tsx';
import { CallId } from './call-id.tsx';
import { CallStory } from './call-story.tsx';
import { useTimeline } from './use-timeline.ts';

/** A call beside the list it stands in: the same story as on its own page. */
export function CallDrawer({
  id,
  ids,
  onClose,
}: {
  readonly id: string;
  /** Of the list, in its order. */
  readonly ids: readonly string[];
  readonly onClose: () => void;
}) {
  const shown = useTimeline(id);
  const call = shown.timeline?.call;
  const at = ids.indexOf(id);
  const previous = at > 0 ? ids[at - 1] : undefined;
  const next = at >= 0 ? ids[at + 1] : undefined;
  useKeys({
    j: () => step(next),
    k: () => step(previous),
  });
  let meta: ComponentChildren;
  if (call !== undefined) {
    meta = (
      <>
        <CallStateBadge state={call.state} isStale={call.stale} />
        <CallDuration call={call} />
      </>
    );
  }
  return (
    <Drawer
      isOpen
      onClose={onClose}
      title={
        <>
          <CallId id={id} /> <CopyButton text={id} label="Copy call id" />
        </>
      }
      meta={meta}
      actions={
        shown.timeline === undefined ? undefined : (
          <CallActions timeline={shown.timeline} onDone={shown.reload} />
        )
      }
      pageHref={toCallHref(id)}
      previousHref={previous === undefined ? null : hrefWith({ call: previous })}
      nextHref={next === undefined ? null : hrefWith({ call: next })}
      isBusy={shown.isLoading && call === undefined}
    >
      {call !== undefined && <CallFacts call={call} />}
      <CallStory id={id} shown={shown} level={3} />
    </Drawer>
  );
}

/** In the place of this one in the history: back leads to the list, not through each call that was looked at. */
function step(id: string | undefined): void {
  if (id !== undefined) setQuery({ call: id }, { replace: true });
}
