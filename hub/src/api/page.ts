import { z } from 'zod';
import type { Page, PageRequest } from '../journal/page.ts';
import type { CursorKind } from '../journal/sqlite/cursor.ts';
import type { Answer } from './route.ts';

import { isCursor } from '../journal/sqlite/cursor.ts';
import { answer } from './route.ts';

export const PAGE_ITEMS_MAX = 200;
export const PAGE_ITEMS_DEFAULT = 50;
const CURSOR_CHARACTERS_MAX = 512;

const limitSchema = z
  .string()
  .regex(/^\d{1,4}$/, `must be a whole number from 1 to ${PAGE_ITEMS_MAX}`)
  .transform(Number)
  .refine(
    (limit) => limit >= 1 && limit <= PAGE_ITEMS_MAX,
    `must be a whole number from 1 to ${PAGE_ITEMS_MAX}`,
  )
  .optional()
  .meta({
    description: `Entries on the page, 1 to ${PAGE_ITEMS_MAX}; ${PAGE_ITEMS_DEFAULT} if not given.`,
  });

/** `limit` and `cursor` of every list; each list takes only cursors of the kind it gives. */
export function pageShape(kind: CursorKind) {
  return {
    limit: limitSchema,
    cursor: z
      .string()
      .min(1)
      .max(CURSOR_CHARACTERS_MAX)
      .refine((cursor) => isCursor(kind, cursor), 'must be the next_cursor of a page of this list, unchanged')
      .optional()
      .meta({ description: '`next_cursor` of the page before.' }),
  };
}

export function toPageRequest(query: {
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}): PageRequest {
  return { limit: query.limit ?? PAGE_ITEMS_DEFAULT, cursor: query.cursor ?? null };
}

export function answerPage<Item>(page: Page<Item>, toView: (item: Item) => unknown): Answer {
  return answer(200, {
    data: page.items.map((item) => toView(item)),
    next_cursor: page.nextCursor,
    has_more: page.nextCursor !== null,
  });
}

/** A list that is whole. */
export function answerAll<Item>(items: readonly Item[], toView: (item: Item) => unknown): Answer {
  return answer(200, { data: items.map((item) => toView(item)), next_cursor: null, has_more: false });
}

export function definePage(item: z.ZodType): z.ZodType {
  return z.object({
    data: z.array(item),
    next_cursor: z
      .string()
      .nullable()
      .meta({ description: 'Give it as `cursor` to read on; null on the last page.' }),
    has_more: z.boolean(),
  });
}
