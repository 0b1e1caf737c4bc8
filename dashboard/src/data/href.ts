/** Addresses inside the dashboard, as values: no window here. */

export interface Place {
  readonly path: string;
  readonly query: URLSearchParams;
  /** Without "#". */
  readonly hash: string;
}

/** A null takes the name out; names that are not named stay. */
export type QueryChanges = Readonly<Record<string, string | null>>;

export function toPlace(url: URL): Place {
  return { path: toPathname(url.pathname), query: new URLSearchParams(url.search), hash: url.hash.slice(1) };
}

export function toHref(place: Place, changes: QueryChanges = {}): string {
  const query = new URLSearchParams(place.query);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === '') query.delete(name);
    else query.set(name, value);
  }
  // These are legal in a query as they are, and addresses are read by people.
  const text = query.toString().replaceAll('%3A', ':').replaceAll('%2C', ',').replaceAll('%2F', '/');
  return `${place.path}${text === '' ? '' : `?${text}`}${place.hash === '' ? '' : `#${place.hash}`}`;
}

/** `/calls/` is `/calls`. */
function toPathname(pathname: string): string {
  return pathname.length > 1 && pathname.endsWith('/') ? pathname.slice(0, -1) : pathname;
}
