/** `#key=…`: the fragment never leaves the browser, and must not stay in its history or on a wall screen either. */

export function takeKey(): string | null {
  const { hash, pathname, search } = globalThis.location;
  const { key, rest } = splitFragment(hash);
  if (key !== null) history.replaceState(history.state, '', `${pathname}${search}${rest}`);
  return key;
}

export function splitFragment(hash: string): { readonly key: string | null; readonly rest: string } {
  const names = new URLSearchParams(hash.replace(/^#/, ''));
  const key = names.get('key');
  if (key === null) return { key: null, rest: hash };
  names.delete('key');
  const rest = names.toString();
  return { key: key.trim() === '' ? null : key.trim(), rest: rest === '' ? '' : `#${rest}` };
}
