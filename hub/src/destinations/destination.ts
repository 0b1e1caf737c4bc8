/**
 * How one attempt leaves the hub. In: an event's exact bytes and the destination's settings.
 * Out: what came of it, as a value. It never throws for what the network does, and it
 * always ends within the deadline it is given. Adding a kind is one folder that exports a DestinationKind:
 * docs/destinations/adding-a-kind.md.
 */
import type { z } from 'zod';

export const DESTINATION_KINDS = ['webhook', 'slack', 'hubspot', 'salesforce', 'pipedrive', 'redis'] as const;
export type DestinationKindName = (typeof DESTINATION_KINDS)[number];

/** Both sign during a rotation; the published X-Webhook-Signature keeps `previous` until it ends (design section 4). */
export interface SigningSecrets {
  readonly current: string;
  readonly previous: string | null;
}

export interface AttemptRequest {
  readonly eventId: string;
  /** `status-update`, or an OperationalEventType where the destination asked for those. */
  readonly eventType: string;
  /** Order within the call, from 1. */
  readonly sequence: number;
  /** From 1; counts every try of this delivery. */
  readonly attemptNumber: number;
  /** The exact bytes of the event; signed and sent unchanged. */
  readonly body: Uint8Array;
  /** Unix ms by the hub's clock: the signature's timestamp. */
  readonly nowMs: number;
  /** W3C trace context to pass on. */
  readonly traceparent: string;
  /** The whole attempt: DNS, connect, TLS, headers and body. */
  readonly deadlineMs: number;
  readonly secrets: SigningSecrets;
}

/** An attempt that was made, as far as it is known afterwards. */
export interface DescribedAttempt extends Omit<AttemptRequest, 'deadlineMs' | 'traceparent' | 'secrets'> {
  /** null: not kept. */
  readonly traceparent: string | null;
  /** Those that signed then; null: no longer known. */
  readonly secrets: SigningSecrets | null;
}

export interface DescribedRequest {
  readonly method: string;
  /** As people may see it. */
  readonly url: string;
  /** Name and value, in the order sent; what is secret is masked, and what is not known is UNKNOWN_VALUE. */
  readonly headers: readonly (readonly [string, string])[];
}

export const UNKNOWN_VALUE = '…';

/** Milliseconds since the attempt began; null where the step was not reached or not measured. */
export interface AttemptTiming {
  readonly firstByteMs: number | null;
  readonly totalMs: number;
}

/** Nothing was sent, or whoever knows when the attempt began fills it in. */
export const NO_TIME: AttemptTiming = { firstByteMs: null, totalMs: 0 };

export const FAILURE_CAUSES = [
  'timeout',
  'dns',
  'connect',
  'tls',
  'reset',
  'protocol',
  'blocked',
  'settings',
  'refused',
] as const;
/**
 * `blocked`: the address is not one we may dial. `settings`: the destination's settings cannot be used. `refused`: it
 * was reached and said no in words that are no HTTP status (Redis: out of memory, read-only).
 */
export type FailureCause = (typeof FAILURE_CAUSES)[number];

export type AttemptResult =
  | {
      /**
       * What the event asks for is done there, or needs nothing done; for kinds whose work is more than one request.
       * Where such work fails, the request that failed is the result (`answered` with its status, or `failed`).
       */
      readonly kind: 'done';
      /** One plain sentence for the timeline, without secrets or numbers: "Call 4711 updated in HubSpot". */
      readonly detail: string;
      /** Nothing was asked of the other side: it is delivered, and says nothing of how the destination fares. */
      readonly isIdle?: true;
      readonly timing: AttemptTiming;
    }
  | {
      /** A status line came. For 2xx that is the whole verdict, even if the body broke off afterwards. */
      readonly kind: 'answered';
      readonly status: number;
      /** The raw Retry-After value, if any. */
      readonly retryAfter: string | null;
      /** The response asked for no further tries (`webhook-delivery: abort-message`). */
      readonly abort: boolean;
      /** At most 16 KiB of the response body, as read; null where there was none. */
      readonly responseBody: Uint8Array | null;
      readonly timing: AttemptTiming;
    }
  | {
      readonly kind: 'failed';
      readonly cause: FailureCause;
      /** One plain sentence for people, without secrets: "certificate expired on 2026-01-01". */
      readonly detail: string;
      readonly timing: AttemptTiming;
    }
  | {
      /**
       * Nothing is wrong, but now is not the moment: the event is put off and counts as not tried. No attempt is
       * recorded, the lane learns nothing, and the call's next event still waits. A sender says it only where time
       * alone, or an event that is surely coming, ends the wait; one that goes on for LATER_TOTAL_MS_MAX is taken as
       * failed. The next try is told the same attemptNumber. Never the answer to a batch.
       */
      readonly kind: 'later';
      /** Taken as at least LATER_MS_MIN and at most LATER_MS_MAX. */
      readonly afterMs: number;
      /** What it waits for, in one plain sentence without secrets or numbers of people: "Waits for …". */
      readonly detail: string;
      readonly timing: AttemptTiming;
    };

