import './badge.css';
import type { ComponentChildren } from 'preact';
import type { CallState, ReportOutcome } from '../../../hub/src/calls/call.ts';
import type { AttemptOutcome, DeliveryState } from '../../../hub/src/journal/delivery-state.ts';
import type { DestinationState } from '../../../hub/src/journal/destinations.ts';
import type { ReplayState } from '../../../hub/src/journal/replays.ts';
import { Icon } from './icon.tsx';
import type { IconName } from './icon.tsx';

export type Tone = 'neutral' | 'quiet' | 'accent' | 'live' | 'good' | 'warn' | 'bad';

/** Shape, word and colour, so that none of them has to be seen. */
export function Badge({
  tone = 'neutral',
  icon,
  children,
  isPlain = false,
}: {
  readonly tone?: Tone | undefined;
  readonly icon?: IconName | undefined;
  readonly children: ComponentChildren;
  /** Without the tinted ground: for dense tables. */
  readonly isPlain?: boolean | undefined;
}) {
  return (
    <span class="badge" data-tone={tone} data-plain={isPlain ? '' : undefined}>
      {icon !== undefined && <Icon name={icon} />}
      {children}
    </span>
  );
}

interface Face {
  readonly tone: Tone;
  readonly icon: IconName;
  readonly word: string;
}

const CALL_FACES: Readonly<Record<CallState, Face>> = {
  none: { tone: 'quiet', icon: 'state-none', word: 'No status yet' },
  live: { tone: 'live', icon: 'state-live', word: 'Live' },
  ended: { tone: 'good', icon: 'state-done', word: 'Ended' },
  failed: { tone: 'bad', icon: 'state-failed', word: 'Ended with error' },
};

const STALE_FACE: Face = { tone: 'warn', icon: 'state-unknown', word: 'Unknown' };

export function CallStateBadge({
  state,
  isStale = false,
  isPlain,
}: {
  readonly state: CallState;
  /** Live for longer than anyone believes: nobody knows whether it still runs. */
  readonly isStale?: boolean | undefined;
  readonly isPlain?: boolean | undefined;
}) {
  return <FaceBadge face={isStale && state === 'live' ? STALE_FACE : CALL_FACES[state]} isPlain={isPlain} />;
}

const DELIVERY_FACES: Readonly<Record<DeliveryState, Face>> = {
  pending: { tone: 'neutral', icon: 'state-waiting', word: 'Pending' },
  delivered: { tone: 'good', icon: 'state-done', word: 'Delivered' },
  dead: { tone: 'bad', icon: 'state-failed', word: 'Failed' },
  superseded: { tone: 'quiet', icon: 'state-skipped', word: 'Superseded' },
  cancelled: { tone: 'quiet', icon: 'cancel', word: 'Cancelled' },
};

const RETRYING_FACE: Face = { tone: 'warn', icon: 'state-retrying', word: 'Retrying' };

/** A pending delivery that was tried already is shown as retrying. */
export function DeliveryStateBadge({
  state,
  attempts = 0,
  isPlain,
}: {
  readonly state: DeliveryState;
  readonly attempts?: number | undefined;
  readonly isPlain?: boolean | undefined;
}) {
  const face = state === 'pending' && attempts > 0 ? RETRYING_FACE : DELIVERY_FACES[state];
  return <FaceBadge face={face} isPlain={isPlain} />;
}

const OUTCOME_FACES: Readonly<Record<ReportOutcome | AttemptOutcome, Face>> = {
  advanced: { tone: 'good', icon: 'state-done', word: 'Accepted' },
  repeated: { tone: 'quiet', icon: 'state-repeated', word: 'Duplicate' },
  late: { tone: 'warn', icon: 'state-waiting', word: 'Out of order' },
  conflicting: { tone: 'bad', icon: 'alert', word: 'Conflicting' },
  noted: { tone: 'neutral', icon: 'info', word: 'Noted' },
  delivered: { tone: 'good', icon: 'state-done', word: 'Delivered' },
  retry: { tone: 'warn', icon: 'state-retrying', word: 'Failed, retried' },
  dead: { tone: 'bad', icon: 'state-failed', word: 'Failed for good' },
};

/** Of a report, or of one attempt. */
export function OutcomeBadge({
  outcome,
  isPlain,
}: {
  readonly outcome: ReportOutcome | AttemptOutcome;
  readonly isPlain?: boolean | undefined;
}) {
  return <FaceBadge face={OUTCOME_FACES[outcome]} isPlain={isPlain} />;
}

const DESTINATION_FACES: Readonly<Record<DestinationState, Face>> = {
  enabled: { tone: 'good', icon: 'state-done', word: 'Enabled' },
  paused: { tone: 'warn', icon: 'pause', word: 'Paused' },
  disabled: { tone: 'bad', icon: 'cancel', word: 'Disabled' },
};

const FAILING_FACE: Face = { tone: 'bad', icon: 'alert', word: 'Failing' };

export function DestinationStateBadge({
  state,
  isFailing = false,
  isPlain,
}: {
  readonly state: DestinationState;
  /** Enabled, but its attempts fail (failing_since is set). */
  readonly isFailing?: boolean | undefined;
  readonly isPlain?: boolean | undefined;
}) {
  const face = state === 'enabled' && isFailing ? FAILING_FACE : DESTINATION_FACES[state];
  return <FaceBadge face={face} isPlain={isPlain} />;
}

const REPLAY_FACES: Readonly<Record<ReplayState, Face>> = {
  running: { tone: 'accent', icon: 'state-retrying', word: 'Running' },
  paused: { tone: 'warn', icon: 'pause', word: 'Paused' },
  finished: { tone: 'good', icon: 'state-done', word: 'Finished' },
  cancelled: { tone: 'quiet', icon: 'cancel', word: 'Cancelled' },
};

export function ReplayStateBadge({ state }: { readonly state: ReplayState }) {
  return <FaceBadge face={REPLAY_FACES[state]} isPlain={undefined} />;
}

/** HTTP status of an answer; without one, what stands in its place: an answer that never came, or what kept it away. */
export function CodeBadge({
  status,
  cause,
  fallback = 'No answer',
}: {
  readonly status: number | null;
  /** FailureCause of an attempt. */
  readonly cause?: string | null;
  readonly fallback?: string;
}) {
  if (status === null) {
    return (
      <Badge tone="bad" icon="state-failed" isPlain>
        {cause === 'settings' ? 'Settings' : cause === 'refused' ? 'Refused' : fallback}
      </Badge>
    );
  }
  const isGood = status >= 200 && status < 300;
  return (
    <Badge tone={isGood ? 'good' : 'bad'} icon={isGood ? 'state-done' : 'state-failed'} isPlain>
      {status}
    </Badge>
  );
}

function FaceBadge({ face, isPlain }: { readonly face: Face; readonly isPlain: boolean | undefined }) {
  return (
    <Badge tone={face.tone} icon={face.icon} isPlain={isPlain}>
      {face.word}
    </Badge>
  );
}
