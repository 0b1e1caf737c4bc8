import { createHash } from 'node:crypto';
import { z } from 'zod';
import { crmSettingsFields, type CrmSettings } from '../crm/crm-settings.ts';
import type { FieldMeta } from '../destination.ts';
import type { EgressGuard } from '../egress/address-rules.ts';
import { keepMaskedSettings, maskSettings, refuseMasks } from '../masked-settings.ts';
import { createUrlSchema } from '../url-problem.ts';

export interface HubspotSettings extends CrmSettings {
  /** Of a service key or a private app; sent as a bearer token. */
  readonly token: string;
  readonly owner_id?: string | undefined;
  readonly requests_per_10s: number;
  readonly api_url: string;
}

export const API_URL_DEFAULT = 'https://api.hubapi.com';
/**
 * HubSpot allows an app 100 requests in ten seconds (Free and Starter), 190 (Professional, Enterprise) or 250 (with the
 * API limit increase). Ten are left over for what the network bunches up.
 */
export const REQUESTS_PER_10S_DEFAULT = 90;
const REQUESTS_PER_10S_MAX = 250;
const TOKEN_CHARACTERS_MAX = 512;

const SECRETS = ['token'] as const;
const HOSTS = ['api_url'] as const;

export function createHubspotSettingsSchema(guard: EgressGuard): z.ZodType<HubspotSettings> {
  return z
    .strictObject({
      token: z
        .string()
        .trim()
        .min(1, 'token is empty; create a service key in HubSpot under Development, Keys, and paste it here')
        .max(TOKEN_CHARACTERS_MAX)
        .regex(/^[\x21-\x7e]*$|^•+$/, 'token holds spaces or characters that no HubSpot token has')
        .meta({
          title: 'Access token',
          description:
            'Of a service key (Development, Keys, Service keys) or a private app; begins with pat-. A test creates the call property offhook_call_id in that account where it has none yet, as the first call would',
          secret: true,
          placeholder: 'pat-na1-…',
        } satisfies FieldMeta),
      ...crmSettingsFields('HubSpot'),
      owner_id: z
        .string()
        .trim()
        .regex(/^\d{1,19}$/, 'owner_id is the number of a HubSpot owner, such as 75771234')
        .optional()
        .meta({
          title: 'Owner id',
          description: 'HubSpot owner to whom the calls are assigned',
          advanced: true,
        } satisfies FieldMeta),
      requests_per_10s: z
        .int()
        .min(1)
        .max(REQUESTS_PER_10S_MAX)
        .default(REQUESTS_PER_10S_DEFAULT)
        .meta({
          title: 'Requests per 10 seconds',
          description: 'HubSpot allows 100 (Free, Starter) or 190 (Professional, Enterprise)',
          advanced: true,
        } satisfies FieldMeta),
      api_url: createUrlSchema(guard, 'api_url')
        .default(API_URL_DEFAULT)
        .meta({
          title: 'API address',
          identifies: true,
          description: 'For proxies',
          advanced: true,
        } satisfies FieldMeta),
    })
    .superRefine((settings, context) => refuseMasks(settings, SECRETS, context));
}

export function toPublicHubspotSettings(settings: HubspotSettings): Record<string, unknown> {
  return maskSettings(settings, SECRETS);
}

export function keepMaskedHubspotSettings(stored: HubspotSettings, given: unknown): unknown {
  return keepMaskedSettings(stored, given, { secrets: SECRETS, hosts: HOSTS });
}

/** Names the credential where the token itself must not stand. */
export function toCredentialKey({ token, api_url }: Pick<HubspotSettings, 'token' | 'api_url'>): string {
  return createHash('sha256').update(`${api_url}\n${token}`).digest('hex').slice(0, 32);
}
