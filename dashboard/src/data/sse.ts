/**
 * Server-sent events read from a fetch body. EventSource would do it by itself, but it can neither begin with a
 * Last-Event-ID (to come back from a pause) nor tell a 401 from a broken line.
 */

export interface StreamMessage {
  readonly event: string;
  /** Last id seen up to and with this message; null before the first. */
  readonly id: string | null;
  readonly data: string;
}

export interface SseParser {
  /** What became whole with this piece of text. */
  push(text: string): readonly StreamMessage[];
  /** As the server asked for; null where it has not. */
  retryMs(): number | null;
}

/** A message of this length is no message of ours. */
const BUFFER_CHARACTERS_MAX = 8 * 1024 * 1024;

export function makeSseParser(): SseParser {
  let rest = '';
  let isFirst = true;
  let endsWithReturn = false;
  let event = '';
  let data: string[] = [];
  let id: string | null = null;
  let retryMs: number | null = null;

  function takeLine(line: string, messages: StreamMessage[]): void {
    if (line === '') {
      if (data.length > 0)
        messages.push({ event: event === '' ? 'message' : event, id, data: data.join('\n') });
      event = '';
      data = [];
      return;
    }
    if (line.startsWith(':')) return;
    const colon = line.indexOf(':');
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + (line[colon + 1] === ' ' ? 2 : 1));
    if (name === 'data') data.push(value);
    else if (name === 'event') event = value;
    else if (name === 'id' && !value.includes('\0')) id = value;
    else if (name === 'retry' && /^\d{1,7}$/.test(value)) retryMs = Number(value);
  }

  return {
    push(text) {
      let piece = text;
      if (isFirst && piece !== '') {
        isFirst = false;
        if (piece.startsWith('\uFEFF')) piece = piece.slice(1);
      }
      // A CRLF may be cut in two.
      if (endsWithReturn && piece.startsWith('\n')) piece = piece.slice(1);
      if (piece !== '') endsWithReturn = piece.endsWith('\r');
      rest += piece;
      if (rest.length > BUFFER_CHARACTERS_MAX) throw new Error('A message of the stream has no end.');
      const lines = rest.split(/\r\n|\r|\n/);
      rest = lines.pop() ?? '';
      const messages: StreamMessage[] = [];
      for (const line of lines) takeLine(line, messages);
      return messages;
    },
    retryMs: () => retryMs,
  };
}
