/** What /v1 answers, as types only: the schemas behind them are never loaded by a command. */
import type { z } from 'zod';

import type { callView, eventView, timelineView } from '../api/call-views.ts';
import type { deliveryDetailView, deliveryView } from '../api/delivery-views.ts';
import type {
  destinationKindView,
  destinationView,
  destinationWithSecretView,
} from '../api/destination-views.ts';
import type { accountView, keyView, keyWithTextView } from '../api/account-views.ts';
import type { replayCountView, replayView } from '../api/replay-views.ts';
import type { testView } from '../api/test-view.ts';

export type AccountView = z.output<typeof accountView>;
export type CallView = z.output<typeof callView>;
export type DeliveryView = z.output<typeof deliveryView>;
export type DeliveryDetailView = z.output<typeof deliveryDetailView>;
export type DestinationKindView = z.output<typeof destinationKindView>;
export type DestinationTestView = z.output<typeof testView>;
export type DestinationView = z.output<typeof destinationView>;
export type DestinationWithSecretView = z.output<typeof destinationWithSecretView>;
export type EventView = z.output<typeof eventView>;
export type KeyView = z.output<typeof keyView>;
export type KeyWithTextView = z.output<typeof keyWithTextView>;
export type ReplayView = z.output<typeof replayView>;
export type ReplayCountView = z.output<typeof replayCountView>;
export type { OperationalEventView } from '../api/operational-events.ts';
export type { QualityView } from '../api/quality.ts';
export type TimelineView = z.output<typeof timelineView>;
