/**
 * What the API answers, as the hub's own views say it: a change there that a screen does not follow fails `npm run
 * types`.
 */
import type {
  accountView,
  auditView,
  keyView,
  keyWithTextView,
  phoneNumberView,
  sourceView,
} from '../../../hub/src/api/account-views.ts';
import type {
  attemptDetailView,
  attemptRequestView,
  attemptView,
  deliveryDetailView,
  deliveryView,
} from '../../../hub/src/api/delivery-views.ts';
import type { callView, eventView, reportView, timelineView } from '../../../hub/src/api/call-views.ts';
import type {
  destinationKindView,
  destinationView,
  destinationWithSecretView,
} from '../../../hub/src/api/destination-views.ts';
import type { replayCountView, replayView } from '../../../hub/src/api/replay-views.ts';
import type {
  callStatisticsView,
  deliveryStatisticsView,
  errorGroupView,
  stateCountsView,
} from '../../../hub/src/api/analytics-views.ts';
import type { operationalEventView } from '../../../hub/src/api/operational-events.ts';
import type { qualityView } from '../../../hub/src/api/quality.ts';
import type { testView } from '../../../hub/src/api/test-view.ts';
import type { overviewView } from '../../../hub/src/api/overview.ts';
import type {
  callMessageView,
  deliveryMessageView,
  resyncMessageView,
} from '../../../hub/src/api/stream-messages.ts';
import type { sessionView } from '../../../hub/src/api/sessions.ts';
import type { systemView } from '../../../hub/src/api/system.ts';

type Output<Schema extends { readonly _zod: { readonly output: unknown } }> = Schema['_zod']['output'];

export type CallView = Output<typeof callView>;
export type TimelineView = Output<typeof timelineView>;
export type ReportView = Output<typeof reportView>;
export type EventView = Output<typeof eventView>;
export type DeliveryView = Output<typeof deliveryView>;
export type DeliveryDetailView = Output<typeof deliveryDetailView>;
export type AttemptView = Output<typeof attemptView>;
/** With what was sent, as one delivery shows it. */
export type AttemptDetailView = Output<typeof attemptDetailView>;
export type AttemptRequestView = Output<typeof attemptRequestView>;
export type DestinationView = Output<typeof destinationView>;
export type DestinationKindView = Output<typeof destinationKindView>;
export type DestinationWithSecretView = Output<typeof destinationWithSecretView>;
export type TestView = Output<typeof testView>;
export type OperationalEventView = Output<typeof operationalEventView>;
export type QualityView = Output<typeof qualityView>;
export type ReplayView = Output<typeof replayView>;
export type ReplayCountView = Output<typeof replayCountView>;
export type KeyView = Output<typeof keyView>;
export type KeyWithTextView = Output<typeof keyWithTextView>;
export type SourceView = Output<typeof sourceView>;
export type PhoneNumberView = Output<typeof phoneNumberView>;
export type AccountView = Output<typeof accountView>;
export type AuditView = Output<typeof auditView>;

export type OverviewView = Output<typeof overviewView>;

export type Scope = KeyView['scopes'][number];

export type SessionView = Output<typeof sessionView>;

export type CallStatisticsView = Output<typeof callStatisticsView>;
export type CallTotalsView = CallStatisticsView['totals'];
export type CallSlotView = CallStatisticsView['slots'][number];
export type DeliveryStatisticsView = Output<typeof deliveryStatisticsView>;
export type ErrorGroupView = Output<typeof errorGroupView>;
export type ErrorGroupState = ErrorGroupView['state'];

export type SystemView = Output<typeof systemView>;
export type StateCountsView = Output<typeof stateCountsView>;

/** What the stream says of a delivery. */
export type DeliveryChangeView = Output<typeof deliveryMessageView>;
export type CallMessageView = Output<typeof callMessageView>;
export type ResyncMessageView = Output<typeof resyncMessageView>;
export type StreamTopic = ResyncMessageView['topics'][number];

export interface Page<T> {
  readonly data: readonly T[];
  readonly next_cursor: string | null;
  readonly has_more: boolean;
}

/** RFC 9457, as every refusal of the API has it. */
export interface ProblemView {
  readonly type: string;
  readonly title: string;
  readonly status?: number;
  readonly detail: string;
  readonly code: string;
  readonly request_id: string | null;
  readonly errors?: readonly { readonly pointer?: string; readonly detail: string; readonly code?: string }[];
}
