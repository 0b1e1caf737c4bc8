/** What Slack says when it refuses, and what a person can do about it. */
import type { FailureCause } from '../destination.ts';

export interface SlackRefusal {
  readonly cause: Extract<FailureCause, 'settings' | 'refused'>;
  readonly detail: string;
}

/** The code as Slack gave it; unknown ones are repeated, as far as they look like a code. */
export function explainRefusal(code: string, place: string): SlackRefusal {
  const explain = REFUSALS.get(code);
  if (explain !== undefined) return { cause: 'settings', detail: explain(place) };
  const name = CODE.test(code) ? code : 'an error without a code';
  return {
    cause: PAYLOAD_CODES.has(code) || PASSING_CODES.has(code) ? 'refused' : 'settings',
    detail: PASSING_CODES.has(code)
      ? `Slack has trouble of its own (${name})`
      : PAYLOAD_CODES.has(code)
        ? `Slack does not take the message (${name})`
        : `Slack refuses the message: ${name}`,
  };
}

/** Whether an answer of an incoming webhook, which is plain text, is a code at all. */
export function isCode(text: string): boolean {
  return CODE.test(text);
}

/**
 * The message to be changed is no longer there or may no longer be changed, or the channel it stands in is out of reach,
 * as after a change of settings: a new one is posted instead, and says what is wrong if anything is.
 */
export const UNCHANGEABLE_CODES: ReadonlySet<string> = new Set([
  'message_not_found',
  'cant_update_message',
  'edit_window_closed',
  'is_inactive',
  'channel_not_found',
  'not_in_channel',
  'channel_is_archived',
  'is_archived',
]);

/** Said with status 200 at times, so the status alone does not tell. */
export const RATE_CODES: ReadonlySet<string> = new Set([
  'ratelimited',
  'rate_limited',
  'message_limit_exceeded',
]);

const CODE = /^[a-z][a-z0-9_]{1,63}$/;

const PASSING_CODES: ReadonlySet<string> = new Set([
  'fatal_error',
  'internal_error',
  'request_timeout',
  'rollup_error',
  'service_unavailable',
  'team_added_to_org',
]);

/** It is about this message alone; others may be taken. */
export const PAYLOAD_CODES: ReadonlySet<string> = new Set([
  'attachment_payload_limit_exceeded',
  'invalid_blocks',
  'invalid_blocks_format',
  'invalid_json',
  'invalid_payload',
  'json_not_object',
  'msg_blocks_too_long',
  'msg_too_long',
  'no_text',
  'too_many_attachments',
]);

const goneHook = (): string =>
  'the incoming webhook no longer exists; make a new one in the app’s settings in Slack and set its URL';
const goneToken = (): string =>
  'Slack no longer takes the bot token; install the app again and set the new token';
const archived = (place: string): string => `${place} is archived in Slack; bring it back or choose another`;
const forbidden = (place: string): string =>
  `a rule of the workspace does not let the app post to ${place}; ask an admin of the workspace`;
const inactive = (): string =>
  'the Slack account behind the app is deactivated; install the app again under another one';

const REFUSALS: ReadonlyMap<string, (place: string) => string> = new Map([
  ['no_service', goneHook],
  ['no_service_id', goneHook],
  ['no_active_hooks', goneHook],
  ['no_team', () => 'the workspace of the incoming webhook no longer exists'],
  ['team_disabled', () => 'the workspace is disabled in Slack'],
  ['invalid_token', goneHook],
  ['token_revoked', goneToken],
  ['token_expired', goneToken],
  [
    'invalid_auth',
    () => 'Slack does not know the bot token; copy it again from “OAuth & Permissions” of the app',
  ],
  ['not_authed', () => 'Slack did not see a bot token; copy it again from “OAuth & Permissions” of the app'],
  [
    'not_allowed_token_type',
    () =>
      'this is not a bot token; use the one that begins with xoxb- under “OAuth & Permissions” of the app',
  ],
  ['account_inactive', inactive],
  ['user_is_bot', inactive],
  [
    'missing_scope',
    () => 'the app lacks a scope; add chat:write under “OAuth & Permissions” and install it again',
  ],
  [
    'no_permission',
    () => 'the app lacks a scope; add chat:write under “OAuth & Permissions” and install it again',
  ],
  ['not_in_channel', (place) => `the app is not in ${place}; invite it there: /invite @ and the app’s name`],
  [
    'channel_not_found',
    (place) =>
      `Slack finds no ${place}; write the channel’s id, and invite the app where the channel is private`,
  ],
  ['user_not_found', (place) => `Slack finds nobody for ${place}`],
  ['channel_is_archived', archived],
  ['is_archived', archived],
  ['action_prohibited', forbidden],
  ['posting_to_general_channel_denied', forbidden],
  ['restricted_action', forbidden],
  ['restricted_action_read_only_channel', forbidden],
  ['restricted_action_thread_only_channel', forbidden],
  ['restricted_action_non_threadable_channel', forbidden],
  ['ekm_access_denied', forbidden],
  ['access_denied', forbidden],
  ['accesslimited', () => 'Slack does not take requests from this network; ask an admin of the workspace'],
  [
    'two_factor_setup_required',
    () => 'the workspace wants two-factor sign-in first; ask an admin of the workspace',
  ],
  [
    'org_login_required',
    () => 'the workspace is being moved to an organisation; it takes messages again afterwards',
  ],
]);
