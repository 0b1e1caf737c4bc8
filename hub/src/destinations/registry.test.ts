import { describe, expect, it } from 'vitest';
import { DESTINATION_KINDS } from './destination.ts';
import { createEgressGuard } from './egress/address-rules.ts';
import { createResolver } from './egress/resolver.ts';
import { createDestinationKinds } from './registry.ts';

describe('the destination kinds', () => {
  const kinds = createDestinationKinds({
    egress: createEgressGuard({ allow: [], allowLoopback: false }),
    resolver: createResolver(),
    userAgent: 'Offhook/test',
  });

  it('are found by their names, each under its own', () => {
    for (const name of DESTINATION_KINDS) expect(kinds.get(name)?.kind).toBe(name);
    expect(kinds.all.map((kind) => kind.kind)).toEqual([...DESTINATION_KINDS]);
  });

  it('are null for a name nobody has, also one that every object has', () => {
    for (const name of ['fax', '', 'constructor', '__proto__']) expect(kinds.get(name)).toBeNull();
  });
});
