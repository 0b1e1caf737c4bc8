/** Numbers are shown with separators and may be typed with them or without. */
export function isTyped(text: string, wanted: string): boolean {
  const bare = (one: string) => (/^[\d\s,.'’_]+$/.test(one) ? one.replaceAll(/\D/g, '') : one.trim());
  return bare(text) === bare(wanted);
}
