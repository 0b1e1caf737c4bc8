/** The destination kinds this hub can deliver to, by name. Adding one: a folder, its name in DESTINATION_KINDS, a line here. */
import type { DestinationKind, DestinationKindName } from './destination.ts';
import { createHubspotKind } from './hubspot/hubspot.ts';
import type { KindOptionsParts } from './kind-options.ts';
import { createKindOptions } from './kind-options.ts';
import { createPipedriveKind } from './pipedrive/pipedrive.ts';
import { createRedisKind } from './redis/redis.ts';
import { createSalesforceKind } from './salesforce/salesforce.ts';
import { createSlackKind } from './slack/slack.ts';
import { createWebhookKind } from './webhook/webhook.ts';

export interface DestinationKinds {
  /** Null where no such kind exists. */
  get(kind: string): DestinationKind | null;
  readonly all: readonly DestinationKind[];
}

export function createDestinationKinds(parts: KindOptionsParts): DestinationKinds {
  const options = createKindOptions(parts);
  // Total over the names, so a name without its kind does not compile. Settings are the kind's own business: whoever
  // holds this list passes them from `settings.parse` to `open` of the same kind without looking inside.
  const byName: Record<DestinationKindName, DestinationKind> = {
    webhook: createWebhookKind(options),
    slack: createSlackKind(options),
    hubspot: createHubspotKind(options),
    salesforce: createSalesforceKind(options),
    pipedrive: createPipedriveKind(options),
    redis: createRedisKind(options),
  };
  const all = Object.values(byName);
  const byKind = new Map<string, DestinationKind>(all.map((kind) => [kind.kind, kind]));
  return { all, get: (kind) => byKind.get(kind) ?? null };
}
