/** What a Pipedrive destination is set to: parsed at the API door. */
import { z } from 'zod';
import { type CrmSettings, crmSettingsFields } from '../crm/crm-settings.ts';
import type { FieldMeta } from '../destination.ts';
import type { EgressGuard } from '../egress/address-rules.ts';
import { refuseMasks } from '../masked-settings.ts';
import { createCredentialSchema } from '../oauth/credential-field.ts';
import { createUrlSchema } from '../url-problem.ts';

export interface PipedriveSettings extends CrmSettings {
  readonly company_domain: string;
  readonly api_token?: string | undefined;
  readonly client_id?: string | undefined;
  readonly client_secret?: string | undefined;
  readonly refresh_token?: string | undefined;
  readonly user_id?: number | undefined;
  readonly requests_per_2s?: number | undefined;
  readonly api_url?: string | undefined;
  readonly login_url: string;
}

export const PIPEDRIVE_SECRETS = ['api_token', 'client_secret', 'refresh_token'] as const;
export const PIPEDRIVE_HOSTS = ['company_domain', 'api_url', 'login_url'] as const;
export const LOGIN_URL = 'https://oauth.pipedrive.com';

const OAUTH_FIELDS = ['client_id', 'client_secret', 'refresh_token'] as const;

export function createPipedriveSettingsSchema(guard: EgressGuard): z.ZodType<PipedriveSettings> {
  return z
    .strictObject({
      company_domain: z
        .string()
        .trim()
        .max(63)
        .superRefine((name, context) => {
          const problem = companyProblem(name);
          if (problem !== null) context.addIssue({ code: 'custom', message: problem });
        })
        .meta({
          title: 'Company domain',
          identifies: true,
          description: 'The first part of your Pipedrive address: acme in acme.pipedrive.com',
          placeholder: 'acme',
        } satisfies FieldMeta),
      api_token: createCredentialSchema('api_token')
        .optional()
        .meta({
          title: 'API token',
          description: 'Personal preferences → API of the user whose call logs these will be',
          secret: true,
        } satisfies FieldMeta),
      client_id: createCredentialSchema('client_id')
        .optional()
        .meta({
          title: 'OAuth client ID',
          identifies: true,
          description: 'Of an app of your own, instead of an API token',
          advanced: true,
        } satisfies FieldMeta),
      client_secret: createCredentialSchema('client_secret')
        .optional()
        .meta({
          title: 'OAuth client secret',
          secret: true,
          advanced: true,
        } satisfies FieldMeta),
      refresh_token: createCredentialSchema('refresh_token')
        .optional()
        .meta({
          title: 'OAuth refresh token',
          secret: true,
          advanced: true,
        } satisfies FieldMeta),
      ...crmSettingsFields('Pipedrive'),
      write_when: z
        .enum(['ended'], {
          error:
            'write_when must be "ended": Pipedrive wants the start and the end of a call in one request, and does not change a call log afterwards',
        })
        .default('ended')
        .meta({
          title: 'Write a call',
          choices: { ended: 'Once it has ended' },
          advanced: true,
        } satisfies FieldMeta),
      user_id: z
        .int()
        .positive()
        .optional()
        .meta({
          title: 'Owner',
          description: 'Id of the user to whom call logs belong; whose login it is, where none is given',
          advanced: true,
        } satisfies FieldMeta),
      requests_per_2s: z
        .int()
        .min(5)
        .max(480)
        .optional()
        .meta({
          title: 'Burst limit',
          description: 'Of your plan, in requests per 2 s: 20 by API token and 80 by OAuth on the smallest',
          unit: 'per 2 s',
          advanced: true,
        } satisfies FieldMeta),
      api_url: createUrlSchema(guard, 'api_url')
        .optional()
        .meta({
          title: 'API address',
          identifies: true,
          description: 'Where it is not that of the company domain: a proxy',
          placeholder: 'https://acme.pipedrive.com',
          advanced: true,
        } satisfies FieldMeta),
      login_url: createUrlSchema(guard, 'login_url')
        .default(LOGIN_URL)
        .meta({
          title: 'OAuth address',
          identifies: true,
          description: 'Where access tokens come from',
          advanced: true,
        } satisfies FieldMeta),
    })
    .superRefine((settings, context) => {
      refuseMasks(settings, PIPEDRIVE_SECRETS, context);
      const given = OAUTH_FIELDS.filter((name) => settings[name] !== undefined);
      const missing = OAUTH_FIELDS.find((name) => settings[name] === undefined);
      const refuse = (path: string, message: string): void =>
        context.addIssue({ code: 'custom', path: [path], message });
      if (settings.api_token === undefined && given.length === 0)
        refuse(
          'api_token',
          'api_token is missing; or give client_id, client_secret and refresh_token of an OAuth app',
        );
      if (settings.api_token !== undefined && given.length > 0)
        refuse('api_token', `api_token and ${given[0]} are both given; give one login, not two`);
      if (given.length > 0 && missing !== undefined)
        refuse(
          missing,
          `${missing} is missing; an OAuth login is client_id, client_secret and refresh_token`,
        );
    });
}

function companyProblem(name: string): string | null {
  if (/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(name)) return null;
  const first = /^(?:https?:\/\/)?([a-z0-9-]+)\.pipedrive\.com/i.exec(name)?.[1];
  return first === undefined
    ? 'company_domain must be the first part of your Pipedrive address, in small letters: acme in acme.pipedrive.com'
    : `company_domain must be the first part of your Pipedrive address only: ${first.toLowerCase()}`;
}
