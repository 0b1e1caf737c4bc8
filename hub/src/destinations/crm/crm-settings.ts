/** The settings that every CRM has, as fields to be spread into its own schema, and what they mean to the core. */
import { z } from 'zod';
import type { FieldMeta } from '../destination.ts';

export interface CrmSettings {
  readonly write_when: 'ended' | 'started';
  readonly web_calls: 'skip' | 'attach_by_metadata' | 'log_without_contact';
  readonly unknown_contacts: 'log_without_contact' | 'skip' | 'create_contact';
  readonly metadata_key: string;
}

export const METADATA_KEY_CHARACTERS_MAX = 100;

/** title: "HubSpot". */
export function crmSettingsFields(title: string) {
  return {
    write_when: z
      .enum(['ended', 'started'])
      .default('ended')
      .meta({
        title: 'Write a call',
        description: 'Writing it once takes half the requests',
        choices: {
          ended: 'Once it has ended',
          started: 'When it begins, and again when it has ended',
        },
      } satisfies FieldMeta),
    unknown_contacts: z
      .enum(['log_without_contact', 'skip', 'create_contact'])
      .default('log_without_contact')
      .meta({
        title: 'Numbers that no contact has',
        choices: {
          log_without_contact: 'Log the call without a contact',
          skip: 'Do not log the call',
          create_contact: 'Create a contact',
        },
      } satisfies FieldMeta),
    web_calls: z
      .enum(['skip', 'attach_by_metadata', 'log_without_contact'])
      .default('skip')
      .meta({
        title: 'Web calls without a number',
        choices: {
          skip: 'Do not log them',
          attach_by_metadata: 'Log those whose metadata names a contact',
          log_without_contact: 'Log them, without a contact if need be',
        },
      } satisfies FieldMeta),
    metadata_key: z
      .string()
      .trim()
      .min(1)
      .max(METADATA_KEY_CHARACTERS_MAX)
      .default('crm_id')
      .meta({
        title: 'Metadata key',
        description: `Where assistant.metadata holds the id of a ${title} contact; it wins over the number`,
        advanced: true,
      } satisfies FieldMeta),
  };
}
