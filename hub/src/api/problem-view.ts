import { z } from 'zod';

export const problemView = z
  .object({
    type: z.string().meta({ description: 'urn:offhook:problem: and a stable code, for programs to act on.' }),
    title: z.string(),
    status: z.int(),
    detail: z.string().meta({ description: 'One sentence that says what would be right.' }),
    instance: z.string().optional(),
    request_id: z.string().optional(),
    errors: z
      .array(
        z.object({
          in: z.enum(['body', 'query', 'path', 'header']),
          pointer: z.string().meta({ description: 'JSON pointer to the field.' }),
          detail: z.string(),
          code: z.string(),
        }),
      )
      .optional(),
  })
  .meta({ description: 'RFC 9457.' });
