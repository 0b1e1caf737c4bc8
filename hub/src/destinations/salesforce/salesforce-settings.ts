/** What a Salesforce destination is set to: parsed at the API door. */
import { z } from 'zod';
import { type CrmSettings, crmSettingsFields } from '../crm/crm-settings.ts';
import type { FieldMeta } from '../destination.ts';
import type { EgressGuard } from '../egress/address-rules.ts';
import { refuseMasks } from '../masked-settings.ts';
import { createCredentialSchema } from '../oauth/credential-field.ts';
import { createUrlSchema } from '../url-problem.ts';
import { isFieldName } from './soql.ts';

export interface SalesforceSettings extends CrmSettings {
  readonly instance_url: string;
  readonly client_id: string;
  readonly client_secret: string;
  /** Without it the login is the app's own (client-credentials flow). */
  readonly refresh_token?: string | undefined;
  readonly external_id_field?: string | undefined;
  readonly time_zone: string;
  readonly status_ended: string;
  readonly status_live: string;
}

export const SALESFORCE_SECRETS = ['client_secret', 'refresh_token'] as const;
export const SALESFORCE_HOSTS = ['instance_url'] as const;

const PICKLIST_CHARACTERS_MAX = 40;

export function createSalesforceSettingsSchema(guard: EgressGuard): z.ZodType<SalesforceSettings> {
  return z
    .strictObject({
      instance_url: createUrlSchema(guard, 'instance_url')
        .superRefine((url, context) => {
          const problem = instanceProblem(url);
          if (problem !== null) context.addIssue({ code: 'custom', message: problem });
        })
        .meta({
          title: 'My Domain URL',
          identifies: true,
          description: 'Setup → My Domain: the login address of your org',
          placeholder: 'https://yourcompany.my.salesforce.com',
        } satisfies FieldMeta),
      client_id: createCredentialSchema('client_id').meta({
        title: 'Consumer key',
        identifies: true,
        description: 'Of the external client app (or connected app) that you made for Offhook',
      } satisfies FieldMeta),
      client_secret: createCredentialSchema('client_secret').meta({
        title: 'Consumer secret',
        secret: true,
      } satisfies FieldMeta),
      refresh_token: createCredentialSchema('refresh_token')
        .optional()
        .meta({
          title: 'Refresh token',
          description:
            'Leave it out for the client-credentials flow, which is simpler and loses no login. Where your app rotates refresh tokens, save the destination first and test it then',
          secret: true,
          advanced: true,
        } satisfies FieldMeta),
      external_id_field: z
        .string()
        .max(80)
        .refine((name) => isFieldName(name) && name.endsWith('__c'), {
          message:
            'external_id_field must be the API name of a custom field of Activity, such as Offhook_Call_ID__c',
        })
        .optional()
        .meta({
          title: 'External ID field',
          description:
            'API name of a text field (255, External ID, Unique) of Activity: then Salesforce itself refuses a second record of a call',
          placeholder: 'Offhook_Call_ID__c',
        } satisfies FieldMeta),
      ...crmSettingsFields('Salesforce'),
      time_zone: z
        .string()
        .max(60)
        .refine(isTimeZone, {
          message: 'time_zone must be a name such as Europe/Amsterdam or America/New_York',
        })
        .default('UTC')
        .meta({
          title: 'Time zone',
          description: 'In which the day of a call is told',
          placeholder: 'Europe/Amsterdam',
          advanced: true,
        } satisfies FieldMeta),
      status_ended: picklist('Completed').meta({
        title: 'Status of ended calls',
        description: 'A value of the Task field Status that counts as closed',
        advanced: true,
      } satisfies FieldMeta),
      status_live: picklist('In Progress').meta({
        title: 'Status of calls in progress',
        advanced: true,
        when: { field: 'write_when', is: ['started'] },
      } satisfies FieldMeta),
    })
    .superRefine((settings, context) => refuseMasks(settings, SALESFORCE_SECRETS, context));
}

function picklist(value: string): z.ZodDefault<z.ZodString> {
  return z.string().trim().min(1).max(PICKLIST_CHARACTERS_MAX).default(value);
}

/** Common mistakes, told with the way out. */
function instanceProblem(text: string): string | null {
  const url = URL.parse(text);
  if (url === null) return null;
  if (url.search !== '') return 'instance_url ends with a query (?…); leave it out';
  const { hostname } = url;
  if (hostname === 'login.salesforce.com' || hostname === 'test.salesforce.com')
    return `instance_url is the shared login page; use your own My Domain URL, such as https://yourcompany.my.salesforce.com`;
  if (hostname.endsWith('.lightning.force.com') || hostname.endsWith('.salesforce-setup.com')) {
    const [company] = hostname.split('.');
    return `instance_url is the address of the pages; use https://${company}.my.salesforce.com`;
  }
  return null;
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
