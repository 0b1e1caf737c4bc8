/** Enumerations are kept as small integers: shorter rows, cheaper indexes. The order here is on disk: only append. */
import type { CallState, ReportOutcome } from '../../calls/call.ts';
import type { AttemptOutcome, DeliveryState } from '../delivery-state.ts';

export const CALL_STATE_CODES: Readonly<Record<CallState, number>> = {
  none: 0,
  live: 1,
  ended: 2,
  failed: 3,
};
export const OUTCOME_CODES: Readonly<Record<ReportOutcome, number>> = {
  advanced: 0,
  repeated: 1,
  late: 2,
  conflicting: 3,
  noted: 4,
};
export const DELIVERY_STATE_CODES: Readonly<Record<DeliveryState, number>> = {
  pending: 0,
  delivered: 1,
  dead: 2,
  superseded: 3,
  cancelled: 4,
};
export const ATTEMPT_OUTCOME_CODES: Readonly<Record<AttemptOutcome, number>> = {
  delivered: 0,
  retry: 1,
  dead: 2,
};

export const toCallState = invert(CALL_STATE_CODES);
export const toReportOutcome = invert(OUTCOME_CODES);
export const toDeliveryState = invert(DELIVERY_STATE_CODES);
export const toAttemptOutcome = invert(ATTEMPT_OUTCOME_CODES);

function invert<Name extends string>(codes: Readonly<Record<Name, number>>): (code: number) => Name {
  const names: Name[] = [];
  for (const [name, code] of Object.entries(codes) as [Name, number][]) names[code] = name;
  return (code) => {
    const name = names[code];
    if (name === undefined) throw new Error(`The journal holds an unknown code: ${code}.`);
    return name;
  };
}