export const LATER_MS_MIN = 1_000;
export const LATER_MS_MAX = 3_600_000;
/** Since the event was accepted. */
export const LATER_TOTAL_MS_MAX = 24 * 3_600_000;

/** Settings of one destination, made ready for sending once and reused for every attempt. */
export interface DestinationSender {
  attempt(request: AttemptRequest): Promise<AttemptResult>;
  /** Several events in one request, whose answer is the answer to each; for kinds with a `toBatchRule`. */
  attemptBatch?(requests: readonly AttemptRequest[]): Promise<AttemptResult>;
  /**
   * Begins no work of its own any more, lets attempts under way finish, lets go of its connections. The destination's
   * next sender opens once this has settled, or after two seconds, so that two of them work side by side no longer than
   * they must; events wait meanwhile. So it settles soon after the sender's own work has ended, and waits for attempts
   * only where the next sender would be in their way. Attempts still under way end in this sender, beside the next one.
   */
  close(): Promise<void>;
  /**
   * Cuts everything off, attempts under way without an outcome: the process is about to end, or nothing is under way
   * and `close` has not settled long after.
   */
  abandon(): void;
}

/** How many events may go in one request. A lane's window and rate then count requests, not events. */
export interface BatchRule {
  readonly eventsMax: number;
  /** How long an event may wait for others. */
  readonly waitMs: number;
  readonly bytesMax: number;
}

/** What a sender may ask of the hub. Every promise may reject when the journal is in trouble: the attempt then fails. */
export interface DestinationGround {
  readonly destinationId: string;
  readonly accountId: string;
  /** For people, as somebody named it. */
  readonly destinationName: string | null;
  nowMs(): number;
  /** Milliseconds that only grow. */
  monotonicMs(): number;
  /** Calls back once; the returned function cancels. Never keeps the process alive. At most an hour ahead. */
  setTimer(callback: () => void, delayMs: number): () => void;
  /** 0 ≤ x < 1. */
  random(): number;
  /** Calls of the account as the journal holds them now, in the order asked; undefined where it knows none. */
  readCalls(callIds: readonly string[]): Promise<readonly (KnownCall | undefined)[]>;
  /** Active calls (live and not stale) in pages of at most 1,000; null as cursor begins, and ends. */
  readActiveCalls(
    cursor: string | null,
  ): Promise<{ readonly calls: readonly KnownCall[]; readonly nextCursor: string | null }>;
  /** By call types and numbers of the destination's filter; what the call has come to (statuses) is no matter. */
  isWanted(call: KnownCall): boolean;
  readonly memory: DestinationMemory;
  /** Page of a call on the dashboard; null where the hub does not know its own address. */
  toCallLink(callId: string): string | null;
  /** Page of this or another destination. */
  toDestinationLink(destinationId: string): string | null;
  /** Trouble in the sender's own work, where no attempt can tell it: a log line. */
  troubled(detail: string, error: unknown): void;
}

/** A call as the journal holds it; calls/call.ts says more. Times are Unix ms. */
export interface KnownCall {
  readonly callId: string;
  readonly state: 'none' | 'live' | 'ended' | 'failed';
  /** Live, and not for so long that it counts as stale. */
  readonly isActive: boolean;
  readonly type: string | null;
  readonly phoneNumber: { readonly number: string | null; readonly name?: string | null } | null;
  readonly customer: { readonly number: string | null } | null;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly durationMs: number | null;
  readonly error: string | null;
  readonly endReason: string | null;
  readonly summary: string | null;
  readonly firstReportAtMs: number;
  readonly liveSinceMs: number | null;
}

export const MEMORY_KEY_CHARACTERS_MAX = 320;
export const MEMORY_VALUE_CHARACTERS_MAX = 16_384;

