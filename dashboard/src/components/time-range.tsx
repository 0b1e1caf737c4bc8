import './time-range.css';
import { useState } from 'preact/hooks';
import { readNowMs } from '../data/clock.ts';
import { formatDateTime } from '../data/format.ts';
import { timeZone } from '../data/preferences.ts';
import { Button } from './button.tsx';
import { Field, TextInput } from './field.tsx';
import { Icon } from './icon.tsx';
import { Popover } from './popover.tsx';
import { TIME_PRESETS, parseInputText, toInputText, toPresetLabel, toSpanFault } from './time-span.ts';
import type { TimePreset, TimeSpan } from './time-span.ts';

export interface TimeRangeProps {
  /** As it stands in the URL: "24h", an RFC 3339 time, or null for the default. */
  readonly since: string | null;
  readonly until: string | null;
  /** What null means; null where it means all that is kept. */
  readonly defaultSince: string | null;
  /** What to write: fits setQuery as it is. The default is written as null. */
  readonly onChange: (span: { readonly since: string | null; readonly until: string | null }) => void;
  readonly presets?: readonly TimePreset[] | undefined;
}

export function TimeRange({ since, until, defaultSince, onChange, presets = TIME_PRESETS }: TimeRangeProps) {
  const effective = since ?? defaultSince;
  const write = (span: TimeSpan) =>
    onChange({ since: span.since === defaultSince ? null : span.since, until: span.until });
  return (
    <Popover
      label={`Time range: ${toLabel(effective, until)}`}
      icon="clock"
      buttonText={toLabel(effective, until)}
    >
      {(close) => (
        <div class="time-range">
          <ul class="time-range-presets">
            {defaultSince === null && (
              <Preset
                label="All that is kept"
                isCurrent={effective === null && until === null}
                onChoose={() => {
                  close();
                  write({ since: null, until: null });
                }}
              />
            )}
            {presets.map((preset) => (
              <Preset
                key={preset.since}
                label={preset.label}
                isCurrent={effective === preset.since && until === null}
                onChoose={() => {
                  close();
                  write({ since: preset.since, until: null });
                }}
              />
            ))}
          </ul>
          <Custom
            since={effective}
            until={until}
            onApply={(span) => {
              close();
              write(span);
            }}
          />
        </div>
      )}
    </Popover>
  );
}

function Preset({
  label,
  isCurrent,
  onChoose,
}: {
  readonly label: string;
  readonly isCurrent: boolean;
  readonly onChoose: () => void;
}) {
  return (
    <li>
      <button type="button" class="menu-item" aria-pressed={isCurrent} onClick={onChoose}>
        <span class="menu-check">{isCurrent && <Icon name="check" />}</span>
        <span class="menu-label">{label}</span>
      </button>
    </li>
  );
}

function Custom({
  since,
  until,
  onApply,
}: {
  readonly since: string | null;
  readonly until: string | null;
  readonly onApply: (span: TimeSpan) => void;
}) {
  const isUtc = timeZone.value === 'utc';
  const nowMs = readNowMs();
  const [from, setFrom] = useState(() => toInputText(toMs(since, nowMs) ?? nowMs - 86_400_000, isUtc));
  const [to, setTo] = useState(() => (until === null ? '' : toInputText(toMs(until, nowMs) ?? nowMs, isUtc)));
  const [fault, setFault] = useState<string | null>(null);

  function apply() {
    const sinceMs = parseInputText(from, isUtc);
    const untilMs = parseInputText(to, isUtc);
    const found = toSpanFault(sinceMs, untilMs, readNowMs());
    setFault(found);
    if (found !== null || sinceMs === null) return;
    onApply({
      since: new Date(sinceMs).toISOString(),
      until: untilMs === null ? null : new Date(untilMs).toISOString(),
    });
  }

  return (
    <form
      class="time-range-custom"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        apply();
      }}
    >
      <Field label={`From${isUtc ? ' (UTC)' : ''}`} error={fault}>
        <TextInput type="datetime-local" value={from} onValue={setFrom} />
      </Field>
      <Field label={`To${isUtc ? ' (UTC)' : ''}`} hint="Empty: until now">
        <TextInput type="datetime-local" value={to} onValue={setTo} />
      </Field>
      <Button type="submit" kind="primary" size="small">
        Apply
      </Button>
    </form>
  );
}

function toLabel(since: string | null, until: string | null): string {
  if (since === null && until === null) return 'All time';
  const preset = since === null ? null : toPresetLabel(since);
  if (preset !== null && until === null) return preset;
  const from = since === null ? 'the beginning' : (preset ?? formatDateTime(since));
  return until === null ? `Since ${from}` : `${from} – ${formatDateTime(until)}`;
}

function toMs(text: string | null, nowMs: number): number | null {
  if (text === null) return null;
  const parts = /^(\d+)([smhdw])$/.exec(text);
  const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }[parts?.[2] ?? ''];
  if (parts !== null && unitMs !== undefined) return nowMs - Number(parts[1]) * unitMs;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}
