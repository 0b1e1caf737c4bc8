import { toPointer } from './json-door.ts';

/** What is kept of unknown fields per report, as JSON text. A report is a row that stays for 30 days. */
export const UNKNOWN_FIELDS_CHARACTERS_MAX = 16 * 1024;

/** Key under which the report names what was too large to keep. */
const OMITTED_FIELDS_KEY = 'omitted_fields';
const OMITTED_FIELDS_MAX = 20;

/** Fields nobody told us about, by JSON pointer into the body. Made for one body and thrown away. */
export interface UnknownFields {
  /** Takes every key of `object` that is not in `known`. */
  collect(object: object | null | undefined, known: ReadonlySet<string>, path: readonly PropertyKey[]): void;
  /** Takes one field that is known but not in the form we know. */
  keep(path: readonly PropertyKey[], value: unknown): void;
  /** null where there were none. */
  toRecord(): Readonly<Record<string, unknown>> | null;
}

export function collectUnknownFields(): UnknownFields {
  let kept: Record<string, unknown> | null = null;
  const omitted: string[] = [];
  let characters = 0;

  const keep = (path: readonly PropertyKey[], value: unknown): void => {
    const pointer = toPointer(path);
    // Values come from JSON.parse, so that they always have a JSON text.
    const size = pointer.length + JSON.stringify(value).length;
    if (characters + size > UNKNOWN_FIELDS_CHARACTERS_MAX) {
      if (omitted.length < OMITTED_FIELDS_MAX) omitted.push(pointer);
      return;
    }
    characters += size;
    kept ??= {};
    kept[pointer] = value;
  };

  return {
    collect(object, known, path) {
      if (object === null || object === undefined) return;
      for (const key of Object.keys(object)) {
        if (known.has(key)) continue;
        const value = (object as Record<string, unknown>)[key];
        // A field that was put aside already stands as undefined.
        if (value !== undefined) keep([...path, key], value);
      }
    },
    keep,
    toRecord: () => (omitted.length === 0 ? kept : { ...kept, [OMITTED_FIELDS_KEY]: omitted }),
  };
}
