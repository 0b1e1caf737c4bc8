/**
 * What a destination remembers of one call, under `call:<call id>`, so that it goes when the call goes.
 * `creating` is on disk before the request that creates: whoever finds it does not know whether that request got
 * through, or is still to be carried out, and looks before creating.
 */
import { z } from 'zod';
import type { DestinationMemory } from '../destination.ts';

export type RememberedCall =
  /** Nothing is written yet. */
  | {
      readonly state: 'noted';
      /** An earlier message named a contact, which later ones may not repeat. */
      readonly metadataId?: string | undefined;
      /** This destination was told of the call while it was live, so no other one before it can have written its end. */
      readonly sawLive?: boolean | undefined;
      readonly look?: string | undefined;
    }
  | {
      readonly state: 'creating';
      /** No request that creates was sent later than this. Missing: not known. */
      readonly sinceMs?: number | undefined;
      readonly metadataId?: string | undefined;
      /** How far the port's look-up has come, in its own words. */
      readonly look?: string | undefined;
    }
  | {
      readonly state: 'written';
      readonly recordId: string;
      /** Of the draft as it was last written; null: unknown, so the next look writes it again. */
      readonly hash: string | null;
      readonly contact: RememberedContact | null;
      readonly metadataId?: string | undefined;
      readonly account?: string | undefined;
    }
  /** Somebody deleted the record in the CRM. */
  | { readonly state: 'gone'; readonly recordId: string; readonly account?: string | undefined };

export interface RememberedContact {
  readonly id: string;
  /** Hash of the hint that led to it: with the same hint it need not be looked for again. */
  readonly via: string;
}

const REMEMBERED = z.discriminatedUnion('state', [
  z.object({
    state: z.literal('noted'),
    metadataId: z.string().optional(),
    sawLive: z.boolean().optional(),
    look: z.string().optional(),
  }),
  z.object({
    state: z.literal('creating'),
    sinceMs: z.number().optional(),
    metadataId: z.string().optional(),
    look: z.string().optional(),
  }),
  z.object({
    state: z.literal('written'),
    recordId: z.string(),
    hash: z.string().nullable(),
    contact: z.object({ id: z.string(), via: z.string() }).nullable(),
    metadataId: z.string().optional(),
    account: z.string().optional(),
  }),
  z.object({ state: z.literal('gone'), recordId: z.string(), account: z.string().optional() }),
]);

export async function readRememberedCall(
  memory: DestinationMemory,
  callId: string,
): Promise<RememberedCall | null> {
  const [value] = await memory.read([toKey(callId)]);
  if (value === undefined) return null;
  try {
    return REMEMBERED.parse(JSON.parse(value));
  } catch {
    // Written by a version whose words we do not know: what is safe without it is to look before creating.
    return { state: 'creating' };
  }
}

export async function rememberCall(
  memory: DestinationMemory,
  callId: string,
  remembered: RememberedCall | null,
): Promise<void> {
  const value = remembered === null ? null : JSON.stringify(remembered);
  await memory.write([{ key: toKey(callId), value, callId }]);
}

function toKey(callId: string): string {
  return `call:${callId}`;
}
