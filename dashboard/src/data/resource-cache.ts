/** Answers of the last screens, so that "back" shows at once what was there, and at its place. */

const ENTRIES_MAX = 40;
const entries = new Map<string, unknown>();

export function recall(key: string): unknown {
  return entries.get(key);
}

export function remember(key: string, value: unknown): void {
  entries.delete(key);
  entries.set(key, value);
  for (const oldest of entries.keys()) {
    if (entries.size <= ENTRIES_MAX) break;
    entries.delete(oldest);
  }
}

export function forgetAll(): void {
  entries.clear();
}
