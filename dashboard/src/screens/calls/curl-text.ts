/** Commands that repeat what is shown, to be pasted into a shell. */
import type { AttemptRequestView, ReportView } from '../../data/types.ts';

import { quoteForShell } from './shell-quote.ts';

/** Reports it again to this hub. The key stays in the shell's own variable. */
export function toReportCurl(
  origin: string,
  callId: string,
  report: ReportView,
  isRevealed: boolean,
): string {
  const path = `/v1/calls/${encodeURIComponent(callId)}/status`;
  return toCommand([
    // Without it curl would resolve an id of dots away.
    `curl --request PUT${/^\.{1,2}$/.test(callId) ? ' --path-as-is' : ''} --url ${quoteForShell(`${origin}${path}`)}`,
    `--header "Authorization: Bearer $OFFHOOK_API_KEY"`,
    `--header 'Content-Type: application/json'`,
    `--data-raw ${quoteForShell(toVisibleJson(toReportBody(report, isRevealed)))}`,
  ]);
}

/** The request as it left the hub. Its body is signed byte for byte, so it is handed on byte for byte. */
export function toAttemptCurl(request: AttemptRequestView, body: string): string {
  return toCommand([
    `curl --globoff --request ${quoteForShell(request.method)} --url ${quoteForShell(request.url)}`,
    ...request.headers.filter(isSendable).map(([name, value]) => toHeader(name, value)),
    `--data-raw ${quoteForShell(body)}`,
  ]);
}

/** Whether something in it was masked for this session, so that it is not what was sent. */
export function isMasked(text: string): boolean {
  return text.includes('•');
}

/**
 * What `PUT /v1/calls/{id}/status` takes of a report. For whom numbers are masked, facts with a masked part are left
 * out: the call knows the real ones, and bullets would be reported as if they were some.
 */
export function toReportBody(
  { status, occurred_at: occurredAt, report }: ReportView,
  isRevealed: boolean,
): Record<string, unknown> {
  const metadata = report.assistant?.['metadata'];
  const facts = {
    timestamp: occurredAt,
    type: report.type,
    phone_number: report.phone_number,
    customer: report.customer,
    error: report.error,
    end_reason: report.end_reason,
    metadata: typeof metadata === 'object' ? metadata : null,
  };
  const known = Object.entries(facts).filter(
    ([, value]) => value !== null && (isRevealed || !isMasked(JSON.stringify(value))),
  );
  return { status, ...Object.fromEntries(known) };
}

/** JSON in which everything that a terminal would not show is an escape; the same value when parsed. */
function toVisibleJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(/[\u{7F}-\u{9F}]|[\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    Array.from(
      { length: character.length },
      (_, at) => String.raw`\u` + character.charCodeAt(at).toString(16).padStart(4, '0'),
    ).join(''),
  );
}

/** curl says these itself, and a second one would be wrong. */
const OWN_HEADERS = new Set(['host', 'content-length', 'connection', 'transfer-encoding', 'expect']);

/** A name that is no token would be read as something else, `@file` above all; "…" stands for what was not kept. */
function isSendable([name, value]: readonly [string, string]): boolean {
  return value !== '…' && /^[\w!#$%&'*+.^`|~-]+$/.test(name) && !OWN_HEADERS.has(name.toLowerCase());
}

/** `Name;` is how curl sends a header without a value: `Name:` would take it out. */
function toHeader(name: string, value: string): string {
  return `--header ${quoteForShell(value === '' ? `${name};` : `${name}: ${value}`)}`;
}

function toCommand(parts: readonly string[]): string {
  return parts.join(' \\\n  ');
}
