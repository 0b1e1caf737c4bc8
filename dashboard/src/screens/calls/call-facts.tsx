import './call-facts.css';
import { useState } from 'preact/hooks';
import type { CallView } from '../../data/types.ts';

import { Button } from '../../components/button.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { Icon } from '../../components/icon.tsx';
import { Facts } from '../../components/page.tsx';
import { PhoneNumber } from '../../components/number.tsx';
import { Time } from '../../components/time.tsx';
import { formatRelative } from '../../data/format.ts';
import { nowMs } from '../../data/clock.ts';
import { CallType } from './call-type.tsx';

/** What we hold true about a call, the error first: most who open a call want to know why it failed. */
export function CallFacts({ call }: { readonly call: CallView }) {
  return (
    <div class="call-facts">
      {call.error !== null && <Trouble title="Ended with error" text={call.error} />}
      {call.error === null && call.state === 'failed' && <Trouble title="Ended with error" text="" />}
      {call.stale && <StaleNote call={call} />}
      <Facts
        isInline
        items={[
          [
            'Our number',
            call.phone_number === null ? null : (
              <PhoneNumber value={call.phone_number.number} name={call.phone_number.name} />
            ),
          ],
          ['Customer', call.customer === null ? null : <PhoneNumber value={call.customer.number} />],
          ['Type', <CallType type={call.type} />],
          [
            'Started',
            <Time
              at={call.started_at}
              shape="absolute"
              empty={call.state === 'none' ? 'Not reported' : 'No start known'}
            />,
          ],
          ['Ended', call.ended_at === null ? null : <Time at={call.ended_at} shape="absolute" />],
          ['End reason', call.end_reason === null ? null : <LongText text={call.end_reason} />],
        ]}
      />
      {call.summary !== null && call.summary !== '' && (
        <section class="call-summary" aria-label="Summary">
          <h2 class="call-summary-title">Summary</h2>
          <LongText text={call.summary} />
        </section>
      )}
    </div>
  );
}

function Trouble({ title, text }: { readonly title: string; readonly text: string }) {
  return (
    <section class="call-error" aria-label={title}>
      <Icon name="alert" size={20} />
      <div class="call-error-words">
        <p class="call-error-title">{title}</p>
        {text === '' ? <p class="muted">Its source gave no error text.</p> : <LongText text={text} />}
      </div>
      {text !== '' && <CopyButton text={text} label="Copy error" />}
    </section>
  );
}

function StaleNote({ call }: { readonly call: CallView }) {
  return (
    <section class="call-stale" aria-label="Nobody knows whether it still runs">
      <Icon name="state-unknown" size={20} />
      <p>
        It became live {call.live_since === null ? 'long ago' : formatRelative(call.live_since, nowMs.peek())}
        , and no end was reported since. It is shown as unknown and not counted as active. A late end still
        closes it with the right duration, unless Offhook ends it first because its account chose so.
      </p>
    </section>
  );
}

/** Longer than this in characters or lines it is cut until somebody asks for it. */
const TEXT_CHARACTERS_MAX = 400;
const TEXT_LINES_MAX = 6;

/** Text of a stranger, as text: its lines kept, its length bounded. */
export function LongText({ text }: { readonly text: string }) {
  const [isOpen, setOpen] = useState(false);
  const isLong =
    text.length > TEXT_CHARACTERS_MAX || text.split('\n', TEXT_LINES_MAX + 1).length > TEXT_LINES_MAX;
  if (!isLong) return <span class="long-text">{text}</span>;
  const cut = text.split('\n').slice(0, TEXT_LINES_MAX).join('\n').slice(0, TEXT_CHARACTERS_MAX);
  return (
    <>
      <span class="long-text">{isOpen ? text : `${cut}…`}</span>{' '}
      <Button size="small" kind="quiet" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {isOpen ? 'Show less' : `Show all ${text.length.toLocaleString('en-GB')} characters`}
      </Button>
    </>
  );
}
