/** A settings field that holds a part of a login: printable ASCII without spaces, or the mask it is shown as. */
import { z } from 'zod';

const CREDENTIAL_CHARACTERS_MAX = 2_048;

export function createCredentialSchema(name: string): z.ZodString {
  return z
    .string()
    .trim()
    .min(1)
    .max(CREDENTIAL_CHARACTERS_MAX)
    .superRefine((text, context) => {
      if (/[^\x21-\x7e•]/.test(text))
        context.addIssue({
          code: 'custom',
          message: `${name} holds a space or a character that none of them has`,
        });
    });
}
