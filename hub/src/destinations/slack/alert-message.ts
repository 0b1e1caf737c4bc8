/**
 * What a group looks like in a channel. The plain `text` is a whole sentence, since that is what a phone shows and a
 * screen reader reads; the blocks say the same with links and with times in the reader's own zone.
 */
import type { DestinationGround } from '../destination.ts';
import type { AlertGroup, Tally } from './alert-group.ts';
import type { Example, GroupKind } from './alert.ts';
import type { SlackBlock, SlackMessage } from './slack-message.ts';
import { isCounted } from './alert-group.ts';
import {
  cleanLine,
  escapeText,
  toCodeBlock,
  toCodeLink,
  toCodeSpan,
  toDateText,
  toLink,
  toProse,
  toUtcText,
} from './slack-text.ts';
import { maskText } from '@offhook/contract/masked-text';

export interface MessageGround {
  readonly nowMs: number;
  readonly links: Pick<DestinationGround, 'toCallLink' | 'toDestinationLink'>;
}

/** Slack's own bound of a text in a block. */
export const BLOCK_CHARACTERS_MAX = 3_000;
const LINK_CHARACTERS_MAX = 1_500;
const CALL_ID_SHOWN_MAX = 64;
const QUOTE_CHARACTERS_MAX = 120;

/** A message about trouble: the first, or one that follows it. `mention` as the settings write it. */
export function renderTrouble(
  group: AlertGroup,
  tally: Tally,
  options: MessageGround & {
    readonly isFollowUp: boolean;
    /** It is over: the message stays, and says so. */
    readonly isClosed: boolean;
    readonly mention: string | null;
  },
): SlackMessage {
  const { nowMs, isFollowUp, isClosed, mention } = options;
  const ping = mention === null ? '' : `${toMention(mention)} `;
  const words = toHeadline(group.kind, tally.count, isFollowUp);
  const quote = group.kind === 'calls' ? toQuote(group) : null;
  const says = isCounted(group.kind) ? '' : ` ${toProse(cleanLine(group.title, 300))}`;
  const times = isOneMoment(tally)
    ? `At ${toUtcText(tally.lastAtMs, nowMs)}.`
    : `First ${toUtcText(tally.firstAtMs, nowMs)}, last ${toUtcText(tally.lastAtMs, nowMs)}.`;
  const over = isClosed ? 'Over: ' : '';
  return {
    text: `${ping}${over}${words}${quote === null ? '' : `: ${toProse(quote)}`}${endOf(quote)}${says} ${times}`,
    blocks: [
      toHeader(isClosed ? ENDED : EMOJI[group.kind], isClosed ? `${words} (over)` : words),
      ...(mention === null ? [] : [toSection(toMention(mention))]),
      ...toBody(group),
      ...toExamples(group, tally, options),
      ...toTimes(group, tally, nowMs),
    ],
  };
}

/** Told where a group that was told of is over. */
export function renderRecovery(
  group: AlertGroup,
  options: MessageGround & { readonly recoveryMs: number },
): SlackMessage {
  const { nowMs, recoveryMs } = options;
  const { count, firstAtMs, lastAtMs } = group.total;
  if (group.endedBy !== null) {
    const said = toProse(cleanLine(group.endedBy, 300));
    const since = `${ENDED_WORDS[group.kind] ?? 'In trouble'} since`;
    return {
      text: `Recovered: ${said} ${since} ${toUtcText(firstAtMs, nowMs)}.`,
      blocks: [
        toHeader(ENDED, 'Recovered'),
        toPlainSection(cleanLine(group.endedBy, 500)),
        ...toPageLink(group.destinationId, options),
        toContext(`${since} ${toDateText(firstAtMs, nowMs)}`),
      ],
    };
  }
  const quote = toQuote(group);
  const isOther = group.kind === 'other_calls';
  const what = isOther ? 'other errors' : `“${toProse(quote)}”`;
  const span = toDuration(recoveryMs);
  const calls = `${count} ${count === 1 ? 'call' : 'calls'}`;
  const when = (toText: (atMs: number, nowMs: number) => string): string =>
    isOneMoment(group.total)
      ? `${calls} at ${toText(lastAtMs, nowMs)}`
      : `${calls} between ${toText(firstAtMs, nowMs)} and ${toText(lastAtMs, nowMs)}`;
  return {
    text: `Recovered: no call failed with ${what} for ${span} (${when(toUtcText)}).`,
    blocks: [
      toHeader(ENDED, 'Recovered'),
      toSection(`No call failed with ${isOther ? what : toCodeSpan(quote)} for ${span}.`),
      toContext(when(toDateText)),
    ],
  };
}

