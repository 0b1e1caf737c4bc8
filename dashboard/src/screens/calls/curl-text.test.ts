import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { ReportView } from '../../data/types.ts';

import { isMasked, toAttemptCurl, toReportBody, toReportCurl } from './curl-text.ts';

/** Runs the command with a curl that prints what it was given, one argument a line, as JSON. */
function readArguments(command: string): readonly string[] {
  const script = `curl() { for word in "$@"; do printf '%s\\0' "$word"; done; }\n${command}`;
  const printed = execFileSync('bash', ['-c', script], {
    encoding: 'utf8',
    env: { ...process.env, OFFHOOK_API_KEY: 'ohk_mine' },
  });
  return printed.split('\0').slice(0, -1);
}

const REPORT: ReportView = {
  id: 'rep_1',
  source_id: 'voicedock',
  assumed: false,
  received_at: '2025-12-13T12:05:04.000Z',
  occurred_at: '2025-12-13T12:05:00.000Z',
  status: 'ended-with-error',
  outcome: 'advanced',
  reason: null,
  event_id: 'evt_1',
  report: {
    type: 'inbound_phone_call',
    phone_number: { number: '+31850835037', name: "O'Neill & Söhne" },
    customer: { number: '+31612345678' },
    error: `'; rm -rf ~ #\u{202E}\n$(id)`,
    end_reason: null,
    assistant: { id: 'a', metadata: { room: 4 } },
    duration_seconds: null,
    summary: null,
    unknown_fields: { 'message.extra': true },
  },
};

describe('toReportCurl', () => {
  it('reports the same again, whatever stands in it, with the key of the shell', () => {
    const callId = `a+b/c d?e#f'g"🤙`;
    const words = readArguments(toReportCurl('http://127.0.0.1:8080', callId, REPORT, true));
    const at = words.indexOf('--url') + 1;
    expect(words[at]).toBe(`http://127.0.0.1:8080/v1/calls/${encodeURIComponent(callId)}/status`);
    expect(words).toContain('Authorization: Bearer ohk_mine');
    expect(JSON.parse(words.at(-1) ?? '')).toEqual({
      status: 'ended-with-error',
      timestamp: '2025-12-13T12:05:00.000Z',
      type: 'inbound_phone_call',
      phone_number: { number: '+31850835037', name: "O'Neill & Söhne" },
      customer: { number: '+31612345678' },
      error: `'; rm -rf ~ #\u{202E}\n$(id)`,
      metadata: { room: 4 },
    });
  });

  it('is text that a terminal shows as it is', () => {
    expect(toReportCurl('http://h', 'id', REPORT, true)).not.toMatch(/[^\P{C}\n]/u);
  });

  it('keeps an id of dots', () => {
    expect(readArguments(toReportCurl('http://h', '..', REPORT, true))).toContain('--path-as-is');
  });

  it('leaves masked facts out instead of reporting bullets', () => {
    const masked: ReportView = {
      ...REPORT,
      report: {
        ...REPORT.report,
        phone_number: { number: '+31 8 •••• 5037' },
        customer: { number: '+31 6 •••• 5678' },
        error: 'no route to +31••••••78',
      },
    };
    expect(toReportBody(masked, false)).toEqual({
      status: 'ended-with-error',
      timestamp: '2025-12-13T12:05:00.000Z',
      type: 'inbound_phone_call',
      metadata: { room: 4 },
    });
    // To whom nothing is masked a bullet is a bullet.
    expect(toReportBody(masked, true)).toHaveProperty('error', 'no route to +31••••••78');
    expect(isMasked(JSON.stringify(masked))).toBe(true);
  });
});

describe('toAttemptCurl', () => {
  const body = `{"message":{"error":"it's \\u001b[31m $(id)"}}`;

  it('sends the exact body with the headers as sent, but for those that curl writes itself', () => {
    const words = readArguments(
      toAttemptCurl(
        {
          method: 'POST',
          url: `https://example.org/hook?a={1,2}&b=[x]&c='`,
          headers: [
            ['Host', 'example.org'],
            ['content-length', '12'],
            ['X-Webhook-Event', 'status-update'],
            ['X-Empty', ''],
            ['traceparent', '…'],
            ['@/etc/passwd', 'x'],
            ['X-Mine', `a'b; $(id)`],
          ],
          signature: 'valid',
          settings_changed: false,
        },
        body,
      ),
    );
    expect(words).toEqual([
      '--globoff',
      '--request',
      'POST',
      '--url',
      `https://example.org/hook?a={1,2}&b=[x]&c='`,
      '--header',
      'X-Webhook-Event: status-update',
      '--header',
      'X-Empty;',
      '--header',
      `X-Mine: a'b; $(id)`,
      '--data-raw',
      body,
    ]);
  });
});
