import type { Query } from './api-client.ts';

/** The options that every list takes, as /v1 takes them. */
export function toListQuery(options: Readonly<Record<string, unknown>>): {
  readonly query: Query;
  readonly limit: number;
} {
  return {
    query: {
      q: options['filter'] as string | undefined,
      since: options['since'] as string | undefined,
      until: options['until'] as string | undefined,
    },
    limit: options['limit'] as number,
  };
}
