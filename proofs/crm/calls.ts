/** What the proof tells the hub, and what each CRM must hold of it in the end. */
import type { Random } from '../simulation/random.ts';

export interface PlannedCall {
  readonly callId: string;
  readonly type: 'inbound_phone_call' | 'outbound_phone_call' | 'web_call';
  /** In E.164; null for web calls. */
  readonly customer: string | null;
  /** Which of the known customers it is, or nobody. */
  readonly customerIndex: number | null;
  /** A web call that names its contact by metadata. */
  readonly namesContact: boolean;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly error: string | null;
  /** How its start is told. */
  readonly start: 'first' | 'late' | 'never';
}

export interface Report {
  readonly call_id: string;
  readonly status: string;
  readonly timestamp: string;
  readonly type: string;
  readonly phone_number: { readonly number: string | null; readonly name: string };
  readonly customer: { readonly number: string | null };
  readonly error?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface People {
  /** Whom the CRMs know. */
  readonly customers: number;
  /** Other numbers. */
  readonly strangers: number;
}

export const OWN_NUMBER = '+31850835037';
const FIRST_MS = Date.parse('2026-11-01T08:00:00.000Z');

/** Numbers and the ways people write them into a CRM. */
export function toCustomerNumber(index: number): string {
  return `+3161${String(2_000_000 + index * 37).padStart(7, '0')}`;
}

export function toWritten(number: string, index: number): string {
  const national = `0${number.slice(3)}`;
  const ways = [
    number,
    national,
    `+31 6 ${number.slice(4)}`,
    `06-${number.slice(4)}`,
    `0031${number.slice(3)}`,
  ];
  return ways[index % ways.length] ?? number;
}

export function planCalls(count: number, people: People, random: Random): readonly PlannedCall[] {
  return Array.from({ length: count }, (_, nth) => planCall(nth, people, random));
}

function planCall(nth: number, { customers, strangers }: People, random: Random): PlannedCall {
  const type = random.chance(0.15)
    ? 'web_call'
    : random.chance(0.55)
      ? 'inbound_phone_call'
      : 'outbound_phone_call';
  const isWeb = type === 'web_call';
  const customerIndex = random.chance(0.9) ? random.below(customers) : null;
  const startedAtMs = FIRST_MS + nth * 61_000 + random.below(1_000);
  return {
    callId: toCallId(nth, random),
    type,
    customer: isWeb
      ? null
      : customerIndex === null
        ? `+4420794600${String(random.below(strangers)).padStart(2, '0')}`
        : toCustomerNumber(customerIndex),
    customerIndex,
    namesContact: isWeb && customerIndex !== null && random.chance(0.5),
    startedAtMs,
    endedAtMs: startedAtMs + 1_000 + random.below(900_000),
    error: random.chance(0.15) ? random.pick(ERRORS) : null,
    start: random.chance(0.85) ? 'first' : random.chance(0.7) ? 'late' : 'never',
  };
}

const ERRORS = [
  'STT connection failed',
  'LLM timeout after 30 s',
  `<script>alert('x')</script>`,
  String.raw`quota' OR '1'='1 \' exceeded`,
];

/** Most are UUIDs, as the contract's examples; some are what other sources write. */
function toCallId(nth: number, random: Random): string {
  const hex = (length: number): string =>
    Array.from({ length }, () => random.below(16).toString(16)).join('');
  const dice = random.next();
  if (dice < 0.85) return `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`;
  if (dice < 0.9) return `call-_+3162${String(nth).padStart(7, '0')}_${hex(4).toUpperCase()}`;
  if (dice < 0.94) return `CALL ${nth}' "quoted" \\ ${hex(4)}`;
  if (dice < 0.97) return `gesprek-é🙂-${nth}`;
  return `${hex(8)}-${nth}-${'x'.repeat(200)}`;
}

/** In the order of sending; repeated ones stand several times. Metadata names the contact of each CRM. */
export function toReports(
  calls: readonly PlannedCall[],
  toMetadata: (customerIndex: number) => Readonly<Record<string, string>>,
  random: Random,
): readonly Report[] {
  const later: { readonly at: number; readonly report: Report }[] = [];
  const all: Report[] = [];
  const tell = (report: Report): void => {
    all.push(report);
    while (random.chance(0.12)) all.push(report);
  };
  for (const [nth, call] of calls.entries()) {
    const start = toReport(call, 'in-progress', call.startedAtMs, toMetadata);
    const end = toReport(
      call,
      call.error === null ? 'ended' : 'ended-with-error',
      call.endedAtMs,
      toMetadata,
    );
    if (call.start === 'first') tell(start);
    // Calls overlap: the end comes when some others have begun.
    later.push({ at: nth + random.below(20), report: end });
    if (call.start === 'late') later.push({ at: nth + 21 + random.below(40), report: start });
    const due = later.filter(({ at }) => at <= nth);
    for (const one of due) {
      later.splice(later.indexOf(one), 1);
      tell(one.report);
    }
  }
  for (const { report } of later) tell(report);
  return all;
}

function toReport(
  call: PlannedCall,
  status: string,
  atMs: number,
  toMetadata: (customerIndex: number) => Readonly<Record<string, string>>,
): Report {
  const isWeb = call.type === 'web_call';
  return {
    call_id: call.callId,
    status,
    timestamp: new Date(atMs).toISOString(),
    type: call.type,
    phone_number: { number: isWeb ? null : OWN_NUMBER, name: 'Front desk' },
    customer: { number: call.customer },
    ...(status === 'ended-with-error' && call.error !== null && { error: call.error }),
    ...(call.namesContact && call.customerIndex !== null && { metadata: toMetadata(call.customerIndex) }),
  };
}
