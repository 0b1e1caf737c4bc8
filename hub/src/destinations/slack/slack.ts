/** The Slack destination: alerts about calls that fail and about the hub itself, grouped, followed up and taken back. */
import { OPERATIONAL_EVENT_TYPES } from '@offhook/contract/operational-event';
import { NO_TIME } from '../destination.ts';
import type {
  AttemptResult,
  AttemptTiming,
  DestinationGround,
  DestinationKind,
  DestinationSender,
} from '../destination.ts';
import type { KindOptions } from '../kind-options.ts';
import type { GroupRules } from './alert-group.ts';
import { renderGreeting } from './alert-message.ts';
import { createSendGates } from './send-gate.ts';
import type { SendGate } from './send-gate.ts';
import { openSlackChannel, toPlaceKey } from './slack-channel.ts';
import type { SlackChannel } from './slack-channel.ts';
import { createSlackSender } from './slack-sender.ts';
import type { SlackSettings } from './slack-settings.ts';
import {
  createSlackSettingsSchema,
  describeSlackTarget,
  keepMaskedSlackSettings,
  toPublicSlackSettings,
} from './slack-settings.ts';

export function createSlackKind(options: KindOptions): DestinationKind<SlackSettings> {
  const gates = createSendGates();
  /** By destination: a sender whose settings changed may still be writing when the next one reads. */
  const closing = new Map<string, Promise<void>>();
  const openChannel = (settings: SlackSettings): SlackChannel | null =>
    openSlackChannel(options.http, settings, options.userAgent);
  return {
    kind: 'slack',
    title: 'Slack',
    summary:
      'Posts an alert when calls fail, gathers what is alike into one message, and says when it is over.',
    setup: [
      'Open api.slack.com/apps → Create New App → From scratch → a name and your workspace.',
      'For one channel: Incoming Webhooks → on → Add New Webhook to Workspace → choose the channel; copy the URL.',
      'Or with a bot, which keeps its messages up to date: OAuth & Permissions → Bot Token Scopes → add chat:write → Install to Workspace; copy the Bot User OAuth Token.',
      "A bot has to be in its channel: type /invite @ and the app's name there.",
    ],
    settings: createSlackSettingsSchema(options.egress),
    defaults: {
      filter: { statuses: ['ended-with-error'], operational_events: OPERATIONAL_EVENT_TYPES },
    },
    signs: false,
    isEager: true,
    toPublicSettings: toPublicSlackSettings,
    keepMasked: keepMaskedSlackSettings,
    describeTarget: describeSlackTarget,
    open(settings, ground) {
      const channel = openChannel(settings);
      // Parsed at the API door, so this can only be a journal edited by hand; said per attempt, where people look.
      if (channel === null) return UNUSABLE;
      const { destinationId } = ground;
      const sender = createSlackSender({
        ground,
        channel,
        gate: gates.open(toPlaceKey(settings)),
        rules: toRules(settings, channel),
        mention: settings.mention ?? null,
        predecessor: closing.get(destinationId) ?? Promise.resolve(),
      });
      return {
        attempt: (request) => sender.attempt(request),
        close() {
          const closed = sender.close();
          closing.set(destinationId, closed);
          return closed.finally(() => {
            if (closing.get(destinationId) === closed) closing.delete(destinationId);
          });
        },
        abandon() {
          sender.abandon();
          closing.delete(destinationId);
        },
      };
    },
    async test(settings, ground, deadlineMs) {
      const channel = openChannel(settings);
      if (channel === null) return UNUSABLE_RESULT;
      try {
        return await greet(channel, gates.open(toPlaceKey(settings)), ground, deadlineMs);
      } finally {
        channel.close();
      }
    },
  };
}

function toRules(settings: SlackSettings, { canChange }: SlackChannel): GroupRules {
  return {
    coolDownMs: settings.cool_down_s * 1_000,
    recoveryMs: settings.recovery_s * 1_000,
    callsMin: settings.min_calls,
    canChange,
  };
}

/** Who the token belongs to, then a message in the channel; in turn with what else is posted there. */
async function greet(
  channel: SlackChannel,
  gate: SendGate,
  ground: DestinationGround,
  deadlineMs: number,
): Promise<AttemptResult> {
  const startedAtMs = ground.monotonicMs();
  const spentMs = (): number => Math.max(0, ground.monotonicMs() - startedAtMs);
  const timing = (): AttemptTiming => ({ firstByteMs: null, totalMs: spentMs() });
  const identity = await channel.identify(deadlineMs);
  if (!('who' in identity)) return { ...identity.result, timing: timing() };
  const late = new AbortController();
  const cancelTimer = ground.setTimer(() => late.abort(), Math.max(1, deadlineMs - spentMs() - 1));
  const isTurn = await gate.enter(ground, late.signal);
  cancelTimer();
  if (!isTurn) {
    const detail =
      'Slack asked not to be sent more for now, or other messages go first; try again in a minute';
    return { kind: 'failed', cause: 'timeout', detail, timing: timing() };
  }
  try {
    const answer = await channel.post(
      renderGreeting(ground.destinationName),
      Math.max(1, deadlineMs - spentMs()),
    );
    if (answer.kind === 'slow') gate.hold(ground, answer.retryAfterMs);
    if (answer.kind !== 'taken') return { ...answer.result, timing: timing() };
    const where = identity.who === null ? '' : ` (${identity.who})`;
    return { kind: 'done', detail: `Posted to ${channel.name}${where}`, timing: timing() };
  } finally {
    gate.leave(ground);
  }
}

const UNUSABLE_RESULT: AttemptResult = {
  kind: 'failed',
  cause: 'settings',
  detail: 'the settings of this destination name no place in Slack that can be read',
  timing: NO_TIME,
};

const UNUSABLE: DestinationSender = {
  attempt: async () => UNUSABLE_RESULT,
  close: async () => {},
  abandon: () => {},
};
