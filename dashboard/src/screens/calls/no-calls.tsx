import type { CallQuery } from './call-query.ts';

import { LinkButton } from '../../components/button.tsx';
import { Empty } from '../../components/empty.tsx';
import { SINCE_DEFAULT, toCallsHref } from './call-query.ts';
import { quoteForShell } from './shell-quote.ts';

/** Why there is nothing to see, and what makes something appear. */
export function NoCalls({ query }: { readonly query: CallQuery }) {
  const { q, since, until } = query;
  const isAllTime = since === null && until === null;
  if (q === '' && (isAllTime || since === SINCE_DEFAULT)) return <FirstCalls isAllTime={isAllTime} />;
  return (
    <Empty
      title={q === '' ? 'No calls in this time' : 'No calls match'}
      icon="search"
      actions={
        <>
          {q !== '' && <LinkButton href={toCallsHref({ ...query, q: '' })}>Clear the filter</LinkButton>}
          {!isAllTime && (
            <LinkButton href={toCallsHref({ ...query, since: null, until: null })}>
              Look at all time
            </LinkButton>
          )}
        </>
      }
    >
      {q === ''
        ? 'Calls stand in a list by their last change.'
        : 'Every word of the filter must hold. Values after one word, with commas between them, widen it: state:failed,live.'}
    </Empty>
  );
}

function FirstCalls({ isAllTime }: { readonly isAllTime: boolean }) {
  const { origin } = globalThis.location;
  return (
    <Empty
      title={isAllTime ? 'No calls yet' : 'No calls in the last 24 hours'}
      icon="calls"
      commands={[
        { label: 'Make up a whole call, from the folder of Offhook', text: toTriggerCommand(origin) },
        { label: 'Or report one yourself', text: toReportCommand(origin) },
      ]}
      actions={
        isAllTime ? undefined : (
          <LinkButton href={toCallsHref({ q: '', since: null, until: null })}>Look at all time</LinkButton>
        )
      }
    >
      A call appears here as soon as its first report comes in. Try one now; it shows up on this page by
      itself.
    </Empty>
  );
}

export function toTriggerCommand(origin: string): string {
  return `npm run offhook -- trigger lifecycle --url ${quoteForShell(origin)}`;
}

export function toReportCommand(origin: string): string {
  return [
    `curl --request PUT ${quoteForShell(`${origin}/v1/calls/my-first-call/status`)}`,
    `--header "Authorization: Bearer $OFFHOOK_API_KEY"`,
    `--header 'Content-Type: application/json'`,
    `--data '{"status":"in-progress"}'`,
  ].join(' \\\n  ');
}