/** What a try that people ask for posts. */
export function renderGreeting(name: string | null): SlackMessage {
  const from = name === null ? '' : ` Destination: ${toProse(cleanLine(name, 80))}.`;
  const said = 'Offhook can reach this channel.';
  return {
    text: `${said}${from}`,
    blocks: [
      toSection(`:wave: ${said}`),
      ...(name === null ? [] : [toContext(`Destination ${toCodeSpan(cleanLine(name, 80))}`)]),
    ],
  };
}

const EMOJI: Record<GroupKind, string> = {
  calls: ':red_circle:',
  other_calls: ':red_circle:',
  'destination.disabled': ':red_circle:',
  'destination.recovered': ':large_green_circle:',
  'delivery.dead': ':warning:',
  'call.stale': ':warning:',
  'source.silent': ':red_circle:',
  'source.resumed': ':large_green_circle:',
  'error_rate.high': ':red_circle:',
  'error_rate.normal': ':large_green_circle:',
};
const ENDED = ':large_green_circle:';

const ENDED_WORDS: Partial<Record<GroupKind, string>> = {
  'destination.disabled': 'Disabled',
  'source.silent': 'Silent',
  'error_rate.high': 'High',
};

function toHeadline(kind: GroupKind, count: number, isFollowUp: boolean): string {
  const more = isFollowUp ? ' more' : '';
  const calls = count === 1 ? (isFollowUp ? '1 more call' : 'A call') : `${count}${more} calls`;
  const times = count === 1 ? '' : ` (${count} times)`;
  switch (kind) {
    case 'calls':
      return `${calls} failed`;
    case 'other_calls':
      return `${calls} failed with ${count === 1 ? 'another error' : 'other errors'}`;
    case 'delivery.dead':
      return count === 1
        ? `A${isFollowUp ? 'nother' : ''} delivery was given up`
        : `${count}${more} deliveries were given up`;
    case 'call.stale':
      return count === 1 ? `A${isFollowUp ? 'nother' : ''} call is stale` : `${count}${more} calls are stale`;
    case 'destination.disabled':
      return `Destination disabled${times}`;
    case 'destination.recovered':
      return `Destination recovered${times}`;
    case 'source.silent':
      return `Source silent${times}`;
    case 'source.resumed':
      return `Source reports again${times}`;
    case 'error_rate.high':
      return `Error rate high${times}`;
    case 'error_rate.normal':
      return `Error rate normal again${times}`;
  }
}

/** The error on one line. */
function toQuote(group: AlertGroup): string {
  const line = cleanLine(group.title, QUOTE_CHARACTERS_MAX);
  return line === '' ? NO_TEXT : line;
}

const NO_TEXT = 'no error text';

function endOf(quote: string | null): string {
  return quote !== null && /[.!?…]$/.test(quote) ? '' : '.';
}

function toBody(group: AlertGroup): readonly SlackBlock[] {
  if (group.kind === 'other_calls') return [];
  if (isCounted(group.kind))
    return [toSection(group.title === '' ? '_The source gave no error text._' : toCodeBlock(group.title))];
  // A block without text is refused.
  return group.title === '' ? [] : [toPlainSection(group.title)];
}

/** In whole seconds, as they are shown. */
function isOneMoment({ firstAtMs, lastAtMs }: Tally): boolean {
  return Math.floor(firstAtMs / 1_000) === Math.floor(lastAtMs / 1_000);
}

