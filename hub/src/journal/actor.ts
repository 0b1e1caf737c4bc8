import type { KeyId } from './ids.ts';

/** Who did it, for the audit log: a key id, or `hub` for what the hub decides by itself. */
export interface Actor {
  readonly kind: 'key' | 'hub';
  readonly id: KeyId | 'hub';
}
