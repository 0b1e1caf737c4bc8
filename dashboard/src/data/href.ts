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

/**
 * Where to go back to after signing in. Only a path of this very origin: `//evil.example`, `/\evil.example` and
 * `javascript:` would take the freshly signed-in person elsewhere.
 */
export function toSafeReturn(wanted: string | null, origin: string): string {
  if (wanted === null || !wanted.startsWith('/')) return '/';
  try {
    const url = new URL(wanted, origin);
    if (url.origin !== origin || url.pathname.startsWith('//') || url.pathname.startsWith('/v1/')) return '/';
    return `${url.pathname}${url.search}${url.hash}`;
  } catch {
    return '/';
  }
}

/** `/calls/` is `/calls`. */
function toPathname(pathname: string): string {
  return pathname.length > 1 && pathname.endsWith('/') ? pathname.slice(0, -1) : pathname;
}
