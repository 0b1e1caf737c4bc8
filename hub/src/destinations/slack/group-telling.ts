/** One request to Slack about one group: a new message, or the last one changed. */
import type { DestinationGround } from '../destination.ts';
import { mergeTallies } from './alert-group.ts';
import type { AlertGroup, GroupRules, GroupStep, Tally } from './alert-group.ts';
import { renderRecovery, renderTrouble } from './alert-message.ts';
import { failTroubled } from './own-failures.ts';
import type { SlackAnswer, SlackChannel } from './slack-channel.ts';
import type { SlackMessage } from './slack-message.ts';

export interface TellingOptions {
  readonly ground: DestinationGround;
  readonly channel: SlackChannel;
  readonly rules: GroupRules;
  readonly mention: string | null;
}

/** Nobody above would hear of a bug of ours in here, and whoever waits would wait for ever. */
export async function tellGroup(
  options: TellingOptions,
  group: AlertGroup,
  step: Exclude<GroupStep, 'forget'>,
  isPlain: boolean,
  deadlineMs: number,
): Promise<SlackAnswer> {
  try {
    return await request(options, group, step, isPlain, deadlineMs);
  } catch (error) {
    return { kind: 'failed', result: failTroubled(options.ground, 'the message could not be made', error) };
  }
}

function request(
  options: TellingOptions,
  group: AlertGroup,
  step: Exclude<GroupStep, 'forget'>,
  isPlain: boolean,
  deadlineMs: number,
): Promise<SlackAnswer> {
  const { channel } = options;
  const whole = render(options, group, step);
  const message = isPlain ? { text: whole.text, blocks: [] } : whole;
  const place = group.message?.place ?? null;
  return (step === 'change' || step === 'close') && place !== null
    ? channel.change(place, message, deadlineMs)
    : channel.post(message, deadlineMs);
}

function render(
  options: TellingOptions,
  group: AlertGroup,
  step: Exclude<GroupStep, 'forget'>,
): SlackMessage {
  const { rules, mention, ground } = options;
  const common = { nowMs: ground.nowMs(), links: ground };
  if (step === 'recover') return renderRecovery(group, { ...common, recoveryMs: rules.recoveryMs });
  const tally = step === 'post' ? group.untold : toWhole(group);
  const isFirst = group.messages === 0 || (step !== 'post' && group.messages === 1);
  return renderTrouble(group, tally, {
    ...common,
    isFollowUp: !isFirst,
    isClosed: step === 'close',
    mention: isFirst && MENTIONED.has(group.kind) ? mention : null,
  });
}

/** Something is down: worth a ping. A call that failed is not. */
const MENTIONED: ReadonlySet<AlertGroup['kind']> = new Set([
  'destination.disabled',
  'source.silent',
  'error_rate.high',
]);

function toWhole({ message, untold }: AlertGroup): Tally {
  return message === null ? untold : mergeTallies(message.tally, untold);
}