/** Nothing where the one example says it already. */
function toTimes(group: AlertGroup, tally: Tally, nowMs: number): readonly SlackBlock[] {
  const { total } = group;
  const own = isOneMoment(tally)
    ? toDateText(tally.lastAtMs, nowMs)
    : `First ${toDateText(tally.firstAtMs, nowMs)} · last ${toDateText(tally.lastAtMs, nowMs)}`;
  if (total.count > tally.count)
    return [toContext(`${own} · ${total.count} since ${toDateText(total.firstAtMs, nowMs)}`)];
  const isSaid = tally.count === 1 && tally.examples.some(({ callId }) => callId !== null);
  return isSaid ? [] : [toContext(own)];
}

function toExamples(group: AlertGroup, tally: Tally, ground: MessageGround): readonly SlackBlock[] {
  const lines = (isLinked: boolean): string[] =>
    tally.examples
      .map((example) => toExampleLine(group.kind, example, ground, isLinked))
      .filter((line) => line !== '');
  const linked = lines(true).join('\n');
  const text = linked.length <= BLOCK_CHARACTERS_MAX ? linked : lines(false).join('\n');
  return [
    ...(text === '' ? [] : [toSection(text.slice(0, BLOCK_CHARACTERS_MAX))]),
    ...toPageLink(group.destinationId, ground),
  ];
}

function toExampleLine(
  kind: GroupKind,
  example: Example,
  { links, nowMs }: MessageGround,
  isLinked: boolean,
): string {
  const { callId, way, numberName, error, atMs } = example;
  if (callId === null) return '';
  const url = isLinked ? links.toCallLink(callId) : null;
  const shown = cleanLine(maskText(callId), CALL_ID_SHOWN_MAX);
  const label = shown === '' ? 'call' : shown;
  const name = url === null || url.length > LINK_CHARACTERS_MAX ? toCodeSpan(label) : toCodeLink(url, label);
  const about = [
    way === null ? '' : KNOWN_WAYS.has(way) ? way : toCodeSpan(way),
    numberName === null ? '' : toCodeSpan(numberName),
    kind === 'calls' ? '' : toCodeSpan(error ?? ''),
    kind === 'call.stale' ? `live since ${toDateText(atMs, nowMs)}` : toDateText(atMs, nowMs),
  ];
  return [`• ${name}`, ...about.filter((part) => part !== '')].join(' · ');
}

const KNOWN_WAYS: ReadonlySet<string> = new Set(['inbound', 'outbound', 'web call']);

function toPageLink(destinationId: string | null, { links }: MessageGround): readonly SlackBlock[] {
  const url = destinationId === null ? null : links.toDestinationLink(destinationId);
  return url === null || url.length > LINK_CHARACTERS_MAX
    ? []
    : [toSection(toLink(url, 'Open the destination'))];
}

function toMention(mention: string): string {
  if (mention === 'here' || mention === 'channel') return `<!${mention}>`;
  return mention.startsWith('S') ? `<!subteam^${mention}>` : `<@${mention}>`;
}

function toDuration(ms: number): string {
  const minutes = ms / 60_000;
  if (minutes >= 60 && minutes % 60 === 0) return minutes === 60 ? 'an hour' : `${minutes / 60} hours`;
  if (minutes >= 1 && Number.isInteger(minutes)) return minutes === 1 ? 'a minute' : `${minutes} minutes`;
  return `${Math.round(ms / 1_000)} seconds`;
}

function toHeader(emoji: string, words: string): SlackBlock {
  return { type: 'header', text: { type: 'plain_text', text: `${emoji} ${words}`, emoji: true } };
}

function toSection(text: string): SlackBlock {
  return { type: 'section', text: { type: 'mrkdwn', text, verbatim: true } };
}

/** For sentences with names in them, where nothing may be formatted. */
function toPlainSection(text: string): SlackBlock {
  return { type: 'section', text: { type: 'plain_text', text: escapeText(text), emoji: false } };
}

function toContext(text: string): SlackBlock {
  return { type: 'context', elements: [{ type: 'mrkdwn', text, verbatim: true }] };
}
