/** Calls whose reports come twice, late and in the wrong order, and what each call must come to in the end. */

export interface Report {
  readonly call_id: string;
  readonly status: 'in-progress' | 'ended' | 'ended-with-error';
  readonly timestamp: string;
  readonly type: string;
  readonly phone_number: { readonly number: string };
  readonly customer: { readonly number: string };
  readonly error?: string;
}

export type EndState = 'in-progress' | 'ended' | 'ended-with-error';

export interface Traffic {
  /** In the order in which they are sent. */
  readonly reports: readonly Report[];
  /** By call id: what its reports say, whatever their order. */
  readonly endStates: ReadonlyMap<string, EndState>;
}

const LIVE_SHARE = 0.06;
const ERROR_SHARE = 0.2;
const REPEATED_SHARE = 0.3;
const LATE_SHARE = 0.15;
/** A call lasts as long as it takes this many others to begin. */
const OTHERS_WITHIN_MAX = 400;
const FIRST_MS = 1_795_312_800_000;

export function makeTraffic(callCount: number, random: () => number, prefix: string): Traffic {
  const endStates = new Map<string, EndState>();
  const placed: { readonly at: number; readonly report: Report }[] = [];
  for (let nth = 0; nth < callCount; nth += 1) {
    const callId = `${prefix}-${nth}`;
    const place = (status: EndState, at: number): void => {
      placed.push({ at, report: toReport(callId, status, at) });
      if (random() < REPEATED_SHARE)
        placed.push({ at: at + random() * OTHERS_WITHIN_MAX, report: toReport(callId, status, at) });
    };
    const endsAt = nth + 1 + random() * OTHERS_WITHIN_MAX;
    // Late: the start is told only after the end, or a second time long after it.
    place('in-progress', random() < LATE_SHARE ? endsAt + random() * OTHERS_WITHIN_MAX : nth);
    if (random() < LIVE_SHARE) endStates.set(callId, 'in-progress');
    else {
      const endState = random() < ERROR_SHARE ? 'ended-with-error' : 'ended';
      place(endState, endsAt);
      endStates.set(callId, endState);
    }
  }
  return { endStates, reports: placed.sort((a, b) => a.at - b.at).map(({ report }) => report) };
}

function toReport(callId: string, status: EndState, at: number): Report {
  return {
    call_id: callId,
    status,
    timestamp: new Date(FIRST_MS + Math.round(at * 100)).toISOString(),
    type: 'inbound_phone_call',
    phone_number: { number: '+31850835037' },
    customer: { number: '+31612345678' },
    ...(status === 'ended-with-error' ? { error: 'STT connection failed' } : {}),
  };
}