export interface MemoryEntry {
  readonly key: string;
  readonly value: string;
}

/** What a destination remembers between attempts and over restarts: ids of records it made, tokens, counts. */
export interface DestinationMemory {
  read(keys: readonly string[]): Promise<readonly (string | undefined)[]>;
  /** Entries whose key begins with the prefix, by key; at most `limit`. */
  list(prefix: string, limit: number): Promise<readonly MemoryEntry[]>;
  /** One transaction, on disk when it resolves. Gone with the destination, and with the call where one is named. */
  write(entries: readonly MemoryWrite[]): Promise<void>;
}

export interface MemoryWrite {
  readonly key: string;
  /** null forgets it. */
  readonly value: string | null;
  /** Forgotten when the journal forgets this call. */
  readonly callId?: string;
  /** A token or the like: sealed at rest. */
  readonly isSecret?: boolean;
}

/**
 * Facts about a settings field beyond its schema, given by `.meta({…})` and shown by the dashboard's form. `title` and
 * `description` are Zod's own.
 */
export interface FieldMeta {
  readonly title: string;
  readonly description?: string;
  /** A credential: typed hidden, masked in answers, kept while it stays masked. */
  readonly secret?: true;
  /** A credential stands in it among other things, as a password in a URL: typed hidden. */
  readonly holdsSecret?: true;
  /** Says where it goes or as whom, beside what is secret: with another one, what it remembers (tokens) is not its own. */
  readonly identifies?: true;
  readonly placeholder?: string;
  /** Shown behind a number: "s", "%". */
  readonly unit?: string;
  /** Behind "More settings". */
  readonly advanced?: true;
  /** Of an enum: what people read for each value. */
  readonly choices?: Readonly<Record<string, string>>;
  /** Shown only where another field has one of these values. */
  readonly when?: { readonly field: string; readonly is: readonly (string | boolean)[] };
  /** Several lines of text. */
  readonly multiline?: true;
}

/** What a destination of this kind begins with where nobody says otherwise. */
export interface DestinationDefaults {
  readonly filter?: {
    readonly statuses?: readonly string[];
    readonly operational_events?: readonly string[];
  };
  readonly order?: 'strict' | 'latest';
  readonly concurrency?: number;
  readonly ratePerSecond?: number;
  readonly timeoutMs?: number;
}

export interface DestinationKind<Settings = unknown> {
  readonly kind: DestinationKindName;
  /** "HubSpot". */
  readonly title: string;
  /** One sentence: what it does with calls. */
  readonly summary: string;
  /** Two to four short steps for the form: what to do in the other product, and which rights it asks for. */
  readonly setup: readonly string[];
  /** Parsed at the API door; a flat object whose fields carry FieldMeta, since the dashboard's form comes from it. */
  readonly settings: z.ZodType<Settings>;
  readonly defaults: DestinationDefaults;
  /** It signs with the destination's secret, so people are shown one. */
  readonly signs: boolean;
  /**
   * It works between attempts too (Redis reconciles, Slack follows up): opened as soon as the destination is enabled and
   * its last sender has closed.
   */
  readonly isEager: boolean;
  /** The settings as people may see them: no secrets, no user info. */
  toPublicSettings(settings: Settings): Record<string, unknown>;
  /** New settings as somebody gave them, in which what is still masked as `toPublicSettings` showed it is what was stored. */
  keepMasked(stored: Settings, given: unknown): unknown;
  /** Where it goes, in a few words for lists, without secrets: "https://example.com/hook", "#alerts", "redis.example.com active_calls". */
  describeTarget(settings: Settings): string;
  /** null: one event a request, as where it is missing. */
  toBatchRule?(settings: Settings): BatchRule | null;
  /** May throw where the settings cannot be used; then every attempt fails with what it threw. */
  open(settings: Settings, ground: DestinationGround): DestinationSender;
  /**
   * A try that people ask for, which leaves no record of a call behind: Slack says hello, a CRM says whose account it
   * is. Kinds without it are sent the source document's example.
   */
  test?(settings: Settings, ground: DestinationGround, deadlineMs: number): Promise<AttemptResult>;
  /**
   * The request of an attempt as people may see it, made by the code that sends them, so that the two cannot drift.
   * null where these settings cannot send. Only for kinds whose attempt is one request.
   */
  describeRequest?(settings: Settings, request: DescribedAttempt): DescribedRequest | null;
}
