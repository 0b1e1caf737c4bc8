interface NamedDestination {
  readonly id: string;
  readonly name: string | null;
  readonly kind_title: string;
  readonly target: string;
}

/**
 * What a destination is called, on every screen alike: its name, else its kind; and where it goes as well, if another one
 * is called the same. `fallback` where it is gone, or its list is not told to whoever looks.
 */
export function toDestinationName(
  id: string,
  all: readonly NamedDestination[] = [],
  fallback?: string | null,
): string {
  const one = all.find((other) => other.id === id);
  if (one === undefined) return fallback ?? id;
  const own = one.name ?? one.kind_title;
  const isAlike = all.some((other) => other.id !== id && (other.name ?? other.kind_title) === own);
  return isAlike ? `${own} (${one.target.replace(/^https?:\/\//, '')})` : own;
}
