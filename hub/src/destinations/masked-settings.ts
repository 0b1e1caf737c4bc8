/** Credentials in settings: shown as a mask, kept while the mask comes back, never carried to another host. */
import type { z } from 'zod';

export const MASK = '••••••';

export interface MaskedFields {
  /** Names of the fields that hold credentials. */
  readonly secrets: readonly string[];
  /** Names of the fields that say where they are sent: URLs (compared by origin), host names and the like. */
  readonly hosts: readonly string[];
}

/** Settings as people may see them. */
export function maskSettings(settings: object, secrets: readonly string[]): Record<string, unknown> {
  const isHidden = (name: string, value: unknown): boolean =>
    secrets.includes(name) && value !== undefined && value !== null && value !== '';
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [name, isHidden(name, value) ? MASK : value]),
  );
}

/**
 * What comes back as it was shown stays what it was, so that a form can be saved without knowing the secrets; but only
 * while they go to the same place: whoever may change the address must not have them sent to another one. A host that
 * is not given falls to the schema's own default, which nobody could choose.
 */
export function keepMaskedSettings(
  stored: object,
  given: unknown,
  { secrets, hosts }: MaskedFields,
): unknown {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return given;
  const known = new Map<string, unknown>(Object.entries(stored));
  const asked = new Map<string, unknown>(Object.entries(given));
  const goesElsewhere = hosts.some(
    (name) =>
      asked.has(name) && asked.get(name) !== MASK && toPlace(asked.get(name)) !== toPlace(known.get(name)),
  );
  if (goesElsewhere) return given;
  const kept = secrets.flatMap((name) =>
    asked.get(name) === MASK && typeof known.get(name) === 'string' ? [[name, known.get(name)] as const] : [],
  );
  return { ...given, ...Object.fromEntries(kept) };
}

/** For superRefine: a mask that was not put back is no value. */
export function refuseMasks(
  settings: object,
  secrets: readonly string[],
  context: Pick<z.RefinementCtx, 'addIssue'>,
): void {
  for (const [name, value] of Object.entries(settings)) {
    if (value !== MASK || !secrets.includes(name)) continue;
    const message = `${name} is ${MASK}; write its value, since it is kept only for the same host`;
    context.addIssue({ code: 'custom', path: [name], message });
  }
}

function toPlace(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value) ?? '';
  const url = URL.parse(value);
  // "redis.example.com:6379" is, to the letter, a URL of the scheme "redis.example.com", without a host.
  return url === null || url.host === '' ? value.toLowerCase() : `${url.protocol}//${url.host}`;
}
