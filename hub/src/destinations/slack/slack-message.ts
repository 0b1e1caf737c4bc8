/** A message as both ways into Slack take it, and where one stands afterwards. */

export interface SlackMessage {
  readonly text: string;
  readonly blocks: readonly SlackBlock[];
}

export type SlackBlock =
  | { readonly type: 'header'; readonly text: PlainText }
  | { readonly type: 'section'; readonly text: PlainText | MarkedText }
  | { readonly type: 'context'; readonly elements: readonly MarkedText[] };

interface PlainText {
  readonly type: 'plain_text';
  readonly text: string;
  readonly emoji: boolean;
}

interface MarkedText {
  readonly type: 'mrkdwn';
  readonly text: string;
  /** Slack makes no links of its own out of what is in it. */
  readonly verbatim: true;
}

/** Where a posted message can be found to be changed. */
export interface MessagePlace {
  readonly channel: string;
  readonly ts: string;
}
